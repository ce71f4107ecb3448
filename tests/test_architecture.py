"""The pages for newcomers are true: folders, trips, where a change goes, and the worked examples of CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

EXAMPLES = ["A slash command", "A webhook event", "A hold reason", "A setting", "A store"]


def section(text: str, heading: str) -> str:
    """What stands below that heading, up to the next of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {heading!r}"
    return found[1]


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def guide(root: Path) -> str:
    return (root / "CONTRIBUTING.md").read_text(encoding="utf-8")


def folders(source: Path) -> set[str]:
    """Those that hold modules."""
    found = {path.parent.relative_to(source).as_posix() for path in source.rglob("*.py")}
    return {name for name in found if "." not in name and name}


def test_the_folder_map_has_a_line_for_each_folder_and_no_other(root: Path, page: str) -> None:
    mapped = re.findall(r"^\| `([\w/]+)` \| \S", section(page, "## Folders"), re.MULTILINE)

    assert len(mapped) == len(set(mapped))
    assert set(mapped) == folders(root / "src")


def test_a_trip_goes_through_files_that_are_there(root: Path, page: str) -> None:
    trips = section(page, "## Trips")
    files = re.findall(r"`(src/[\w./]+)`", trips)

    assert re.findall(r"^(?:An? )?\*\*([\w/]+)\*\*", trips, re.MULTILINE) == ["interaction", "webhook", "tick", "/ship"]
    assert len(files) > 20
    assert [file for file in files if not (root / file).is_file()] == []


def test_ten_changes_go_where_the_page_says(root: Path, page: str) -> None:
    changes = section(page, "## Where a change goes")

    rows = re.findall(r"^\| ([^|`]+) \| `([\w/.]+)` \| `(.+)` \|$", changes, re.MULTILINE)

    assert len(rows) == 10
    assert [file for _, file, there in rows if there not in (root / file).read_text(encoding="utf-8")] == []


def test_the_worked_examples_are_these_five(guide: str) -> None:
    assert re.findall(r"^### (.+)$", section(guide, "## Where does my change go?"), re.MULTILINE) == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_worked_example_names_every_file_of_the_product_that_has_a_part_in_it(
    root: Path, guide: str, name: str
) -> None:
    example = section(guide, f"### {name}")
    found = re.search(r"found by `(.+?)` in `(.+?)`:", example)
    assert found is not None
    listed = re.findall(r"^- `([\w/.]+)`: \S", example, re.MULTILINE)

    holding = [
        path.relative_to(root).as_posix()
        for path in (root / found[2]).rglob("*.py")
        if re.search(found[1], path.read_text(encoding="utf-8"))
    ]

    assert sorted(listed) == sorted(holding)
    assert [file for file in re.findall(r"`((?:tests/|\.env)[\w./]*)`", example) if not (root / file).is_file()] == []
