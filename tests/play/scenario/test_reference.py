"""docs/scenarios.md and the examples: they are what the table says, and every one of them plays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from play.scenario.collected import passes, scenarios
from valine_play.scenario.parse import parse
from valine_play.scenario.reference import as_markdown

if TYPE_CHECKING:
    from valine_play.scenario.parse import Scenario

ROOT = Path(__file__).resolve().parent.parent.parent.parent
EXAMPLES = ROOT / "examples" / "scenarios"
BLOCK = re.compile(r"^```scenario\n(.*?)^```$", re.DOTALL | re.MULTILINE)
IN_THE_PAGE = [parse(text, name="page")[0] for text in BLOCK.findall(as_markdown())]
COMMANDS = {"plan", "approve", "status", "ship", "comments"}


def test_the_page_is_what_the_table_says() -> None:
    written = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")

    assert written == as_markdown(), "run `./dev docs`"


def test_no_line_of_the_pages_examples_is_mistaken() -> None:
    blocks = BLOCK.findall(as_markdown())

    assert len(blocks) == 3
    assert [parse(text, name="page")[1] for text in blocks] == [()] * 3


@pytest.mark.parametrize("scenario", [one for block in IN_THE_PAGE for one in block], ids=lambda one: one.name)
async def test_an_example_of_the_page_plays(scenario: Scenario) -> None:
    await passes(ROOT / "docs" / "scenarios.md", scenario)


@pytest.mark.parametrize(("path", "scenario"), scenarios(EXAMPLES.glob("*.scenario")))
async def test_an_example_plays(path: Path, scenario: Scenario) -> None:
    await passes(path, scenario)


def test_there_is_an_example_of_each_command_and_of_five_failures() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.scenario")}

    assert names >= COMMANDS
    assert len(names - COMMANDS) >= 5
