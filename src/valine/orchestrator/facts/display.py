"""What is on show of a run: its documents, the pages of each, and when a document counts as shown.

A document (the plan card, the board, a line in the thread) counts as shown when its pages 1 to n all carry the key of
the facts that it has now. How many pages that takes is for whoever writes them; nothing here knows a text or a layout.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from valine.orchestrator.facts.documents import key
from valine.orchestrator.facts.of_run import facts_of
from valine.orchestrator.remembering import Remembering

if TYPE_CHECKING:
    from datetime import datetime

    from valine.orchestrator.model.run import Posted, Run

PAGED = re.compile(r"(card|board)\.([1-9][0-9]{0,3})")


class WritePage(msgspec.Struct, frozen=True):
    """This page must be written."""

    page: int


class RemovePage(msgspec.Struct, frozen=True):
    """This page is no longer needed."""

    page: int


def documents(run: Run) -> tuple[str, ...]:
    """The documents that should be on show: the card first, for its thread; then the board; then the thread's lines."""
    board = ("board",) if run.tasks else ()
    return ("card", *board, *(f"milestone.{milestone.key}" for milestone in run.milestones))


def document_of(name: str) -> tuple[str, int]:
    """The document and the page that a message's name stands for."""
    match = PAGED.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, 1)


def in_thread(name: str) -> bool:
    """Whether the message belongs in the run's thread; only the card and the board stand in the channel."""
    return name not in {"card", "board"}


def is_line(document: str) -> bool:
    """Whether it is a line in the thread: said once, it stays as it was said."""
    return document.startswith("milestone.")


def pages(run: Run, document: str) -> dict[int, Posted]:
    """The pages of the document that are on Discord, by their number, the lowest first.

    Not all need be there, or have a record: runs stored before version 2 may have a third page and no second.
    """
    if is_line(document):
        line = run.messages.get(document)
        return {1: line} if line is not None and line.message else {}
    return _pages_by_document(run.messages).get(document, {})


def _paged(messages: dict[str, Posted]) -> dict[str, dict[int, Posted]]:
    found: dict[str, dict[int, Posted]] = {}
    for name, posted in messages.items():
        if posted.message and not is_line(name):
            document, page = document_of(name)
            found.setdefault(document, {})[page] = posted
    return {document: dict(sorted(pages.items())) for document, pages in found.items()}


_pages_by_document = Remembering(_paged, most=64)


def is_shown(run: Run, document: str) -> bool:
    """Whether all pages of the document are on show with the facts that it has now."""
    found = pages(run, document)
    first = found.get(1)
    if first is None or is_line(document):
        return first is not None
    facts = facts_of(run, document)
    if facts is None or first.facts != key(facts):
        return False
    as_the_first = (first.facts, first.pages, first.render)
    return all(
        page in found and (found[page].facts, found[page].pages, found[page].render) == as_the_first
        for page in range(1, first.pages + 1)
    )


def is_begun(run: Run, document: str) -> bool:
    """Whether its first page is on show with the facts that it has now; the others need the thread."""
    first, facts = pages(run, document).get(1), facts_of(run, document)
    return first is not None and facts is not None and first.facts == key(facts)


def is_settled(run: Run, document: str) -> bool:
    """Whether it is shown, and no page is left over from when it took more."""
    if is_line(document):
        return bool(pages(run, document))
    found = pages(run, document)
    return is_shown(run, document) and len(found) == found[1].pages


def is_outdated(run: Run, document: str, render: int) -> bool:
    """Whether it was written by an older version of the rendering than `render`. Lines stay as they were said."""
    return not is_line(document) and any(posted.render < render for posted in pages(run, document).values())


def shown_by(run: Run, document: str, asked_at: datetime, at: datetime) -> bool:
    """Whether the last page of a shown document was on show when somebody typed, at `asked_at` by the platform's clock.

    By the platforms' clocks, since ours may be wrong; where Discord told no time, not even if ours is slow.
    """
    found = pages(run, document)
    return all(_written_by(found[page], asked_at, at) for page in range(1, found[1].pages + 1))


def _written_by(posted: Posted, asked_at: datetime, at: datetime) -> bool:
    if posted.shown_at is not None:
        return posted.shown_at <= asked_at
    return posted.at <= min(asked_at, at)


def next_step(run: Run, document: str, facts: str, count: int, render: int) -> WritePage | RemovePage | None:
    """The first page that is not as it must be, if the document with these facts takes `count` pages; None if all are.

    Pages of one document are all of one rendering: laid out differently, rows would be missing or there twice.
    """
    found = pages(run, document)
    for page in range(1, count + 1):
        posted = found.get(page)
        if posted is None or (posted.facts, posted.pages, posted.render) != (facts, count, render):
            return WritePage(page)
    return next((RemovePage(page) for page in sorted(found, reverse=True) if page > count), None)
