"""What the history keeps is enough: told again from nothing it gives the same run at every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from acceptance.stories import REPOSITORY, Team, a_team
from builders import NOON, a_woken, plan_requested
from core.test_graph_walk import Walk
from valine.documents import decode, encode
from valine.engine.ledger import needed
from valine.orchestrator.decision import Decision
from valine.orchestrator.graph import decide
from valine.orchestrator.replay import replay
from valine.ports import History

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from valine.orchestrator.model import Run

replace = msgspec.structs.replace


async def a_round(team: Team) -> None:
    """Planned, one dropped, approved, worked on, one held, shipped, dropped."""
    await team.says("/plan", by="Ana")
    await team.drops(3, by="Ana")
    await team.clicks("Approve", by="Ana")
    tasks = (await team.run()).tasks
    await team.finishes(tasks[0])
    await team.finishes(tasks[1], check="failure")
    await team.ships(by="Ben")
    await team.github("comment", number=2, by="ben", body="/valine drop")


async def cancelled(team: Team) -> None:
    await team.says("/plan", by="Ana")
    await team.clicks("Approve", by="Ana")
    await team.clicks("Cancel", by="Ana")
    await team.clicks("Cancel and close them", by="Ana")


async def changed_and_expired(team: Team) -> None:
    await team.says("/plan", by="Ana")
    await team.github("edit_issue", number=1, title="Another title", by="ana")
    await team.wait(hours=25)


async def through_an_outage(team: Team) -> None:
    await team.says("/plan", by="Ana")
    team.world.on_github("throw_fault", kind="error_before", status=503, times=3)
    await team.clicks("Approve", by="Ana")
    await team.clicks("Approve", by="Ana")
    await team.wait(hours=1)


async def a_second_run(team: Team) -> None:
    """The first run claims what the second one leaves out."""
    await team.says("/plan limit:1", by="Ana")
    await team.clicks("Approve", by="Ana")
    await team.says("/plan", by="Ben")
    await team.clicks("Approve", by="Ben")


DAYS: list[Callable[[Team], Awaitable[None]]] = [
    a_round,
    cancelled,
    changed_and_expired,
    through_an_outage,
    a_second_run,
]


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
            assert list(replay((step.event, step.repository) for step in history)) == steps
            assert steps[-1] == await team.run(number)


@pytest.mark.parametrize("seed", range(2000, 2010))
def test_any_walk_told_again_gives_the_same_run(seed: int) -> None:
    walk = Walk(seed, already="nothing")
    steps: dict[int, list[tuple[History, Run]]] = {}
    note = walk.play.decide

    def noting(event: Any, number: int | None = None) -> Any:
        state = walk.play.state(number)
        outcome = decide(state, event)
        if isinstance(outcome, Decision):
            kept = History(run=1, number=1, at=NOON, event=event, repository=needed(event, state.repository))
            run = replace(outcome.run, version=outcome.run.version + 1)
            steps.setdefault(run.number, []).append((decode(encode(kept), History), run))
        return note(event, number)

    walk.play.decide = noting  # type: ignore[method-assign] # a spy on a value of the test's own
    walk.go(80)

    for told in steps.values():
        history = [(kept.event, kept.repository) for kept, _ in told]
        assert list(replay(history)) == [run for _, run in told]


def test_a_history_of_another_run_is_told_as_such() -> None:
    with pytest.raises(ValueError, match="step 1, Woken, comes to Nothing"):
        list(replay([(a_woken(), None)]))


def test_a_plan_that_was_not_looked_for_is_no_step() -> None:
    with pytest.raises(ValueError, match="step 1, PlanRequested, comes to Look"):
        list(replay([(plan_requested(), None)]))
