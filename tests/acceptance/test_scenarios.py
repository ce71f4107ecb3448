"""The stories of the spine that a scenario file can tell; what needs a hand inside Valine is in the modules beside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from play.scenario.collected import passes, scenarios

if TYPE_CHECKING:
    from valine_play.scenario.parse import Scenario

FOLDER = Path(__file__).parent / "scenarios"


@pytest.mark.parametrize(("path", "scenario"), scenarios(FOLDER.glob("*.scenario")))
async def test_a_story_of_the_spine(path: Path, scenario: Scenario) -> None:
    await passes(path, scenario)
