"""Logging as one line an event, JSON or for people, with the correlation id of what is being worked on and no secrets.

Redaction is by value (the secrets that are configured) and by shape (what looks like a token), over the whole line.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

HIDDEN: Final = "***"
LONGEST: Final = 64 * 1024  # characters of a text in a line: others may have written them
LONGEST_SECRET: Final = 8 * 1024
SHORTEST_SECRET: Final = 4  # shorter ones would blot out ordinary words
QUIET: Final = ("httpx2", "httpcore2", "uvicorn.access", "uvicorn.error", "asyncio", "botocore", "urllib3")
# Nothing here may look at a character more than a few times, whatever a line holds: runs are bounded, or always match.
SLASH: Final = r"(?:\\{0,8}(?:/|u002f)|%(?:25){0,4}2f|&#(?:0{0,4}47|x0{0,4}2f);)"
SHAPES: Final = (
    # https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    (r"\b(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*", HIDDEN),
    (r"\bv1\.[A-Za-z0-9_-]{20,}", HIDDEN),  # GitHub's installation tokens of before 2021, and Enterprise Server's
    (r"\beyJ[\w-]{8,}(?:\.[\w-]*){0,2}", HIDDEN),  # a JWT, or the beginning of one
    (r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}", HIDDEN),  # https://docs.discord.com/developers/reference#authentication
    # …/webhooks/123/token, with each slash as it is, or as JSON (however deep), a URL or HTML may write it
    (rf"({SLASH}(?:webhooks|interactions){SLASH}\d+{SLASH})[^/\s?#\"'\\<>]+", rf"\1{HIDDEN}"),
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", HIDDEN),
    # Headers as they are printed: `Authorization: Bot x`, {'authorization': 'Bot x'}, (b'Authorization', b'Bot x')
    (
        r"(authorization[\"'\\]*\s*[:=,]\s*(?:b(?=[\"']))?[\"'\\]*)(?:(?:bot|bearer|token|basic)\s+)?[^\s\"'\\,}\])]+",
        rf"\1{HIDDEN}",
    ),
    (r"\b(bot|bearer)\s+[\w.~+/=-]{20,}", rf"\1 {HIDDEN}"),
    (
        r"([\"'\\](?:access_|bot_)?(?:token|secret|password|private_key|client_secret)\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]+",
        rf"\1{HIDDEN}",
    ),
)

_correlation: ContextVar[str | None] = ContextVar("correlation", default=None)
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


@contextmanager
def correlate(correlation: str) -> Iterator[None]:
    """Lines logged in here, and in the tasks started from here, bear this id."""
    before = _correlation.set(correlation)
    try:
        yield
    finally:
        _correlation.reset(before)


def correlation() -> str | None:
    """The id of what is being worked on, if any."""
    return _correlation.get()


class Redactor:
    """Takes secrets out of texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret.strip() for secret in secrets}, key=len, reverse=True)
        values = "|".join(_pattern(secret) for secret in known if len(secret) >= SHORTEST_SECRET)
        self._values = re.compile(values) if values else None
        self._shapes = [(re.compile(shape, re.DOTALL | re.IGNORECASE), hidden) for shape, hidden in SHAPES]

    def text(self, text: str) -> str:
        """The text without secrets, cut to LONGEST characters."""
        cut = len(text) > LONGEST
        text = text[: LONGEST + LONGEST_SECRET]  # so that a secret across the cut is known for one
        if self._values is not None:
            text = self._values.sub(HIDDEN, text)
        for shape, hidden in self._shapes:
            text = shape.sub(hidden, text)
        return f"{text[:LONGEST]}… (cut)" if cut else text

    def value(self, value: Any) -> Any:
        """Anything that is logged, as JSON can hold it, without secrets."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            # Beside its name, so that {"token": "…"} is known for what it is.
            return {str(key): self._named(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(item) for item in value]
        return self.text(str(value))

    def _named(self, name: str, value: Any) -> Any:
        if not isinstance(value, str):
            return self.value(value)
        beside = f'"{name}": "'
        return self.text(f"{beside}{value}").removeprefix(beside)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts, level, logger, message, correlation, the extra fields, and the exception if any."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "ts": _moment(record).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redactor.text(_message(record)),
            "correlation": correlation(),
        }
        line |= {key: value for key, value in self._redactor.value(_extra(record)).items() if key not in line}
        if trouble := _exception(self, record):
            line["exception"] = self._redactor.text(trouble)
        return json.dumps(line, default=str)


class HumanFormatter(logging.Formatter):
    """One line for people; an exception's lines follow it. Control characters in messages are written out."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        about = f" [{correlation()}]" if correlation() else ""
        extra = "".join(f" {key}={value}" for key, value in self._redactor.value(_extra(record)).items())
        message = _CONTROL.sub(lambda found: repr(found[0])[1:-1], _message(record) + extra)
        line = f"{_moment(record):%H:%M:%S} {record.levelname:<7} {record.name}{about}: {message}"
        trouble = _exception(self, record)
        return self._redactor.text(f"{line}\n{trouble}" if trouble else line)


class _Redacting(logging.Formatter):
    """What another formatter makes of a record that knows its correlation id, without secrets."""

    def __init__(self, inner: logging.Formatter, redactor: Redactor) -> None:
        super().__init__()
        self.inner = inner
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        record.msg, record.args = _message(record), ()
        if correlation() is not None:
            record.correlation = correlation()
        return self._redactor.text(self.inner.format(record))


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Nothing: logging would print the record as it is, secrets and all."""


def configure(
    format: Literal["json", "human"],  # noqa: A002 - what the option is called
    level: str | int = logging.INFO,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send all logging to `stream` (default: standard error) in that format; what was set up before is taken off.

    Raises ValueError for a level that logging does not know.
    """
    redactor = Redactor(secrets)
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(redactor) if format == "json" else HumanFormatter(redactor))
    root = logging.getLogger()
    root.setLevel(level.upper() if isinstance(level, str) else level)
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def join(level: int | None, secrets: Iterable[str] = ()) -> None:
    """Leave the handlers that are there (on Lambda the runtime's) and their format, but let no secret through.

    `level` None leaves that, too. Where there is no handler, it is JSON on standard error.
    """
    root = logging.getLogger()
    if not root.handlers:
        configure("json", level or logging.INFO, secrets)
        return
    redactor = Redactor(secrets)
    for handler in root.handlers:
        inner = handler.formatter or logging.Formatter()
        handler.setFormatter(_Redacting(inner.inner if isinstance(inner, _Redacting) else inner, redactor))
    if level is not None:
        root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _pattern(secret: str) -> str:
    """The secret as it is, and as JSON and repr() write it, however often one is inside the other."""
    forms = {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]} if "\n" not in secret else {secret}
    escaped = (re.escape(form).replace("\\\n", r"(?:\r?\n|\\+n)") for form in sorted(forms, key=len, reverse=True))
    return "|".join(escaped)


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong log call must not hide what it wanted to say
        return f"{record.msg} {record.args}"


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _exception(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)
