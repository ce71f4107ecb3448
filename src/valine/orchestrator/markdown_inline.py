"""What of a paragraph or of raw HTML is visible as plain text: not code, tags, comments, nor what they enclose.

Code spans and HTML as in https://spec.commonmark.org/0.31.2/#inlines. Which elements are open carries over from one
paragraph to the next, as in the page that a browser makes of them.
"""

from __future__ import annotations

import re
from bisect import bisect_left

HIDDEN = "\N{OBJECT REPLACEMENT CHARACTER}"  # in place of what is not said; no command and no phrase matches it

ATTRIBUTE = r"""\s++[A-Za-z_:][\w.:-]*+(?:\s*+=\s*+(?:[^\s"'=<>`]++|'[^']*+'|"[^"]*+"))?+"""
TAG = rf"<[A-Za-z][A-Za-z0-9-]*+(?:{ATTRIBUTE})*+\s*+/?>|</[A-Za-z][A-Za-z0-9-]*+\s*+>"
INLINE_TAG = re.compile(TAG, re.ASCII)
ANY_TAG = re.compile(r"""</?[A-Za-z](?:[^<>"']++|"[^"]*+"|'[^']*+')*+>""")  # what a browser makes of less careful ones
ANY_MARKUP = re.compile(r"<[!?/A-Za-z]")
TAG_NAME = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*+)")
TAGLESS = frozenset(
    {"iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "textarea", "title", "xmp"}
)
ELEMENTS = TAGLESS | {  # their text is code, quoted, or not shown at all
    *("blockquote", "code", "kbd", "listing", "math", "pre", "q", "samp", "select", "svg", "template", "tt"),
}
AUTOLINK = re.compile(r"<[A-Za-z][A-Za-z0-9.+-]{1,31}:[^\x00-\x20<>]*+>")
DEFINITION = re.compile(r"\[(?:[^\[\]\\]|\\.)*+\]:", re.DOTALL)
URL = r"[^()<>\s`\\\[\]]"
LINK_END = re.compile(  # of a link that ends on its line, and in which nothing can be taken for code or markup
    rf"""\((?:{URL}|\({URL}*+\))*+(?:[ ]++(?:"[^"<>`\\\[\]\n]*+"|'[^'<>`\\\[\]\n]*+'))?+[ ]*+\)"""
)
ESCAPED = re.compile(r"[!-/:-@\[-`{-~]")
NEXT = re.compile(r"[\\`<\[\]\n]")
TICKS = re.compile(r"`++")
COMMENT = "<!--"
ENDS = {COMMENT: "-->", "<?": "?>", "<![CDATA[": "]]>", "<!": ">"}  # the first that fits


class Visible:
    """Reads the pieces of one text in their order."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._over = False  # something was left open, and nobody can say where a browser sees its end

    def paragraph(self, text: str) -> str:
        """The text, line for line, with HIDDEN for what is not visible or not plain text."""
        if DEFINITION.match(text):
            return hidden(text)
        said = _Paragraph(text, self).read()
        self._end_piece()
        return said

    def html(self, text: str) -> str:
        """The same of a block of raw HTML."""
        said: list[str] = []
        markup = Markup(text)
        at = 0
        while (start := text.find("<", at)) >= 0:
            said.append(self.shown(text[at:start]))
            at = markup.end(start, ANY_TAG)
            if at == start and ANY_MARKUP.match(text, start):
                self._over = True
            at = max(at, start + 1)
            self.pass_markup(text[start:at])
            said.append(hidden(text[start:at]))
        said.append(self.shown(text[at:]))
        self._end_piece()
        return "".join(said)

    def shown(self, text: str) -> str:
        """The text, if nothing that hides it is open."""
        return hidden(text) if self._over or self._open else text

    def give_up(self) -> None:
        """Show nothing from here on."""
        self._over = True

    def pass_markup(self, markup: str) -> None:
        """Take note of the element that this tag opens or closes."""
        if name := TAG_NAME.match(markup):
            element = name[2].lower()
            if element in ELEMENTS and not name[1]:
                self._open.append(element)
            elif self._open and self._open[-1] == element:
                self._open.pop()
        elif markup.startswith(COMMENT):
            # Browsers end a comment at these, too: https://html.spec.whatwg.org/#comment-end-bang-state
            self._over |= markup.startswith(("<!-->", "<!--->")) or "--!>" in markup
        else:
            self._over |= "<" in markup[1:]  # browsers end a "<?" or "<!" at the first ">"

    def _end_piece(self) -> None:
        """In these elements a browser takes for text even the tags that end this paragraph, list or quote."""
        self._over |= not TAGLESS.isdisjoint(self._open)


class Markup:
    """Where the tags and comments of a text end; linear in it, however many begin."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._endless: set[str] = set()

    def end(self, start: int, tag: re.Pattern[str]) -> int:
        """Where the one ends that begins at `start`; `start` itself if it does not end."""
        if found := tag.match(self._text, start):
            return found.end()
        begins = next((begins for begins in ENDS if self._text.startswith(begins, start)), None)
        if begins is None or begins in self._endless:
            return start
        end = self._text.find(ENDS[begins], start + len(begins))
        if end < 0:
            self._endless.add(begins)
            return start
        return end + len(ENDS[begins])


class _Paragraph:
    """One reading of a paragraph, from its first character to its last."""

    def __init__(self, text: str, visible: Visible) -> None:
        self._text = text
        self._visible = visible
        self._markup = Markup(text)
        self._said: list[str] = []
        self._brackets = 0  # open ones: a link, or the words in place of an image, may go on over lines
        self._in_link = False  # in an address or a title that does not end on its line
        self._line_hidden = False
        self._ticks: dict[int, list[int]] = {}  # where runs of backticks begin, by their length
        for run in TICKS.finditer(text):
            self._ticks.setdefault(len(run[0]), []).append(run.start())

    def read(self) -> str:
        at = 0
        while (found := NEXT.search(self._text, at)) is not None:
            self._say(at, found.start())
            at = self._take(found[0], found.start())
        self._say(at, len(self._text))
        return "".join(self._said)

    def _take(self, mark: str, at: int) -> int:
        """Read what begins at the mark; where it ends."""
        end = at + 1
        if self._in_link and mark in "`<":  # it may belong to the address or title, or not
            self._visible.give_up()
        match mark:
            case "`":
                return self._code(at)
            case "<":
                return self._angle(at)
            case "\\":
                end += bool(ESCAPED.match(self._text, end))
            case "[":
                self._brackets += 1
            case "]":
                self._brackets = max(self._brackets - 1, 0)
                if self._text.startswith("(", end):
                    link = LINK_END.match(self._text, end)
                    end = link.end() if link else end
                    self._in_link |= link is None
                    self._line_hidden |= self._in_link
            case _:
                pass
        if mark == "\n":
            self._said.append(mark)
            self._line_hidden = self._in_link or self._brackets > 0
        else:
            self._say(at, end)
        return end

    def _code(self, at: int) -> int:
        run = TICKS.match(self._text, at)
        end = run.end() if run else at + 1
        closers = self._ticks.get(end - at, [])
        closer = bisect_left(closers, end)
        if closer == len(closers):
            self._say(at, end)
            return end
        end = closers[closer] + end - at
        self._hide(at, end)
        return end

    def _angle(self, at: int) -> int:
        link = AUTOLINK.match(self._text, at)
        if link:
            self._say(at, link.end())
            return link.end()
        end = self._markup.end(at, INLINE_TAG)
        if end > at:
            self._visible.pass_markup(self._text[at:end])
        elif self._text.startswith(COMMENT, at):
            self._visible.give_up()
        end = max(end, at + 1)
        self._hide(at, end)
        return end

    def _say(self, at: int, end: int) -> None:
        text = self._text[at:end]
        self._said.append(hidden(text) if self._line_hidden else self._visible.shown(text))

    def _hide(self, at: int, end: int) -> None:
        self._said.append(hidden(self._text[at:end]))


def hidden(text: str) -> str:
    """HIDDEN, on as many lines as the text has; nothing for nothing."""
    return "\n".join([HIDDEN] * (text.count("\n") + 1)) if text else ""
