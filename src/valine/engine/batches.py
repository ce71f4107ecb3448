"""Works off a queue that hands out its envelopes in batches, as SQS does: for each partition a batch is one slice.

All of it is taken in first, commands before the rest, and then the runs that it concerns are worked on together: ten
hints about a run under way cost one slice, not ten, and what is left goes on the queue once, behind the commands that
came meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from valine.engine.loop import TIME_SLICE
from valine.errors import StoreError, Transient
from valine.orchestrator.model.observations import Failure
from valine.view import failure_replies

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
    from datetime import datetime

    from valine.engine import Engine
    from valine.engine.worker import Worker
    from valine.ports import Clock, Delivery, Queue

log = logging.getLogger("valine.worker")

TO_SETTLE = timedelta(seconds=2.5)  # before the end: whatever is under way then is broken off, and settled
TO_FINISH = timedelta(seconds=8)  # before that: no effect is begun any more
TO_TAKE_IN = timedelta(seconds=4)  # before that: no envelope is begun any more


class Batches:
    """One pair of hands that batches are put into. `rest` returns when another worker may write to the repository."""

    def __init__(
        self, *, worker: Worker, engine: Engine, queue: Queue, clock: Clock, rest: Callable[[], Awaitable[None]]
    ) -> None:
        self._worker = worker
        self._engine = engine
        self._queue = queue
        self._clock = clock
        self._rest = rest

    async def work(self, batch: Sequence[Delivery], ends: datetime, suspects: Container[str] = ()) -> list[Delivery]:
        """Deal with the batch before the time `ends`; those that were not settled and must be handed out again.

        They are always the last ones of their partition, so that no order is changed. `suspects` are the receipts of
        those that were handed out before, and not settled then: their worker may have died of one of them.
        """
        partitions: dict[str, list[Delivery]] = {}
        for delivery in batch:
            partitions.setdefault(delivery.envelope.partition, []).append(delivery)
        unsettled: list[Delivery] = []
        for line in partitions.values():
            line.sort(key=lambda delivery: not delivery.envelope.urgent)
            unsettled += await self._work_partition(line, ends - TO_SETTLE, alone=line[0].receipt in suspects)
        return unsettled

    async def _work_partition(self, line: Sequence[Delivery], ends: datetime, *, alone: bool) -> Sequence[Delivery]:
        """Deal with the envelopes of one partition; the rest of them, from the first that could not be settled."""
        runs: dict[int, None] = {}
        settled = 0
        try:
            if alone:
                line = await self._alone(line)
            while settled < len(line) and self._clock.now() < ends - TO_TAKE_IN:
                last = settled + 1 == len(line)
                await self._worker.deal(line[settled], partial(self._handle, runs=runs, ends=ends, last=last))
                settled += 1
        except StoreError as error:
            log.error("handed back: %s", error)  # noqa: TRY400 - the sentence says it all
        if settled < len(line):
            log.warning(
                "%d of %d envelopes of %s are handed back",
                *(len(line) - settled, len(line)),
                line[0].envelope.partition,
            )
            await self._pass_on(line[0].envelope.partition, runs)
        return line[settled:]

    async def _alone(self, line: Sequence[Delivery]) -> Sequence[Delivery]:
        """The first one, the suspect. The others are put off, so that they do not share its fate."""
        now = self._clock.now()
        for other in line[1:]:
            await self._queue.retry_at(other, now, "put off: the one before it may have stopped its worker")
        return line[:1]

    async def _handle(self, delivery: Delivery, *, runs: dict[int, None], ends: datetime, last: bool) -> None:
        """Take the envelope in; with the last one of its partition in hand, work on what all of them brought.

        Raises Transient when the time is up: a platform that is slow is no mistake of the envelope's.
        """
        limit = asyncio.timeout((ends - self._clock.now()).total_seconds())
        try:
            async with limit:
                try:
                    runs |= dict.fromkeys(await self._engine.take_in(delivery.envelope))
                finally:
                    if last:
                        await self._slice(delivery.envelope.partition, runs, ends)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Transient(
                Failure(kind="transient", code="unreachable", detail=failure_replies.out_of_time())
            ) from error

    async def _slice(self, partition: str, runs: Iterable[int], ends: datetime) -> None:
        try:
            await self._engine.work(partition, runs, min(self._clock.now() + TIME_SLICE, ends - TO_FINISH))
        finally:
            await self._rest()  # while the partition is still ours

    async def _pass_on(self, partition: str, runs: Iterable[int]) -> None:
        """Nothing is done about these runs now: their work goes on the queue. If that fails, the clock finds them."""
        try:
            await self._engine.work(partition, runs, self._clock.now())
        except Exception:
            log.exception("the work of %s could not be put on the queue", partition)
