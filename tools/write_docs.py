"""Writes the pages that are made from the code. Run by `./dev docs` with the Python of .venv."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = {"run-graph.md": "valine.orchestrator.run_graph", "scenarios.md": "valine_play.scenario.reference"}


def main() -> int:
    """Write each page anew."""
    DOCS.mkdir(exist_ok=True)
    for name, module in PAGES.items():
        (DOCS / name).write_text(importlib.import_module(module).as_markdown(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
