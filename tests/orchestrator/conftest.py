"""What the core remembers between calls is forgotten before its tests.

Mutation testing forks each mutant from a process that has run them already, and would be told the healthy answers.
"""

from __future__ import annotations

import pytest

from valine.orchestrator import text
from valine.orchestrator.decide import desired_effects
from valine.orchestrator.facts import documents, of_run, rows
from valine.view import board as cards_board
from valine.view import plan_card as cards_plan


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_remembered() -> None:
    for remembering in (text.shorten, text.escape, cards_board._line, cards_plan._item, desired_effects._tidying_with):
        remembering.cache_clear()
    remembered = (of_run._rows_of, of_run._task_rows, documents._row_text, documents._rows_key, rows.row_of)
    for answers in remembered:
        answers.clear()
