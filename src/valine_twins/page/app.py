"""The page's server: its files, a stream of what there is to see, and one endpoint for what a person does.

Nothing but the page itself may act: a request must name a loopback address as its host (or a name that an attacker
rebound to us would do), and an act must be JSON from the page's own origin (or any website could post it).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from valine_twins.hosts import names_loopback
from valine_twins.transport import ActError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from valine_twins.page.stage import Platform, Stage

STATIC = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
LARGEST_ACT = 64 * 1024
TOGETHER = 0.1  # seconds in which news are gathered before they are sent
STILL_HERE = 15.0  # seconds without news after which the stream says that it lives
TICK = 0.5  # seconds between two looks at what has come due
PLATFORMS: tuple[Platform, ...] = ("discord", "github")


class Act(msgspec.Struct, frozen=True):
    """One thing that the person at the page does."""

    platform: Literal["github", "discord"]
    action: str
    arguments: dict[str, Any] = {}


def make_page(stage: Stage) -> Starlette:
    """The ASGI app of the page; its lifespan lets time pass on the stage."""
    files = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in KINDS}

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        ticking = asyncio.create_task(_tick(stage))
        try:
            yield
        finally:
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking

    async def file(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in files:
            return _refused(404, f"There is no {name} here.", request)
        return _foreign_one(request) or Response(files[name], media_type=KINDS[Path(name).suffix], headers=HEADERS)

    async def events(request: Request) -> Response:
        return _foreign_one(request) or StreamingResponse(
            _stream(stage), media_type="text/event-stream", headers=HEADERS
        )

    async def act(request: Request) -> Response:
        refused = _foreign_one(request) or await _unfit(request)
        if refused is not None:
            return refused
        try:
            asked = msgspec.json.decode(await request.body(), type=Act)
            value = stage.act(asked.platform, asked.action, asked.arguments)
        except (msgspec.DecodeError, ActError, TypeError) as error:
            return _json(400, {"error": str(error)})
        return _json(200, {"value": value})

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/", file, methods=["GET"]),
            Route("/static/{name}", file, methods=["GET"]),
            Route("/events", events, methods=["GET"]),
            Route("/act", act, methods=["POST"]),
        ],
    )


def _foreign_one(request: Request) -> Response | None:
    """The refusal of a request that was not addressed to this machine by a name of its own."""
    if names_loopback(request.headers):
        return None
    return _refused(421, "This page answers to 127.0.0.1 and localhost only.", request)


async def _unfit(request: Request) -> Response | None:
    """The refusal of an act that some other website, or no browser's page at all, may have sent."""
    if request.headers.get("origin") != f"http://{request.headers['host']}":
        return _refused(403, "Only the page itself may act. Nothing was done.", request)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return _refused(415, "An act is JSON. Nothing was done.", request)
    size = request.headers.get("content-length", "")
    if not (size.isascii() and size.isdigit()) or int(size) > LARGEST_ACT:
        return _refused(413, f"An act has at most {LARGEST_ACT} bytes. Nothing was done.", request)
    return None


async def _stream(stage: Stage) -> AsyncIterator[bytes]:
    """Each platform's scene whenever it has changed, as server-sent events, until the stage closes."""
    sent: dict[Platform, bytes] = {}
    while not stage.closed:
        edition = stage.edition
        for platform in PLATFORMS:
            scene = stage.scene(platform)
            if sent.get(platform) != scene:
                sent[platform] = scene
                yield b"event: %s\ndata: %s\n\n" % (platform.encode(), scene)
        if await stage.news(edition, STILL_HERE):
            await asyncio.sleep(TOGETHER)
        else:
            yield b": still here\n\n"


async def _tick(stage: Stage) -> None:
    while True:
        stage.wait()
        await asyncio.sleep(TICK)


def _refused(status: int, sentence: str, request: Request) -> Response:
    return _json(status, {"error": sentence, "path": request.url.path})


def _json(status: int, value: Any) -> Response:
    return Response(json.dumps(value), status_code=status, media_type="application/json", headers=HEADERS)
