"""What markdown-it-py and Python's HTML parser show of a Markdown text: what `spoken` is held against."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

WORD = re.compile(r"w[0-9]+q")
PARSER = MarkdownIt("commonmark")
SHOWN_AS_CODE = {"pre", "code", "blockquote", "script", "style", "textarea", "title", "xmp", "kbd", "samp", "tt", "q"}


def words(text: str) -> set[str]:
    """The words that generated texts consist of."""
    return set(WORD.findall(text))


def plain_words(text: str) -> set[str]:
    """Those in plain text or links of paragraphs and headings: not in code, quotation, raw HTML or beside a picture."""
    found: set[str] = set()
    quotes = 0
    for token in PARSER.parse(text):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type == "inline" and not quotes:
            for child in token.children or ():
                if child.type == "text":
                    found |= words(child.content)
    return found


def visible_words(text: str) -> set[str]:
    """Those that a browser shows outside code and quotation, in the page that is made of the text."""
    page = _Page()
    page.feed(PARSER.render(text))
    page.close()
    return page.found


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in SHOWN_AS_CODE:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if not self._open:
            self.found |= words(data)

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """`<![…`, which the parser raises on and browsers take for a comment that ends at the first `>`."""
        return self.parse_bogus_comment(i, bool(report))
