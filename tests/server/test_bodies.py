"""What arrives unverified on the endpoints, over real connections: how much of it is kept, and whom it keeps out."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import github_bytes
from discord_bytes import encoded, ping, signed
from endpoints import EndpointsUnderTest, StandingClock
from served import comes_true, served
from valine.ingress.endpoints import LARGEST_INTERACTION, LARGEST_WEBHOOK
from valine.server import Turns, bodies, endpoints_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette

MEBIBYTE = 1024 * 1024


@pytest.fixture
def tested() -> Iterator[EndpointsUnderTest]:
    opened = EndpointsUnderTest()
    yield opened
    opened.close()


def app(tested: EndpointsUnderTest, budget: bodies.Budget | None = None) -> Starlette:
    parts: Any = SimpleNamespace(clock=StandingClock(), ingress=tested.ingress, queue=tested.queue)
    return endpoints_app(parts, lambda: None, Turns(parts.clock), budget)


class Watched(bodies.Budget):
    """A budget that knows how much it held at most."""

    most_held = 0
    _held = 0

    @property
    def held(self) -> int:
        return self._held

    @held.setter
    def held(self, value: int) -> None:
        self._held = value
        self.most_held = max(self.most_held, value)


def head(path: str, length: int | None, **headers: str) -> bytes:
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [f"POST {path} HTTP/1.1", "Host: valine", framing, *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def a_ping() -> bytes:
    body = encoded(ping())
    return head("/discord", len(body), **signed(body)) + body


@pytest.mark.parametrize(("path", "most"), [("/discord", LARGEST_INTERACTION), ("/github/webhook", LARGEST_WEBHOOK)])
async def test_a_body_larger_by_its_own_word_is_refused_before_a_byte_of_it_is_sent(
    tested: EndpointsUnderTest, path: str, most: int
) -> None:
    async with served(app(tested)) as one:
        answer = await one.ask(head(path, most + 1))

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()


async def test_who_asks_whether_to_send_too_large_a_body_is_not_told_to_go_on(tested: EndpointsUnderTest) -> None:
    async with served(app(tested)) as one:
        answer = await one.ask(head("/discord", LARGEST_INTERACTION + 1, Expect="100-continue"))

    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_of_no_told_length_is_read_to_the_limit_of_its_endpoint_and_no_further(
    tested: EndpointsUnderTest,
) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    async with served(app(tested)) as one:
        peer = await one.connect(head("/discord", None))
        sent = 0
        while not one_has_hung_up(peer) and sent < 100 * MEBIBYTE:
            await peer.say(chunk)
            sent += 65536
            await asyncio.sleep(0)

    assert sent < LARGEST_INTERACTION + 8 * MEBIBYTE  # and what lies in the buffers of two sockets


def one_has_hung_up(peer: Any) -> bool:
    return peer.reader.at_eof() or peer.writer.is_closing() or bool(peer.reader._buffer)


async def test_a_health_check_has_no_body(tested: EndpointsUnderTest) -> None:
    async with served(app(tested)) as one:
        answer = await one.ask(head("/healthz", 1).replace(b"POST", b"GET"))

    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_the_body_unfinished_longest_makes_room_when_all_together_are_too_much(
    tested: EndpointsUnderTest,
) -> None:
    part = b"x" * (MEBIBYTE // 3)
    async with served(app(tested, bodies.Budget(MEBIBYTE))) as one:
        holders = [await one.connect(head("/github/webhook", MEBIBYTE) + part) for _ in range(3)]
        await one.connect(head("/github/webhook", MEBIBYTE) + part)

        answer = await holders[0].rest()

        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5" in answer.lower()
        assert one.open_connections == 3
        good = await one.connect(a_ping())
        assert (await good.head()).startswith(b"HTTP/1.1 200 ")


async def test_no_more_than_the_budget_is_kept_of_forty_large_bodies_and_a_good_request_gets_its_answer(
    tested: EndpointsUnderTest,
) -> None:
    budget = Watched()
    async with served(app(tested, budget)) as one:
        peers = [await one.connect(head("/github/webhook", LARGEST_WEBHOOK)) for _ in range(40)]
        await asyncio.gather(*(peer.say(b"x" * (4 * MEBIBYTE)) for peer in peers))

        good = await one.connect(a_ping())

        assert (await good.head()).startswith(b"HTTP/1.1 200 ")
        assert 48 * MEBIBYTE < budget.most_held <= bodies.MOST_UNVERIFIED


async def test_the_budget_is_free_again_once_bodies_have_ended_however_they_end(tested: EndpointsUnderTest) -> None:
    watched = Watched()
    body = github_bytes.encoded(github_bytes.payload(zen="Keep it logically awesome."))
    async with served(app(tested, watched)) as one:
        hung_up = await one.connect(head("/discord", 1000) + b"x" * 500)
        await comes_true("the half is held", lambda: watched.held == 500)
        hung_up.writer.close()
        await comes_true("it is let go", lambda: watched.held == 0)

        whole = await one.connect(head("/github/webhook", len(body), **github_bytes.signed(body, "ping")) + body)
        too_much = await one.connect(head("/discord", None) + b"50000\r\n" + b"x" * 0x50000 + b"\r\n")
        heads = [await whole.head(), await too_much.head()]

        assert [one_head.split(b" ")[1] for one_head in heads] == [b"200", b"413"]
        assert watched.held == 0


async def test_a_small_body_that_does_not_come_gets_the_seconds_that_its_sender_waits_for_an_answer(
    tested: EndpointsUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = bodies.Budget()
    monkeypatch.setattr("valine.server.INTERACTION", bodies.INTERACTION._replace(within=0.2))
    async with served(app(tested, budget)) as one:
        answer = await one.ask(head("/discord", 1000) + b"x")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()
    assert (bodies.INTERACTION.within, bodies.WEBHOOK.within) == (3.0, 10.0)
    assert budget.held == 0


def test_the_budget_has_room_for_the_largest_webhook_and_is_no_multiple_of_what_a_small_machine_has() -> None:
    assert LARGEST_WEBHOOK < bodies.MOST_UNVERIFIED <= 128 * MEBIBYTE
