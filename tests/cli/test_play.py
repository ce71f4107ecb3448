"""What plays on the twins is a distribution of its own: the product does without, and says how to have it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT = "import sys; sys.modules['valine_play'] = None; from valine.cli import main; sys.exit(main(sys.argv[1:]))"


def without_play(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments],
        env={"PYTHONPATH": str(root / "src"), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments", [["demo"], ["demo", "--json", "day.json"], ["scenario", "run", "a.scenario"], ["simulate", "--help"]]
)
def test_without_valine_play_a_command_that_needs_it_says_in_one_line_what_to_install(
    root: Path, arguments: list[str]
) -> None:
    done = without_play(root, *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"`valine {arguments[0]}` is in a distribution of its own: install it with `pip install 'valine[play]'`.\n"
    )


def test_help_names_the_commands_of_valine_play_whether_it_is_installed_or_not(root: Path) -> None:
    here = subprocess.run(
        [sys.executable, "-m", "valine", "--help"],
        env={"PYTHONPATH": str(root / "src"), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    bare = without_play(root, "--help").stdout

    def commands(told: str) -> list[str]:
        return sorted(line.split()[0] for line in told.partition("Commands:")[2].splitlines() if line.strip())

    assert commands(here) == commands(bare)
    assert {"demo", "scenario", "simulate"} <= set(commands(bare))


def test_the_extra_only_names_the_distribution_and_the_environments_hold_what_it_needs(root: Path) -> None:
    product = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    play = tomllib.loads((root / "play" / "pyproject.toml").read_text(encoding="utf-8"))

    assert product["project"]["optional-dependencies"]["play"] == [play["project"]["name"]]
    assert play["project"]["dependencies"] == ["valine", *product["dependency-groups"]["simulator"]]
    assert play["project"]["requires-python"] == product["project"]["requires-python"]
