"""A run as Discord shows it: which messages there should be, and the content of each, from the run alone.

The same run gives the same bytes; the digest of a message changes when, and only when, its content does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from valine.orchestrator import naming
from valine.view.board import board_page, board_pages
from valine.view.components import (
    Message,
    clip,
    custom_id,
    said,
)
from valine.view.plan_card import plan_page, plan_pages
from valine.view.thread import milestone, rung

if TYPE_CHECKING:
    from valine.orchestrator.model import Run

__all__ = ["Message", "custom_id", "in_thread", "names", "render"]

NAME = re.compile(r"(card|board)(?:\.([1-9][0-9]{0,3}))?")


def names(run: Run) -> tuple[str, ...]:
    """The messages that should exist now: the card first, then the board, their further pages, the milestones.

    A page that was posted once stays in the list after the plan or board has shrunk, so that it is brought up to date.
    """
    board = _named("board", board_pages(run), run) if run.tasks else []
    return (*_named("card", plan_pages(run), run), *board, *(f"milestone.{m.key}" for m in run.milestones))


def _named(kind: str, count: int, run: Run) -> list[str]:
    found = [NAME.fullmatch(name) for name in run.messages]
    posted = [int(match[2] or 1) for match in found if match and match[1] == kind]
    return [kind if page == 1 else f"{kind}.{page}" for page in range(1, max([count, *posted]) + 1)]


def in_thread(name: str) -> bool:
    """Whether the message belongs in the run's thread; only the card and the board stand in the channel."""
    return name not in {"card", "board"}


def render(run: Run, name: str) -> Message:
    """The message as it should be now. One that is none of `names(run)` says that it is not needed any more."""
    match = NAME.fullmatch(name)
    if match is not None and (match[1] == "card" or run.tasks):
        return (plan_page if match[1] == "card" else board_page)(run, int(match[2] or 1))
    found = next((m for m in run.milestones if f"milestone.{m.key}" == name), None)
    line = milestone(run, found) if found is not None else "This message is not needed any more."
    content = f"{clip(line, 1_700)}\n-# {naming.marker(run, name)}"
    return said(content, rung(run, found) if found is not None else ())
