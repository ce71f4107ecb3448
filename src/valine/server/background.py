"""The worker, the clock and the probe of one machine: on the loop of the endpoints, or in a thread with its own.

`valine serve` takes the thread: however long a decision, a page or a locked file takes, the endpoints go on answering.
A connection to SQLite belongs to one thread, so the thread assembles the system that it works with.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from valine.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from valine.bootstrap import System
    from valine.ports import Clock

log = logging.getLogger("valine.server")

QUEUE, CLOCKS, STORE = "the queue", "the alarm clocks", "the store"
SWEEP_EVERY = 1.0  # seconds between two looks at the alarm clocks; so much quiet, and the log is folded into the file
PROBE_EVERY = 10.0  # seconds between two writes that show that the store can be written
UNWRITTEN = timedelta(seconds=30)  # without one: people must know, as nothing that is sent can be stored
STANDS_STILL = timedelta(minutes=5)  # a refresh of the largest plan, each read nearly too late, takes three
STOP_WITHIN = 20.0  # seconds for the time slice under way when the server is stopped
STOPPED_WITHIN = STOP_WITHIN + 5.0  # seconds for the thread


class Probed(Protocol):
    """A queue in which a row shows when it could last be written."""

    async def probed_at(self) -> datetime | None:
        """That moment; None if there is no such row."""
        ...


class Turns:
    """When the worker and the clock last came round without trouble: a server that only takes orders is not well."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[str, datetime] = {}

    def turned(self, what: str) -> None:
        """It came round."""
        self._last[what] = self._clock.now()

    def runs(self, what: str) -> bool:
        """Whether it has begun here."""
        return what in self._last

    def stuck(self) -> dict[str, str]:
        """What has not come round for too long, and since when. What never began is not running here."""
        now = self._clock.now()
        return {
            what: f"stands still since {last.isoformat(timespec='seconds')}"
            for what, last in list(self._last.items())
            if now - last > STANDS_STILL
        }


@contextlib.asynccontextmanager
async def running(system: System, work_waits: asyncio.Event, turns: Turns) -> AsyncIterator[None]:
    """The worker, clock and probe run inside, on this loop; on leaving, the time slice under way is finished first."""
    await system.recover()
    stop = asyncio.Event()
    for what in (QUEUE, CLOCKS, STORE):
        turns.turned(what)  # or one that breaks from its first turn on would never be missed
    await probe(system, turns)
    tasks = [
        asyncio.create_task(_work(system, work_waits, stop, turns)),
        asyncio.create_task(_sweep(system, work_waits, stop, turns)),
        asyncio.create_task(_probe(system, stop, turns)),
    ]
    try:
        yield
    finally:
        stop.set()
        work_waits.set()
        _, late = await asyncio.wait(tasks, timeout=STOP_WITHIN)
        for task in late:
            log.warning("a slice was not finished in %s s: the next start goes on with it", STOP_WITHIN)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Thread(NamedTuple):
    """What the other side of a thread is reached by."""

    loop: asyncio.AbstractEventLoop
    work_waits: asyncio.Event
    leave: asyncio.Event


@contextlib.asynccontextmanager
async def in_a_thread(assemble: Callable[[], System], turns: Turns) -> AsyncIterator[Callable[[], None]]:
    """The same in a thread with a loop of its own. What it gives wakes the worker, from the caller's loop.

    Raises what `assemble` or taking up the work again raises.
    """
    here = asyncio.get_running_loop()
    started: asyncio.Future[_Thread] = here.create_future()
    ended = asyncio.Event()

    async def work() -> None:
        work_waits, leave = asyncio.Event(), asyncio.Event()
        async with assemble() as system, running(system, work_waits, turns):
            here.call_soon_threadsafe(started.set_result, _Thread(asyncio.get_running_loop(), work_waits, leave))
            await leave.wait()

    def live() -> None:
        try:
            asyncio.run(work())
        except BaseException as error:  # noqa: BLE001 - whoever started the thread gets it
            _call(here, partial(_failed, started, error))
        finally:
            _call(here, ended.set)

    # A daemon: a computation that goes on and on does not keep the process, and the store stands kill -9 anyway.
    threading.Thread(target=live, name="valine-worker", daemon=True).start()
    there, work_waits, leave = await started
    try:
        yield lambda: _call(there, work_waits.set)
    finally:
        _call(there, leave.set)
        try:
            await asyncio.wait_for(ended.wait(), STOPPED_WITHIN)
        except TimeoutError:
            log.warning("the worker did not stop in %s s: the next start goes on with its work", STOPPED_WITHIN)


def _failed(started: asyncio.Future[_Thread], error: BaseException) -> None:
    if not started.done():
        started.set_exception(error)
    else:
        log.error("the worker's thread ended", exc_info=error)


def _call(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # its thread has ended: nobody waits for it there
        loop.call_soon_threadsafe(what)


async def probe(system: System, turns: Turns) -> None:
    """Write a row that shows when the store could last be written."""
    await _guarded(lambda: system.queue.probe(system.clock.now()), STORE, turns)


async def unwritten(queue: Probed, clock: Clock, turns: Turns) -> dict[str, str]:
    """Since when nothing could be stored, if that is too long; nothing where no probe runs. Raises StoreError."""
    if not turns.runs(STORE):
        return {}
    last = await queue.probed_at()
    if last is not None and clock.now() - last <= UNWRITTEN:
        return {}
    since = "" if last is None else f" since {last.isoformat(timespec='seconds')}"
    return {STORE: f"could not be written{since}"}


async def _probe(system: System, stop: asyncio.Event, turns: Turns) -> None:
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PROBE_EVERY)
        await probe(system, turns)


async def _work(system: System, work_waits: asyncio.Event, stop: asyncio.Event, turns: Turns) -> None:
    dropped = False  # an envelope whose end could not be written: it would lie in nobody's hands for minutes

    async def receive_one() -> bool:
        nonlocal dropped
        if dropped:
            await system.queue.recover()
        dropped = True
        found = await system.worker.work_once()
        dropped = False
        return found

    while not stop.is_set():
        work_waits.clear()
        if not await _guarded(receive_one, QUEUE, turns):
            try:
                await asyncio.wait_for(work_waits.wait(), SWEEP_EVERY)
            except TimeoutError:
                _fold(system)


def _fold(system: System) -> None:
    """In a quiet moment, move what SQLite's log holds into the file: whoever deletes the log then takes nothing."""
    try:
        system.file.fold()
    except StoreError as error:
        log.warning("the log was not folded into the file: %s", error)


async def _sweep(system: System, work_waits: asyncio.Event, stop: asyncio.Event, turns: Turns) -> None:
    while not stop.is_set():
        if await _guarded(system.engine.sweep, CLOCKS, turns):
            work_waits.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SWEEP_EVERY)


async def _guarded(job: Callable[[], Awaitable[int | None]], what: str, turns: Turns) -> bool:
    """Whether the job had something to do; whatever stops it is said once a try, and it is tried again."""
    try:
        found = bool(await job())
    except StoreError as error:
        log.error("%s could not be used: %s", what, error)  # noqa: TRY400 - the sentence says it all
    except Exception:  # without its worker or clock a server would take orders that nobody carries out
        log.exception("%s: something broke", what)
    else:
        turns.turned(what)
        return found
    return False
