"""Requests that two programs could read differently, and heads without end, on the server's own protocol."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import h11
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from served import served
from valine.cli.strict import LARGEST_HEAD, StrictConnection

if TYPE_CHECKING:
    from starlette.requests import Request

LINE = b"POST / HTTP/1.1\r\n"
HOST = b"Host: valine\r\n"


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"hello {len(await request.body())}")


def app() -> Starlette:
    return Starlette(routes=[Route("/", hello, methods=["GET", "POST"]), Mount("/below", routes=[Route("/", hello)])])


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "framing",
    [
        LINE + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        LINE + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        LINE + HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_a_body_whose_end_is_told_in_two_ways_is_refused_and_nothing_after_it_is_read(framing: bytes) -> None:
    async with served(app()) as one:
        answer = await one.ask(framing + b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")

    assert status(answer) == 400
    assert b"hello" not in answer
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("version", [b"9.9", b"2.0", b"0.9", b"1.2"])
async def test_other_versions_of_http_are_a_bad_request(version: bytes) -> None:
    async with served(app()) as one:
        answer = await one.ask(b"GET / HTTP/" + version + b"\r\n" + HOST + b"\r\n")

    assert status(answer) == 400


def headers(size: int, line: int) -> bytes:
    """So many bytes of header lines, each of `line` bytes."""
    return (b"x: " + b"y" * (line - 5) + b"\r\n") * (size // line)


@pytest.mark.parametrize("line", [LARGEST_HEAD * 2, 16], ids=["one-long", "many-short"])
@pytest.mark.parametrize("piece", [LARGEST_HEAD * 4, 1000], ids=["at-once", "in-pieces"])
async def test_more_than_64_kib_of_headers_are_refused_however_they_arrive(line: int, piece: int) -> None:
    sent = b"GET / HTTP/1.1\r\n" + HOST + headers(LARGEST_HEAD * 2, line) + b"\r\n"
    async with served(app()) as one:
        peer = await one.connect()
        for start in range(0, len(sent), piece):
            await peer.say(sent[start : start + piece])
            await asyncio.sleep(0)
        answer = await peer.rest()

    assert b"hello" not in answer
    assert not answer or status(answer) == 431  # what is sent after the refusal can cut it off


async def test_a_head_of_more_than_64_kib_behind_another_request_is_refused_too() -> None:
    first = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
    async with served(app()) as one:
        answer = await one.ask(first + b"GET / HTTP/1.1\r\n" + HOST + headers(LARGEST_HEAD * 2, 16) + b"\r\n")

    assert answer.count(b"hello") == 1
    assert b"HTTP/1.1 431 " in answer


async def test_more_than_64_kib_of_trailers_are_refused() -> None:
    head = LINE + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    async with served(app()) as one:
        answer = await one.ask(head + headers(LARGEST_HEAD * 2, 16) + b"\r\n")

    assert status(answer) == 431


@pytest.mark.parametrize("piece", [100, LARGEST_HEAD * 4], ids=["in-pieces", "at-once"])
@pytest.mark.parametrize("line", [LARGEST_HEAD * 2, 16], ids=["one-long", "many-short"])
def test_no_more_than_64_kib_and_the_last_piece_are_read_of_a_head(line: int, piece: int) -> None:
    sent = b"GET / HTTP/1.1\r\n" + HOST + headers(LARGEST_HEAD * 2, line) + b"\r\n"
    connection, read = StrictConnection(), 0

    with contextlib.suppress(h11.RemoteProtocolError):
        for start in range(0, len(sent), piece):
            connection.receive_data(sent[start : start + piece])
            read += piece
            connection.next_event()

    assert connection.refused_with == 431
    assert read <= LARGEST_HEAD + piece


def test_trailers_that_arrive_at_once_are_counted_too() -> None:
    connection = StrictConnection()
    connection.receive_data(LINE + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
    connection.next_event()
    connection.receive_data(b"0\r\n" + headers(LARGEST_HEAD * 2, 16) + b"\r\n")

    with pytest.raises(h11.RemoteProtocolError):
        connection.next_event()

    assert connection.refused_with == 431


async def test_headers_of_up_to_64_kib_are_read() -> None:
    sent = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n" + headers(LARGEST_HEAD - 100, 1000) + b"\r\n"
    async with served(app()) as one:
        answer = await one.ask(sent)

    assert status(answer) == 200


async def test_nobody_is_sent_to_a_host_that_a_request_names() -> None:
    async with served(app()) as one:
        for path in (b"/below", b"//evil.test/below"):
            answer = await one.ask(b"GET " + path + b" HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n")

            assert status(answer) == 404
            assert b"evil.test" not in answer


async def test_what_a_refused_request_held_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    secret = b"ghp_" + b"q" * 36
    refused = (
        LINE + b"Authorization " + secret + b"\r\n\r\n",
        LINE + HOST + b"X\x00Y: " + secret + b"\r\n\r\n",
        LINE + HOST + b"Content-Length: " + secret + b"\r\n\r\n",
        LINE + HOST + b"Transfer-Encoding: " + secret + b"\r\n\r\n",
        b"POST /" + secret + b" HTTP/9.9\r\n" + HOST + b"\r\n",
    )
    with caplog.at_level("DEBUG"):
        async with served(app()) as one:
            answers = [await one.ask(said) for said in refused]

    assert [status(answer) // 100 for answer in answers] == [4, 4, 4, 5, 4]
    assert secret.decode() not in caplog.text + b"".join(answers).decode()
