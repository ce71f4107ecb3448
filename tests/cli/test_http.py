"""Binding, listening and stopping: what cannot be had is a sentence, and an app that fails ends the server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from valine.cli import http
from valine.cli.command_error import CommandError
from valine_play.commands import simulate


def nothing() -> None:
    """Nobody is told that it listens."""


def test_a_port_that_somebody_listens_on_cannot_be_had() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(CommandError, match=f"Port {port} of 127.0.0.1 is in use by another program"):
            http.bind("127.0.0.1", port)


def test_an_address_of_another_machine_cannot_be_had() -> None:
    with pytest.raises(CommandError, match=r"192\.0\.2\.1 is no address of this machine"):
        http.bind("192.0.2.1", 0)


def test_a_port_that_is_taken_between_binding_and_listening_is_a_sentence() -> None:
    with http.bind("127.0.0.1", 0) as bound, http.bind("127.0.0.1", bound.getsockname()[1]) as other:
        other.listen()

        with pytest.raises(CommandError, match="is in use by another program"):
            asyncio.run(http.serve_all([(Starlette(), bound)], nothing))


def test_an_app_that_cannot_start_ends_the_server() -> None:
    known: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if not known:
            raise OSError("the disk is gone")
        yield

    with http.bind("127.0.0.1", 0) as bound, pytest.raises(CommandError, match="could not start"):
        asyncio.run(http.serve_all([(Starlette(lifespan=lifespan), bound)], nothing))


@pytest.mark.parametrize(("which", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_stops_all_servers_after_their_apps_have_ended(which: signal.Signals, code: int) -> None:
    ended: list[int] = []

    def app(number: int) -> Starlette:
        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            yield
            await asyncio.sleep(0.05)
            ended.append(number)

        return Starlette(lifespan=lifespan)

    with http.bind("127.0.0.1", 0) as one, http.bind("127.0.0.1", 0) as two:
        apps = [(app(1), one), (app(2), two)]
        found = asyncio.run(http.serve_all(apps, lambda: os.kill(os.getpid(), which)))

    assert (found, sorted(ended)) == (code, [1, 2])


async def test_answers_leave_at_once_on_every_connection_of_the_product_the_twins_and_the_page() -> None:
    product, *twins_and_page = [http.bind("127.0.0.1", 0), *simulate._sockets(0, 3)]
    for bound in (product, *twins_and_page):
        server = http._Server(Starlette(), bound)
        running = asyncio.create_task(server.run_until_stopped())
        await server.listening.wait()
        reader, writer = await asyncio.open_connection(*bound.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: valine\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")

        [accepted] = server.server_state.connections
        no_delay = accepted.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

        assert no_delay == 1
        writer.close()
        server.should_exit = True
        await running
        bound.close()


def test_addresses_are_written_as_browsers_take_them() -> None:
    with http.bind("::1", 0) as bound:
        assert http.address(bound) == f"http://[::1]:{bound.getsockname()[1]}"
