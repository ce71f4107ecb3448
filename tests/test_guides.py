"""What the guides name is there: pages, tests, scenarios, commands and their options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from valine.cli import app

GUIDES = ("README.md", "INTEGRATION_GUIDE.md", "TESTING_GUIDE.md", "DEPLOYMENT_CHECKLIST.md", "CONTRIBUTING.md")
PAGES = ("SECURITY.md", "CHANGELOG.md", "docs/*.md", "docs/adr/*.md")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"(?:\./dev |`)valine ((?:[a-z]+ ?)+)([^`\n#]*)")
DEV = re.compile(r"\./dev ([a-z]+)")
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)`: `(test_\w+)`")
NAMED_SCENARIO = re.compile(r"`(tests/[\w/-]+\.scenario)`: ([^|]+?) \|")


def pages(root: Path) -> list[Path]:
    """Everything that is written for people."""
    return [*(root / name for name in GUIDES), *(page for pattern in PAGES for page in sorted(root.glob(pattern)))]


def test_links_lead_to_what_is_there(root: Path) -> None:
    broken = [
        f"{page.relative_to(root)}: {link}"
        for page in pages(root)
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]

    assert broken == []


def test_the_tests_that_the_guide_names_exist(root: Path) -> None:
    guide = (root / "TESTING_GUIDE.md").read_text(encoding="utf-8")
    tests, scenarios = NAMED_TEST.findall(guide), NAMED_SCENARIO.findall(guide)

    assert len(tests) + len(scenarios) == 10
    assert [name for path, name in tests if f"def {name}(" not in (root / path).read_text()] == []
    assert [name for path, name in scenarios if f"Scenario: {name}\n" not in (root / path).read_text()] == []


def commands(root: Path) -> list[tuple[str, str, str]]:
    """Each call of `valine` in the guides: where, the words, the rest of the line."""
    return [
        (page.name, words.strip(), rest)
        for page in pages(root)
        for words, rest in COMMAND.findall(page.read_text(encoding="utf-8"))
    ]


def found(words: list[str]) -> Any:
    """The command that these words call, what follows it left over; None if there is none."""
    command: Any = typer.main.get_command(app)
    for word in words:
        inner = getattr(command, "commands", None)  # a group has them
        if inner is None:
            return command
        if word not in inner:
            return None
        command = inner[word]
    return command


def test_the_commands_that_the_guides_name_exist_with_their_options(root: Path) -> None:
    unknown = []
    for page, words, rest in commands(root):
        command = found(words.split())
        names = {name for parameter in command.params for name in parameter.opts} if command else set()
        unknown += [f"{page}: valine {words}"] if command is None else []
        unknown += [
            f"{page}: valine {words} {option}" for option in re.findall(r"--[a-z-]+", rest) if option not in names
        ]

    assert len(commands(root)) > 20
    assert unknown == []


@pytest.mark.parametrize("name", GUIDES)
def test_the_tasks_that_the_guides_name_exist(root: Path, name: str) -> None:
    tasks = re.findall(r"^def ([a-z]+)\(args: list\[str\]\)", (root / "dev").read_text(), flags=re.MULTILINE)

    assert set(DEV.findall((root / name).read_text(encoding="utf-8"))) <= set(tasks)


def test_the_integration_guide_has_every_setting_that_is_read_and_no_other(root: Path) -> None:
    sources = [file.read_text(encoding="utf-8") for file in (root / "src/valine/settings").glob("*.py")]
    read = {name for source in sources for name in re.findall(r'"((?:DISCORD|GITHUB|VALINE)_[A-Z_]*[A-Z])"', source)}

    guide = (root / "INTEGRATION_GUIDE.md").read_text(encoding="utf-8").partition("## Every setting")[2]
    example = (root / ".env.example").read_text(encoding="utf-8")

    assert set(re.findall(r"`((?:DISCORD|GITHUB|VALINE)_[A-Z_]+)`", guide)) == read
    assert [name for name in sorted(read) if name not in example] == []


def test_every_decision_has_its_number_a_status_and_a_date(root: Path) -> None:
    decisions = sorted((root / "docs" / "adr").glob("*.md"))
    header = re.compile(r"# (\d+)\. \S.+\n\nStatus: (?:accepted|superseded by \d+)\nDate: \d{4}-\d\d-\d\d\n\n\*\*\w")

    found = {page.name: header.match(page.read_text(encoding="utf-8")) for page in decisions}

    assert [name for name, start in found.items() if start is None or int(start[1]) != int(name[:4])] == []
    assert len(decisions) >= 12
