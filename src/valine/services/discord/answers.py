"""What Discord's answer to one request means: a value, or a Failure by what to do next. Total: no answer is too odd.

https://docs.discord.com/developers/topics/opcodes-and-status-codes
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import islice
from typing import Any, Final, Literal, NoReturn

import msgspec

from valine.errors import Ambiguous, Permanent, Transient
from valine.orchestrator.model.observations import Failure

OLD_EDIT_WAIT: Final = 60.0  # 30046 brings no retry_after
FULL_WAIT: Final = 600.0  # 160006: until some other thread of the guild is archived
DEFAULT_WAIT: Final = 5.0  # a 429 that names no time
LONGEST_WAIT: Final = 86400.0
LONGEST_NAME: Final = 40  # of a field of a form, in the sentence that names it
NO_CONTENT: Final = 204  # of what was deleted


class Code(IntEnum):
    """Discord's JSON error codes that have a meaning of their own here; NONE where the answer has no code."""

    NONE = 0
    UNKNOWN_CHANNEL = 10003
    UNKNOWN_MESSAGE = 10008
    UNKNOWN_WEBHOOK = 10015
    UNKNOWN_INTERACTION = 10062
    TOO_MANY_OLD_EDITS = 30046
    MISSING_ACCESS = 50001
    MISSING_PERMISSIONS = 50013
    INVALID_WEBHOOK_TOKEN = 50027
    ARCHIVED_THREAD = 50083
    THREAD_EXISTS = 160004
    TOO_MANY_THREADS = 160006


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: its status (0: there was none), Discord's error code, the JSON, and what went wrong, if anything."""

    status: int
    code: int = 0
    body: Any = None
    failure: Failure | None = None

    def value(self) -> Any:
        """The JSON. Raises Transient, Permanent or Ambiguous if it failed."""
        if self.failure is not None:
            fail(self.failure)
        return self.body


Kind = Literal["transient", "permanent", "ambiguous"]
FailureName = Literal["unreachable", "limited", "unauthorized", "forbidden", "not_found", "invalid", "lost"]
ERROR_CODES: Final[dict[int, tuple[Kind, FailureName, str]]] = {
    Code.UNKNOWN_CHANNEL: ("permanent", "lost", "channel"),
    Code.UNKNOWN_MESSAGE: ("permanent", "lost", "message"),
    Code.UNKNOWN_WEBHOOK: ("permanent", "lost", "interaction"),
    Code.UNKNOWN_INTERACTION: ("permanent", "lost", "interaction"),
    Code.INVALID_WEBHOOK_TOKEN: ("permanent", "lost", "interaction"),
    Code.MISSING_ACCESS: ("permanent", "forbidden", ""),
    Code.MISSING_PERMISSIONS: ("permanent", "forbidden", ""),
    Code.ARCHIVED_THREAD: ("transient", "invalid", ""),
}
WAITS: Final[dict[int, float]] = {
    Code.TOO_MANY_OLD_EDITS: OLD_EDIT_WAIT,
    Code.TOO_MANY_THREADS: FULL_WAIT,
    Code.ARCHIVED_THREAD: 0.0,
}


def fail(failure: Failure) -> NoReturn:
    """Raise the failure as the error of its kind."""
    match failure.kind:
        case "transient":
            raise Transient(failure)
        case "permanent":
            raise Permanent(failure)
        case "ambiguous":
            raise Ambiguous(failure)


def understand(status: int, headers: Mapping[str, str], content: bytes, *, write: bool, now: datetime) -> Answer:
    """The answer that these bytes are; `headers` is looked up by lower-case name."""
    try:
        body = msgspec.json.decode(content)
    except (ValueError, RecursionError):  # msgspec's DecodeError is a ValueError
        body = None
    if 200 <= status < 300:  # noqa: PLR2004 - https://httpwg.org/specs/rfc9110.html#status.2xx
        whole = body is not None or status == NO_CONTENT
        failure = None if whole else _lost(f"answered {status} with no JSON", write=write)
        return Answer(status=status, body=body, failure=failure)
    error = body if isinstance(body, dict) else {}
    raw = error.get("code")
    code = raw if isinstance(raw, int) else 0
    return Answer(status=status, code=code, body=body, failure=_failure(status, code, error, headers, write, now))


