"""What goes into a twin and what comes out of it, as values: no socket, clock or random numbers in here.

A twin's heart is `handle(request, now) -> Answer`. Everything uncertain (time, ids, latency, loss) is handed in
or handed out as data; a shell (ASGI, or an in-process transport) does what the data says.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import msgspec


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request as it reached the twin. `headers` has lower-case names; `path` has no query string."""

    method: str
    path: str
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: bytes = b""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP response. `delay` (seconds) passes before it leaves; a `lost` one never arrives at the client."""

    status: int
    headers: dict[str, str] = {}
    body: bytes = b""
    delay: float = 0.0
    lost: bool = False


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A POST that the twin wants made to the product, not before `at`: a webhook or a signed interaction."""

    id: str
    url: str
    headers: dict[str, str]
    body: bytes
    at: datetime


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a heart makes of one request: the response, and what it will deliver because of it."""

    response: Response
    deliveries: tuple[Delivery, ...] = ()


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one thing that a person did on the platform: a JSON-able value, and deliveries."""

    value: Any = None
    deliveries: tuple[Delivery, ...] = ()


class ActError(ValueError):
    """A person's act was impossible (no such branch, not a member …). Its text says what to do instead."""


class Twin(Protocol):
    """The heart of a platform's twin. State changes only inside these calls."""

    def handle(self, request: Request, now: datetime) -> Answer:
        """Answer one API request. Never raises for a bad request: that is a 4xx response."""
        ...

    def act(self, action: str, arguments: dict[str, Any], now: datetime) -> Acted:
        """Let a person do something (push, click, review …). Raises ActError if it cannot be done."""
        ...

    def delivered(self, delivery: Delivery, response: Response | None, now: datetime) -> tuple[Delivery, ...]:
        """Take note of what the product answered to a delivery (None: no answer, or too late)."""
        ...

    def view(self) -> dict[str, Any]:
        """Everything a person could see on the platform, JSON-able."""
        ...
