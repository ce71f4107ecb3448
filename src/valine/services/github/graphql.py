"""What a GraphQL answer is worth: data, perhaps with parts missing, or the trouble that its errors tell of.

GraphQL answers 200 to nearly everything, so the errors are read, not the status:
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from valine.errors import OutsideError
from valine.services.github import errors
from valine.services.github.http import Answer

T = TypeVar("T")
NULL = b"null"
_FORBIDDEN = {"FORBIDDEN", "INSUFFICIENT_SCOPES", "SAML_PROTECTED"}
_INVALID = {"MAX_NODE_LIMIT_EXCEEDED", "UNPROCESSABLE", "EXCESSIVE_PAGINATION"}


class Extensions(msgspec.Struct):
    """Where GitHub says that the query itself is wrong: `code` undefinedField and its like."""

    code: str | None = None


class GraphQlError(msgspec.Struct):
    """One error beside (or instead of) the data. `path` leads to what is null because of it."""

    message: str = ""
    type: str | None = None
    path: list[str | int] | None = None
    extensions: Extensions | None = None


class _Body(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(NULL)
    errors: list[GraphQlError] = []
    message: str | None = None


class Reply(msgspec.Struct, frozen=True):
    """Data, and errors that leave it usable: things that were not found, fields that this server does not know."""

    data: bytes
    errors: list[GraphQlError]

    def read(self, kind: type[T]) -> T:
        """The data as that type. Raises Permanent if the errors left none; of another shape it is broken: Transient."""
        if self.data == NULL and self.errors:
            found = self.errors[0].type != "NOT_FOUND"
            raise errors.permanent("invalid" if found else "not_found", f"GitHub answered: {self.errors[0].message}")
        return self.part(self.data, kind)

    def part(self, raw: bytes | msgspec.Raw, kind: type[T]) -> T:
        """A part of the data that was left raw, as that type; see `read`."""
        try:
            return msgspec.json.decode(raw, type=kind)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise errors.transient("unreachable", "GitHub's GraphQL answer made no sense") from error

    def unknown_field(self, name: str) -> bool:
        """True if this server's schema has no such field."""
        return any(_is_unknown(error) and f"'{name}'" in error.message for error in self.errors)

    def missing(self, *path: str) -> bool:
        """True if what the path leads to was not found."""
        return any(error.type == "NOT_FOUND" and error.path == list(path) for error in self.errors)


def judge(answer: Answer, now: datetime) -> Reply:
    """The reply in this answer. Raises Transient or Permanent if its errors leave nothing to use."""
    body = answer.read(_Body)
    for error in body.errors:
        if error.type != "NOT_FOUND" and not _is_unknown(error):
            raise _error(error, answer, now)
    return Reply(bytes(body.data), body.errors)


def _is_unknown(error: GraphQlError) -> bool:
    code = error.extensions.code if error.extensions else None
    return code == "undefinedField" or "doesn't exist on type" in error.message


def _error(error: GraphQlError, answer: Answer, now: datetime) -> OutsideError:
    said = f"GitHub answered: {error.message}"
    if error.type in {"RATE_LIMITED", "RATE_LIMIT"} or "rate limit" in error.message.lower():
        until = errors.told_until(answer.headers, now) or now + timedelta(seconds=errors.UNTOLD_LIMIT)
        return errors.transient("limited", said, until)
    if error.type in _FORBIDDEN:
        return errors.permanent("forbidden", said)
    if error.type in _INVALID or (error.extensions and error.extensions.code):
        return errors.permanent("invalid", said)
    # "Something went wrong while executing your query": a timeout of GitHub's own, and whatever else has no name.
    return errors.transient("unreachable", said)
