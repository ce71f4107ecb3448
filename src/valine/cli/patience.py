"""How long, and with how many at once, the server waits for a request's head: uvicorn alone would wait for ever.

Whoever opens connections and says little on them (slow-loris) has each for `HEAD_WITHIN` seconds at most. When all are
taken, the one that has been idle longest makes room for the next, or that has dawdled longest if none is idle. Bodies
have their own limit, in server.py.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN = 10.0  # seconds from the first byte, or from the connection, to the end of the headers
MOST_CONNECTIONS = 150  # at once: with those that are just accepted, fewer than 256 files, which some systems allow
JUST_ACCEPTED = 64  # at most, before any of them is looked at


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with a deadline for each head."""

    waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._make_room()
        if not transport.is_closing():
            self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._done_waiting()  # until its next byte, uvicorn's own limit on idle connections holds
        if self.conn.trailing_data[0]:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Start the clock if a head is outstanding, stop it if it has come."""
        if self.conn.their_state is not h11.IDLE:
            self._done_waiting()
        elif self.waiting is None:
            self.waiting = self.loop.call_later(HEAD_WITHIN, self.transport.close)

    def _done_waiting(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None

    def _make_room(self) -> None:
        there: list[Any] = [one for one in self.connections if not one.transport.is_closing()]
        if len(there) > MOST_CONNECTIONS:
            idle = [(one.timeout_keep_alive_task, one) for one in there if one.timeout_keep_alive_task]
            dawdling = [(one.waiting, one) for one in there if one.waiting]
            _, longest = min(idle or dawdling, key=lambda pair: pair[0].when(), default=(None, self))
            longest.transport.abort()
