"""Counts what a trip through Valine costs in code: calls, files, and how deep they are nested. Numbers, no seconds.

    .venv/bin/python tools/trips.py              # this checkout
    .venv/bin/python tools/trips.py COMMIT       # another state of the code, in a worktree of its own
    .venv/bin/python tools/trips.py --json       # for comparing

Counted are the product's own functions only: not the twins, the demo or libraries, no comprehension, and a coroutine
once, however often it goes on. A trip is what one caller outside the product causes; a call's depth is the number of
own frames from that caller down to it. The scenario language plays it all, in one process on a clock of its own, so
that the same code always gives the same numbers.
"""

import argparse
import asyncio
import dis
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, SimpleNamespace
from typing import Any, NamedTuple, Self

ROOT = Path(__file__).resolve().parent.parent
# What is not the product: before the twins were a distribution of their own it lay within it.
AROUND = ("valine/simulator/", "valine/demo/", "valine/scenario/", "valine/cli/", "valine_twins/", "valine_play/")
ENTRIES = ("valine/server.py", "valine/server/__init__.py", "valine/intake.py", "valine/ingress/", "valine/handlers/")
WORKERS = ("valine/worker/", "valine/engine/")
IS_FUNCTION = 0x1  # CO_OPTIMIZED: neither a module nor a class body

SCENARIO = """Scenario: seven issues from /plan to the merge
given 7 issues
Ana: /plan
Ben clicks Approve
ana comments on #1: /valine status
ana pushes to #1
wait 16 minutes
everything is finished
Ana ships
expect everything is merged
"""


@dataclass
class Trip:
    """What was called on one kind of trip."""

    calls: int = 0
    depth: int = 0
    files: set[str] = field(default_factory=set)
    deepest: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """Its numbers."""
        return {"calls": self.calls, "files": len(self.files), "depth": self.depth}


