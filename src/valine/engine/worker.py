"""Takes envelopes off the queue one by one, and decides what becomes of those that could not be dealt with."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from valine.errors import Conflict, OutsideError, StoreError
from valine.logs import correlate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from valine.engine import Engine
    from valine.ports import Clock, Delivery, Queue

log = logging.getLogger("valine.worker")

# Of an envelope whose worker stopped each time, as when the system kills a process for its memory. The next delivery
# goes to the dead letters unhandled. template.yaml's maxReceiveCount is larger, or SQS would move it and tell nobody.
MOST_RECEIPTS = 3
UNACKNOWLEDGED = "received without an acknowledgement"
MOST_ATTEMPTS = 3  # of an envelope that breaks the engine: then it is dead-lettered, and its partition goes on
MOST_RETRIES = 12  # of one that waits for a platform or the store
# A token that expired, or a bot that was shut out: somebody gives it back, and commands must not be lost meanwhile.
SOLVED_BY_PEOPLE = {"unauthorized", "forbidden", "not_found"}
FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(minutes=5)


class Worker:
    """One pair of hands on a queue."""

    def __init__(self, *, queue: Queue, engine: Engine, clock: Clock) -> None:
        self._queue = queue
        self._engine = engine
        self._clock = clock
        self._survived: dict[str, int] = {}  # by envelope: receipts that this worker outlived and could not acknowledge

    async def work_once(self) -> bool:
        """Deal with the next envelope, if there is one; whether there was. Never raises for what is in it."""
        delivery = await self._queue.receive(self._clock.now())
        if delivery is None:
            return False
        await self.deal(delivery, self._engine.handle)
        return True

    async def deal(self, delivery: Delivery, handle: Callable[[Delivery], Awaitable[None]]) -> None:
        """Have it handled, and settle what becomes of it. Raises StoreError if that cannot be stored, nothing else."""
        name = delivery.envelope.id
        with correlate(name):
            if delivery.received - self._survived.get(name, 0) > MOST_RECEIPTS:
                trouble = f"{UNACKNOWLEDGED} {delivery.received - 1} times: its worker stopped each time"
                log.error("not handled again: %s", trouble)
                await self._dead_letter(delivery, trouble)
                return
            try:
                await self._settle(delivery, handle)
            except StoreError:  # a full disk, say: it was not the envelope that kept it from being acknowledged
                self._survived[name] = self._survived.get(name, 0) + 1
                raise
            self._survived.pop(name, None)

    async def _settle(self, delivery: Delivery, handle: Callable[[Delivery], Awaitable[None]]) -> None:
        try:
            await handle(delivery)
        except (OutsideError, Conflict, StoreError) as error:
            await self._retry(delivery, error)
        except Exception as error:  # one poisonous envelope must not stop the partition, whatever is wrong with it
            log.exception("an envelope broke the engine")
            await self._break_off(delivery, error)
        else:
            await self._queue.ack(delivery)

    async def _retry(self, delivery: Delivery, error: Exception) -> None:
        failure = error.failure if isinstance(error, OutsideError) else None
        hopeless = failure is not None and failure.kind == "permanent" and failure.code not in SOLVED_BY_PEOPLE
        if hopeless or delivery.attempts > MOST_RETRIES:
            log.error("set aside: %s", error)
            await self._dead_letter(delivery, str(error))
            return
        now = self._clock.now()
        until = now + min(FIRST_RETRY * 2 ** min(delivery.attempts, 10), LAST_RETRY)
        if failure is not None and failure.retry_at is not None:
            until = max(until, failure.retry_at)
        log.warning("tried again at %s: %s", until.isoformat(), error)
        await self._queue.retry_at(delivery, until, str(error))

    async def _break_off(self, delivery: Delivery, error: Exception) -> None:
        trouble = f"{type(error).__name__}: {error}"
        if delivery.attempts >= MOST_ATTEMPTS:
            await self._dead_letter(delivery, trouble)
        else:
            await self._queue.retry_at(delivery, self._clock.now() + FIRST_RETRY, trouble)

    async def _dead_letter(self, delivery: Delivery, trouble: str) -> None:
        await self._queue.dead_letter(delivery, trouble)
        await self._engine.give_up(delivery.envelope)
