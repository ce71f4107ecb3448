"""Signed webhooks and interactions by the thousand, over real sockets, as fast as so many connections carry them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import discord_bytes
import github_bytes
from processes.town import REPOSITORY, Town

CONNECTIONS = 32
FIRST = 1_400_000_000_000_000_000  # an interaction's id


class Sent(NamedTuple):
    """A request: the id under which it is stored, and its bytes."""

    id: str
    bytes: bytes


class Acknowledged(NamedTuple):
    """What came back for it: a status of 0 if nothing did; how long it took, in seconds."""

    id: str
    status: int
    body: bytes
    seconds: float


def settings() -> dict[str, str]:
    """What the server needs in its environment to take these interactions for Discord's."""
    return {"DISCORD_PUBLIC_KEY": discord_bytes.PUBLIC_KEY.hex()}


def webhooks(town: Town, count: int) -> Iterator[Sent]:
    """Hints, each of another delivery."""
    hint = {"action": "edited", "issue": {"number": 1}, "repository": {"full_name": REPOSITORY}}
    body = json.dumps(hint).encode()
    for _ in range(count):
        delivery = str(uuid.uuid4())
        headers = github_bytes.signed(body, secret=town.setting("GITHUB_WEBHOOK_SECRET"), X_GitHub_Delivery=delivery)
        yield Sent(f"github:{delivery}:issues.edited", _request("/github/webhook", headers, body))


def commands(town: Town, count: int, name: str = "approve", first: int = FIRST) -> Iterator[Sent]:
    """Slash commands about a run that does not exist: stored and carried out (`approve`), or answered at once
    (`status`).
    """
    for number in range(first, first + count):
        interaction = discord_bytes.slash(name, _from(town) | {"id": str(number)}, run="r99")
        body = discord_bytes.encoded(interaction)
        yield Sent(f"discord:{number}", _request("/discord", discord_bytes.signed(body, datetime.now(UTC)), body))


def _from(town: Town) -> dict[str, Any]:
    return {"application_id": town.setting("DISCORD_APPLICATION_ID"), "guild_id": town.setting("DISCORD_GUILD_ID")}


def _request(path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: valine", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def burst(town: Town, requests: Iterable[Sent], connections: int = CONNECTIONS) -> list[Acknowledged]:
    """Send all of them, each once; what came back, in any order."""
    waiting = iter(requests)
    found: list[Acknowledged] = []
    await asyncio.gather(*(_line(town, waiting, found) for _ in range(connections)))
    return found


async def _line(town: Town, waiting: Iterator[Sent], found: list[Acknowledged]) -> None:
    """One connection at a time, opened again when the server closes it."""
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    for sent in waiting:
        connection = connection or await _connected(town)
        began = time.monotonic()
        try:
            status, body = await asyncio.wait_for(_exchange(*connection, sent.bytes), 30)
        except (OSError, EOFError, TimeoutError):
            status, body = 0, b""
            connection[1].close()
            connection = None
        found.append(Acknowledged(sent.id, status, body, time.monotonic() - began))
    if connection:
        connection[1].close()


async def _connected(town: Town) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection, as soon as somebody listens."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", town.port)
            except OSError:
                await asyncio.sleep(0.1)


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> tuple[int, bytes]:
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


def percentile(found: Iterable[Acknowledged], share: float) -> float:
    """The time within which that share of them came back."""
    times = sorted(one.seconds for one in found)
    return times[min(int(len(times) * share), len(times) - 1)]


@contextmanager
def pressure(town: Town) -> Iterator[None]:
    """Within it, webhooks come all the time, whether anybody listens or not."""
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.1):
            asyncio.run(burst(town, webhooks(town, 5), 1))

    sending = threading.Thread(target=send)
    sending.start()
    try:
        yield
    finally:
        stop.set()
        sending.join()
