"""What stands before every route: the edge, authority, limits; and the answers that faults put in place of real ones.

https://docs.discord.com/developers/reference#authentication and #user-agent
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from valine_twins.discord import limits
from valine_twins.discord.errors import ApiError, unauthorized
from valine_twins.transport import Request, Response

if TYPE_CHECKING:
    import random
    from datetime import datetime

    from valine_twins.discord.context import Options
    from valine_twins.discord.limits import Limiter
    from valine_twins.discord.routes import Route
    from valine_twins.discord.state import Json, World
    from valine_twins.faults import Fault

# By this header clients tell a limit of the API, which they wait for, from a ban at the edge, which they do not.
VIA = {"Via": "1.1 google"}
LIMITED = "You are being rate limited."


def bot_token(application_id: str, rng: random.Random) -> str:
    """A token of the shape that Discord's have."""
    first = base64.urlsafe_b64encode(application_id.encode()).decode().rstrip("=")
    return f"{first}.{rng.randbytes(3).hex()}.{base64.urlsafe_b64encode(rng.randbytes(28)).decode().rstrip('=')}"


def json_response(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
    """A response with JSON, or without a body where there is none."""
    if body is None:
        return Response(status=status, headers=headers or {})
    return Response(
        status=status, headers={"Content-Type": "application/json", **(headers or {})}, body=msgspec.json.encode(body)
    )


def refused(error: ApiError, headers: dict[str, str]) -> Response:
    """The response for a refusal. One that asks to wait says so in a header too."""
    if error.retry_after is None:
        return json_response(error.status, error.body(), headers)
    waiting = {"Retry-After": _seconds(error.retry_after), "X-RateLimit-Scope": "user", **VIA}
    return json_response(error.status, error.body(), {**headers, **waiting})


def _seconds(wait: float) -> str:
    return str(max(1, int(wait + 0.999)))


def check(
    request: Request, route: Route | None, world: World, *, limiter: Limiter, options: Options, now: datetime
) -> tuple[Response | None, dict[str, str]]:
    """A refusal, or None; and the headers of the limit that the request counted against."""
    by_token = route is not None and route.by_token
    agent = request.headers.get("user-agent", "")
    if not agent or not (by_token or agent.startswith("DiscordBot (")):
        # The edge answers before the API does, and not in JSON. A webhook may be called by whatever has its token.
        page = b"<html><head><title>403 Forbidden</title></head></html>"
        return Response(status=403, headers={"Content-Type": "text/html"}, body=page), {}
    if not by_token and request.headers.get("authorization") != f"Bot {world.application.bot_token}":
        return refused(unauthorized(), {}), {}
    if route is not None and request.method not in route.by_method:
        return refused(ApiError(405, 0, "405: Method Not Allowed"), {}), {}
    if route is None or not options.enforce_limits:
        return None, {}
    # What interaction tokens do is not counted against the bot as a whole.
    wait = 0.0 if by_token else limiter.whole(now)
    if wait:
        return _limited(wait, {}, scope="global"), {}
    wait, headers = limiter.take(request.method, route.template, route.major, now)
    return (_limited(wait, headers, scope="user") if wait else None), headers


def _limited(wait: float, headers: dict[str, str], *, scope: str) -> Response:
    body: Json = {"message": LIMITED, "retry_after": round(wait, 3), "global": scope == "global", "code": 0}
    extra = {"Retry-After": _seconds(wait), "X-RateLimit-Scope": scope, **VIA}
    if scope == "global":
        extra["X-RateLimit-Global"] = "true"
    return json_response(429, body, {**headers, **extra})


def struck(fault: Fault, request: Request, route: Route | None, now: datetime) -> Response:
    """What the client gets instead of the real answer."""
    if fault.kind == "unreachable":
        return Response(status=503, lost=True)
    if fault.kind in ("rate_limited", "secondary_limit"):
        wait = fault.seconds or 1.0
        template = route.template if route else request.path
        ends = now + timedelta(seconds=wait)
        headers = limits.headers(request.method, template, most=5, left=0, ends=ends, now=now)
        return _limited(wait, headers, scope="user" if fault.kind == "rate_limited" else "shared")
    if fault.status in (502, 503, 504, 520, 522, 524):  # these come from the edge
        page = f"<html><head><title>{fault.status}</title></head></html>".encode()
        return Response(status=fault.status, headers={"Content-Type": "text/html"}, body=page)
    names = {401: "401: Unauthorized", 403: "Missing Access", 404: "404: Not Found"}
    body = {"message": names.get(fault.status, f"{fault.status}: Error"), "code": 50001 if fault.status == 403 else 0}
    return json_response(fault.status, body)
