"""An app behind the server's own protocol on a real loopback socket, and what is written to it byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from valine.cli import http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.applications import Starlette


class Served:
    """The server: its address, and its open connections."""

    def __init__(self, app: Starlette) -> None:
        self.bound = http.bind("127.0.0.1", 0)
        self.server = http._Server(app, self.bound)
        self.peers: list[Peer] = []

    @property
    def open_connections(self) -> int:
        """How many are open."""
        return sum(not one.transport.is_closing() for one in self.server.server_state.connections)

    async def connect(self, said: bytes = b"") -> Peer:
        """A new connection, on which that has been sent."""
        peer = Peer(*await asyncio.open_connection(*self.bound.getsockname()))
        self.peers.append(peer)
        await peer.say(said)
        return peer

    async def ask(self, said: bytes) -> bytes:
        """All that is answered to these bytes until the server hangs up."""
        return await (await self.connect(said)).rest()


class Peer:
    """Our end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, said: bytes) -> None:
        self.writer.write(said)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def head(self) -> bytes:
        """Status line and headers of the next answer."""
        async with asyncio.timeout(20):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """What comes until the server hangs up, within a time that is long for it."""
        found = b""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(20):
                while part := await self.reader.read(65536):
                    found += part
        return found


@contextlib.asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[Served]:
    """The app, served while inside."""
    one = Served(app)
    running = asyncio.create_task(one.server.run_until_stopped())
    await one.server.listening.wait()
    try:
        yield one
    finally:
        for peer in one.peers:
            peer.writer.close()
        one.server.should_exit = True
        await running
        one.bound.close()


async def comes_true(what: str, look: Callable[[], bool]) -> None:
    """Wait for it. AssertionError if it never does."""
    for _ in range(2000):
        if look():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"it did not happen: {what}")
