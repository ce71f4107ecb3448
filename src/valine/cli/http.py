"""Serves ASGI apps until a signal says stop: bound first, so that a port in use is a sentence; told when they listen.

SIGTERM and SIGINT let requests, and what the app's lifespan waits for, come to their end; a second SIGINT does not.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from typing import TYPE_CHECKING

import uvicorn

from valine.cli.command_error import FAILED, INTERRUPTED, CommandError
from valine.cli.header_timeout import JUST_ACCEPTED, PatientProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from starlette.applications import Starlette

KEEP_ALIVE = 20  # seconds that an idle connection stays open
LAST_ANSWERS = 10  # seconds for requests under way when the server stops


def bind(host: str, port: int) -> socket.socket:
    """A socket of that address, not listening yet; port 0 is any free one. Raises CommandError, with a sentence."""
    try:
        found_there = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found_there[0]
        # With its protocol: only for a socket that is TCP by its own word does asyncio switch off Nagle's delay.
        found = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CommandError(f"{host} is no address of this machine ({error.strerror}): see --host.") from error
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except (OSError, OverflowError) as error:
        found.close()
        raise CommandError(_unbound(host, port, error)) from error
    return found


def _unbound(host: str, port: int, error: Exception) -> str:
    match error:
        case OSError(errno=errno.EADDRINUSE):
            return f"Port {port} of {host} is in use by another program. Stop that one, or choose another with --port."
        case OSError(errno=errno.EACCES):
            return f"Port {port} of {host} is not open to this user. Choose one from 1024 on with --port."
        case OSError(errno=errno.EADDRNOTAVAIL):
            return f"{host} is no address of this machine: see --host."
        case _:
            return f"Port {port} of {host} cannot be had: {error}."


def address(bound: socket.socket) -> str:
    """Where that socket is reached: http://host:port."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn's server, less its signal handlers: there may be two in a process, and signals end it with our code."""

    def __init__(self, app: Starlette, bound: socket.socket) -> None:
        app.router.redirect_slashes = False  # Starlette would send people to whatever host a request names
        super().__init__(
            uvicorn.Config(
                app,
                http=PatientProtocol,
                backlog=JUST_ACCEPTED,
                ws="none",
                lifespan="on",
                loop="asyncio",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=LAST_ANSWERS,
            )
        )
        self._bound = bound
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except OSError as error:  # somebody else began to listen between our bind and this
            host, port = self._bound.getsockname()[:2]
            raise CommandError(_unbound(host, port, error)) from error
        except SystemExit as error:  # how uvicorn says that the app's lifespan failed
            raise CommandError("The server could not start: the line above says why.") from error
        self.listening.set()

    async def run_until_stopped(self) -> None:
        await self.serve([self._bound])


async def serve_all(
    apps: Sequence[tuple[Starlette, socket.socket]],
    ready: Callable[[], None],
    ending: Callable[[], None] = lambda: None,
) -> int:
    """Serve all of them until SIGTERM (0) or SIGINT (130). The exit code.

    `ready` is called once all listen; `ending` at the first signal, so that answers which never end by themselves do.
    """
    servers = [_Server(app, bound) for app, bound in apps]
    received: list[int] = []

    def stop(number: int) -> None:
        for server in servers:
            server.force_exit = server.force_exit or (number == signal.SIGINT and number in received)
            server.should_exit = True
        if not received:
            ending()
        received.append(number)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    tasks = [asyncio.create_task(server.run_until_stopped()) for server in servers]
    telling = asyncio.create_task(_tell(servers, ready))
    try:
        await asyncio.wait([*tasks, telling], return_when=asyncio.FIRST_EXCEPTION)
    finally:
        telling.cancel()
        for server in servers:
            server.should_exit = True
        ended = await asyncio.gather(*tasks, telling, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error
    if not received:
        return FAILED  # it ended by itself
    return INTERRUPTED if received[0] == signal.SIGINT else 0


async def _tell(servers: Sequence[_Server], ready: Callable[[], None]) -> None:
    for server in servers:
        await server.listening.wait()
    ready()
