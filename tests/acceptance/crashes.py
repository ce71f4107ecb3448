"""A product that dies at a chosen moment: between one thing it does to the world or to its store and the next.

Nothing that anybody could see happens between two of them, so dying before each is dying at every moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from valine.bootstrap import System


class Crash(BaseException):
    """The process is gone: nothing catches this."""


class CrashAt:
    """Kills the system before its n-th request or write to the store, counted from 1; 0 only counts."""

    def __init__(self, number: int, system: System) -> None:
        self.count = 0
        self._number = number
        for client in system.clients:
            client.send = self._ticking(client.send)  # type: ignore[method-assign]
        system.file.writing = self._ticking(system.file.writing)  # type: ignore[method-assign]

    def _ticking(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def ticked(*given: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self._number:
                raise Crash
            return function(*given, **named)

        return ticked
