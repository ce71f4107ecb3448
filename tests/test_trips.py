"""tools/trips.py counts what it says it counts, and always the same."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

TRIPS = {
    "interaction to stored",
    "webhook to stored",
    "comment to stored",
    "tick",
    "/plan in the worker",
    "approve and open seven",
    "ship seven",
}
PRODUCT = """
import asyncio

from valine.deeper import Leaf, leaf

async def entry(twice):
    return [one for one in [await half(), await half()]] if twice else leaf()

async def half():
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    Leaf()
    return (lambda: leaf())()
"""
DEEPER = """
class Leaf:
    def __init__(self):
        pass

def leaf():
    return sum(number for number in range(3))
"""
PLAYER = """
import asyncio
from valine.product import entry

def play():
    asyncio.run(entry(twice=True))
    asyncio.run(entry(twice=False))
"""


def the_tool(root: Path) -> Any:
    loader = SourceFileLoader("trips", str(root / "tools" / "trips.py"))
    spec = spec_from_loader("trips", loader)
    assert spec is not None
    tool = module_from_spec(spec)
    sys.modules["trips"] = tool  # dataclasses look it up
    loader.exec_module(tool)
    return tool


def a_product(folder: Path) -> Path:
    """Two trips of a product, called by somebody who is not part of it."""
    for name, text in {"valine/product": PRODUCT, "valine/deeper": DEEPER, "valine_play/player": PLAYER}.items():
        (folder / f"{name}.py").parent.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(text)
        (folder / f"{name}.py").with_name("__init__.py").touch()
    return folder


def test_a_coroutine_counts_once_and_neither_comprehensions_nor_outsiders_count(root: Path, tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path[:0] = [{str(root / 'tools')!r}, {str(a_product(tmp_path))!r}]\n"
        "from pathlib import Path; from trips import Counter\n"
        "from valine_play.player import play\n"
        f"with (counter := Counter(Path({str(tmp_path)!r}))): play()\n"
        "print([(file, name, trip.calls, sorted(trip.files), trip.depth) for file, name, trip in counter.trips])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    product, deeper = "valine/product.py", "valine/deeper.py"
    assert done.stdout.strip() == str(
        [
            # entry, then twice: half, Leaf.__init__, the lambda and leaf
            (product, "entry", 9, [deeper, product], 4),
            (product, "entry", 2, [deeper, product], 2),
        ]
    )


def measured(root: Path) -> dict[str, Any]:
    command = [sys.executable, str(root / "tools" / "trips.py"), "--json"]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


def test_every_trip_is_measured_and_its_deepest_chain_is_as_long_as_it_is_deep(root: Path) -> None:
    found = measured(root)

    assert set(found) == TRIPS
    assert all(row["calls"] >= row["files"] > 1 and row["depth"] == len(row["deepest"]) for row in found.values())


@pytest.mark.proof
def test_the_same_code_gives_the_same_numbers(root: Path) -> None:
    assert measured(root) == measured(root)


def test_the_table_has_a_line_for_each_trip(root: Path) -> None:
    told = the_tool(root).table({"tick": {"calls": 22, "files": 8, "depth": 6}})

    assert [line.split() for line in told.splitlines()] == [
        ["trip", "calls", "files", "depth"],
        ["tick", "22", "8", "6"],
    ]
