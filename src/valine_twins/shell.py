"""The twins as HTTP servers: their APIs as GitHub and Discord have them, and an endpoint for what people do there.

`POST /_twin/act` takes `{"action": …, "arguments": {…}}` and answers `{"value": …}`; `GET /_twin/view` shows all.
These two are the simulator's own, for whoever plays the people; nothing of the product knows them. They answer only to
an address of this machine: a website whose name is rebound to it sends its own name as the host.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.responses import Response as HttpResponse
from starlette.routing import Route

from valine_twins.hosts import names_loopback
from valine_twins.transport import ActError, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request as HttpRequest

    from valine_twins.clock import Clock
    from valine_twins.delivery_pump import DeliveryPump
    from valine_twins.transport import Response, Twin

PUMP_EVERY = 0.05  # seconds between two looks for deliveries that have come due
ELSEWHERE = "The twins answer to 127.0.0.1 and localhost only."
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


class Act(msgspec.Struct, frozen=True):
    """One thing a person does."""

    action: str
    arguments: dict[str, Any] = {}


def make_app(twin: Twin, pump: DeliveryPump, clock: Clock) -> Starlette:
    """The ASGI app of one twin; its lifespan carries the deliveries."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with pumping(pump):
            yield

    async def act(request: HttpRequest) -> HttpResponse:
        if not names_loopback(request.headers):
            return _json(421, {"error": ELSEWHERE})
        if "origin" in request.headers:  # only browsers send it, and with it any website's attempt to play here
            return _json(403, {"error": "a web page may not act here: `valine simulate --page` serves one that may"})
        try:
            asked = msgspec.json.decode(await request.body(), type=Act)
            acted = twin.act(asked.action, asked.arguments, clock.now())
        except (msgspec.DecodeError, ActError, TypeError) as error:
            return _json(400, {"error": str(error)})
        pump.post(acted.deliveries)
        return _json(200, {"value": acted.value})

    async def view(request: HttpRequest) -> HttpResponse:
        if not names_loopback(request.headers):
            return _json(421, {"error": ELSEWHERE})
        return _json(200, twin.view())

    async def api(request: HttpRequest) -> HttpResponse:
        answer = twin.handle(
            Request(
                method=request.method,
                path=request.url.path,
                query=dict(request.query_params),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=await request.body(),
            ),
            clock.now(),
        )
        pump.post(answer.deliveries)
        return await _sent(answer.response, clock)

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/_twin/act", act, methods=["POST"]),
            Route("/_twin/view", view, methods=["GET"]),
            Route("/{path:path}", api, methods=METHODS),
        ],
    )


@contextlib.asynccontextmanager
async def pumping(pump: DeliveryPump) -> AsyncIterator[None]:
    """Inside, deliveries are made as they come due."""
    pumping = asyncio.create_task(_pump(pump))
    try:
        yield
    finally:
        pumping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pumping


async def _pump(pump: DeliveryPump) -> None:
    while True:
        if not await pump.deliver_next():
            await asyncio.sleep(PUMP_EVERY)


async def _sent(response: Response, clock: Clock) -> HttpResponse:
    if response.delay:
        await clock.sleep(response.delay)
    if response.lost:
        return _Lost()
    return HttpResponse(response.body, status_code=response.status, headers=response.headers)


class _Lost(HttpResponse):
    """A response that breaks off: the client sees a cut connection, and cannot know what happened."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})


def _json(status: int, value: Any) -> HttpResponse:
    return HttpResponse(json.dumps(value), status_code=status, media_type="application/json")
