"""The alarm clocks of all runs: whose time has come gets a wake-up on the queue. Nothing is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.orchestrator.model.events import Woken
from valine.orchestrator.model.states import RunNumber
from valine.ports import Envelope

if TYPE_CHECKING:
    from valine.ports import Clock, Queue, RunStore


class Alarms:
    """Looks at the alarm clocks when it is told to: every second on one machine, every minute on AWS."""

    def __init__(self, *, store: RunStore, queue: Queue, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock

    async def ring(self) -> int:
        """Put a wake-up on the queue for every run whose alarm clock has rung; how many were not there yet."""
        now = self._clock.now()
        rang = 0
        for run in await self._store.due(now):
            inbound = Woken(at=now, run=RunNumber(run.number), uid=run.uid)
            rung = run.wake_at.isoformat() if run.wake_at else ""
            envelope = Envelope(id=f"wake:{run.uid}:{rung}", partition=run.repository, urgent=False, inbound=inbound)
            rang += await self._queue.put(envelope, now)
        return rang
