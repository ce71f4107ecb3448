"""The storm itself: the same seed gives the same day, and no seed of these breaks a law."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from storm.checker_github import OnGitHub
from storm.choices import Bits, Choices
from storm.main import main
from storm.play import play
from storm.process import Parts
from storm.profiles import PROFILES, TEAMS
from storm.shrink import shrink
from storm.test_rules_off import Hasty
from storm.totals import Totals

if TYPE_CHECKING:
    from pathlib import Path


def transcript(seed: int, profile: str) -> list[str]:
    lines: list[str] = []
    play(seed, profile=profile, told=lines.append)
    return lines


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_the_same_seed_gives_the_same_day(profile: str) -> None:
    assert transcript(7, profile) == transcript(7, profile)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_no_law_is_broken(profile: str) -> None:
    assert [play(seed, profile=profile).violations for seed in range(100, 103)] == [[]] * 3


def test_checks_end_while_a_round_goes_on_so_that_what_was_brought_up_to_date_is_merged_in_it() -> None:
    strict = next(number for number, team in enumerate(TEAMS) if team.strict)
    lines: list[str] = []

    play(0, profile="ship", team=strict, story={}, told=lines.append)

    acts = [word for line in lines for word in ("update-branch", "set_check", "/merge") if word in line]
    assert acts == ["/merge", "update-branch", "set_check", "/merge"]
    assert sum("ShipConfirmed" in line for line in lines) == 1


def test_a_story_told_again_is_the_same_and_without_it_the_day_is_ordinary() -> None:
    played = play(4, profile="crash")

    again, ordinary = play(4, profile="crash", story=played.story), play(4, profile="crash", story={})

    assert (again.faults, again.steps) == (played.faults, played.steps)
    assert ordinary.faults == Counter()
    assert played.faults.total() > 0


def test_a_story_is_shrunk_to_what_breaks_the_law() -> None:
    class Off(Parts):
        forge = Hasty

    broken = next(p for seed in range(60) if (p := play(seed, profile="open", parts=Off)).violations)

    story = shrink(broken, parts=Off)

    assert 0 < len(story) <= 3
    assert any("/comments" in address for address in story)


def test_a_check_that_breaks_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("none")

    monkeypatch.setattr(OnGitHub, "asked", broken)

    assert [str(one) for one in play(0, profile="open").violations] == ["the storm itself: asked: KeyError('none')"]


def test_leaving_out_one_decision_leaves_the_others_as_they_are() -> None:
    choices = Choices(5)

    first = [choices.unusual(f"a{number}", 0.5, lambda bits: str(bits.below(9))) for number in range(20)]
    last = Choices(5).unusual("a19", 0.5, lambda bits: str(bits.below(9)))

    assert first[19] == last
    assert 0 < len(choices.made) < 20


def test_weights_decide_how_often_a_kind_is_drawn() -> None:
    drawn = Counter(Bits(number).weighed({"often": 3, "rarely": 1, "never": 0}) for number in range(100))

    assert drawn == {"often": 75, "rarely": 25}


def test_totals_go_on_where_the_last_sitting_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "totals.json"

    assert main(["--seeds", "2", "--profile", "open", "--resume", str(path)]) == 0
    assert main(["--seeds", "1", "--profile", "open", "--resume", str(path)]) == 0

    assert "In all: 3 seeds" in capsys.readouterr().out
    assert Totals.load(path).next_seed == 3
    assert [sitting["seeds"] for sitting in json.loads(path.read_text())["sittings"].values()] == [3]


def test_one_seed_is_told_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "3", "--profile", "open", "--story"]) == 0

    told = capsys.readouterr().out
    assert "discord: command by=Ana name=plan" in told
    assert "github POST /pulls" in told
