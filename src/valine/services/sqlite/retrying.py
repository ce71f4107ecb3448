"""A short timeout that blocks nobody: what is Busy is called again after a pause in which the loop goes on.

SQLite's own waiting (`busy_timeout`) would stop every request of a process for as long as one of them waits.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from valine.errors import Busy

if TYPE_CHECKING:
    from valine.ports import Clock
    from valine.services.sqlite.precedence import Precedence

ATTEMPTS = 100
PAUSE = 0.01  # seconds between two: one second in all, of the three that Discord waits


class Retrying:
    """A store or a queue of which every method is tried `ATTEMPTS` times while it raises Busy; then it raises that.

    From the first Busy on it takes `precedence` over who writes to the same file in another thread.
    """

    def __init__(self, wrapped: object, clock: Clock, precedence: Precedence) -> None:
        self._wrapped = wrapped
        self._clock = clock
        self._precedence = precedence

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._wrapped, name)

        async def tried(*arguments: Any) -> Any:
            with contextlib.ExitStack() as claims:
                for attempt in range(ATTEMPTS - 1):
                    try:
                        return await method(*arguments)
                    except Busy:
                        if not attempt:
                            claims.enter_context(self._precedence.claimed())
                        await self._clock.sleep(PAUSE)
                return await method(*arguments)

        return tried
