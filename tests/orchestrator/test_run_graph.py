from __future__ import annotations

from typing import TYPE_CHECKING

from valine.orchestrator.graph import MOVES
from valine.orchestrator.run_graph import as_markdown

if TYPE_CHECKING:
    from pathlib import Path


def test_the_page_is_what_the_table_says(root: Path) -> None:
    written = (root / "docs" / "run-graph.md").read_text(encoding="utf-8")

    assert written == as_markdown(), "run `./dev docs`"


def test_each_move_has_a_row() -> None:
    page = as_markdown()

    assert all(page.count(f"| {move.cause} |") for move in MOVES)
    assert page.count("\n| ") == len(MOVES) + 1
