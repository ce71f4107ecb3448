"""What the core remembers between calls is forgotten before its tests.

Mutation testing forks each mutant from a process that has run them already, and would be told the healthy answers.
"""

from __future__ import annotations

import pytest

from valine.orchestrator import document_facts, facts, rows, text, wanted
from valine.view import board as cards_board
from valine.view import plan_card as cards_plan


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_remembered() -> None:
    for remembering in (text.shorten, text.escape, cards_board._line, cards_plan._item, wanted._tidying_with):
        remembering.cache_clear()
    remembered = (document_facts._rows_of, document_facts._task_rows, facts._row_text, facts._rows_key, rows.row_of)
    for answers in remembered:
        answers.clear()
