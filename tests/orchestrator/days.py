"""Days of a team whose histories are kept: as they are told now, and in histories/ as an older Valine told them.

`python tests/orchestrator/days.py` (with src and tests on the path) records those that histories/ lacks. A recording is
never made anew: what was stored once must be told again by every later Valine.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.stories import REPOSITORY, Team, a_team
from valine.cli import recording
from valine.orchestrator.replay import outline, replay

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HISTORIES = Path(__file__).parent / "histories"


async def a_round(team: Team) -> None:
    """Planned, one dropped, approved, worked on, one held, shipped, dropped."""
    await team.says("/plan", by="Ana")
    await team.drops(3, by="Ana")
    await team.clicks("Approve", by="Ana")
    tasks = (await team.run()).tasks
    await team.finishes(tasks[0])
    await team.finishes(tasks[1], check="failure")
    await team.ships(by="Ben")
    await team.github("comment", number=2, by="ben", body="/valine drop")


async def cancelled(team: Team) -> None:
    await team.says("/plan", by="Ana")
    await team.clicks("Approve", by="Ana")
    await team.clicks("Cancel", by="Ana")
    await team.clicks("Cancel and close them", by="Ana")


async def changed_and_expired(team: Team) -> None:
    await team.says("/plan", by="Ana")
    await team.github("edit_issue", number=1, title="Another title", by="ana")
    await team.wait(hours=25)


async def through_an_outage(team: Team) -> None:
    await team.says("/plan", by="Ana")
    team.world.on_github("throw_fault", kind="error_before", status=503, times=3)
    await team.clicks("Approve", by="Ana")
    await team.clicks("Approve", by="Ana")
    await team.wait(hours=1)


async def a_second_run(team: Team) -> None:
    """The first run claims what the second one leaves out."""
    await team.says("/plan limit:1", by="Ana")
    await team.clicks("Approve", by="Ana")
    await team.says("/plan", by="Ben")
    await team.clicks("Approve", by="Ben")


DAYS: list[Callable[[Team], Awaitable[None]]] = [
    a_round,
    cancelled,
    changed_and_expired,
    through_an_outage,
    a_second_run,
]


async def record(day: Callable[[Team], Awaitable[None]]) -> None:
    """Play the day and keep its runs."""
    async with a_team(3) as team:
        await day(team)
        store = team.world.system.store
        for summary in await store.recent(REPOSITORY):
            history = tuple(await store.history(REPOSITORY, summary.number))
            outlines = tuple(outline(step.run) for step in replay(history))
            told = recording.Recording(run=await team.run(summary.number), history=history, outlines=outlines)
            recording.write(HISTORIES / f"{day.__name__}.r{summary.number}.json", told)


if __name__ == "__main__":
    for one in DAYS:
        if not list(HISTORIES.glob(f"{one.__name__}.r*.json")):
            asyncio.run(record(one))
            sys.stdout.write(f"recorded {one.__name__}\n")
