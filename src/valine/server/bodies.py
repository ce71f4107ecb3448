"""Bodies as they arrive, before anybody knows who sent them: limits for each endpoint, and one budget for all together.

A body that is larger by its own word is refused unread. When the budget is used up, the body that has been unfinished
longest is dropped, not the newcomer: an honest one arrives within moments.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from valine.ingress.endpoints import LARGEST_INTERACTION, LARGEST_WEBHOOK

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_UNVERIFIED = 64 * 1024 * 1024  # bytes of all unfinished bodies: two of the largest webhooks, and room beside them
RETRY_AFTER = 5  # seconds


class Limit(NamedTuple):
    """What an endpoint takes."""

    most: int  # bytes
    within: float  # seconds from the headers to the last byte


# Whoever needs longer asks in vain: both platforms have hung up by then.
# https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback
INTERACTION = Limit(LARGEST_INTERACTION, 3.0)
# https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks#respond-within-10-seconds
WEBHOOK = Limit(LARGEST_WEBHOOK, 10.0)
NO_BODY = Limit(0, 3.0)


class BodyRefused(Exception):
    """It is not read to its end: the status and the sentence to answer with."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status

    @property
    def headers(self) -> dict[str, str]:
        """Those that belong to the answer; the connection ends with it, as the rest of the body lies on it."""
        later = {"retry-after": str(RETRY_AFTER)} if self.status == 503 else {}  # noqa: PLR2004 - by its number
        return {"connection": "close", **later}


class _Arriving:
    """A body that is not whole yet."""

    def __init__(self, deadline: asyncio.Timeout) -> None:
        self.bytes = bytearray()  # not a list of parts: each of one byte would cost fifty
        self.deadline = deadline
        self.dropped = False


class Budget:
    """The bytes of all unfinished bodies of one server."""

    def __init__(self, most: int = MOST_UNVERIFIED) -> None:
        self._most = most
        self._arriving: dict[_Arriving, None] = {}  # the one that began first is first
        self.held = 0

    async def body(self, request: Request, limit: Limit) -> bytes:
        """The raw body, whole. Raises BodyRefused, or starlette's ClientDisconnect."""
        declared = request.headers.get("content-length", "0")
        if not (declared.isascii() and declared.isdigit()) or int(declared) > limit.most:
            raise BodyRefused(413, "too large")
        arriving: _Arriving | None = None
        try:
            async with asyncio.timeout(limit.within) as deadline:
                arriving = _Arriving(deadline)
                return await self._read(request, limit, arriving)
        except TimeoutError:
            if arriving is not None and arriving.dropped:
                raise _no_room() from None
            raise BodyRefused(408, "the body took too long") from None

    async def _read(self, request: Request, limit: Limit, arriving: _Arriving) -> bytes:
        self._arriving[arriving] = None
        try:
            async for part in request.stream():
                if len(arriving.bytes) + len(part) > limit.most:
                    raise BodyRefused(413, "too large")
                self._make_room(len(part), arriving)
                arriving.bytes += part
                self.held += len(part)
            return bytes(arriving.bytes)
        finally:
            self._let_go(arriving)

    def _make_room(self, size: int, newcomer: _Arriving) -> None:
        while not newcomer.dropped and self.held + size > self._most:
            longest = next(iter(self._arriving))
            longest.dropped = True
            self._let_go(longest)
            if longest is not newcomer:
                longest.deadline.reschedule(0)  # at once
        if newcomer.dropped:
            raise _no_room()

    def _let_go(self, arriving: _Arriving) -> None:
        if arriving in self._arriving:
            del self._arriving[arriving]
            self.held -= len(arriving.bytes)
            arriving.bytes = bytearray()


def _no_room() -> BodyRefused:
    return BodyRefused(503, "too much arrives at once: send it again later")
