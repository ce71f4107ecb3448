"""Scenario files as tests: each scenario one, by its name, its requests held against the platforms' descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared_specs import judges
from valine_play.scenario.parse import parse
from valine_play.scenario.player import play

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from _pytest.mark import ParameterSet

    from valine_play.scenario.parse import Scenario


def scenarios(paths: Iterable[Path]) -> list[ParameterSet]:
    """A parameter for each scenario in these files. A mistake in one fails the collection, with its line."""
    found = []
    for path in sorted(paths):
        several, mistakes = parse(path.read_text(encoding="utf-8"), name=path.stem)
        assert not mistakes, "\n".join(f"{path}:{one.line}: {one.says}\n    {one.text}" for one in mistakes)
        found += [pytest.param(path, one, id=f"{path.stem}: {one.name}") for one in several]
    return found


async def passes(path: Path, scenario: Scenario) -> None:
    """Play it: everything is as expected, and no request breaks the platforms' own rules."""
    requests: list[tuple[str, str, str, bytes]] = []

    outcome = await play(scenario, recorder=lambda *request: requests.append(request))

    said = [f"{path}:{one.line}: {one.said}\n    {one.text}" for one in outcome.failures]
    assert not said, "\n".join(said)
    assert judges.problems(requests) == []