class Counter:
    """Hears of every call in the process; `trips` has those of the product, by who caused them, oldest first."""

    def __init__(self, source: Path) -> None:
        self._source = f"{source.resolve()}{os.sep}"
        self._codes: dict[int, Known] = {}
        self._cause: ContextVar[Trip | None] = ContextVar("cause", default=None)
        self.trips: list[tuple[str, str, Trip]] = []  # file and name of the first function, and what came of it

    def __enter__(self) -> Self:
        threading.setprofile(self._hear)
        sys.setprofile(self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _hear(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call":
            return
        code = self._known(frame.f_code)
        if not code.is_ours or frame.f_lasti not in code.starts:
            return
        above, from_outside = self._above(frame)
        if not above and from_outside:
            trip = Trip()
            self.trips.append((code.file, code.name, trip))
            self._cause.set(trip)
        cause = self._cause.get()
        if cause is None:
            return
        cause.calls += 1
        cause.files.add(code.file)
        if len(above) + 1 > cause.depth:
            cause.depth = len(above) + 1
            cause.deepest = tuple(f"{one.file}:{one.name}" for one in (*reversed(above), code))

    def _above(self, frame: FrameType) -> tuple[list["Known"], bool]:
        """The product's frames above this one, up to whoever plays; and whether it is they who called it."""
        above: list[Known] = []
        now = frame.f_back
        while now is not None:
            code = self._known(now.f_code)
            if code.is_ours:
                above.append(code)
            elif code.is_around:
                return above, True
            now = now.f_back
        return above, False

    def _known(self, code: CodeType) -> "Known":
        found = self._codes.get(id(code))
        if found is None:
            found = self._codes[id(code)] = _known(code, self._source)
        return found


class Known(NamedTuple):
    """What is remembered of a function; the code itself, so that its id stays its own."""

    code: CodeType
    file: str
    name: str
    is_ours: bool
    is_around: bool
    starts: frozenset[int]  # where its frame stands when it is called; it goes on elsewhere after an `await`


def _known(code: CodeType, source: str) -> Known:
    within = code.co_filename.startswith(source)
    file = code.co_filename.removeprefix(source)
    is_around = within and file.startswith(AROUND)
    is_function = code.co_flags & IS_FUNCTION and (code.co_name == "<lambda>" or not code.co_name.startswith("<"))
    is_ours = within and not is_around and bool(is_function)
    return Known(code, file, code.co_name, is_ours, is_around, frozenset(_starts(code) if is_ours else ()))


def _starts(code: CodeType) -> Iterator[int]:
    return (one.offset for one in dis.get_instructions(code) if one.opname == "RESUME" and not (one.arg or 0) & 3)


# --- Playing it ------------------------------------------------------------------------------------------------------


def measure(source: Path) -> dict[str, Any]:
    """The numbers of the product whose packages lie in `source`. Raises SystemExit if the scenario fails there."""
    sys.path.insert(0, str(source))
    found = _layout(source)
    counter = Counter(source)
    steps: list[tuple[str, int]] = []
    listener = found.Listener()  # of that commit; it only has to note where the trips of a step begin
    listener.does = lambda step, _: steps.append((step.text, len(counter.trips)))
    scenarios, mistakes = found.parse(SCENARIO, name="trips")
    if mistakes:
        raise SystemExit(f"trips: this commit cannot play the scenario: {mistakes[0].says}")
    with counter:
        outcome = asyncio.run(found.play(scenarios[0], listener=listener))
    if outcome.failures:
        raise SystemExit(f"trips: the scenario failed here: {outcome.failures[0].said}")
    ends = [*(start for _, start in steps[1:]), len(counter.trips)]
    by_step = {text: counter.trips[start:end] for (text, start), end in zip(steps, ends, strict=True)}
    return {name: trip.row() | {"deepest": list(trip.deepest)} for name, trip in _trips(by_step).items()}


def _layout(source: Path) -> SimpleNamespace:
    """What plays a scenario, before the twins were a distribution of their own and after."""
    from importlib import import_module

    package = "valine_play.scenario" if (source / "valine_play").is_dir() else "valine.scenario"
    player = import_module(f"{package}.player")
    return SimpleNamespace(parse=import_module(f"{package}.parse").parse, play=player.play, Listener=player.Listener)


def _trips(by_step: dict[str, list[tuple[str, str, Trip]]]) -> dict[str, Trip]:
    """The trips that are compared, in the order in which they are printed."""
    return {
        "interaction to stored": _largest(by_step["Ana: /plan"], ENTRIES),
        "webhook to stored": _largest(by_step["ana pushes to #1"], ENTRIES),
        "comment to stored": _largest(by_step["ana comments on #1: /valine status"], ENTRIES),
        "tick": _largest(by_step["wait 16 minutes"], WORKERS, named="sweep"),
        "/plan in the worker": _all(by_step["Ana: /plan"]),
        "approve and open seven": _all(by_step["Ben clicks Approve"]),
        "ship seven": _all(by_step["Ana ships"]),
    }


def _largest(trips: list[tuple[str, str, Trip]], places: tuple[str, ...], named: str = "") -> Trip:
    """The one with most calls of those that begin there."""
    found = [trip for file, name, trip in trips if file.startswith(places) and named in name]
    return max(found, key=lambda trip: trip.calls, default=Trip())


def _all(trips: list[tuple[str, str, Trip]]) -> Trip:
    """All that workers did, as one; ticks are nobody's work."""
    total = Trip()
    for file, name, trip in trips:
        if file.startswith(WORKERS) and name != "sweep":
            total.calls += trip.calls
            total.files |= trip.files
            if trip.depth > total.depth:
                total.depth, total.deepest = trip.depth, trip.deepest
    return total


# --- The script ------------------------------------------------------------------------------------------------------


def of_commit(commit: str) -> dict[str, Any]:
    """The numbers of another commit. Raises SystemExit if there is none of that name, or if it cannot be played."""
    with tempfile.TemporaryDirectory(prefix="valine-trips-") as scratch:
        place = Path(scratch, "tree")
        _git("worktree", "add", "--quiet", "--detach", str(place), commit)
        try:
            command = [sys.executable, str(Path(__file__).resolve()), "--json", "--source", str(place / "src")]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        finally:
            _git("worktree", "remove", "--force", str(place))
    if done.returncode:
        raise SystemExit(done.returncode)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _git(*arguments: str) -> None:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"trips: {done.stderr.strip()}")


def table(found: dict[str, Any]) -> str:
    """A line for each trip."""
    head = f"{'trip':<26}{'calls':>8}{'files':>8}{'depth':>8}"
    rows = [f"{name:<26}{row['calls']:>8}{row['files']:>8}{row['depth']:>8}" for name, row in found.items()]
    return "\n".join([head, *rows])


def main() -> int:
    """Print them."""
    parser = argparse.ArgumentParser(prog="tools/trips.py", description="Calls, files and depth of Valine's trips.")
    parser.add_argument("commit", nargs="?", help="default: this checkout, as it is")
    parser.add_argument("--json", action="store_true", help="print JSON, with the deepest chain of each trip")
    parser.add_argument("--source", type=Path, default=ROOT / "src", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    found = of_commit(asked.commit) if asked.commit else measure(asked.source)
    print(json.dumps(found, indent=2) if asked.json else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
