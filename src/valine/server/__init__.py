"""One machine: the endpoints as an ASGI app, with the worker, the clock and the probe in the same process.

What an endpoint answers is stored before it answers; whatever stops the process, the next one goes on from the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Protocol

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from valine.errors import StoreError
from valine.ingress.endpoints import HttpAnswer, HttpRequest
from valine.server.background import Turns, in_a_thread, running, unwritten
from valine.server.bodies import INTERACTION, NO_BODY, WEBHOOK, BodyRefused, Budget

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    from valine.bootstrap import System
    from valine.ingress.endpoints import Ingress
    from valine.ports import Clock
    from valine.server.background import Probed
    from valine.server.bodies import Limit

__all__ = ["Turns", "endpoints_app", "in_a_thread", "make_app", "running"]

log = logging.getLogger("valine.server")

JSON = {"content-type": "application/json"}


class Endpoints(Protocol):
    """What the endpoints of one deployment need."""

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def ingress(self) -> Ingress:
        """What answers."""
        ...

    @property
    def queue(self) -> Probed:
        """Where the probe's row lies."""
        ...


def make_app(system: System) -> Starlette:
    """The endpoints' app whose lifespan runs the rest on the same loop: for a demonstration, on its own clock."""
    work_waits, turns = asyncio.Event(), Turns(system.clock)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with running(system, work_waits, turns):
            yield

    app = endpoints_app(system, work_waits.set, turns)
    app.router.lifespan_context = lifespan
    return app


def endpoints_app(
    parts: Endpoints, wake_worker: Callable[[], None], turns: Turns, budget: Budget | None = None
) -> Starlette:
    """The ASGI app with `POST /discord`, `POST /github/webhook` and `GET /healthz`; `wake_worker` wakes the worker."""
    budget = budget or Budget()

    async def health(_: HttpRequest) -> HttpAnswer:
        trouble = turns.stuck()
        with contextlib.suppress(StoreError):  # what cannot even be read is told by ingress.health()
            trouble |= await unwritten(parts.queue, parts.clock, turns)
        if trouble:
            log.error("not healthy: %s", trouble)
            return HttpAnswer(status=503, headers=JSON, body=json.dumps({"status": "unavailable", **trouble}).encode())
        return await parts.ingress.health()

    endpoint = partial(_endpoint, budget=budget, wake_worker=wake_worker)
    return Starlette(
        routes=[
            Route("/discord", endpoint(parts.ingress.discord, INTERACTION), methods=["POST"]),
            Route("/github/webhook", endpoint(parts.ingress.github, WEBHOOK), methods=["POST"]),
            Route("/healthz", endpoint(health, NO_BODY), methods=["GET", "HEAD"]),
        ],
    )


def _endpoint(
    handler: Callable[[HttpRequest], Awaitable[HttpAnswer]],
    limit: Limit,
    budget: Budget,
    wake_worker: Callable[[], None],
) -> Callable[[Request], Awaitable[Response]]:
    """What reads the raw body within its limits, hands it to the handler, and wakes the worker."""

    async def answered(request: Request) -> Response:
        try:
            body = await budget.body(request, limit)
        except BodyRefused as refused:
            log.warning("%s: refused: %s", request.url.path, refused)
            return Response(str(refused), status_code=refused.status, headers=refused.headers)
        except ClientDisconnect:
            return Response(status_code=400)
        answer = await handler(
            HttpRequest(method=request.method, path=request.url.path, headers=dict(request.headers), body=body)
        )
        wake_worker()
        return Response(answer.body, status_code=answer.status, headers=answer.headers)

    return answered
