"""/ship, its confirmation and its end; and what people do to a run under way."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from builders import a_task, after, an_actor, an_issue
from orchestrator.play import LEAD, Play, behind
from valine.orchestrator import replies
from valine.orchestrator.decide import ship_commands
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.decision import Answer, Decision, Refusal
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Check
from valine.orchestrator.model.states import IssueNumber, MilestoneKind, RunNumber, RunStatus, Stage, TaskState, Why

replace = msgspec.structs.replace
ONE = RunNumber(1)
MEMBER = an_actor("mia")
WRITER = an_actor("gus", platform="github", may_write=True)
DOWN = Failure(kind="transient", code="unreachable", detail="down")


def test_the_preflight_merges_nothing() -> None:
    play = Play().tracked()
    play.finish(1)

    outcome = play.says(events.ShipRequested, run=ONE)

    assert isinstance(outcome, Decision)
    assert isinstance(outcome.reply, replies.Preflight)
    assert play.run.stage is Stage.TRACKING


@pytest.mark.parametrize("by", [MEMBER, WRITER])
def test_others_may_not_ship(by: Any) -> None:
    play = Play().tracked()
    play.finish(1)

    assert isinstance(play.says(events.ShipRequested, run=ONE, by=by), Refusal)
    assert isinstance(play.says(events.ShipConfirmed, run=ONE, by=by, heads="x"), Refusal)


def test_nothing_that_is_not_tracked_is_shipped() -> None:
    play = Play()
    play.plan()
    assert isinstance(play.says(events.ShipRequested, run=ONE), Refusal)

    play.approve()
    assert isinstance(play.says(events.ShipRequested, run=ONE), Refusal)

    play.says(events.CancelConfirmed, run=ONE, close_pull_requests=False)
    assert isinstance(play.says(events.ShipRequested, run=ONE), Refusal)


def test_shipping_twice_is_refused() -> None:
    play = Play().tracked()
    play.finish(1)
    play.confirm()

    assert isinstance(play.says(events.ShipRequested, run=ONE), Refusal)
    assert isinstance(play.says(events.ShipConfirmed, run=ONE, heads="x"), Refusal)
    assert play.run.rounds == 1


def test_a_head_that_moved_since_the_preflight_is_shown_again() -> None:
    play = Play().tracked()
    play.finish(1)
    shown = ship_commands.heads_digest(ship_commands.shippable(play.run))
    play.forge.change(1, play.now, head=play.forge.sha())

    play.says(events.ShipConfirmed, run=ONE, heads=shown)

    assert (play.run.stage, play.run.shipping) == (Stage.TRACKING, None)


def test_shipping_while_github_is_down_is_refused() -> None:
    play = Play().tracked()
    play.finish(1)
    fields: dict[str, Any] = {"id": "c", "by": LEAD, "asked_at": play.now, "at": play.now, "run": ONE}

    assert isinstance(play.command(events.ShipRequested(**fields), found=DOWN), Refusal)
    assert isinstance(play.command(events.ShipConfirmed(**fields, heads="x"), found=DOWN), Refusal)


def test_a_round_takes_what_waits_only_for_one_another() -> None:
    issues = tuple(an_issue(n, mentions=(IssueNumber(n - 1),) if n > 1 else ()) for n in range(1, 5))
    play = Play(issues).tracked()

    play.finish(1, 2, 4)

    assert [task.issue for task in ship_commands.shippable(play.run)] == [1, 2]


def test_a_head_that_moves_while_shipping_holds_its_task_and_the_others_ship() -> None:
    play = Play().tracked()
    play.finish(1, 2)
    play.confirm()
    play.forge.change(1, play.now, head=play.forge.sha())
    play.refresh()

    play.settle()

    assert play.task(2).state is TaskState.MERGED
    assert play.task(1).merged_sha is None
    assert play.run.stage is Stage.TRACKING


@pytest.mark.parametrize(
    "change", [{"review": "required"}, {"review": "changes_requested"}, {"mergeable": "no"}, {"draft": True}]
)
def test_what_needs_somebody_ends_the_round(change: dict[str, Any]) -> None:
    play = Play(1).tracked()
    play.finish(1)
    play.confirm()
    play.forge.change(1, play.now, **change)
    play.refresh()

    assert play.run.stage is Stage.TRACKING
    assert play.run.milestones[-1].kind in {MilestoneKind.SHIPPED, MilestoneKind.HELD}


def test_what_is_checked_again_is_waited_for() -> None:
    play = Play(1).tracked()
    play.finish(1)
    play.confirm()
    play.forge.change(1, play.now, checks=(Check(key="github-actions/ci/test", name="test", state="pending"),))
    play.refresh()
    assert play.run.stage is Stage.SHIPPING

    play.forge.change(1, play.now, checks=(Check(key="github-actions/ci/test", name="test", state="passed"),))
    play.wait(minutes=3)

    assert play.run.status is RunStatus.COMPLETED


def test_an_update_that_is_not_gits_own_merge_is_not_approved() -> None:
    play = Play(1).tracked()
    play.finish(1)
    behind(play, 1)
    play.confirm()
    update = play.settle_until(effects.UpdateBranch)
    result = play.result(update, 1)
    assert isinstance(result, events.BranchUpdated)

    play.decide(events.EffectSucceeded(at=play.now, key=update.key, result=replace(result, clean=False)), 1)
    play.settle()

    assert play.task(1).state is not TaskState.MERGED
    assert play.run.stage is Stage.TRACKING
    assert any(m.note is not None and m.note.why is Why.HEAD_MOVED for m in play.run.milestones)


def test_what_was_held_ships_in_another_round() -> None:
    play = Play().tracked()
    play.finish(1)
    play.confirm()
    play.settle()
    play.finish(2)
    play.confirm()
    play.settle()

    shipped = [m.issues for m in play.run.milestones if m.kind is MilestoneKind.SHIPPED]
    assert shipped == [(1,), (2,)]
    assert play.run.status is RunStatus.COMPLETED


def test_a_round_does_not_wait_for_what_nobody_confirmed() -> None:
    play = Play().tracked()
    play.finish(1)
    play.finish(2, check="pending")
    play.confirm()

    play.settle()

    assert play.task(1).state is TaskState.MERGED
    assert (play.task(2).state, play.run.stage) == (TaskState.CHECKING, Stage.TRACKING)


# --- Control ---------------------------------------------------------------------------------------------------------

COMMANDS: list[tuple[Any, dict[str, Any]]] = [
    (events.CancelRequested, {}),
    (events.CancelConfirmed, {"close_pull_requests": False}),
    (events.RetryRequested, {}),
    (events.DropRequested, {"issue": IssueNumber(1)}),
]


@pytest.mark.parametrize(("kind", "fields"), COMMANDS)
def test_who_may_not_is_refused(kind: Any, fields: dict[str, Any]) -> None:
    play = Play().tracked()
    before = play.run

    assert isinstance(play.says(kind, run=ONE, by=MEMBER, **fields), Refusal)
    assert play.run == before


@pytest.mark.parametrize(("kind", "fields"), COMMANDS)
def test_what_is_over_is_left_alone(kind: Any, fields: dict[str, Any]) -> None:
    play = Play().tracked()
    play.says(events.CancelConfirmed, run=ONE, close_pull_requests=False)
    before = play.run

    assert isinstance(play.says(kind, run=ONE, **fields), Refusal)
    assert play.run == before


def test_a_dropped_task_gives_up_its_claim_and_the_others_go_on() -> None:
    play = Play().tracked()

    play.says(events.DropRequested, run=ONE, issue=IssueNumber(101), by=WRITER)

    assert play.task(1).state is TaskState.DROPPED
    assert play.repository.claims == {"2": 1}
    assert isinstance(play.says(events.DropRequested, run=ONE, issue=IssueNumber(1)), Refusal)


def test_there_may_be_nothing_to_retry_and_no_such_task() -> None:
    play = Play().tracked()

    assert isinstance(play.says(events.RetryRequested, run=ONE), Refusal)
    assert isinstance(play.says(events.RetryRequested, run=ONE, issue=IssueNumber(9)), Refusal)
    assert isinstance(play.says(events.DropRequested, run=ONE, issue=IssueNumber(9)), Refusal)


def test_a_retry_forgets_checks_that_are_no_more() -> None:
    play = Play(1).tracked()
    play.finish(1)
    play.forge.change(1, play.now, checks=(Check(key="github-actions/ci/renamed", name="renamed", state="passed"),))
    play.refresh()
    assert play.task(1).state is TaskState.CHECKING

    play.says(events.RetryRequested, run=ONE)

    assert play.task(1).state is TaskState.READY


def test_status_is_answered_from_what_is_stored() -> None:
    play = Play().tracked()

    assert isinstance(play.says(events.StatusRequested, run=ONE, by=WRITER), Answer)


def test_a_comment_means_the_run_that_has_its_number() -> None:
    play = Play().tracked()

    assert isinstance(play.says(events.StatusRequested, number=102, by=WRITER), Answer)
    assert isinstance(play.says(events.StatusRequested, number=999, by=WRITER), Refusal)


def test_with_two_runs_the_obvious_one_is_not_obvious() -> None:
    play = Play(3)
    play.plan(limit=1)
    play.approve()
    play.settle()
    play.plan(limit=1)
    play.approve(2)

    outcome = play.says(events.CancelRequested)

    assert outcome == Refusal(reply=replies.WhichRun(runs=(RunNumber(1), RunNumber(2))))


# --- What is shown before, and noted after ---------------------------------------------------------------------------


def test_the_preflight_shows_what_is_ready_what_waits_and_carries_exactly_these_heads() -> None:
    play = Play(4).tracked()
    play.finish(1, 2)
    play.says(events.DropRequested, run=ONE, issue=IssueNumber(4))

    outcome = play.says(events.ShipRequested, run=ONE)

    ready, waiting = [play.task(1), play.task(2)], [play.task(3)]
    assert isinstance(outcome, Decision)
    assert outcome.reply == replies.Preflight.of(play.run, ready, waiting, ship_commands.heads_digest(ready))


def test_once_all_is_opened_it_is_looked_at() -> None:
    play = Play(1)
    play.plan()
    play.approve()
    play.do(play.settle_until(effects.EnsureComment))

    assert (play.run.stage, play.run.refresh_at) == (Stage.TRACKING, play.now)


def test_what_merged_at_an_unknown_time_merged_first() -> None:
    known = [a_task(n, state=TaskState.MERGED, merged_at=after(at)) for n, at in ((1, 20), (2, 10))]
    unknown = a_task(3, state=TaskState.MERGED)

    assert ship_commands.merged_in_order([*known, unknown, a_task(4)]) == (3, 2, 1)


def test_a_complete_run_ships_no_more() -> None:
    play = Play(1).tracked()
    play.finish(1)
    play.confirm()

    play.settle()

    assert (play.run.status, play.run.shipping, play.run.refresh_at) == (RunStatus.COMPLETED, None, None)


def test_where_nothing_is_ready_nothing_is_shipped_and_it_says_why() -> None:
    play = Play(1).tracked()

    for outcome in (
        play.says(events.ShipRequested, run=ONE),
        play.says(events.ShipConfirmed, run=ONE, heads="x"),
    ):
        assert isinstance(outcome, Decision)
        assert outcome.reply == replies.NothingReady.of(play.run)
        assert play.run.stage is Stage.TRACKING
