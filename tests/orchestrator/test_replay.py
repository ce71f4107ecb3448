"""What the history keeps is enough: told again from nothing it gives the same run at every step."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from acceptance.stories import REPOSITORY, Team, a_team
from builders import NOON, a_repository, a_run, a_woken, plan_approved, plan_requested
from orchestrator.days import DAYS, HISTORIES
from orchestrator.test_graph_walk import Walk
from rewording import rewording
from valine import view
from valine.cli import recording
from valine.documents import decode, encode
from valine.engine.unit_of_work import needed
from valine.orchestrator import rules as rules_module
from valine.orchestrator.graph import decide
from valine.orchestrator.model.decision import Decision, Outcome, State
from valine.orchestrator.model.events import Command, Event
from valine.orchestrator.replay import changes, comparable, comparable_outline, outline, replay
from valine.orchestrator.rules import RULES
from valine.ports import History
from valine.view import RENDER_VERSION, cards

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from valine.orchestrator.model.run import Repository, Run

replace = msgspec.structs.replace


def recorded(event: Event, repository: Repository | None = None, rules: int = RULES, render: int = 0) -> History:
    """A step as the history keeps it."""
    return History(run=1, number=1, at=NOON, event=event, repository=repository, rules=rules, render=render)


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.__name__)
async def test_a_day_told_again_gives_the_same_runs(
    day: Callable[[Team], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_team(3) as team:
        store = team.world.system.store
        stored: dict[int, list[Run]] = {}
        commit = store.commit

        async def noting(commitment: Any, now: Any) -> None:
            await commit(commitment, now)
            if commitment.run is not None:
                run = replace(commitment.run, version=commitment.run.version + 1)
                stored.setdefault(run.number, []).append(run)

        monkeypatch.setattr(store, "commit", noting)
        await day(team)

        assert stored
        for number, steps in stored.items():
            history = await store.history(REPOSITORY, number)
            assert [told.run for told in replay(history)] == steps
            assert steps[-1] == await team.run(number)
            assert {(step.rules, step.render) for step in history} == {(RULES, RENDER_VERSION)}


@pytest.mark.parametrize("seed", range(2000, 2010))
def test_any_walk_told_again_gives_the_same_run(seed: int) -> None:
    walk = Walk(seed, already="nothing")
    steps: dict[int, list[tuple[History, Run]]] = {}
    note = walk.play.decide

    def noting(event: Any, number: int | None = None) -> Any:
        state = walk.play.state(number)
        outcome = decide(state, event)
        if isinstance(outcome, Decision):
            kept = recorded(event, needed(event, state.repository))
            run = replace(outcome.run, version=outcome.run.version + 1)
            steps.setdefault(run.number, []).append((decode(encode(kept), History), run))
        return note(event, number)

    walk.play.decide = noting  # type: ignore[method-assign] # a spy on a value of the test's own
    walk.go(80)

    for told in steps.values():
        assert [step.run for step in replay([kept for kept, _ in told])] == [run for _, run in told]


def test_a_history_of_another_run_is_told_as_such() -> None:
    with pytest.raises(ValueError, match="step 1, Woken, comes to Nothing"):
        list(replay([recorded(a_woken())]))


@pytest.mark.parametrize("rules", [1, 2])
def test_a_step_is_decided_under_the_rules_of_its_time(rules: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """How a changed rule is written: the newer way from its version on, the older one below it."""

    def decide_longer(state: State, event: Event) -> Outcome:
        outcome = decide(state, event)
        if state.rules < 2 or state.run is not None or not isinstance(outcome, Decision):
            return outcome
        later = outcome.run.expires_at + timedelta(hours=state.render)
        return replace(outcome, run=replace(outcome.run, expires_at=later))

    monkeypatch.setattr("valine.orchestrator.replay.decide", decide_longer)
    monkeypatch.setattr("valine.orchestrator.replay.RULES", 2)
    kept = recording.read(HISTORIES / "a_round.r1.json")

    [told] = replay([replace(kept.history[0], rules=rules, render=7)])

    assert (told.rules, told.render) == (rules, 7)
    assert told.run.expires_at == kept.run.expires_at + timedelta(hours=7 if rules == 2 else 0)


def test_a_step_of_rules_that_are_not_known_yet_is_refused() -> None:
    with pytest.raises(ValueError, match=f"decided under rules {RULES + 1}, and this Valine knows {RULES}"):
        list(replay([recorded(a_woken(), rules=RULES + 1)]))


def test_every_version_of_the_rules_is_described() -> None:
    described = re.findall(r"^(\d+)\. ", rules_module.__doc__ or "", re.MULTILINE)

    assert described == [str(version) for version in range(1, RULES + 1)]


def test_a_plan_that_was_not_looked_for_is_no_step() -> None:
    with pytest.raises(ValueError, match="step 1, PlanRequested, comes to Refresh"):
        list(replay([recorded(plan_requested())]))


KEPT = sorted(HISTORIES.glob("*.json"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_what_an_older_valine_stored_is_told_again_step_by_step(path: Path) -> None:
    kept = recording.read(path)

    told = list(replay(kept.history))

    def comparable_lines(lines: Iterable[str]) -> list[str]:
        return [comparable_outline(line, kept.history[0].rules) for line in lines]

    assert comparable_lines(outline(step.run) for step in told) == comparable_lines(kept.outlines)
    assert comparable(told[-1].run, kept.history[0].rules) == comparable(kept.run, kept.history[0].rules)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_release_may_reword_everything_and_every_history_replays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = recording.read(path)
    before = [step.run for step in replay(kept.history)]
    reworded = rewording()

    monkeypatch.setattr(cards, "render", reworded.render)
    monkeypatch.setattr(cards, "RENDERING", reworded)
    monkeypatch.setattr(view, "RENDER_VERSION", reworded.version)

    assert [step.run for step in replay(kept.history)] == before
    assert comparable(before[-1], kept.history[0].rules) == comparable(kept.run, kept.history[0].rules)


def test_every_day_has_its_history_kept() -> None:
    assert {path.stem.split(".")[0] for path in KEPT} == {day.__name__ for day in DAYS}


def test_a_step_tells_which_effects_it_asked_for_and_which_it_settled() -> None:
    kept = recording.read(HISTORIES / "a_round.r1.json")

    asked, answered, *_ = replay(kept.history)

    assert (asked.fresh, asked.settled) == (("message:card",), ())
    assert "thread" in answered.fresh
    assert answered.settled == ()


def test_changes_are_told_by_the_names_of_things() -> None:
    before = {"status": "pending", "tasks": [{"issue": 4, "state": "queued"}], "gone": 1}
    after = {"status": "in_progress", "tasks": [{"issue": 3, "state": "queued"}, {"issue": 4, "state": "started"}]}

    assert list(changes(before, after)) == [
        ("status", "pending", "in_progress"),
        ("tasks.#4.state", "queued", "started"),
        ("tasks.#3", None, {"issue": 3, "state": "queued"}),
        ("gone", 1, None),
    ]


def test_a_step_has_its_number_its_event_and_what_was_answered() -> None:
    kept = recording.read(HISTORIES / "a_round.r1.json")
    events = [step.event for step in kept.history]

    told = list(replay(kept.history))

    assert [step.number for step in told] == list(range(1, len(events) + 1))
    assert [step.event for step in told] == events
    assert [step.reply is not None for step in told] == [isinstance(event, Command) for event in events]


def test_changes_in_a_list_of_nameless_things_are_told_by_their_place() -> None:
    assert list(changes({"a": [{"x": 1}, {"x": 2}]}, {"a": [{"x": 1}, {"x": 3}]})) == [("a.1.x", 2, 3)]


def test_the_record_is_kept_where_numbers_and_claims_decide_and_without_its_writes() -> None:
    record = a_repository(writes=(1, 2))

    assert needed(plan_requested(), record) == a_repository()
    assert needed(plan_approved(), record) == a_repository()
    assert needed(a_woken(), record) is None


def test_a_run_has_no_task_of_another_issue() -> None:
    assert a_run().task(99) is None
