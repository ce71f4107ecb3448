"""Records documents of everything that is stored, for the builds to come: documents_v1 is what 798d2ac wrote.

    PYTHONPATH=src:tests .venv/bin/python tests/contract/record_documents.py tests/contract/documents_v2

is run on the last commit that writes a schema, before SCHEMA is raised. `played.json` comes from days that are played
(a run at each of its stages, a step for each event and result), `samples.json` has every field.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.stories import a_team
from orchestrator.days import DAYS
from samples import samples
from valine import documents
from valine.orchestrator.model.run import Repository, Run
from valine.ports import Commit, Envelope, History, Inbox

if TYPE_CHECKING:
    import msgspec

STORED = (Envelope, History, Inbox, Repository, Run)


async def played() -> dict[str, list[bytes]]:
    """The first document of each sort from all days; of a run's stage the last, as most has happened to it."""
    found: dict[tuple[str, str], bytes] = {}

    def keep(value: msgspec.Struct | None, sort: str, *, last: bool = False) -> None:
        if value is not None and (last or (type(value).__name__, sort) not in found):
            found[type(value).__name__, sort] = documents.plain(value)

    for day in DAYS:
        async with a_team(3) as team:
            system: Any = team.world.system  # its store and queue are listened to
            commit, put = system.store.commit, system.queue.put

            async def committing(one: Commit, now: Any, commit: Any = commit) -> None:
                await commit(one, now)
                keep(one.run, str(one.run and one.run.stage), last=True)
                keep(one.repository, str(one.repository and len(one.repository.active)), last=True)
                keep(one.inbox, str(one.inbox and type(one.inbox.reply).__name__))
                event = one.history and one.history.event
                keep(one.history, type(event).__name__ + type(getattr(event, "result", None)).__name__)

            async def putting(envelope: Envelope, now: Any, put: Any = put) -> bool:
                keep(envelope, type(envelope.inbound).__name__)
                return bool(await put(envelope, now))

            system.store.commit, system.queue.put = committing, putting
            await day(team)
    return {kind.__name__: [one for (name, _), one in found.items() if name == kind.__name__] for kind in STORED}


def sampled(kind: type[msgspec.Struct]) -> Iterator[bytes]:
    """A filled document of each sort of that kind: of runs one with everything in it, and one with all lists empty."""
    seen = Counter[str]()
    for value in samples(kind):
        event = getattr(value, "event", None) or getattr(value, "inbound", None)
        sort = type(event).__name__ + type(getattr(event, "result", None)).__name__
        seen[sort] += 1
        if seen[sort] <= (2 if event is None else 1):
            yield documents.plain(value)


def write(path: Path, kinds: dict[str, list[bytes]]) -> None:
    """JSON with a line a document."""
    lines = {name: b",\n".join(found).decode() for name, found in kinds.items()}
    body = ",\n".join(f"{json.dumps(name)}: [\n{found}\n]" for name, found in lines.items())
    path.write_text(f"{{\n{body}\n}}\n", encoding="utf-8")


def main(folder: Path) -> None:
    """Write both files into the folder."""
    folder.mkdir(parents=True)
    write(folder / "played.json", asyncio.run(played()))
    write(folder / "samples.json", {kind.__name__: list(sampled(kind)) for kind in STORED})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
