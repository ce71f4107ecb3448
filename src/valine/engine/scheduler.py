"""Due runs get a wake-up on the queue. Nothing is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.orchestrator.model.events import Woken
from valine.orchestrator.model.states import RunNumber
from valine.ports import Envelope

if TYPE_CHECKING:
    from valine.ports import Clock, Queue, RunStore


class Scheduler:
    """Looks for due runs when it is called: every second on one machine, every minute on AWS."""

    def __init__(self, *, store: RunStore, queue: Queue, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock

    async def enqueue_due(self) -> int:
        """Put a wake-up on the queue for every run that is due; how many were not there yet."""
        now = self._clock.now()
        enqueued = 0
        for run in await self._store.due(now):
            inbound = Woken(at=now, run=RunNumber(run.number), uid=run.uid)
            due_since = run.wake_at.isoformat() if run.wake_at else ""
            envelope = Envelope(
                id=f"wake:{run.uid}:{due_since}", partition=run.repository, urgent=False, inbound=inbound
            )
            enqueued += await self._queue.put(envelope, now)
        return enqueued
