"""Running totals over many sittings, in a file: what was played, by which code, and what was found."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import valine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(valine.__file__).resolve().parent.parent


def code() -> str:
    """What tells this state of src/ from every other."""
    digest = hashlib.sha256()
    for path in sorted(ROOT.rglob("*.py")):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@dataclass(kw_only=True)
class Totals:
    """All sittings so far."""

    path: Path
    next_seed: int = 0
    sittings: dict[str, dict[str, Any]] = field(default_factory=dict)  # by code

    @classmethod
    def load(cls, path: Path) -> Totals:
        """The totals in that file; empty ones if there is none."""
        if not path.exists():
            return cls(path=path)
        known = json.loads(path.read_text())
        return cls(path=path, next_seed=known["next_seed"], sittings=known["sittings"])

    def add(
        self,
        seeds: int,
        cpu: float,
        faults: Mapping[str, int],
        failures: Iterable[tuple[int, str, str]],
        *,
        until: int,
    ) -> None:
        """Add a batch, and write it all down."""
        mine = self.sittings.setdefault(code(), {"seeds": 0, "cpu_seconds": 0.0, "faults": {}, "violations": []})
        mine["seeds"] += seeds
        mine["cpu_seconds"] = round(mine["cpu_seconds"] + cpu, 1)
        mine["faults"] = dict(sorted((Counter(mine["faults"]) + Counter(faults)).items()))
        mine["violations"] += [f"{seed}: {what}"[:300] for seed, _, what in failures]
        self.next_seed = max(self.next_seed, until)
        written = {"next_seed": self.next_seed, "sittings": self.sittings}
        self.path.with_suffix(".new").write_text(json.dumps(written, indent=1))
        self.path.with_suffix(".new").replace(self.path)

    def told(self) -> str:
        """The totals in words."""
        seeds = sum(sitting["seeds"] for sitting in self.sittings.values())
        cpu = sum(sitting["cpu_seconds"] for sitting in self.sittings.values())
        broken = sum(len(sitting["violations"]) for sitting in self.sittings.values())
        faults = sum(sum(sitting["faults"].values()) for sitting in self.sittings.values())
        states = len(self.sittings)
        return (
            f"In all: {seeds} seeds, {faults} faults, {cpu / 3600:.1f} CPU hours, {broken} that broke a law, "
            f"on {states} state{'s' if states != 1 else ''} of the code."
        )
