"""`valine scenario run`: reads files, plays what is in them, tells it, and sums up.

0: everything is as expected. 1: something is not. 2: a file cannot be played; nothing is played then.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from valine_play.demo.show import PLAIN_WIDTH
from valine_play.scenario.parse import parse
from valine_play.scenario.player import Listener, play
from valine_play.scenario.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from valine_play.scenario.parse import Mistake, Scenario
    from valine_play.scenario.player import Outcome

LARGEST = 1_000_000  # bytes; more than anybody writes by hand


@dataclass(frozen=True)
class Played:
    """A scenario's outcome, the file it is from, and the seconds that it took."""

    path: Path
    outcome: Outcome
    seconds: float


class UnreadableFile(Exception):
    """There is no text to play; the sentence says why."""


def run(paths: Sequence[Path], *, policy: str | None, as_json: bool, quiet: bool) -> int:
    """Play them all; the exit code."""
    try:
        found = [(path, *parse(_text(path), name=path.stem)) for path in paths]
    except UnreadableFile as error:
        sys.stderr.write(f"{error}\n")
        return 2
    wrong = [(path, mistake) for path, _, mistakes in found for mistake in mistakes]
    for path, mistake in wrong:
        sys.stderr.write(_pointed(path, mistake))
    if wrong:
        return 2
    console = _console()
    listener = Listener() if as_json or quiet else Transcript(console)
    played = [_one(path, scenario, policy, listener) for path, scenarios, _ in found for scenario in scenarios]
    if as_json:
        sys.stdout.write(json.dumps(_document(played), indent=2, ensure_ascii=False) + "\n")
    else:
        _sum_up(console, played, apart=not quiet)
    return 1 if any(one.outcome.failures for one in played) else 0


def _text(path: Path) -> str:
    if path.is_dir():
        raise UnreadableFile(f"{path} is a folder: name its files, such as {path}/*.scenario.")
    try:
        if path.stat().st_size > LARGEST:
            raise UnreadableFile(f"{path} is larger than a scenario can be (1 MB).")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path} is not a text in UTF-8.") from error


def _pointed(path: Path, mistake: Mistake) -> str:
    """file:line: what is wrong, and the line below it."""
    quoted = f"    {mistake.text}\n" if mistake.text else ""
    return f"{path}:{mistake.line}: {mistake.says}\n{quoted}"


def _console() -> Console:
    found = Console()
    # Without a terminal there is no width to go by, and a file should read the same everywhere.
    return found if found.is_terminal else Console(width=PLAIN_WIDTH)


def _one(path: Path, scenario: Scenario, policy: str | None, listener: Listener) -> Played:
    began = time.perf_counter()
    outcome = asyncio.run(play(scenario, policy=policy, listener=listener))
    return Played(path, outcome, time.perf_counter() - began)


def _sum_up(console: Console, played: Sequence[Played], *, apart: bool) -> None:
    """Each failure with its line, and how many there are; below a transcript it stands apart."""
    if apart:
        console.print()
    for one in played:
        for failure in one.outcome.failures:
            console.print(Text(f"{one.path}:{failure.line}: {failure.said}", style="red"), soft_wrap=True)
            console.print(Text(f"    {failure.text}"), soft_wrap=True)
    console.print(Text(", ".join(_counts(played)), style="bold"))


def _counts(played: Sequence[Played]) -> Iterator[str]:
    failed = sum(bool(one.outcome.failures) for one in played)
    yield f"{len(played) - failed} passed"
    if failed:
        yield f"{failed} failed"


def _document(played: Sequence[Played]) -> dict[str, Any]:
    """What `--json` writes."""
    rows = [
        {
            "file": str(one.path),
            "line": one.outcome.scenario.line,
            "name": one.outcome.scenario.name,
            "passed": not one.outcome.failures,
            "failures": [
                {"line": failure.line, "text": failure.text, "said": failure.said} for failure in one.outcome.failures
            ],
            "seconds": round(one.seconds, 3),
        }
        for one in played
    ]
    failed = sum(not row["passed"] for row in rows)
    return {"scenarios": rows, "passed": len(rows) - failed, "failed": failed}
