"""Other people's words made safe to show: on one line, without a way to mention, to forge or to overflow.

Lengths are counted in UTF-16 units, as Discord's clients do: never fewer than Python counts.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

ZERO_WIDTH = "\u200b"
ISOLATE, ISOLATE_END = "\u2068", "\u2069"
JOINERS = frozenset("\u200c\u200d")  # they hold emoji and some scripts together
MARKS_IN_A_ROW = 4
LOOKED_AT = 16  # times the limit: so much of it may be invisible
REMEMBERED = 4096  # a large run is shown anew after every event, and most of its titles stay
MARKDOWN = frozenset("\\*_~`[]<")
LINE_STARTERS = frozenset("#->+")


def size(text: str) -> int:
    """Its length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str) -> str:
    """The text on one line, without control, format and direction characters or heaps of accents."""
    kept: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if category in {"Cc", "Zs", "Zl", "Zp"}:
            kept.append(" ")
        elif (category not in {"Cf", "Cs"} or char in JOINERS) and marks <= MARKS_IN_A_ROW:
            kept.append(char)
    return " ".join("".join(kept).split())


@functools.lru_cache(REMEMBERED)
def shorten(text: str, limit: int) -> str:
    """The plain text, cut to the limit with an ellipsis; for labels, where markdown means nothing."""
    clean = _start_of(text, limit)
    return _joined(clean, clean, limit)


@functools.lru_cache(REMEMBERED)
def escape(text: str, limit: int = 200) -> str:
    """The text as Discord markdown that shows exactly itself, within the limit, escapes included.

    No mention notifies anybody or is even coloured, no link is made, and right-to-left text stays inside its own place.
    """
    clean = _start_of(text, limit)
    return _joined(clean, _escaped(clean), limit)


def _start_of(text: str, limit: int) -> str:
    """The plain text, as much of it as can matter: of what is far too long, the rest is not even looked at."""
    most = LOOKED_AT * limit
    return plain(text) if len(text) <= most else plain(text[:most]) + "…"


def _escaped(clean: str) -> Iterable[str]:
    for place, char in enumerate(clean):
        if char == "@":
            yield char + ZERO_WIDTH
        elif (
            char in MARKDOWN
            or (char == "|" and "||" in clean[max(0, place - 1) : place + 2])
            or (char == ":" and re.match(r":(?://|[\w+-]+:)", clean[place : place + 64]))
            or (char in LINE_STARTERS and place == 0)
        ):
            yield "\\" + char
        else:
            yield char


def _joined(clean: str, pieces: Iterable[str], limit: int) -> str:
    """As many of the pieces as fit, none cut in two, with an ellipsis if some do not; isolated if right-to-left."""
    turned = any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in clean)
    room = limit - 2 * turned
    kept: list[str] = []
    used = 0
    lengths: list[int] = []
    for piece in pieces:
        used += size(piece)
        lengths.append(size(piece))
        kept.append(piece)
        if used > room:
            while kept and used > room - 1:
                used -= lengths.pop()
                kept.pop()
            while kept and kept[-1] in JOINERS:
                kept.pop()
            kept.append("…")
            break
    joined = "".join(kept)
    return f"{ISOLATE}{joined}{ISOLATE_END}" if turned else joined


CLOSING = re.compile(
    r"\b(c|f|r)(lose[sd]?|ix(?:e[sd])?|esolve[sd]?)\b"
    r"(?=\W{0,200}?(?:#\d|gh-\d|[\w.-]{1,100}/[\w.-]{1,100}#\d|https?:))",
    re.IGNORECASE,
)


def quiet(text: str) -> str:
    """The text for GitHub: it notifies nobody, closes no issue and carries no hidden comment.

    https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
    """
    text = re.sub(r"<!--.*?(?:-->|\Z)", "", text, flags=re.DOTALL).replace("<!", f"<{ZERO_WIDTH}!")
    text = re.sub(r"&(?=[#\w])", f"&{ZERO_WIDTH}", text)  # an entity could spell @ or #
    text = re.sub(r"@(?=\w)", f"@{ZERO_WIDTH}", text)
    return CLOSING.sub(rf"\1{ZERO_WIDTH}\2", text)


def github_line(text: str, limit: int = 200) -> str:
    """The text on one line as GitHub markdown that shows exactly itself, quietly."""
    return re.sub(r"([\\*_~`\[\]|<>])", r"\\\1", quiet(shorten(text, limit)))


def plural(count: int, noun: str) -> str:
    """1 issue, 2 issues."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(words: Iterable[str], most: int = 20, last: str = "and") -> str:
    """a, b and c; beyond `most` it tells how many more there are."""
    found = list(words)
    if len(found) > most:
        found = [*found[:most], f"{len(found) - most:,} more"]
    return f" {last} ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)


def numbers(issues: Collection[int], most: int = 20) -> str:
    """#1, #2 and #3."""
    return listed((f"#{issue}" for issue in issues), most)


def stamp(at: datetime, style: str = "R") -> str:
    """The time as Discord shows it in each reader's own words: in 3 hours."""
    return f"<t:{int(at.timestamp())}:{style}>"
