"""What of a Markdown text its author says, rather than shows: no code, quotation, hidden comment or link title.

The blocks are CommonMark's (https://spec.commonmark.org/0.31.2/#phase-1-block-structure). Where GitHub shows more as
code than CommonMark knows (`<code>` around paragraphs), or a construct is left open, the stricter reading holds.
Linear in the length of the text; held against markdown-it-py in tests/orchestrator/test_markdown.py.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from valine.orchestrator.markdown_inline import HIDDEN, TAG, Visible

DEEPEST = 20  # nested quotes and lists; what lies deeper, and all after it, counts as shown (markdown-it's limit, too)
TAB = 4
CODE_INDENT = 4  # spaces that make code of a line: https://spec.commonmark.org/0.31.2/#indented-code-blocks

ONE = re.compile(f"{HIDDEN}++")
LINE_END = re.compile(r"\r\n|\r|\n")
FENCE = re.compile(r"(`{3,})[^`]*+$|(~{3,})")
HEADING = re.compile(r"#{1,6}(?: |$)")
UNDERLINE = re.compile(r"(?:=+|-+) *$")
RULE = re.compile(r"(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$")
MARKER = re.compile(r"([-+*]|[0-9]{1,9}[.)])( +|$)")
# https://spec.commonmark.org/0.31.2/#html-blocks, kinds 1 to 5 with what ends each:
HTML = (
    (
        re.compile(r"<(?:script|pre|style|textarea)(?:\s|>|$)", re.IGNORECASE),
        re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE),
    ),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
)
NAMES = (  # kind 6; it and kind 7 end at an empty line
    "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt "
    "fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link "
    "main menu menuitem nav noframes ol optgroup option p param search section source summary table tbody td tfoot th "
    "thead title tr track ul"
)
HTML_NAMED = re.compile(rf"</?(?:{NAMES.replace(' ', '|')})(?:\s|/?>|$)", re.IGNORECASE)
HTML_ALONE = re.compile(rf"(?:{TAG}) *$")


class Leaf(Enum):
    """What the line before belongs to."""

    NONE = auto()
    PARAGRAPH = auto()
    FENCE = auto()
    HTML = auto()


class Container:
    """A block quote, or a list item whose text begins `width` columns into it."""

    def __init__(self, width: int | None, *, empty: bool = False) -> None:
        self.width = width
        self.empty = empty  # an item whose first line holds its marker only: an empty line ends it


class Piece(NamedTuple):
    """A paragraph, heading or HTML block: for each line its number, what stands before its text, and the text."""

    raw: bool
    quoted: bool
    lines: list[tuple[int, str, str]]


def spoken(text: str) -> list[str]:
    """Each line of the text, with HIDDEN for what its author does not say there; list markers stay.

    A line in raw HTML begins with HIDDEN, whatever of it is visible.
    """
    lines = LINE_END.split(text)
    blocks = Blocks()
    for line in lines:
        if not blocks.take(line.expandtabs(TAB)):
            break
    said = ["" if not line.strip() else HIDDEN for line in lines]
    visible = Visible()
    for piece in blocks.pieces:
        source = "\n".join(text for _, _, text in piece.lines)
        shown = (visible.html(source) if piece.raw else visible.paragraph(source)).split("\n")
        for (number, before, _), left in zip(piece.lines, shown, strict=True):
            if not piece.quoted:
                said[number] = ONE.sub(HIDDEN, (HIDDEN if piece.raw else before) + left)
    return said


class Blocks:
    """The block structure of the lines taken so far: their paragraphs and HTML blocks, in `pieces`."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self._containers: list[Container] = []
        self._leaf = Leaf.NONE
        self._fence = ""
        self._html_end: re.Pattern[str] | None = None
        self._number = -1

    def take(self, line: str) -> bool:
        """Take the next line, in which no tabs are left; False if it nests too deeply to be read."""
        self._number += 1
        at, matched = self._matched(line)
        whole = matched == len(self._containers)
        if not line[at:].strip(" "):
            self._take_empty(line, at, matched)
            return True
        if whole and self._leaf is Leaf.FENCE:
            self._take_fenced(line[at:])
            return True
        if whole and self._leaf is Leaf.HTML:
            self._take_html(line, at)
            return True
        return self._take_new(line, at, matched)

    def _matched(self, line: str) -> tuple[int, int]:
        """How far into the line its containers reach, and how many of those that are open go on in it."""
        at = 0
        for count, container in enumerate(self._containers):
            indent = _indent(line, at)
            empty = at + indent == len(line)
            if container.width is None:
                if indent >= CODE_INDENT or empty or line[at + indent] != ">":
                    return at, count
                at = _after_quote(line, at + indent)
            elif empty and not container.empty:
                at = min(at + container.width, len(line))
            elif indent >= container.width and not empty:
                container.empty = False
                at += container.width
            else:
                return at, count
        return at, len(self._containers)

    def _take_empty(self, line: str, at: int, matched: int) -> None:
        if matched < len(self._containers):
            self._close(matched)
        elif self._leaf is Leaf.PARAGRAPH or (self._leaf is Leaf.HTML and self._html_end is None):
            self._leaf = Leaf.NONE
        elif self._leaf is Leaf.HTML:
            self._add(line, at)

    def _take_fenced(self, rest: str) -> None:
        indent = _indent(rest, 0)
        mark = rest.strip(" ")
        if indent < CODE_INDENT and mark.startswith(self._fence) and not mark.strip(self._fence[0]):
            self._leaf = Leaf.NONE

    def _take_html(self, line: str, at: int) -> None:
        self._add(line, at)
        if self._html_end is not None and self._html_end.search(line, at):
            self._leaf = Leaf.NONE

    def _take_new(self, line: str, at: int, matched: int) -> bool:
        """Open what begins in the line: containers first, then what they hold; False if they are too many."""
        goes_on = self._leaf is Leaf.PARAGRAPH  # until something else begins, be it lazily
        while True:
            indent = _indent(line, at)
            start = at + indent
            interrupts = goes_on and matched == len(self._containers)
            if start == len(line):  # nothing after the marker of a quote or an item
                return True
            opened = None if indent >= CODE_INDENT else self._container_at(line, at, start, interrupts=interrupts)
            if opened is None:
                self._take_leaf(line, start, matched, indent=indent, goes_on=goes_on)
                return True
            self._close(matched)
            container, at = opened
            self._containers.append(container)
            matched += 1
            goes_on = False
            if matched > DEEPEST:
                return False

    def _container_at(self, line: str, at: int, start: int, *, interrupts: bool) -> tuple[Container, int] | None:
        """The quote or list item that begins at `start`, and where its text does."""
        if line[start] == ">":
            return Container(None), _after_quote(line, start)
        if RULE.match(line, start) or (interrupts and UNDERLINE.match(line, start)):
            return None
        marker = MARKER.match(line, start)
        if marker is None:
            return None
        empty = marker.end() == len(line)
        if interrupts and (empty or marker[1][:-1] not in {"", "1"}):
            return None
        spaces = len(marker[2])
        end = marker.end(1) + (1 if empty or spaces > CODE_INDENT else spaces)
        return Container(end - at, empty=empty), min(end, len(line))

    def _take_leaf(self, line: str, start: int, matched: int, *, indent: int, goes_on: bool) -> None:
        whole = matched == len(self._containers)
        if indent >= CODE_INDENT:
            if goes_on:
                self._add(line, start)
            else:
                self._close(matched)
        elif fence := FENCE.match(line, start):
            self._close(matched)
            self._leaf, self._fence = Leaf.FENCE, fence[1] or fence[2]
        elif goes_on and whole and UNDERLINE.match(line, start):
            self._leaf = Leaf.NONE
        elif self._begins_html(line, start, alone=not goes_on):
            self._close(matched)
            self._leaf = Leaf.HTML
            self._begin(raw=True)
            self._take_html(line, start)
        elif HEADING.match(line, start):
            self._close(matched)
            self._begin(raw=False)
            self._add(line, start)
        elif RULE.match(line, start):
            self._close(matched)
        else:
            if not goes_on:
                self._close(matched)
                self._leaf = Leaf.PARAGRAPH
                self._begin(raw=False)
            self._add(line, start)

    def _begins_html(self, line: str, start: int, *, alone: bool) -> bool:
        if line[start] != "<":
            return False
        for begins, ends in HTML:
            if begins.match(line, start):
                self._html_end = ends
                return True
        self._html_end = None
        return bool(HTML_NAMED.match(line, start) or (alone and HTML_ALONE.match(line, start)))

    def _close(self, matched: int) -> None:
        """Leave what the line is not part of, and the paragraph or block before it."""
        del self._containers[matched:]
        self._leaf = Leaf.NONE

    def _begin(self, *, raw: bool) -> None:
        quoted = any(container.width is None for container in self._containers)
        self.pieces.append(Piece(raw=raw, quoted=quoted, lines=[]))

    def _add(self, line: str, at: int) -> None:
        self.pieces[-1].lines.append((self._number, line[:at], line[at:]))


def _indent(line: str, at: int) -> int:
    end = at
    while end < len(line) and line[end] == " ":
        end += 1
    return end - at


def _after_quote(line: str, start: int) -> int:
    """Where the text of a quote begins whose mark is at `start`: one space belongs to the mark."""
    return start + (2 if line[start + 1 : start + 2] == " " else 1)
