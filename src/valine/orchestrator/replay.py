"""A run told again from its history: the same events give the same run, so what is stored can be proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from valine.orchestrator.decision import Decision, State
from valine.orchestrator.graph import decide
from valine.orchestrator.model import Repository, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from valine.orchestrator.events import Event


def replay(steps: Iterable[tuple[Event, Repository | None]]) -> Iterator[Run]:
    """The run after each step, as it was stored. A step is an event, and the record where the history kept it.

    Raises ValueError where an event changes nothing: then this is not that run's history, or not this Valine's.
    """
    run: Run | None = None
    for number, (event, record) in enumerate(steps, 1):
        repository = record or Repository(name=run.repository if run else "")
        active = () if run is None else (run,)
        outcome = decide(State(repository=repository, run=run, active=active), event)
        if not isinstance(outcome, Decision):
            raise ValueError(f"step {number}, {type(event).__name__}, comes to {type(outcome).__name__}")  # noqa: TRY004
        run = msgspec.structs.replace(outcome.run, version=number)
        yield run
