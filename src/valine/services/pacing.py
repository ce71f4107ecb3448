"""Writes are spread out: at least so many seconds lie between one and the next, by the clock that was handed in.

GitHub asks for a second between writes and for one at a time:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from valine.ports import Clock


class Pacer:
    """Gives turns, `interval` seconds apart. The first comes at once; nobody is given two turns for one wait."""

    def __init__(self, clock: Clock, interval: float) -> None:
        self._clock = clock
        self._interval = timedelta(seconds=interval)
        self._next: datetime | None = None
        self._line = asyncio.Lock()

    async def turn(self) -> None:
        """Return when the caller may write. Callers are served in the order they came."""
        async with self._line:
            await self._wait()
            self._next = self._clock.now() + self._interval

    async def rest(self) -> None:
        """Return when somebody else may write, who knows nothing of the turns given here."""
        async with self._line:
            await self._wait()

    async def _wait(self) -> None:
        while self._next is not None and (left := self._next - self._clock.now()) > timedelta():
            await self._clock.sleep(left.total_seconds())
