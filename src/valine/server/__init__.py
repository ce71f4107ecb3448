"""One machine: the doors as an ASGI app, the worker and the clock beside them in the same process.

What a door answers is stored before it answers; whatever stops the process, the next one goes on from the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from valine.errors import StoreError
from valine.intake import LARGEST_WEBHOOK, HttpAnswer, HttpRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from starlette.requests import Request

    from valine.bootstrap import System
    from valine.ports import Clock

log = logging.getLogger("valine.server")

JSON = {"content-type": "application/json"}

QUEUE, CLOCKS = "the queue", "the alarm clocks"
SWEEP_EVERY = 1.0  # seconds between two looks at the alarm clocks
BODY_WITHIN = 10.0  # seconds that a body may take to arrive
STANDS_STILL = timedelta(minutes=5)  # a look at the largest plan, each read nearly too late, takes three
STOP_WITHIN = 20.0  # seconds for the slice under way when the server is stopped


def make_app(system: System) -> Starlette:
    """The ASGI app with `POST /discord`, `POST /github/webhook` and `GET /healthz`; its lifespan runs the rest."""
    bell = asyncio.Event()

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with running(system, bell, turns):
            yield

    turns = Turns(system.clock)

    async def health(_: HttpRequest) -> HttpAnswer:
        stuck = turns.stuck()
        if stuck:
            log.error("not healthy: %s", stuck)
            return HttpAnswer(status=503, headers=JSON, body=json.dumps({"status": "unavailable", **stuck}).encode())
        return await system.intake.health()

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/discord", _door(system.intake.discord, bell), methods=["POST"]),
            Route("/github/webhook", _door(system.intake.github, bell), methods=["POST"]),
            Route("/healthz", _door(health, bell), methods=["GET", "HEAD"]),
        ],
    )


def _door(
    handler: Callable[[HttpRequest], Awaitable[HttpAnswer]], bell: asyncio.Event
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint that reads the raw body, hands it to the handler, and rings for the worker."""

    async def endpoint(request: Request) -> Response:
        try:
            body = await asyncio.wait_for(_body(request), BODY_WITHIN)
        except TimeoutError:
            return Response("the body took too long", status_code=408)
        except ClientDisconnect:
            return Response(status_code=400)
        answer = await handler(
            HttpRequest(method=request.method, path=request.url.path, headers=dict(request.headers), body=body)
        )
        bell.set()
        return Response(answer.body, status_code=answer.status, headers=answer.headers)

    return endpoint


async def _body(request: Request) -> bytes:
    """The raw bytes; no more than one over the limit is kept, which is enough for the handler to refuse them."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        parts.append(part)
        if size > LARGEST_WEBHOOK:
            break
    return b"".join(parts)


@contextlib.asynccontextmanager
async def running(system: System, bell: asyncio.Event, turns: Turns) -> AsyncIterator[None]:
    """The worker and the clock run inside; on leaving, the slice under way is finished first."""
    await system.recover()
    stop = asyncio.Event()
    for what in (QUEUE, CLOCKS):
        turns.turned(what)  # or one that breaks from its first turn on would never be missed
    tasks = [
        asyncio.create_task(_work(system, bell, stop, turns)),
        asyncio.create_task(_sweep(system, bell, stop, turns)),
    ]
    try:
        yield
    finally:
        stop.set()
        bell.set()
        _, late = await asyncio.wait(tasks, timeout=STOP_WITHIN)
        for task in late:
            log.warning("a slice was not finished in %s s: the next start goes on with it", STOP_WITHIN)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _work(system: System, bell: asyncio.Event, stop: asyncio.Event, turns: Turns) -> None:
    dropped = False  # an envelope whose end could not be written: it would lie in nobody's hands for minutes

    async def take_one() -> bool:
        nonlocal dropped
        if dropped:
            await system.queue.recover()
        dropped = True
        found = await system.worker.work_once()
        dropped = False
        return found

    while not stop.is_set():
        bell.clear()
        if not await _guarded(take_one, QUEUE, turns):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), SWEEP_EVERY)


async def _sweep(system: System, bell: asyncio.Event, stop: asyncio.Event, turns: Turns) -> None:
    while not stop.is_set():
        if await _guarded(system.engine.sweep, CLOCKS, turns):
            bell.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SWEEP_EVERY)


async def _guarded(job: Callable[[], Awaitable[int]], what: str, turns: Turns) -> bool:
    """Whether the job had something to do; whatever stops it is said once a try, and it is tried again."""
    try:
        found = bool(await job())
    except StoreError as error:
        log.error("%s could not be read: %s", what, error)  # noqa: TRY400 - the sentence says it all
    except Exception:  # without its worker or clock a server would take orders that nobody carries out
        log.exception("%s: something broke", what)
    else:
        turns.turned(what)
        return found
    return False


class Turns:
    """When the worker and the clock last came round without trouble: a server that only takes orders is not well."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[str, datetime] = {}

    def turned(self, what: str) -> None:
        """It came round."""
        self._last[what] = self._clock.now()

    def stuck(self) -> dict[str, str]:
        """What has not come round for too long, and since when. What never began is not running here."""
        now = self._clock.now()
        return {
            what: f"stands still since {last.isoformat(timespec='seconds')}"
            for what, last in self._last.items()
            if now - last > STANDS_STILL
        }
