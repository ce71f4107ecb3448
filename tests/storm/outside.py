"""The way to a twin and back, as a process's HTTP client has it: a request takes time, and may fail in every way.

It stands in for httpx2.AsyncClient, whose own machinery is not what a storm is about, and would be half of its time.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import httpx2

from storm.loop import Crash, pause
from storm.profiles import REQUEST
from valine.services.discord import api
from valine.services.exchange import Received, exchange
from valine.services.github import http
from valine_twins.transport import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from storm.process import Process
    from storm.world import World
    from valine_twins.transport import Twin

THERE, BACK, TIMEOUT = 0.06, 0.05, 10.0  # seconds
PAGE = b"<html><body>Bad gateway</body></html>"
FAILING = {kind for kind in REQUEST if kind not in {"slow", "frozen"}} | {"token refused"}
OWN_KINDS = {"limit": "rate_limited", "limit without headers": "secondary_limit", "dropped write": "dropped_write"}


class Built:
    """As much of httpx2.Request as is read."""

    __slots__ = ("body", "headers", "method", "url")

    def __init__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body


class Client:
    """One process's connections to one platform."""

    def __init__(self, process: Process, service: str, twin: Twin) -> None:
        self._process = process
        self._world: World = process.world
        self._service = service
        self._twin = twin

    def build_request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        **_: Any,
    ) -> Built:
        """A request to be sent."""
        query = "&".join(f"{name}={value}" for name, value in (params or {}).items())
        body = (content or b"") if json is None else _dumps(json)
        kind = {} if json is None else {"content-type": "application/json"}
        return Built(method, f"{url}?{query}" if query else url, {**headers, **kind}, body)

    async def send(self, request: Built) -> Received:
        """Send it."""
        return await self._exchange(request.method, request.url, request.headers, request.body)

    async def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Received:
        world, process = self._world, self._process
        path, _, query = url.partition("://")[2].partition("/")[2].partition("?")
        path = f"/{unquote(path)}"
        what = world.plain(f"{self._service} {method} {path}")
        fault = world.fault(what, "request", process) or world.outages.on(self._service)
        if fault in FAILING and not process.leased:
            world.checker.excuse()
        sent = world.loop.time
        await pause(THERE if fault != "frozen" else world.long_pause(what))
        world.tell(process, f"{what}{f'  ({fault})' if fault else ''}")
        early = await _on_the_way(fault)
        if early is not None:
            return early
        known = {name.lower() for name in headers}
        request = Request(
            method=method,
            path=path,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in headers.items()}
            | ({"authorization": "Bearer expired"} if fault == "token refused" and "authorization" in known else {}),
            body=body,
        )
        response = self._handle(request, fault, path)
        world.checker.asked(process, self._service, request, response, sent=sent, kept=fault != "dropped write")
        await pause(BACK if fault != "slow" else world.short_pause(what))
        return await _on_the_way_back(fault, response)

    def _handle(self, request: Request, fault: str | None, path: str) -> Response:
        """What the platform answers; what only it can do wrong, its own transport does."""
        world = self._world
        kind = OWN_KINDS.get(fault or "")
        now = world.loop.now()
        if fault == "secondary limit":
            return _limited(self._service)
        if kind is not None:
            kind = "graphql_limit" if path == "/graphql" and kind == "rate_limited" else kind
            if kind != "dropped_write" or request.method != "GET":
                self._twin.act("throw_fault", {"kind": kind, "seconds": 40.0}, now)
        elif world.lagging and path == "/graphql":
            world.throw_lag()
        answer = self._twin.handle(request, now)
        world.post(self._service, answer.deliveries)
        return answer.response


async def _on_the_way(fault: str | None) -> Received | None:
    """What befalls a request before it arrives; None if it does."""
    if fault == "crash before":
        raise Crash
    if fault == "unreachable":
        raise httpx2.ConnectError("unreachable")
    if fault == "time-out before":
        await pause(TIMEOUT)
        raise httpx2.ReadTimeout("no answer")
    if fault == "5xx before":
        return _received(502, {"Content-Type": "text/html"}, PAGE)
    return None


async def _on_the_way_back(fault: str | None, response: Response) -> Received:
    """What befalls the answer."""
    if fault == "crash after":
        raise Crash
    if fault == "lost answer":
        await pause(TIMEOUT)
        raise httpx2.ReadTimeout("the answer was lost")
    if fault == "5xx after":
        return _received(502, {"Content-Type": "text/html"}, PAGE)
    if fault == "nonsense" and response.status < 300:
        return _received(response.status, {"Content-Type": "text/html"}, PAGE)
    return _received(response.status, response.headers, response.body)


def _received(status: int, headers: Mapping[str, str], body: bytes) -> Received:
    return Received(status=status, headers={name.lower(): value for name, value in headers.items()}, body=body)


def _limited(service: str) -> Response:
    """A limit with a time to wait, as the edge in front of a platform tells it."""
    if service == "github":
        body = b'{"message":"You have exceeded a secondary rate limit. Please wait a few minutes."}'
        return Response(status=429, headers={"Retry-After": "30", "Content-Type": "application/json"}, body=body)
    return Response(status=429, headers={"Retry-After": "7"}, body=b"error code: 1015")


async def _exchange(client: Any, request: Any, bounds: Any) -> Received:
    """services.exchange without its time-outs: those need asyncio's loop, and virtual time has its own."""
    return await (client.send(request) if isinstance(client, Client) else exchange(client, request, bounds))


@contextmanager
def in_virtual_time() -> Iterator[None]:
    """Have the adapters exchange what they send with the twins."""
    with _patched(http, _exchange), _patched(api, _exchange):
        yield


@contextmanager
def _patched(module: Any, function: Any) -> Iterator[None]:
    before, module.exchange = module.exchange, function
    try:
        yield
    finally:
        module.exchange = before


def _dumps(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
