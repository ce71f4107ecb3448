"""What is counted in a day, and each count as CloudWatch reads it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from acceptance.stories import a_team
from builders import NOON, a_run, a_task, after, an_approval, plan_requested
from valine.orchestrator.model import events
from valine.orchestrator.model.decision import Decision, Refusal
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Repository
from valine.orchestrator.model.states import RunStatus, Stage, TaskState
from valine.orchestrator.replies import NoRun
from valine.services.aws.metrics import EmfMeter, Fact, facts

if TYPE_CHECKING:
    from valine.orchestrator.model.decision import Outcome
    from valine.orchestrator.model.events import Event
    from valine.orchestrator.model.run import Run

RECORD = Repository(name="team/app")


class Tally:
    """A meter that keeps what it is told."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def decided(self, event: Event, before: Run | None, outcome: Outcome) -> None:
        self.facts += facts(event, before, outcome)

    def counts(self) -> Counter[str]:
        """How many of each, by name and dimensions."""
        counted: Counter[str] = Counter()
        for fact in self.facts:
            if fact.unit == "Count":
                counted[" ".join([fact.name, *fact.dimensions.values()])] += int(fact.value)
        return counted


async def test_a_day_is_counted_by_what_was_decided_in_it() -> None:
    tally = Tally()
    async with a_team(2) as team:
        team.world.system.engine._unit_of_work._meter = tally
        await team.says("/plan", by="Ana")
        await team.wait(minutes=10)
        await team.clicks("Approve", by="Chen")
        await team.clicks("Approve", by="Ana")
        first, second = (await team.run()).tasks
        await team.finishes(first, check="failure")
        await team.finishes(second)
        await team.finishes(first, files={"work/again.md": "Fixed.\n"})
        team.world.on_github("throw_fault", kind="error_before", method="PUT", route="*/merge")
        await team.ships(by="Ben")

    assert tally.counts() == {
        "Commands PlanRequested done": 1,
        "Commands PlanApproved refused": 1,
        "Commands PlanApproved done": 1,
        "Commands ShipRequested done": 1,
        "Commands ShipConfirmed done": 1,
        "Holds": 1,
        "Retries": 1,
        "Merges": 2,
        "Runs completed": 1,
    }
    waits = {fact.name: fact.value for fact in tally.facts if fact.unit == "Seconds"}
    assert waits["PlanToApproval"] == pytest.approx(600, abs=60)
    assert 0 < waits["ApprovalToShipped"] < 120


def test_a_limit_is_a_retry_and_a_wait() -> None:
    limited = Failure(kind="transient", code="limited")
    decision = decided(a_run())

    told = facts(events.EffectFailed(at=NOON, key="branch:1", failure=limited), a_run(), decision)

    assert [fact.name for fact in told] == ["Retries", "RateLimitWaits"]


def test_what_will_never_come_about_is_not_tried_again() -> None:
    failed = events.EffectFailed(at=NOON, key="branch:1", failure=Failure(kind="permanent", code="invalid"))

    assert list(facts(failed, a_run(), decided(a_run()))) == []


def test_a_run_that_ends_without_a_merge_took_no_time_to_ship() -> None:
    before = a_run(stage=Stage.TRACKING, tasks=(a_task(),), approvals=(an_approval(),))
    dropped = a_task(state=TaskState.DROPPED)
    after_it = a_run(stage=Stage.DONE, status=RunStatus.COMPLETED, tasks=(dropped,), approvals=(an_approval(),))

    told = facts(plan_requested(), before, decided(after_it))

    assert [fact.name for fact in told] == ["Commands", "Runs"]


def test_a_count_is_one_line_in_the_embedded_metric_format(capsys: pytest.CaptureFixture[str]) -> None:
    EmfMeter("prod").decided(plan_requested(), None, Refusal(reply=NoRun()))

    [line] = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    [directive] = told["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "Valine",
        "Dimensions": [["service", "env", "kind", "outcome"]],
        "Metrics": [{"Name": "Commands", "Unit": "Count"}],
    }
    assert isinstance(told["_aws"]["Timestamp"], int)
    del told["_aws"]
    expected = {"service": "valine", "env": "prod", "kind": "PlanRequested", "outcome": "refused"}
    assert told == expected | {"Commands": [1.0]}


def test_a_time_is_told_in_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    proposed = a_run()
    started = a_run(stage=Stage.EXECUTING, approvals=(an_approval(at=after(90)),))

    EmfMeter("dev").decided(events.Woken(at=NOON, run=proposed.number, uid="u"), proposed, decided(started))

    told = json.loads(capsys.readouterr().out)
    assert told["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "PlanToApproval", "Unit": "Seconds"}]
    assert told["PlanToApproval"] == [90.0]


def test_what_cannot_be_measured_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    unapproved = a_run(stage=Stage.EXECUTING)

    EmfMeter("dev").decided(plan_requested(), a_run(), decided(unapproved))

    assert "metrics of a PlanRequested were lost" in caplog.text


def decided(run: Run) -> Decision:
    return Decision(run=run, repository=RECORD)
