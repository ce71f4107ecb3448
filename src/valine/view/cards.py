"""A document of a run as Discord shows it: its pages, from its facts alone. The same facts give the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from valine.orchestrator.facts import Board, PlanCard, ThreadLine
from valine.view.board import board
from valine.view.plan_card import plan_card
from valine.view.thread import thread_line

if TYPE_CHECKING:
    from valine.orchestrator.facts import Document
    from valine.view.components import Message


def render(facts: Document) -> tuple[Message, ...]:
    """The pages of the document, at least one."""
    match facts:
        case PlanCard():
            return plan_card(facts)
        case Board():
            return board(facts)
        case ThreadLine():
            return (thread_line(facts),)
        case _:
            assert_never(facts)
