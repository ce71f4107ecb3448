"""What is rendered changes only with RENDER_VERSION: what the version before wrote is then written again.

The fingerprint of each version is a line of fingerprints.txt.
`python tests/orchestrator/test_render_version.py` (with src and
tests on the path) adds that of a new version; a line that is there is never changed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from builders import a_plan, a_plan_item, a_run
from valine.view import RENDER_VERSION, components
from view.card_parts import RUNS, messages

FILE = Path(__file__).with_name("fingerprints.txt")


def fingerprint() -> str:
    """What stands for all that is rendered of every kind of document, at every stage."""
    runs = {name: run() for name, run in sorted(RUNS.items())}
    runs["more issues than a page has options"] = a_run(plan=a_plan(*map(a_plan_item, range(1, 50))))
    made = {name: {key: one.body for key, one in messages(run).items()} for name, run in runs.items()}
    return hashlib.sha256(json.dumps(made, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def known() -> dict[int, str]:
    """The fingerprint of each version."""
    lines = (line.split(" ") for line in FILE.read_text(encoding="utf-8").splitlines())
    return {int(version): found for version, found in lines}


def test_what_is_rendered_is_that_of_its_version() -> None:
    assert fingerprint() == known().get(RENDER_VERSION), (
        "What is rendered has changed: raise RENDER_VERSION (src/valine/view/__init__.py), and add its fingerprint: "
        f"PYTHONPATH=src:tests python tests/orchestrator/{Path(__file__).name}"
    )


def test_each_version_has_a_line_and_a_rendering_of_its_own() -> None:
    assert list(known()) == list(range(1, RENDER_VERSION + 1))
    assert len(set(known().values())) == RENDER_VERSION


@pytest.mark.parametrize("changed", ["MOST_OPTIONS", "MOST_CHARACTERS", "GREY"])
def test_a_change_of_the_layout_changes_the_fingerprint(changed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint()

    monkeypatch.setattr(components, changed, getattr(components, changed) // 2)
    if changed == "GREY":
        monkeypatch.setattr("valine.view.plan_card.ENDED", components.GREY)

    assert fingerprint() != before


if __name__ == "__main__":
    if RENDER_VERSION not in known():
        FILE.write_text(f"{FILE.read_text(encoding='utf-8')}{RENDER_VERSION} {fingerprint()}\n", encoding="utf-8")
        sys.stdout.write(f"added version {RENDER_VERSION}\n")
