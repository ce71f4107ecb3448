"""A later build, with more keys in the policy, fields in the facts and values in enumerations, takes up our store."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator import days

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from acceptance.stories import Team

SOURCE = Path(__file__).parents[2] / "src"
DOCUMENTS = sorted((Path(__file__).parents[1] / "contract").glob("documents_v*/*.json"))
FIELD = "    later: bool = False\n"

# File, the text that is there once, and the same with something added.
ADDED: tuple[tuple[str, str, str], ...] = (
    ("model/policy", "    release: bool = False\n", f"    release: bool = False\n{FIELD}"),
    ("model/policy", "    ship: ShipPolicy = ShipPolicy()\n", f"    ship: ShipPolicy = ShipPolicy()\n{FIELD}"),
    ("facts/documents", "    rows: tuple[PlanRow, ...] = ()\n", f"{FIELD}    rows: tuple[PlanRow, ...] = ()\n"),
    ("facts/documents", "    rows: tuple[TaskRow, ...] = ()\n", f"{FIELD}    rows: tuple[TaskRow, ...] = ()\n"),
    ("facts/documents", "    owners: tuple[Login, ...] = ()\n", f"    owners: tuple[Login, ...] = ()\n{FIELD}"),
    ("facts/documents", "    revision: int = 0\n", f"    revision: int = 0\n{FIELD}"),
    ("model/states", '    LIMIT = "limit"', '    LATER = "later"\n    LIMIT = "limit"'),
    ("model/states", '    DRAFT = "draft"\n', '    DRAFT = "draft"\n    LATER = "later"\n'),
    ("model/states", '    RETRIED = "retried"\n', '    RETRIED = "retried"\n    LATER = "later"\n'),
)

# What the later build does with what this one stored. Its output is what it had to do.
SCRIPT = """
import json, pathlib, sys
from valine import ports
from valine.cli import recording
from valine.documents import decode, encode
from valine.orchestrator.facts import documents as facts
from valine.orchestrator.model import policy, run, states
from valine.orchestrator.replay import comparable, comparable_outline, outline, replay

added = [policy.ShipPolicy, policy.Policy, facts.PlanCard, facts.Board, facts.TaskRow, facts.ThreadLine]
assert all("later" in kind.__struct_fields__ for kind in added)
assert all(kind.LATER for kind in (states.Reason, states.Why, states.MilestoneKind))

told = loaded = 0
for path in map(pathlib.Path, sys.argv[2:]):
    if sys.argv[1] in path.parts[-2]:
        for name, kept in json.loads(path.read_text()).items():
            kind = getattr(ports, name, None) or getattr(run, name)
            for fields in kept:
                value = decode(json.dumps(fields).encode(), kind)
                assert decode(encode(value), kind) == value
                loaded += 1
        continue
    kept = recording.read(path)
    rules = kept.history[0].rules
    steps = list(replay(kept.history))
    lines = [comparable_outline(outline(step.run), rules) for step in steps]
    assert lines == [comparable_outline(line, rules) for line in kept.outlines], path
    assert comparable(steps[-1].run, rules) == comparable(kept.run, rules), path
    told += 1
print(json.dumps([told, loaded]))
"""


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the later build."""
    root = tmp_path_factory.mktemp("later")
    shutil.copytree(SOURCE / "valine", root / "valine", ignore=shutil.ignore_patterns("__pycache__", "*.html", "*.js"))
    for name, there, more in ADDED:
        file = root / "valine" / "orchestrator" / f"{name}.py"
        text = file.read_text(encoding="utf-8")
        assert text.count(there) == 1, f"{there!r} is in {name}.py {text.count(there)} times"
        file.write_text(text.replace(there, more), encoding="utf-8")
    return root


def told(source: Path, *paths: Path) -> list[int]:
    """How many histories that build replayed, and how many documents it loaded."""
    command = [sys.executable, "-c", SCRIPT, "documents_v", *map(str, paths)]
    done = subprocess.run(command, env={"PYTHONPATH": str(source)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    counts: list[int] = json.loads(done.stdout)
    return counts


def test_every_kept_history_replays_and_every_stored_document_is_loaded(later: Path) -> None:
    kept = sorted(days.HISTORIES.glob("*.json"))

    histories, documents = told(later, *kept, *DOCUMENTS)

    assert histories == len(kept) > 0
    assert documents > len(DOCUMENTS) > 0


@pytest.mark.parametrize("day", [days.a_round, days.changed_and_expired], ids=lambda day: day.__name__)
async def test_what_this_build_stores_under_its_own_rules_replays(
    later: Path, day: Callable[[Team], Awaitable[None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that are kept were decided by older rules: this one's keys of facts are in a history of its own."""
    monkeypatch.setattr(days, "HISTORIES", tmp_path)
    await days.record(day)

    assert told(later, tmp_path / f"{day.__name__}.r1.json") == [1, 0]
