"""One exchange with a platform, bounded as a whole: it ends within a time, and no more than a size of it is kept.

httpx2's own time-outs are for each read, so a byte every few seconds would hold the worker for as long as bytes come;
and what it decodes may be a thousand times what was sent. So the answer is streamed, and inflated a piece at a time.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    import httpx2

ACCEPTED: Final = {"accept-encoding": "gzip"}  # the header to send: nothing else is understood here
_GZIP: Final = 16 + zlib.MAX_WBITS
_PLAIN: Final = {"", "identity"}


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How long an exchange may take, from connecting to the last byte, and how many bytes its body may have."""

    seconds: float
    size: int


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer; the body is decoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TooLong(Exception):
    """The answer did not end in time, is too large or cannot be decoded; the text says which, about whoever answered.

    Something was sent, so whether it was done is not known.
    """


async def exchange(client: httpx2.AsyncClient, request: httpx2.Request, bounds: Bounds) -> Received:
    """The answer to that request. Raises TooLong, and httpx2's own errors."""
    limit = asyncio.timeout(bounds.seconds)
    try:
        async with limit:
            response = await client.send(request, stream=True, follow_redirects=False)
            try:
                body = await _body(response, bounds.size)
            finally:
                await response.aclose()
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise TooLong(f"did not end its answer within {bounds.seconds:g} seconds") from error
    return Received(status=response.status_code, headers=response.headers, body=body)


async def _body(response: httpx2.Response, size: int) -> bytes:
    too_large = TooLong(f"gave an answer of more than {size:,} bytes")
    told = response.headers.get("content-length", "")
    if told.isdecimal() and len(told) < 20 and int(told) > size:  # noqa: PLR2004 - and who says more is not believed
        raise too_large
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"gzip", *_PLAIN}:
        raise TooLong("encoded its answer in a way that it was not asked for")
    inflater = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    body = bytearray()
    stream = response.stream
    async for piece in stream:  # type: ignore[union-attr]  # an AsyncClient's streams are asynchronous
        body += piece if inflater is None else _inflated(inflater, piece, size + 1 - len(body))
        if len(body) > size:
            raise too_large
    if inflater is not None and not inflater.eof and body:
        raise TooLong("broke off in the middle of its answer")
    return bytes(body)


def _inflated(inflater: zlib._Decompress, piece: bytes, room: int) -> bytes:
    """What comes of that piece, no more than there is room for."""
    try:
        return inflater.decompress(piece, room)
    except zlib.error as error:
        raise TooLong("gave an answer that cannot be inflated") from error
