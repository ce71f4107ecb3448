"""Virtual time and who goes next: coroutines that wait are woken in the order of their time, then of their coming.

A coroutine says how long it waits by `await pause(seconds)`; that is the only thing it can wait for.
"""

from __future__ import annotations

import contextvars
import heapq
import types
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from typing import TypeAlias

    Begin: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

FOREVER = 1e12


@types.coroutine
def pause(seconds: float) -> Generator[float, None, None]:
    """Come back after so many seconds of virtual time."""
    yield seconds


class Crash(BaseException):
    """The process is gone: nothing catches this."""


class Running:
    """A coroutine under way. `ended` is told how it ended: None, or what it raised."""

    __slots__ = ("_begin", "_context", "_coroutine", "_ended", "_loop", "_turn", "over")

    def __init__(self, loop: Loop, begin: Begin, ended: Callable[[BaseException | None], None]) -> None:
        self._loop = loop
        self._begin = begin
        self._context = contextvars.copy_context()  # whose work a line of the log is about stays its own
        self._coroutine: Coroutine[Any, Any, None] | None = None
        self._ended = ended
        self._turn = 0
        self.over = False

    def step(self, turn: int) -> None:
        """Let it go on to its next wait; a turn that is stale by a wake-up is none."""
        if self.over or turn != self._turn:
            return
        if self._coroutine is None:
            self._coroutine = self._begin()
        try:
            seconds = self._context.run(self._coroutine.send, None)
        except StopIteration:
            self._end(None)
        except BaseException as error:  # noqa: BLE001 - a Crash too
            self._end(error)
        else:
            self._turn += 1
            if seconds < FOREVER:
                self._loop.after(seconds, self.step, self._turn)

    def wake(self, seconds: float = 0.0) -> None:
        """Whatever it waits for, it goes on after so many seconds at the latest."""
        if not self.over:
            self._turn += 1
            self._loop.after(seconds, self.step, self._turn)

    def kill(self) -> None:
        """It is gone, with all that it knew."""
        if not self.over:
            self.over = True
            if self._coroutine is not None:
                self._context.run(self._coroutine.close)

    def _end(self, error: BaseException | None) -> None:
        self.over = True
        self._ended(error)


class Loop:
    """The one queue of everything that will happen."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.time = 0.0  # seconds since the start
        self._waiting: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = 0

    def now(self) -> datetime:
        """The true time, whatever the clocks of processes say."""
        return self.start + timedelta(seconds=self.time)

    def after(self, seconds: float, do: Callable[..., None], *given: Any) -> None:
        """Have this done after so many seconds."""
        self._order += 1
        heapq.heappush(self._waiting, (self.time + max(seconds, 0.0), self._order, do, given))

    def start_up(self, begin: Begin, ended: Callable[[BaseException | None], None]) -> Running:
        """Let a coroutine run beside the others."""
        running = Running(self, begin, ended)
        self.after(0.0, running.step, 0)
        return running

    def step(self) -> bool:
        """Let the next thing happen; False if nothing ever will."""
        if not self._waiting:
            return False
        self.time, _, do, given = heapq.heappop(self._waiting)
        do(*given)
        return True
