"""Answers without end, over real sockets: each exchange ends within its time, and keeps no more than its size."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest

from services.github.forge_world import ManualClock
from valine.errors import Ambiguous, OutsideError, Transient
from valine.services.discord.api import BOUNDS as OF_DISCORD
from valine.services.discord.api import DiscordApi
from valine.services.exchange import Bounds
from valine.services.github.http import BOUNDS as OF_GITHUB
from valine.services.github.http import GitHubHttp, Request

MIB = 1024 * 1024
SMALL = Bounds(seconds=30, size=MIB)
SHORT = Bounds(seconds=0.25, size=MIB)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
ENDLESS = HEAD + b"transfer-encoding: chunked\r\n\r\n"

Say = Callable[["Server", asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers every request as `say` has it, and counts the bytes that it got rid of."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.sent = 0
        self.hung_up = asyncio.Event()
        self.asked: list[bytes] = []

    async def send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        await writer.drain()
        self.sent += len(data)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            await self._say(self, writer)
        except OSError:
            self.hung_up.set()
        finally:
            writer.close()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def dribble(server: Server, writer: asyncio.StreamWriter) -> None:
    """A byte at a time, each long before a time-out for one read would end it."""
    await server.send(writer, ENDLESS)
    while True:
        await server.send(writer, b"1\r\n \r\n")
        await asyncio.sleep(0.01)


async def dribble_headers(server: Server, writer: asyncio.StreamWriter) -> None:
    await server.send(writer, HEAD)
    while True:
        await server.send(writer, b"x: y\r\n")
        await asyncio.sleep(0.01)


async def flood(server: Server, writer: asyncio.StreamWriter) -> None:
    """300 MiB, as fast as they are taken."""
    await server.send(writer, ENDLESS)
    for _ in range(300):
        await server.send(writer, b"%x\r\n%b\r\n" % (MIB, b" " * MIB))


async def announce(server: Server, writer: asyncio.StreamWriter) -> None:
    await server.send(writer, HEAD + b"content-length: 314572800\r\n\r\n")
    for _ in range(300):
        await server.send(writer, b" " * MIB)


async def bomb(server: Server, writer: asyncio.StreamWriter) -> None:
    packer, content = zlib.compressobj(1, wbits=31), b" " * MIB
    await server.send(writer, HEAD + b"content-encoding: gzip\r\n\r\n")
    for _ in range(300):
        await server.send(writer, packer.compress(content))
    await server.send(writer, packer.flush())


async def odd_encoding(server: Server, writer: asyncio.StreamWriter) -> None:
    await server.send(writer, HEAD + b"content-encoding: br\r\ncontent-length: 2\r\n\r\n{}")


async def cut_gzip(server: Server, writer: asyncio.StreamWriter) -> None:
    half = gzip.compress(b"{}" * 500)[:-10]
    await server.send(writer, HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n%b" % (len(half), half))


async def no_gzip(server: Server, writer: asyncio.StreamWriter) -> None:
    await server.send(writer, HEAD + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}")


async def good_gzip(server: Server, writer: asyncio.StreamWriter) -> None:
    whole = gzip.compress(b'{"id":"1","pad":"%b"}' % (b" " * 100_000))
    await server.send(writer, HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n%b" % (len(whole), whole))


async def ask_github(client: httpx2.AsyncClient, url: str, bounds: Bounds, *, write: bool) -> Any:
    http = GitHubHttp(client, api_url=url, clock=ManualClock(), bounds=bounds)
    request = Request(method="POST" if write else "GET", url=http.url("/x"), body=b"{}" if write else b"", write=write)
    return (await http.send(request, bearer="token")).read(dict[str, str])


async def ask_discord(client: httpx2.AsyncClient, url: str, bounds: Bounds, *, write: bool) -> Any:
    api = DiscordApi(client, bot_token="token", api_url=url, clock=ManualClock(), bounds=bounds)
    ids = {"channel": "1"}
    answer = await (api.write("POST", "/channels/{channel}", ids, {}) if write else api.get("/channels/{channel}", ids))
    return answer.value()


ASK = {"GitHub": ask_github, "Discord": ask_discord}


async def refused(platform: str, server: Server, bounds: Bounds, *, write: bool) -> OutsideError:
    async with server.listening() as url, httpx2.AsyncClient(trust_env=False) as client:
        with pytest.raises(OutsideError) as caught:
            await ASK[platform](client, url, bounds, write=write)
        assert type(caught.value) is (Ambiguous if write else Transient)
        assert caught.value.failure.code == "unreachable"
        return caught.value


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("platform", sorted(ASK))
@pytest.mark.parametrize("say", [dribble, dribble_headers])
async def test_an_answer_that_comes_a_byte_at_a_time_is_ended(platform: str, say: Say, write: bool) -> None:  # noqa: FBT001
    server = Server(say)

    error = await refused(platform, server, SHORT, write=write)

    assert error.failure.detail == f"{platform} did not end its answer within 0.25 seconds"
    assert server.sent > len(HEAD)  # it was answering all the time


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("platform", sorted(ASK))
@pytest.mark.parametrize("say", [flood, announce])
async def test_an_answer_of_300_mib_is_read_no_further_than_its_limit(platform: str, say: Say, write: bool) -> None:  # noqa: FBT001
    server = Server(say)

    error = await refused(platform, server, SMALL, write=write)

    assert error.failure.detail == f"{platform} gave an answer of more than 1,048,576 bytes"
    assert server.sent < 32 * MIB  # what is not read fills the buffers of both sides


@pytest.mark.parametrize("platform", sorted(ASK))
async def test_what_inflates_to_300_mib_is_inflated_no_further_than_its_limit(platform: str) -> None:
    server = Server(bomb)
    tracemalloc.start()
    try:
        error = await refused(platform, server, SMALL, write=False)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert error.failure.detail == f"{platform} gave an answer of more than 1,048,576 bytes"
    assert most < 16 * MIB


@pytest.mark.parametrize("platform", sorted(ASK))
@pytest.mark.parametrize(
    ("say", "sentence"),
    [
        (odd_encoding, "encoded its answer in a way that it was not asked for"),
        (cut_gzip, "broke off in the middle of its answer"),
        (no_gzip, "gave an answer that cannot be inflated"),
    ],
)
async def test_what_cannot_be_decoded_is_a_lost_answer(platform: str, say: Say, sentence: str) -> None:
    error = await refused(platform, Server(say), SMALL, write=False)

    assert error.failure.detail == f"{platform} {sentence}"


@pytest.mark.parametrize("platform", sorted(ASK))
async def test_a_compressed_answer_is_asked_for_and_read(platform: str) -> None:
    server = Server(good_gzip)
    async with server.listening() as url, httpx2.AsyncClient(trust_env=False) as client:
        read = await ASK[platform](client, url, SMALL, write=False)

    assert (read["id"], len(read["pad"])) == ("1", 100_000)
    [asked] = server.asked
    assert b"accept-encoding: gzip\r\n" in asked.lower()


def test_the_bounds_leave_room_for_the_largest_answer_and_are_shorter_than_a_worker_may_take() -> None:
    longest_body = 65_536 * 4  # bytes: GitHub takes 65,536 characters
    assert OF_GITHUB.size > 100 * longest_body
    assert max(OF_GITHUB.seconds, OF_DISCORD.seconds) < 20  # the worker's Timeout in template.yaml
