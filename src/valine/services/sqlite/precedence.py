"""The endpoints' writes go before the worker's: platforms wait for the ones, nobody for the others.

SQLite has no queue of its writers: who asks again after a pause loses against a thread that writes one transaction
after the other (https://www.sqlite.org/c3ref/busy_timeout.html), again and again on a busy machine.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 0.25  # seconds that one transaction of the worker gives way: endpoints that never rest must not stop it


class Precedence:
    """Shared by both sides of one file in one process."""

    def __init__(self) -> None:
        self._waiting = 0
        self._none_waits = threading.Event()
        self._none_waits.set()

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Within it an endpoint waits for its turn to write. For one thread only: that of the endpoints' loop."""
        self._waiting += 1
        self._none_waits.clear()
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._none_waits.set()

    def give_way(self) -> None:
        """Return when no endpoint waits any longer, after `LONGEST` seconds at most. For the worker's thread."""
        self._none_waits.wait(LONGEST)
