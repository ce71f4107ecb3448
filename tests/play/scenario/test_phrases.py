"""The table of what can be written: every phrase can be played, means one thing, and is used by a story."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import pytest

from valine_play.scenario.faults import KINDS, TARGETS, fault
from valine_play.scenario.parse import parse
from valine_play.scenario.phrases import PHRASES
from valine_play.scenario.place import GIVERS
from valine_play.scenario.player import player_of
from valine_play.scenario.words import SLOTS, Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from valine_play.scenario.parse import Step
    from valine_play.scenario.phrase import Phrase

BUILT_IN = {"together", "before"}


def stories(root: Path) -> list[Path]:
    """Every scenario that is in the repository."""
    return [*root.glob("examples/scenarios/*.scenario"), *root.glob("tests/acceptance/scenarios/*.scenario")]


def all_steps(path: Path) -> Iterator[Step]:
    scenarios, mistakes = parse(path.read_text(encoding="utf-8"), name=path.stem)
    assert mistakes == ()
    for one in scenarios:
        for step in one.steps:
            yield step
            yield from step.steps


@pytest.mark.parametrize("phrase", [one for one in PHRASES if one.part != "given"], ids=lambda one: one.written)
def test_a_phrase_is_played_by_a_function_that_takes_what_it_says(phrase: Phrase) -> None:
    function = player_of(phrase)
    if phrase.name in BUILT_IN:
        assert phrase.block == "steps"
        return

    assert function is not None
    parameters = inspect.signature(function).parameters
    assert set(parameters) - {"stage"} == set(phrase.slots)
    alone = phrase.alone or phrase.part == "expect" or phrase.name == "types"
    assert alone or not inspect.iscoroutinefunction(function), "at once it could not be"


def test_all_that_is_given_has_somebody_who_gives_it() -> None:
    assert set(GIVERS) == {phrase.name for phrase in PHRASES if phrase.part == "given"}


def test_names_are_unique_within_a_part_and_places_are_known() -> None:
    names = [(phrase.part in {"discord", "github", "valine"}, phrase.part, phrase.name) for phrase in PHRASES]

    assert len(set(names)) == len(names)
    assert {kind for phrase in PHRASES for kind in phrase.slots.values()} <= set(SLOTS)


def test_every_line_of_every_story_means_one_thing(root: Path) -> None:
    for path in stories(root):
        for step in all_steps(path):
            meanings = []
            for phrase in PHRASES:
                words = phrase.match(step.text)
                if words is not None:
                    try:
                        phrase.values(words)
                    except Wrong:
                        continue
                    meanings.append(phrase.written)
            assert meanings == [step.phrase.written], f"{path}:{step.line}"


def test_every_phrase_is_used_by_a_story(root: Path) -> None:
    used = {(step.phrase.part, step.phrase.name) for path in stories(root) for step in all_steps(path)}

    assert {(phrase.part, phrase.name) for phrase in PHRASES} - used == set()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.written)
def test_every_way_to_go_wrong_is_a_fault_of_the_injector(kind: object) -> None:
    written = re.sub(r"\bN\b", "7", kind.written)  # type: ignore[attr-defined]
    target = "webhooks" if kind.delivered else "merges"  # type: ignore[attr-defined]

    thrown = fault("GitHub", written, "the next 3", target)

    assert thrown["times"] == 3
    assert ("7" in written) == any(thrown.get(name) == 7 for name in ("seconds", "status"))


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_belongs_to_one_service(name: str) -> None:
    service = TARGETS[name][0]
    other = {"GitHub": "Discord", "Discord": "GitHub"}[service]
    how = "doubles" if name in {"webhook", "interaction"} else "502 before"

    assert fault(service, how, "every", name)["times"] == -1
    if name != "request":
        with pytest.raises(Wrong, match=f"{other} gets no"):
            fault(other, how, "every", name)
