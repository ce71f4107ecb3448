"""The server's timeout, with its own protocol on a real loopback socket and a deadline made short."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import h11
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from served import Served, comes_true, served
from valine.cli import header_timeout, http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

HEAD = b"GET / HTTP/1.1\r\nHost: valine\r\n"
SHORT = 0.3


async def hello(_: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


@contextlib.asynccontextmanager
async def a_server() -> AsyncIterator[tuple[str, int]]:
    """Its address."""
    bound = http.bind("127.0.0.1", 0)
    server = http._Server(Starlette(routes=[Route("/", hello)]), bound)
    running = asyncio.create_task(server.run_until_stopped())
    await server.listening.wait()
    try:
        yield bound.getsockname()
    finally:
        server.should_exit = True
        await running
        bound.close()


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header_timeout, "HEAD_WITHIN", SHORT)
    monkeypatch.setattr(header_timeout, "MOST_CONNECTIONS", 5)


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the server has hung up, within a time that is long for it."""
    with contextlib.suppress(ConnectionError):
        return await asyncio.wait_for(reader.read(), 10) == b""
    return True


@pytest.mark.parametrize("said", [b"", b"GET", HEAD])
async def test_a_head_that_does_not_come_is_not_waited_for(said: bytes) -> None:
    async with a_server() as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(said)

        assert await ended(reader)
        writer.close()


async def test_a_head_that_comes_drop_by_drop_is_not_waited_for() -> None:
    async with a_server() as address:
        reader, writer = await asyncio.open_connection(*address)
        waiting = asyncio.create_task(ended(reader))
        while not waiting.done():
            writer.write(b"x")
            await asyncio.sleep(0.02)

        assert waiting.result()
        writer.close()


async def test_the_second_head_on_a_connection_has_a_deadline_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header_timeout, "HEAD_WITHIN", 60.0)
    async with a_server() as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(HEAD + b"\r\n")
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(header_timeout, "HEAD_WITHIN", SHORT)
        await asyncio.sleep(2 * SHORT)  # idle between two requests is no dawdling
        writer.write(HEAD)

        assert await ended(reader)
        writer.close()


async def test_when_all_connections_are_taken_one_that_is_idle_between_two_requests_makes_room_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(header_timeout, "HEAD_WITHIN", 60.0)
    async with a_server() as address:
        there = [await asyncio.open_connection(*address) for _ in range(5)]
        for reader, writer in there:
            writer.write(HEAD + b"\r\n")
            await reader.readuntil(b"hello")

        reader, writer = await asyncio.open_connection(*address)
        writer.write(HEAD + b"\r\n")

        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        assert await ended(there[0][0])
        for _, other in [*there, (reader, writer)]:
            other.close()


async def test_when_all_connections_are_taken_the_longest_dawdler_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header_timeout, "HEAD_WITHIN", 60.0)
    async with a_server() as address:
        dawdlers = [await asyncio.open_connection(*address) for _ in range(5)]
        await asyncio.sleep(0.05)

        reader, writer = await asyncio.open_connection(*address)
        writer.write(HEAD + b"\r\n")
        answer = await reader.readuntil(b"hello")

        assert answer.startswith(b"HTTP/1.1 200")
        assert await ended(dawdlers[0][0])
        for _, other in [*dawdlers, (reader, writer)]:
            other.close()


BODY = b"POST / HTTP/1.1\r\nHost: valine\r\nContent-Length: 1000\r\n\r\nx"  # of which the rest does not come


async def whole(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"hello {len(await request.body())}")


def reading_app() -> Starlette:
    return Starlette(routes=[Route("/", whole, methods=["GET", "POST"])])


async def test_when_all_connections_are_taken_by_unfinished_bodies_the_longest_unfinished_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(header_timeout, "HEAD_WITHIN", 60.0)
    async with served(reading_app()) as one:
        unfinished = [await one.connect(BODY) for _ in range(5)]
        await arrived(one, bodies=5)

        good = await one.connect(HEAD + b"\r\n")

        assert (await good.head()).startswith(b"HTTP/1.1 200")
        assert await unfinished[0].rest() == b""  # dropped, and the others are not
        assert one.open_connections == 5


async def test_one_hundred_and_seventy_unfinished_bodies_shut_no_good_request_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(header_timeout, "HEAD_WITHIN", 60.0)
    monkeypatch.setattr(header_timeout, "MOST_CONNECTIONS", 150)
    async with served(reading_app()) as one:
        for _ in range(170):
            await one.connect(BODY)
        answers = []
        for _ in range(120):
            good = await one.connect(HEAD + b"Connection: close\r\n\r\n")
            answers.append(await good.rest())

        assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * 120
        assert one.open_connections <= 150


async def test_a_request_that_is_being_answered_never_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header_timeout, "HEAD_WITHIN", 60.0)
    go = asyncio.Event()

    async def slow(_: Request) -> PlainTextResponse:
        await go.wait()
        return PlainTextResponse("answered")

    async with served(Starlette(routes=[Route("/", slow)])) as one:
        asked = [await one.connect(HEAD + b"\r\n") for _ in range(5)]
        await arrived(one, tasks=5)

        newcomer = await one.connect()

        assert await newcomer.rest() == b""
        go.set()
        for peer in asked:
            assert (await peer.head()).startswith(b"HTTP/1.1 200")


async def test_a_connection_whose_body_was_not_wanted_ends_with_the_answer() -> None:
    async with served(reading_app()) as one:
        peer = await one.connect(BODY.replace(b"POST / ", b"POST /nowhere "))

        answer = await peer.rest()  # to its end, although we go on as if we would send the rest

        assert answer.startswith(b"HTTP/1.1 404")


async def arrived(one: Served, *, bodies: int = 0, tasks: int = 0) -> None:
    """Wait until the server has seen so many."""
    there: Any = one.server.server_state
    await comes_true(
        "all have arrived",
        lambda: (
            sum(connection.conn.their_state is h11.SEND_BODY for connection in there.connections) >= bodies
            and len(there.tasks) >= tasks
        ),
    )
