"""Requests as API Gateway's HTTP API hands them to a function (payload format 2.0), and answers as it takes them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from valine.errors import Malformed
from valine.ingress.endpoints import HttpAnswer, HttpRequest

DEFAULT_STAGE = "$default"  # the only one whose name is not in the path


class _Http(msgspec.Struct, frozen=True):
    method: str


class _Context(msgspec.Struct, frozen=True):
    http: _Http
    stage: str = DEFAULT_STAGE


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    request_context: _Context
    raw_path: str
    headers: dict[str, str | None] | None = None
    body: str | None = None
    is_base64_encoded: bool | None = None


def request(event: Any) -> HttpRequest:
    """The request, its body as the bytes that were signed. Raises Malformed if the event is none of an HTTP API."""
    try:
        read = msgspec.convert(event, _Event)
    except msgspec.ValidationError as error:
        raise Malformed(f"not a request of an HTTP API, payload format 2.0: {error}") from error
    return HttpRequest(
        method=read.request_context.http.method,
        path=_path(read),
        headers={name: value for name, value in (read.headers or {}).items() if value is not None},
        body=_body(read),
    )


def response(answer: HttpAnswer) -> dict[str, Any]:
    """The answer as API Gateway takes it."""
    return {
        "statusCode": answer.status,
        "headers": answer.headers,
        "body": answer.body.decode(),
        "isBase64Encoded": False,
    }


def _path(event: _Event) -> str:
    stage = event.request_context.stage
    if stage == DEFAULT_STAGE:
        return event.raw_path
    return event.raw_path.removeprefix(f"/{stage}") or "/"


def _body(event: _Event) -> bytes:
    text = event.body or ""
    if not event.is_base64_encoded:
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("the body is not the base64 that it is said to be") from error
