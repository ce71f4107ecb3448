"""Time that moves only when somebody waits: a day of a team passes in a moment, and the same way each time."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Clock(Protocol):
    """Time, as the twins' shells are given it."""

    def now(self) -> datetime:
        """The present, aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait. Zero or less gives others a turn."""
        ...


class ManualClock:
    """A Clock for one driver: a sleep is over at once, and it is that much later.

    `meanwhile` is what goes on while somebody sleeps, until the moment it is given: without it a request that
    arrives during a sleep would have to wait for its end.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._asleep = False
        self.meanwhile: Callable[[datetime], Awaitable[None]] | None = None

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        until = self._now + timedelta(seconds=max(seconds, 0.0))
        if self.meanwhile is not None and not self._asleep:
            self._asleep = True
            try:
                await self.meanwhile(until)
            finally:
                self._asleep = False
        self.advance_to(until)
        await asyncio.sleep(0)

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until then; a moment that is over changes nothing."""
        self._now = max(self._now, moment)
