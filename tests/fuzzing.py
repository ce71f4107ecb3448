"""What fuzzing draws from: odd JSON, real JSON that something was done to, and answers that no server should give."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
from hypothesis import strategies as st

MOST_CHANGES = 3
HUGE = [2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**30, 10**400]
ODD_TEXTS = [
    *("", "\x00", "a\x00b", "\ud800", "\udfff x", "\u202e", "\u2028", "²", "٣", "9" * 5000, "r1", "-1", "1e9", "null"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-02T12:00:00", "2026-11-02", "1", "x" * 3000),
]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*HUGE, *ODD_TEXTS, 1e308])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def nested(depth: int) -> Any:
    """A list in a list in a list …"""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inside:
        yield from places(child, (*path, key))


@st.composite
def mutated(draw: st.DrawFn, original: Any) -> Any:
    """The value with one to three of its parts replaced, taken away, wrapped, doubled or put in another's place."""
    value = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, MOST_CHANGES))):
        inside = [path for path in places(value) if path]
        if not inside:
            return draw(JSON)
        *way, last = draw(st.sampled_from(inside))
        target = value
        for key in way:
            target = target[key]
        match draw(st.sampled_from(["odd", "odd", "replace", "remove", "wrap", "deepen", "double", "swap"])):
            case "odd":
                target[last] = draw(_odd_but_of_its_kind(target[last]))
            case "replace":
                target[last] = draw(JSON)
            case "remove":
                del target[last]
            case "wrap":
                target[last] = draw(st.sampled_from([[target[last]], {"value": target[last]}]))
            case "deepen":
                target[last] = nested(draw(st.sampled_from([10, 500])))
            case "double":
                target[last] = [target[last]] * 2
            case _:
                target[last] = _at(value, draw(st.sampled_from(inside)))
    return value


def _odd_but_of_its_kind(value: Any) -> st.SearchStrategy[Any]:
    """What a reader who only checks types lets through."""
    if isinstance(value, bool) or value is None:
        return st.sampled_from([True, False, None])
    if isinstance(value, str):
        return st.sampled_from([*ODD_TEXTS, f"{value}\x00", f" {value} ", value.upper(), value[:-1], value * 300])
    if isinstance(value, int | float):
        return st.sampled_from(
            [*HUGE, 0, -1, -value, 0.5 if abs(value) > 2**53 else value + 0.5, str(value), float("nan")]
        )
    return st.sampled_from([[], {}, [value] * 2, [None], {"": None}])


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key] if isinstance(value, dict) or (isinstance(value, list) and key < len(value)) else None
    return copy.deepcopy(value)


@st.composite
def encoded(draw: st.DrawFn, value: Any) -> bytes:  # noqa: PLR0911 - a table
    """The value as JSON: as it is, cut short, with a key twice, in an odd encoding, or with something behind it."""
    body = json.dumps(value).encode()
    match draw(st.sampled_from(["whole"] * 6 + ["cut", "doubled", "utf-16", "bom", "followed", "latin"])):
        case "cut":
            return body[: draw(st.integers(0, len(body)))]
        case "doubled" if isinstance(value, dict) and value:
            return b"%b,%b" % (body[:-1], json.dumps(draw(mutated(value)) or 0).encode()[1:])
        case "utf-16":
            return json.dumps(value).encode("utf-16")
        case "bom":
            return b"\xef\xbb\xbf" + body
        case "followed":
            return body + draw(st.binary(min_size=1, max_size=5))
        case "latin":
            return body.replace(b"a", b"\xe4")
        case _:
            return body


STATUSES = [
    *(200, 200, 200, 201, 202, 204, 206, 226, 101, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409),
    *(410, 415, 418, 422, 423, 429, 451, 499, 500, 501, 502, 503, 504, 520, 599),
]
NUMBERS = ["-1", "-99999999999", "0", "1", "0.5", "1e9", "9" * 15, "9" * 5000, "nan", "inf", "soon", "", "²"]
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-reset-after", "etag", "link"),
            *("x-ratelimit-bucket", "x-ratelimit-scope", "x-ratelimit-global", "location", "x-ratelimit-limit"),
        ]
    ),
    st.sampled_from(
        [*NUMBERS, 'W/"x"', '<https://x.test/>; rel="next"', "global", "shared", "true", "https://elsewhere.test/"]
    ),
    max_size=4,
)
BODIES = [
    *(
        b"",
        b"null",
        b"[]",
        b"{}",
        b'""',
        b"0",
        b"true",
        b"NaN",
        b"-",
        b'{"data":null}',
        b'{"data":{}}',
        b"\xff\xfe\x00",
    ),
    *(b"<!DOCTYPE html><title>502</title>", b"[" * 100_000, b'{"a":' * 5_000, b"\x00" * 9, b'{"message":"Not Found"}'),
    b'{"errors":[{"message":"Something went wrong"}]}',
    b'{"data":{"repository":null},"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}',
    b'{"errors":[{"message":"x","type":7,"path":{"a":1}}],"data":[]}',
    b'{"message":{"a":1},"errors":{"b":[{}]},"code":"50083","retry_after":-1e400}',
    b'{"retry_after":-5,"global":true,"code":30046,"message":"\\ud800"}',
]


@st.composite
def odd_answer(draw: st.DrawFn, answer: httpx2.Response) -> httpx2.Response:
    """An answer like this one to which something was done, or one that has nothing to do with it."""
    status, headers = answer.status_code, dict(answer.headers)
    headers = {name: value for name, value in headers.items() if name not in {"content-length", "content-encoding"}}
    body: bytes = answer.content
    how = draw(st.sampled_from(["body", "body", "body", "status", "headers", "all"]))
    if how in {"body", "all"}:
        body = draw(st.sampled_from(BODIES) | st.binary(max_size=40) | _changed(body))
    if how in {"status", "all"}:
        status = draw(st.sampled_from(STATUSES))
    if how in {"headers", "all"}:
        headers |= draw(HEADERS)
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return httpx2.Response(status, headers=raw, content=body, request=answer.request)


def _changed(body: bytes) -> st.SearchStrategy[bytes]:
    """The same JSON with parts of it changed."""
    try:
        value = json.loads(body)
    except ValueError:
        return st.just(body)
    return mutated(value).flatmap(encoded)


class _Listener(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record)


@contextmanager
def errors_logged() -> Iterator[list[logging.LogRecord]]:
    """What Valine logs as errors meanwhile: who catches everything tells of what it did not expect there alone."""
    listener, log = _Listener(), logging.getLogger("valine")
    log.addHandler(listener)
    try:
        yield listener.said
    finally:
        log.removeHandler(listener)
