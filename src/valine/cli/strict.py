"""Which requests are read at all: what a proxy and a server may read in two ways is refused, and so are endless heads.

https://www.rfc-editor.org/rfc/rfc9112#section-6.3 on framing, https://www.rfc-editor.org/rfc/rfc9112#section-2.3
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_HEAD = 64 * 1024  # bytes of request line and headers, or of trailers: GitHub's and Discord's take about 2 KiB
VERSIONS = (b"1.0", b"1.1")
SEPARATORS = 4  # bytes of a header line that are neither its name nor its value: ": " and CRLF
TOO_LARGE = 431  # https://www.rfc-editor.org/rfc/rfc6585#section-5


class StrictConnection(h11.Connection):
    """h11's reading of HTTP/1.1, less what is ambiguous. `refused_with` is the status for what it refused."""

    refused_with = 400

    def __init__(self) -> None:
        # h11 looks at what is not whole yet, _check at what is: in how many pieces a head came makes no difference.
        super().__init__(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)

    def next_event(self) -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        """The next event. Raises h11.RemoteProtocolError; its text may hold what was sent, and belongs in no log."""
        try:
            event = super().next_event()
            _check(event)
        except h11.RemoteProtocolError as error:
            self.refused_with = error.error_status_hint
            raise
        return event


def _check(event: object) -> None:
    if isinstance(event, h11.Request):
        _check_framing(event)
        _check_size(event.headers, len(event.method) + len(event.target))
    elif isinstance(event, h11.EndOfMessage):
        _check_size(event.headers, 0)


def _check_framing(request: h11.Request) -> None:
    if request.http_version not in VERSIONS:
        raise h11.RemoteProtocolError("not a version of HTTP that is spoken here")
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" in names and (b"content-length" in names or request.http_version == b"1.0"):
        raise h11.RemoteProtocolError("two answers to where the body ends")


def _check_size(headers: Iterable[tuple[bytes, bytes]], line: int) -> None:
    if line + sum(len(name) + len(value) + SEPARATORS for name, value in headers) > LARGEST_HEAD:
        raise h11.RemoteProtocolError("too many bytes of headers", error_status_hint=TOO_LARGE)
