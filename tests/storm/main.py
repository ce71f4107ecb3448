"""`./dev storm`: plays seeds on all cores, tells what was found, and adds it up."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from storm.choices import Story
from storm.play import play
from storm.profiles import PROFILES
from storm.shrink import shrink
from storm.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BATCH = 50  # seeds that a core takes at a time
SHOWN = 5  # failures told in full


@dataclass(kw_only=True)
class Batch:
    """What came of some seeds."""

    seeds: int = 0
    cpu: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    profiles: Counter[str] = field(default_factory=Counter)
    ticks: int = 0  # the most that any seed took to come to rest
    failures: list[tuple[int, str, str]] = field(default_factory=list)  # seed, profile, what


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if no law was broken, else 1."""
    options = _options(arguments)
    if options.seed is not None:
        return _one(options.seed, options.profile, tell=options.story)
    totals = Totals.load(Path(options.resume)) if options.resume else None
    first = options.start if options.start is not None else totals.next_seed if totals else 0
    began, total = time.monotonic(), Batch()
    for batch in _batches(first, options.seeds, options.profile, options.jobs):
        _add(total, batch)
        if totals:
            totals.add(batch.seeds, batch.cpu, batch.faults, batch.failures, until=first + total.seeds)
        _progress(total, options.seeds, began)
    _report(total, time.monotonic() - began)
    if totals:
        print(totals.told())
    for seed, profile, what in total.failures[:SHOWN]:
        print(f"\nseed {seed} ({profile}): {what}")
        _shrunk(seed, options.profile)
    return 1 if total.failures else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev storm", description="Play seeds of the whole system under faults.")
    parser.add_argument("--seeds", type=int, default=200, help="how many")
    parser.add_argument("--from", type=int, dest="start", help="the first one (0, or the next of --resume)")
    parser.add_argument("--profile", choices=sorted(PROFILES), help="one kind of weather only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--resume", nargs="?", const=".storm.json", help="add to the totals in this file (.storm.json)")
    parser.add_argument("--seed", type=int, help="this one only")
    parser.add_argument("--story", action="store_true", help="tell all that happens in it")
    return parser.parse_args(arguments)


def _one(seed: int, profile: str | None, *, tell: bool) -> int:
    played = play(seed, profile=profile, told=print if tell else None)
    print(
        f"seed {seed}: profile {played.profile}, {played.steps} steps, at rest after {played.ticks} ticks of the clock"
    )
    for violation in played.violations:
        print(f"  {violation}")
    if played.violations:
        _shrunk(seed, profile)
    return 1 if played.violations else 0


def _shrunk(seed: int, profile: str | None) -> None:
    played = play(seed, profile=profile)
    if not played.violations:
        return
    story: Story = shrink(played)
    print("  what is needed for it:")
    for address, decision in story.items():
        print(f"    {address}: {decision}")
    print(f"  ./dev storm --seed {seed}{f' --profile {profile}' if profile else ''} --story")


def _batches(first: int, seeds: int, profile: str | None, jobs: int) -> Iterator[Batch]:
    tasks = [(start, min(BATCH, first + seeds - start), profile) for start in range(first, first + seeds, BATCH)]
    if jobs <= 1 or len(tasks) == 1:
        try:
            yield from map(_batch, tasks)
        finally:  # this process may have more to do
            gc.enable()
            gc.unfreeze()
        return
    with multiprocessing.get_context("fork").Pool(min(jobs, len(tasks)), _nicely) as pool:
        yield from pool.imap(_batch, tasks)


def _nicely() -> None:
    os.nice(10)


def _batch(task: tuple[int, int, str | None]) -> Batch:
    first, count, profile = task
    batch, began = Batch(), time.process_time()
    gc.collect()
    gc.freeze()
    gc.disable()  # a world is dropped whole, at the end of its seed
    for seed in range(first, first + count):
        try:
            played = play(seed, profile=profile)
        except Exception:  # noqa: BLE001 - what breaks the storm itself is a finding, too
            batch.failures.append((seed, profile or "?", f"broke: {traceback.format_exc()}"))
            continue
        batch.faults.update(played.faults)
        batch.profiles[played.profile] += 1
        batch.ticks = max(batch.ticks, played.ticks)
        batch.failures += [(seed, played.profile, str(violation)) for violation in played.violations[:1]]
    batch.seeds, batch.cpu = count, time.process_time() - began
    return batch


def _add(total: Batch, batch: Batch) -> None:
    total.seeds += batch.seeds
    total.cpu += batch.cpu
    total.faults.update(batch.faults)
    total.profiles.update(batch.profiles)
    total.ticks = max(total.ticks, batch.ticks)
    total.failures += batch.failures


def _progress(total: Batch, seeds: int, began: float) -> None:
    if sys.stderr.isatty():
        rate = total.seeds / max(time.monotonic() - began, 0.001)
        print(f"\r{total.seeds}/{seeds}, {rate:.0f}/s, {len(total.failures)} failed ", end="", file=sys.stderr)


def _report(total: Batch, seconds: float) -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    each = 1000 * total.cpu / max(total.seeds, 1)
    rate = total.seeds / max(seconds, 0.001)
    print(f"{total.seeds} seeds in {seconds:.0f} s: {rate:.1f} a second, {each:.0f} ms of CPU each.")
    print(f"{total.faults.total()} faults and surprises:")
    for kind, count in sorted(total.faults.items()):
        print(f"  {count:8}  {kind}")
    print(f"At most {total.ticks} ticks of the clock until everything had come to rest.")
    print(f"{len(total.failures)} seeds broke a law." if total.failures else "No law was broken.")
