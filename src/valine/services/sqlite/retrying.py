"""A short timeout that blocks nobody: what is Busy is called again after a pause in which the loop goes on.

SQLite's own waiting (`busy_timeout`) would stop every request of a process for as long as one of them waits.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from valine.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from valine.orchestrator.model.run import Repository, Run
    from valine.ports import Clock, Envelope, Producer, RunReader, RunSummary
    from valine.services.sqlite.precedence import Precedence

ATTEMPTS = 100
PAUSE = 0.01  # seconds between two: one second in all, of the three that Discord waits
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class Retrying:
    """Calls what raises Busy `ATTEMPTS` times, then lets Busy through.

    From the first Busy on it takes `precedence` over who writes to the same file in another thread.
    """

    def __init__(self, clock: Clock, precedence: Precedence) -> None:
        self._clock = clock
        self._precedence = precedence

    async def call(
        self, method: Callable[Arguments, Awaitable[Answer]], *given: Arguments.args, **named: Arguments.kwargs
    ) -> Answer:
        """What the method returns. Raises what it raises."""
        with contextlib.ExitStack() as claims:
            for attempt in range(ATTEMPTS - 1):
                try:
                    return await method(*given, **named)
                except Busy:
                    if not attempt:
                        claims.enter_context(self._precedence.claimed())
                    await self._clock.sleep(PAUSE)
            return await method(*given, **named)


class RetryingReader:
    """A RunReader whose file may be locked for a moment."""

    def __init__(self, reader: RunReader, retrying: Retrying) -> None:
        self._reader = reader
        self._retrying = retrying

    async def repository(self, name: str) -> Repository:
        return await self._retrying.call(self._reader.repository, name)

    async def run(self, repository: str, number: int) -> Run | None:
        return await self._retrying.call(self._reader.run, repository, number)

    async def recent(self, repository: str, limit: int = 25, before: datetime | None = None) -> Sequence[RunSummary]:
        return await self._retrying.call(self._reader.recent, repository, limit, before)


class RetryingProducer:
    """A Producer whose file may be locked for a moment."""

    def __init__(self, producer: Producer, retrying: Retrying) -> None:
        self._producer = producer
        self._retrying = retrying

    async def put(self, envelope: Envelope, now: datetime) -> bool:
        return await self._retrying.call(self._producer.put, envelope, now)
