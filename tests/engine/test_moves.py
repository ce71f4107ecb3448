"""The table of moves is asserted at every commit: what it does not have is a mistake of ours, and is not stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from builders import NOON, a_repository, a_run, a_woken
from valine.engine.ledger import Ledger
from valine.orchestrator.decision import Decision, State
from valine.orchestrator.states import RunStatus, Stage

if TYPE_CHECKING:
    from valine.orchestrator.model import Run

replace = msgspec.structs.replace


class Store:
    """Notes what is committed."""

    def __init__(self) -> None:
        self.stored: list[Any] = []

    async def commit(self, commit: Any, _now: Any) -> None:
        self.stored.append(commit)


class StoppedClock:
    def now(self) -> Any:
        return NOON


PENDING = a_run()
SHIPPED = replace(PENDING, stage=Stage.DONE, status=RunStatus.COMPLETED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PENDING, replace(PENDING, stage=Stage.SHIPPING, status=RunStatus.IN_PROGRESS)),
        (SHIPPED, replace(SHIPPED, stage=Stage.EXECUTING, status=RunStatus.IN_PROGRESS)),
        (SHIPPED, replace(SHIPPED, status=RunStatus.CANCELLED)),
        (PENDING, replace(PENDING, status=RunStatus.IN_PROGRESS)),
        (None, replace(PENDING, stage=Stage.TRACKING, status=RunStatus.IN_PROGRESS)),
    ],
)
async def test_a_move_that_the_table_does_not_have_is_not_stored(before: Run | None, after: Run) -> None:
    store: Any = Store()
    clock: Any = StoppedClock()
    state = State(repository=a_repository(), run=before)

    with pytest.raises(AssertionError, match="no such move"):
        await Ledger(store, clock).commit(state, a_woken(), Decision(run=after, repository=state.repository), None)

    assert store.stored == []


async def test_the_run_that_an_unnamed_command_means_is_known_by_its_uid() -> None:
    """A typed /approve names no run: the one it comes from is among the active ones."""
    store: Any = Store()
    clock: Any = StoppedClock()
    state = State(repository=a_repository(), active=(PENDING,))
    approved = replace(PENDING, stage=Stage.EXECUTING, status=RunStatus.IN_PROGRESS)

    await Ledger(store, clock).commit(state, a_woken(), Decision(run=approved, repository=state.repository), None)

    assert [commit.run for commit in store.stored] == [approved]