def cut(trouble: str, *, write: bool) -> Answer:
    """No answer came, though the request may have arrived."""
    return Answer(status=0, failure=_lost(trouble, write=write))


def unsent(trouble: str) -> Answer:
    """The request never left."""
    return Answer(status=0, failure=Failure(kind="transient", code="unreachable", detail=f"Discord {trouble}"))


def odd(answer: Answer, *, write: bool) -> NoReturn:
    """Raise for a success whose JSON is not what the route promises."""
    fail(_lost(f"answered {answer.status} with JSON of another shape", write=write))


def limited(until: datetime, detail: str) -> Failure:
    """The failure of a request that a rate limit keeps back."""
    return Failure(kind="transient", code="limited", detail=detail, retry_at=until)


def retry_after(error: Mapping[str, Any], headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429: the body's word, else a header's (the edge answers 429 without JSON).

    https://docs.discord.com/developers/topics/rate-limits#exceeding-a-rate-limit
    """
    for text in (error.get("retry_after"), headers.get("retry-after"), headers.get("x-ratelimit-reset-after")):
        seconds = seconds_of(text)
        if seconds is not None:
            return seconds
    return DEFAULT_WAIT


def seconds_of(text: object) -> float | None:
    """A length of time between nothing and a day; None for what is no number."""
    try:
        seconds = float(str(text))
    except ValueError:
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def _failure(
    status: int,
    code: int,
    error: Mapping[str, Any],
    headers: Mapping[str, str],
    write: bool,  # noqa: FBT001 - private
    now: datetime,
) -> Failure:
    if status == 429:  # noqa: PLR2004
        return limited(now + timedelta(seconds=retry_after(error, headers)), "Discord's rate limit")
    if status >= 500 or status == 408 or status < 200:  # noqa: PLR2004
        return _lost(f"answered {status}", write=write)
    if status < 400:  # noqa: PLR2004 - a proxy's redirect: Discord was not asked
        return Failure(kind="transient", code="unreachable", detail=f"Discord answered {status}")
    kind, trouble, detail = ERROR_CODES.get(code) or _by_status(status)
    retry_at = None
    if code in WAITS:
        kind, retry_at = "transient", now + timedelta(seconds=WAITS[code])
        trouble = trouble if code in ERROR_CODES else "limited"
    return Failure(kind=kind, code=trouble, detail=detail or _words(status, code, error), retry_at=retry_at)


def _by_status(status: int) -> tuple[Kind, FailureName, str]:
    known: dict[int, FailureName] = {401: "unauthorized", 403: "forbidden", 404: "not_found"}
    return "permanent", known.get(status, "invalid"), ""


def _words(status: int, code: int, error: Mapping[str, Any]) -> str:
    """Discord's own sentence, and where in the form the problems are."""
    sentence = str(error.get("message") or f"Discord answered {status}")[:200]
    places = "; ".join(islice(_leaves(error.get("errors")), 3))
    return f"{sentence}{f' ({code})' if code else ''}{f': {places}' if places else ''}"[:500]


def _leaves(errors: object, path: str = "", depth: int = 0) -> Iterator[str]:
    """Nested errors as `path: message`. https://docs.discord.com/developers/reference#error-messages."""
    if not isinstance(errors, dict) or depth > 20:  # noqa: PLR2004 - deeper than any form
        return
    for key, value in errors.items():
        if key == "_errors" and isinstance(value, list):
            yield from (f"{path}: {item.get('message')}" for item in value if isinstance(item, dict))
        elif isinstance(value, dict):
            yield from _leaves(value, f"{path}.{key[:LONGEST_NAME]}".lstrip("."), depth + 1)


def _lost(trouble: str, *, write: bool) -> Failure:
    return Failure(kind="ambiguous" if write else "transient", code="unreachable", detail=f"Discord {trouble}")
