"""The lines that git speaks over HTTP, read and written: refs on offer, what a push asks for, and how it went.

Only the push side is spoken here, because the twin decides about every ref; fetching is git's own to answer.
https://git-scm.com/docs/gitprotocol-pack and https://git-scm.com/docs/gitprotocol-http
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTHING = "0" * 40
FLUSH = b"0000"
CAPABILITIES = b"report-status delete-refs side-band-64k ofs-delta atomic object-format=sha1 agent=git/twin"
_RESULT, _REMARK = b"\x01", b"\x02"
_MOST_IN_BAND = 65515


class NotGit(ValueError):
    """The bytes are no push of git's."""


class Command(msgspec.Struct, frozen=True):
    """What a push asks of one ref: to go from `old` to `new`, forty zeros for not being there."""

    old: str
    new: str
    ref: str


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """A whole push. `pack` is empty where nothing but deletions is asked for."""

    commands: tuple[Command, ...]
    capabilities: frozenset[str]
    pack: bytes


def line(body: bytes) -> bytes:
    """One line of the protocol: its length in four hex digits, then itself."""
    return b"%04x" % (len(body) + 4) + body


def offer(refs: Mapping[str, str]) -> bytes:
    """What a client that wants to push is told first: the refs as they are, and what may be asked."""
    shown = sorted(refs.items()) or [("capabilities^{}", NOTHING)]
    lines = [f"{sha} {name}".encode() for name, sha in shown]
    lines[0] += b"\0" + CAPABILITIES
    return line(b"# service=git-receive-pack\n") + FLUSH + b"".join(line(one + b"\n") for one in lines) + FLUSH


def read_push(body: bytes) -> Push:
    """Read what a client sent to git-receive-pack. Raises NotGit."""
    commands: list[Command] = []
    capabilities: frozenset[str] = frozenset()
    at = 0
    while body[at : at + 4] != FLUSH:
        text, at = _line_at(body, at)
        asked, _, more = text.partition(b"\0")
        if more:
            capabilities = frozenset(more.decode(errors="replace").split())
        if asked.startswith(b"shallow "):
            continue  # the pusher's own history is cut there; what was pushed is held against ours
        commands.append(_command(asked))
    return Push(commands=tuple(commands), capabilities=capabilities, pack=body[at + 4 :])


def _line_at(body: bytes, at: int) -> tuple[bytes, int]:
    try:
        length = int(body[at : at + 4], 16)
    except ValueError as error:
        raise NotGit("a line of a push has no length") from error
    if length < 5 or at + length > len(body):
        raise NotGit("a push breaks off")
    return body[at + 4 : at + length].rstrip(b"\n"), at + length


def _command(asked: bytes) -> Command:
    parts = asked.decode(errors="replace").split(" ", 2)
    if len(parts) != 3 or len(parts[0]) != 40 or len(parts[1]) != 40:
        raise NotGit("a line of a push is no command")
    return Command(*parts)


def report(push: Push, refused: Mapping[str, str], *, unpacked: str = "ok", remarks: str = "") -> bytes:
    """How a push went, ref by ref (`refused`: why not), and `remarks` that git shows to its user as `remote:`."""
    ends = (f"ng {one.ref} {refused[one.ref]}" if one.ref in refused else f"ok {one.ref}" for one in push.commands)
    told = b"".join(line(f"{one}\n".encode()) for one in (f"unpack {unpacked}", *ends)) + FLUSH
    if "side-band-64k" not in push.capabilities:
        return told
    return _band(_REMARK, remarks.encode()) + _band(_RESULT, told) + FLUSH


def _band(number: bytes, told: bytes) -> bytes:
    pieces = [told[at : at + _MOST_IN_BAND] for at in range(0, len(told), _MOST_IN_BAND)]
    return b"".join(line(number + piece) for piece in pieces)
