"""What the table of moves does not have is never stored: a mistake of ours, whoever asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from builders import NOON, REPOSITORY, a_run, a_woken
from engine.test_loop import an_approved_run
from engine.worlds import a_world, history
from valine.engine.unit_of_work import UnitOfWork
from valine.orchestrator.model.decision import Decision
from valine.orchestrator.model.states import RunStatus, Stage

if TYPE_CHECKING:
    from valine.orchestrator.model.decision import Outcome, State
    from valine.orchestrator.model.events import Event
    from valine.orchestrator.model.run import Run

replace = msgspec.structs.replace
OVER = a_run(stage=Stage.DONE, status=RunStatus.CANCELLED, ended_at=NOON)


@pytest.mark.parametrize(
    ("before", "stage", "status"),
    [
        (an_approved_run(), Stage.PROPOSED, RunStatus.PENDING),
        (an_approved_run(), Stage.TRACKING, RunStatus.PENDING),
        (an_approved_run(), Stage.SHIPPING, RunStatus.IN_PROGRESS),
        (an_approved_run(), Stage.DONE, RunStatus.IN_PROGRESS),
        (OVER, Stage.TRACKING, RunStatus.IN_PROGRESS),
        (OVER, Stage.DONE, RunStatus.COMPLETED),
    ],
)
async def test_a_decision_that_makes_no_move_of_the_table_is_not_stored(
    before: Run, stage: Stage, status: RunStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(state: State, event: Event) -> Outcome:
        assert state.run is not None
        return Decision(run=replace(state.run, stage=stage, status=status), repository=state.repository)

    world = await a_world().with_run(before)
    stored = await world.run()
    monkeypatch.setattr("valine.engine.unit_of_work.decide", broken)

    with pytest.raises(AssertionError, match=f"cannot go from {before.stage} to {stage}, {status}: no such move"):
        await UnitOfWork(world.store, world.clock).apply(REPOSITORY, before.number, a_woken())

    assert await world.run() == stored
    assert not await history(world)
