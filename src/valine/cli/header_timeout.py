"""How long, and with how many at once, the server waits for requests: uvicorn alone would wait for ever.

Whoever opens connections and says little on them (slow-loris) has each for `HEAD_WITHIN` seconds at most before its
headers have come; bodies have limits of their own, in valine.server.bodies. When all connections are taken, the one
that has been waited for longest makes room for the next: idle, or with a request that is unfinished.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from valine.cli.strict import StrictConnection

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

HEAD_WITHIN = 10.0  # seconds from the first byte, or from the connection, to the end of the headers
MOST_CONNECTIONS = 150  # at once: with those that are just accepted, fewer than 256 files, which some systems allow
JUST_ACCEPTED = 64  # at most, before any of them is looked at


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with a deadline for each head and an end to each unfinished request."""

    conn: StrictConnection
    waiting: asyncio.TimerHandle | None = None  # while a head is outstanding
    began: float | None = None  # when the request began that has not arrived whole

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = StrictConnection()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._look(arrived=True)
        self._make_room()

    def data_received(self, data: bytes) -> None:
        if self.began is None:
            self.began = self.loop.time()
        super().data_received(data)
        self._look(arrived=True)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and self.conn.their_state is h11.SEND_BODY:
            self.transport.close()  # answered without its body, which nobody waits for
        self._look(arrived=bool(self.conn.trailing_data[0]))  # until its next byte, uvicorn's limit on idle ones holds

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, with the status that says why, and hang up."""
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()  # it has its answer already
            return
        status = self.conn.refused_with
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        for event in (
            h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status]),
            h11.Data(data=msg.encode("ascii")),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._look(arrived=False, gone=True)
        super().connection_lost(exc)

    def _look(self, *, arrived: bool, gone: bool = False) -> None:
        """Note whether a request is unfinished, and run the clock while its head is."""
        head = self.conn.their_state is h11.IDLE and arrived and not gone
        if not head and (gone or self.conn.their_state is not h11.SEND_BODY):
            self.began = None
        elif self.began is None:
            self.began = self.loop.time()
        if not head and self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None
        elif head and self.waiting is None:
            self.waiting = self.loop.call_later(HEAD_WITHIN, self.transport.close)

    def _make_room(self) -> None:
        there: list[Any] = [one for one in self.connections if not one.transport.is_closing()]
        if len(there) > MOST_CONNECTIONS:
            # An idle one is closed where its next request may be under way: those that never finish go first.
            idle = [(one.timeout_keep_alive_task.when(), one) for one in there if one.timeout_keep_alive_task]
            since = [(when - self.timeout_keep_alive, one) for when, one in idle]
            unfinished = [(one.began, one) for one in there if one.began is not None]
            _, longest = min([*since, *unfinished], key=lambda pair: pair[0])
            longest.transport.abort()
