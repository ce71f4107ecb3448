"""What the core remembers between calls is forgotten before its tests.

Mutation testing forks each mutant from a process that has run them already, and would be told the healthy answers.
"""

from __future__ import annotations

import pytest

from valine.orchestrator import document_facts, facts, rows, text
from valine.view import board as cards_board
from valine.view import plan_card as cards_plan


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_remembered() -> None:
    for remembering in (text.shorten, text.escape, cards_board._line, cards_plan._item):
        remembering.cache_clear()
    for answers in (document_facts._rows_of, facts._row_key, rows.row_of):
        answers.clear()
