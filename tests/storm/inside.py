"""The store and the queue as a process sees them: what is done takes time, and may fail before or after it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from storm.loop import Crash, pause
from valine.errors import Busy, Conflict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from datetime import datetime

    from storm.process import Process
    from valine.orchestrator.model.run import Repository, Run
    from valine.ports import Commit, Delivery, Envelope, History, Inbox, RunSummary

MOMENT = 0.002  # seconds
OUT = "The store is out of reach."


class Store:
    """The one run store, from one process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._world = process.world
        self._store = process.world.store

    async def repository(self, name: str) -> Repository:
        await self._reading()
        return await self._store.repository(name)

    async def run(self, repository: str, number: int) -> Run | None:
        await self._reading()
        return await self._store.run(repository, number)

    async def inbox(self, id: str, now: datetime) -> Inbox | None:  # noqa: A002 - the port's name
        await self._reading()
        return await self._store.inbox(id, now)

    async def due(self, now: datetime, limit: int = 100) -> Sequence[RunSummary]:
        await self._reading()
        return await self._store.due(now, limit)

    async def recent(self, repository: str, limit: int = 25, before: datetime | None = None) -> Sequence[RunSummary]:
        await self._reading()
        return await self._store.recent(repository, limit, before)

    async def history(self, repository: str, number: int) -> Sequence[History]:
        await self._reading()
        return await self._store.history(repository, number)

    async def commit(self, commit: Commit, now: datetime) -> None:
        world, process = self._world, self._process
        what = _named(commit)
        fault = world.fault(what, "commit", process)
        await pause(MOMENT if fault != "frozen" else world.long_pause(what))
        world.tell(process, f"{what}{f'  ({fault})' if fault else ''}")
        if fault == "crash before":
            raise Crash
        if fault == "conflict":
            raise Conflict("somebody else was quicker")
        if fault == "store out before" or world.outages.on("store"):
            raise Busy(OUT)
        await self._keep(commit, now)
        world.checker.committed(process, commit)
        world.alarm(soon=True)
        if fault == "slow":
            await pause(world.short_pause(what))
        if fault == "crash after":
            raise Crash
        if fault == "answer lost after commit":
            raise Busy(OUT)

    async def _keep(self, commit: Commit, now: datetime) -> None:
        """What the store itself does with a commit that has arrived."""
        await self._store.commit(commit, now)

    async def _reading(self) -> None:
        if self._world.outages.on("store"):
            await pause(MOMENT)
            raise Busy(OUT)


class Queue:
    """The one queue, from one process. It has a clock of its own, as a service has."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._world = process.world
        self._queue = process.world.queue

    async def put(self, envelope: Envelope, now: datetime) -> bool:
        del now
        return bool(
            await self._do(f"put {self._world.plain(envelope.id)}", lambda: self._queue.put(envelope, self._time()))
        )

    async def receive(self, now: datetime) -> Delivery | None:
        del now
        if self._queue.next_one(self._time()) is None and not self._world.outages.on("queue"):
            return None  # asking an empty queue is nothing that could matter
        delivery: Delivery | None = await self._do("take", lambda: self._queue.receive(self._time()))
        if delivery is not None:
            self._process.holds(delivery)
        return delivery

    async def ack(self, delivery: Delivery) -> None:
        await self._do(f"done {self._world.plain(delivery.envelope.id)}", lambda: self._queue.ack(delivery))
        self._world.checker.dealt_with(delivery)

    async def retry_at(self, delivery: Delivery, until: datetime, trouble: str) -> None:
        what = f"later {self._world.plain(delivery.envelope.id)}"
        until = max(until, self._time())
        await self._do(what, lambda: self._queue.retry_at(delivery, until, trouble))

    async def dead_letter(self, delivery: Delivery, trouble: str) -> None:
        what = f"set aside {self._world.plain(delivery.envelope.id)}"
        await self._do(what, lambda: self._queue.dead_letter(delivery, trouble))

    def _time(self) -> datetime:
        return self._world.loop.now()

    async def _do(self, what: str, operation: Any) -> Any:
        world, process = self._world, self._process
        fault = world.fault(what, "queue", process)
        await pause(MOMENT)
        if fault or not what.startswith("take"):
            world.tell(process, f"{what}{f'  ({fault})' if fault else ''}")
        if fault == "crash before":
            raise Crash
        if fault == "queue out before" or world.outages.on("queue"):
            raise Busy("The queue is out of reach.")
        doing: Awaitable[Any] = operation()
        result = await doing
        world.enqueue_due()
        if fault == "slow":
            await pause(world.short_pause(what))
        if fault == "crash after":
            raise Crash
        if fault == "answer lost after":
            raise Busy("The queue did not answer.")
        return result


def _named(commit: Commit) -> str:
    """The commit in a few words that are the same however the rest went."""
    if commit.run is not None and commit.history is not None:
        key = getattr(commit.history.event, "key", "")
        return f"commit {commit.run.name} {type(commit.history.event).__name__} {key}".rstrip()
    if commit.inbox is not None:
        return "commit answer"
    return "commit record"
