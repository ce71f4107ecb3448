"""What GitHub's troubles mean for us: every status, limit and broken answer becomes Transient, Permanent or Ambiguous.

A read that failed may be repeated. A write that failed is Transient only where GitHub surely did nothing; where it
may have done something it is Ambiguous. Details are short and never hold a token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from valine.errors import Ambiguous, OutsideError, Permanent, Transient
from valine.orchestrator.model.observations import Failure

Code = Literal["unreachable", "limited", "unauthorized", "forbidden", "not_found", "stranger", "invalid"]

DETAIL_LENGTH = 300
LONGEST_LIMIT = 2 * 60 * 60
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
# "Otherwise, wait for at least one minute before retrying."
UNTOLD_LIMIT = 60

# https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
# Prefixes, not widths: installation tokens are becoming several hundred characters long.
_TOKENS = re.compile(
    r"(gh[pousr]_|github_pat_|\bv1\.|\beyJ)[\w.~+/=-]{8,}|((?:token|bearer)\s+)[\w.~+/=-]{16,}", re.IGNORECASE
)


def redact(text: str) -> str:
    """The text on one line, tokens cut to their prefix, 300 characters at most."""
    plain = _TOKENS.sub(lambda found: f"{found[1] or found[2]}…", " ".join(text.split()))
    return plain if len(plain) <= DETAIL_LENGTH else f"{plain[: DETAIL_LENGTH - 1]}…"


def transient(code: Code, detail: str, retry_at: datetime | None = None) -> Transient:
    """It surely did not happen, and may if tried again."""
    return Transient(Failure(kind="transient", code=code, detail=redact(detail), retry_at=retry_at))


def permanent(code: Code, detail: str) -> Permanent:
    """It did not happen and will not."""
    return Permanent(Failure(kind="permanent", code=code, detail=redact(detail)))


def ambiguous(detail: str) -> Ambiguous:
    """GitHub said that it happened, or is so already, and does not show it."""
    return Ambiguous(Failure(kind="ambiguous", code="invalid", detail=redact(detail)))


def broken(detail: str, *, write: bool, retry_at: datetime | None = None) -> OutsideError:
    """GitHub did not answer, or in a way that says nothing: a read may be repeated, a write has to be looked up."""
    if write:
        return Ambiguous(Failure(kind="ambiguous", code="unreachable", detail=redact(detail)))
    return transient("unreachable", detail, retry_at)


class _ErrorBody(msgspec.Struct):
    """The body of a refusal: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api."""

    message: str = ""
    errors: Any = None


def words(body: bytes) -> str:
    """What GitHub says is wrong, in its own words; empty if the body is not one of its refusals."""
    try:
        trouble = msgspec.json.decode(body, type=_ErrorBody)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""
    errors = trouble.errors if isinstance(trouble.errors, list) else [trouble.errors]
    parts = [trouble.message.rstrip("."), *(part for part in map(_word, errors) if part)]
    return ": ".join(part for part in parts if part)


def _word(error: object) -> str:
    if isinstance(error, dict):
        if isinstance(error.get("message"), str):
            return str(error["message"])
        return " ".join(str(error[key]) for key in ("resource", "field", "code") if error.get(key))
    return error if isinstance(error, str) else ""


def limited_until(status: int, headers: Mapping[str, str], said: str, now: datetime) -> datetime | None:
    """When to come back if this is a rate limit of any kind; None if it is none.

    Primary limits are a 403 or 429 with no requests remaining; secondary ones the same with `retry-after`, or, as
    users report, with nothing but words; too many comments can be a 422.
    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """
    speech = said.lower()
    spoken = "rate limit" in speech or "abuse detection" in speech or "submitted too quickly" in speech
    if status not in {403, 422, 429} or (status == 422 and "submitted too quickly" not in speech):  # noqa: PLR2004
        return None
    told = told_until(headers, now)
    if told is not None:
        return told
    return now + timedelta(seconds=UNTOLD_LIMIT) if spoken or status == 429 else None  # noqa: PLR2004


def told_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """The moment that the headers name: `retry-after`, or the reset of a limit that has nothing remaining."""
    seconds = _number(headers.get("retry-after"))
    if seconds is not None:
        return now + timedelta(seconds=min(max(seconds, 1), LONGEST_LIMIT))
    reset = _number(headers.get("x-ratelimit-reset"))
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        left = min(max(reset - now.timestamp(), 1), LONGEST_LIMIT)
        return (now + timedelta(seconds=left)).astimezone(UTC)
    return None


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,15}", text) else None


_PERMANENT: dict[int, Code] = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    410: "not_found",
    451: "forbidden",
}


def refusal(status: int, headers: Mapping[str, str], body: bytes, *, write: bool, now: datetime) -> OutsideError:
    """The error that an answer outside 2xx stands for."""
    said = words(body)
    detail = f"GitHub answered {status}: {said}" if said else f"GitHub answered {status}"
    until = limited_until(status, headers, said, now)
    if until is not None:
        return transient("limited", detail, until)
    if status in _PERMANENT:
        return permanent(_PERMANENT[status], detail)
    if 300 <= status < 400:  # noqa: PLR2004 - a redirect: the repository or issue has moved
        return permanent("not_found", f"{detail}: it has moved")
    if 400 <= status < 500 and status != 408:  # noqa: PLR2004 - 408: GitHub gave up waiting for us
        return permanent("invalid", said or detail)
    return broken(detail, write=write, retry_at=told_until(headers, now))
