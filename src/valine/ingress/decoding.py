"""Reading what a platform sent: header names in any case, and JSON of which only the parts in use are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from valine.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


def header(headers: Mapping[str, str], name: str) -> str | None:
    """The header of that name, in whatever case it was written: HTTP/2 and API Gateway send lower case."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), None)


def decode(body: bytes, shape: type[T]) -> T:
    """The body as that shape, unknown fields ignored. Raises Malformed (400) if it is not JSON of that shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"the body is not the JSON that was expected: {error}") from error
    except RecursionError as error:
        raise Malformed("the body is nested too deeply") from error
