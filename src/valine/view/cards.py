"""A document of a run as Discord shows it: its pages, from its facts alone. The same facts give the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, assert_never

import msgspec

from valine.orchestrator.facts.documents import Board, Document, PlanCard, ThreadLine
from valine.view import RENDER_VERSION
from valine.view.board import board
from valine.view.components import Message
from valine.view.plan_card import plan_card
from valine.view.thread import thread_line


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


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """How a build renders documents, and the version of that: what a lower one wrote is written again."""

    version: int
    render: Callable[[Document], tuple[Message, ...]]


RENDERING: Final = Rendering(version=RENDER_VERSION, render=render)
