"""The way of one request through GitHub: who, how much, whether, and then what; with the headers on the answer.

https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from valine_twins.github import auth, git_http, graphql_server
from valine_twins.github.graphql_nodes import Scope
from valine_twins.github.limits import WRITE_POINTS, Limited, Limits
from valine_twins.github.rest import Call, Reply, Route, match
from valine_twins.github.state import App, Token
from valine_twins.github.world import Refused, World
from valine_twins.transport import Request, Response

if TYPE_CHECKING:
    from datetime import datetime

    from valine_twins.faults import FaultInjector
    from valine_twins.github.history import History

_NO_AGENT = (
    b"Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
    b" (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required)."
    b" Check https://developer.github.com for other possible causes.\n"
)
_SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    " If you reach out to GitHub Support for help, please include the request ID {id}."
)
_LIMIT_PAGE = "free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
_HUGE = 25 * 1024 * 1024


class Server:
    """Serves requests, keeps the limits and counts by route."""

    def __init__(self, limits: Limits, faults: FaultInjector, history: History) -> None:
        self.limits = limits
        self.counts: Counter[str] = Counter()
        self.faults = faults
        self._history = history

    def serve(self, world: World, request: Request, method: str, path: str) -> Response:
        """Answer a request that has arrived."""
        place = git_http.find(method, path)
        if place is not None:
            self.counts[f"{method} {git_http.template(place)}"] += 1
            return git_http.serve(world, request, place)
        request_id = "{:04X}:{:06X}:{:08X}".format(*(world.rng.getrandbits(bits) for bits in (16, 24, 32)))
        headers = {"X-GitHub-Request-Id": request_id, "X-GitHub-Media-Type": "github.v3; format=json"}
        if not request.headers.get("user-agent"):
            return Response(status=403, headers=headers | {"Content-Type": "text/html"}, body=_NO_AGENT)
        graphql = path == "/graphql" and method == "POST"
        row, params = (None, {}) if graphql else match(method, path)
        self.counts[f"{method} {path if graphql else row.template if row else '(unknown)'}"] += 1
        who: Token | App | None = None
        try:
            body = _body(request)
            who = auth.identify(world, request.headers)
            if graphql:
                reply = self._graphql(world, who, body, headers)
            else:
                call = Call(
                    world, method, request.path, params, dict(request.query), body, request.headers.get("accept", "")
                )
                reply = self._rest(call, row, who, headers)
        except Refused as refusal:
            reply = _refusal(refusal)
        return self._finish(world, request, method, reply, headers, who_key(who))

    def _rest(self, call: Call, row: Route | None, who: Token | App | None, headers: dict[str, str]) -> Reply:
        key, world = who_key(who), call.world
        writing = call.method not in ("GET", "HEAD")
        points = WRITE_POINTS if writing else 1
        content = row is not None and row.content and writing
        limited = self._faulty_limit(call.method, call.path) or self.limits.check(
            key, "core", world.now, points=points, content=content
        )
        if limited is not None:
            return self._limited(limited, key, "core", world.now, headers)
        free = row is None and call.path.endswith("/rate_limit")
        if not free:
            self.limits.count(key, "core", world.now, cost=1, points=points, content=content)
        headers.update(_rate_headers(self.limits.standing(key, "core", world.now), "core"))
        if free:
            return self._rate_limit(key, world.now)
        if row is None:
            raise Refused(404, "Not Found")
        call.token = who if isinstance(who, Token) else None
        call.app = who if isinstance(who, App) else None
        if "repo" in call.params:
            call.repository = _seen(call)
        auth.authorize(call, row)
        return row.serve(call)

    def _rate_limit(self, key: str, now: datetime) -> Reply:
        resources = {name: self.limits.standing(key, name, now) for name in ("core", "graphql")}
        search = {"limit": 30, "remaining": 30, "used": 0, "reset": math.ceil(now.timestamp()) + 60}
        return Reply(200, {"resources": {**resources, "search": search}, "rate": resources["core"]})

    def _graphql(self, world: World, who: Token | App | None, body: dict[str, Any], headers: dict[str, str]) -> Reply:
        if not isinstance(who, Token):
            raise Refused(
                401, "This endpoint requires you to be authenticated.", page="graphql/guides/forming-calls-with-graphql"
            )
        query, name, variables = body.get("query"), body.get("operationName"), body.get("variables") or {}
        if not isinstance(query, str) or not isinstance(variables, dict):
            raise Refused(400, "A query attribute must be specified and must be a string.", page="graphql")
        if self.faults.strike(("graphql_limit",), "POST", "/graphql"):
            return Reply(200, _graphql_limit(who))
        document, errors = graphql_server.prepare(query)
        writing = graphql_server.writes(document, name)
        cost, nodes = graphql_server.price(document, name, variables) if document and not errors else (1, 0)
        key, points = who_key(who), WRITE_POINTS if writing else 1
        limited = self._faulty_limit("POST", "/graphql") or self.limits.check(
            key, "graphql", world.now, points=points, content=writing
        )
        if limited is not None and not limited.secondary:
            headers.update(
                _rate_headers(self.limits.standing(key, "graphql", world.now), "graphql")
                | _exhausted(limited, world.now)
            )
            return Reply(200, _graphql_limit(who))
        if limited is not None:
            return self._limited(limited, key, "graphql", world.now, headers)
        self.limits.count(key, "graphql", world.now, cost=cost, points=points, content=writing)
        standing = self.limits.standing(key, "graphql", world.now)
        headers.update(_rate_headers(standing, "graphql"))
        if document is None or errors:
            return Reply(200, graphql_server.refused(errors))
        shown = world if writing else self._lagging(world)
        scope = Scope(shown, who, cost, nodes, standing)
        return Reply(200, graphql_server.execute(scope, document, name, variables))

    def _lagging(self, world: World) -> World:
        fault = self.faults.strike(("read_lag",), "POST", "/graphql")
        old = self._history.at(world.now - timedelta(seconds=fault.seconds)) if fault else None
        return replace(world, state=old, events=[]) if old is not None else world

    def _faulty_limit(self, method: str, path: str) -> Limited | None:
        plain = self.faults.strike(("rate_limited",), method, path)
        if plain:
            return Limited(secondary=False, wait=math.ceil(plain.seconds))
        # The shape that users report: no header says how long to wait.
        return Limited(secondary=True, wait=0) if self.faults.strike(("secondary_limit",), method, path) else None

    def _limited(self, limited: Limited, key: str, resource: str, now: datetime, headers: dict[str, str]) -> Reply:
        headers.update(_rate_headers(self.limits.standing(key, resource, now), resource))
        if not limited.secondary:
            headers.update(_exhausted(limited, now))
            return _refusal(
                Refused(403, f"API rate limit exceeded for {key}.", page="rest/overview/rate-limits-for-the-rest-api")
            )
        if limited.wait:
            headers["Retry-After"] = str(limited.wait)
        return _refusal(Refused(403, _SECONDARY.format(id=headers["X-GitHub-Request-Id"]), page=_LIMIT_PAGE))

    def _finish(
        self, world: World, request: Request, method: str, reply: Reply, headers: dict[str, str], key: str
    ) -> Response:
        headers = headers | reply.headers
        version = request.headers.get("x-github-api-version")
        if version:
            headers["X-GitHub-Api-Version-Selected"] = version
        if reply.body is None:
            return Response(status=reply.status, headers=headers)
        headers.setdefault("Content-Type", "application/json; charset=utf-8")
        raw = reply.body if isinstance(reply.body, bytes) else msgspec.json.encode(reply.body)
        if method == "GET" and reply.status == 200:
            headers["ETag"] = f'W/"{hashlib.sha256(raw).hexdigest()}"'
            headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
            if request.headers.get("if-none-match") == headers["ETag"]:
                self.limits.give_back(key, "core", 1)
                return Response(
                    status=304, headers=headers | _rate_headers(self.limits.standing(key, "core", world.now), "core")
                )
        return Response(status=reply.status, headers=headers, body=raw)


def who_key(who: Token | App | None) -> str:
    """Whose limits a request counts against."""
    if isinstance(who, Token):
        return f"installation ID {who.installation}" if who.installation is not None else f"user {who.login}"
    return f"app {who.slug}" if isinstance(who, App) else "127.0.0.1"


def _seen(call: Call) -> Any:
    it = call.world.repository(f"{call.params['owner']}/{call.params['repo']}")
    if call.app is None and not auth.sees(call.world, call.token, it):
        raise Refused(404, "Not Found", page="rest/repos/repos#get-a-repository")
    return it


def _body(request: Request) -> dict[str, Any]:
    if not request.body.strip():
        return {}
    if len(request.body) > _HUGE:
        raise Refused(413, "Payload too large")
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, "Problems parsing JSON") from error
    if isinstance(body, list):
        body = {"labels": body}  # POST …/labels takes a bare list too
    if not isinstance(body, dict):
        raise Refused(400, "Body should be a JSON object")
    return body


def _refusal(refusal: Refused) -> Reply:
    body: dict[str, Any] = {"message": refusal.message}
    if refusal.errors:
        body["errors"] = refusal.errors
    page = f"https://docs.github.com/{refusal.page}"
    return Reply(refusal.status, body | {"documentation_url": page, "status": str(refusal.status)})


def _rate_headers(standing: dict[str, int], resource: str) -> dict[str, str]:
    return {f"X-RateLimit-{name.title()}": str(value) for name, value in standing.items()} | {
        "X-RateLimit-Resource": resource
    }


def _exhausted(limited: Limited, now: datetime) -> dict[str, str]:
    return {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(math.ceil(now.timestamp() + limited.wait))}


def _graphql_limit(who: Token) -> dict[str, Any]:
    return {"errors": [{"type": "RATE_LIMITED", "message": f"API rate limit exceeded for {who_key(who)}."}]}
