"""The day on its quick clock, where GitHub lets less through than the day wants to write."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from valine_play.demo import team
from valine_play.demo.day import Day, DayError
from valine_play.demo.show import Show
from valine_play.demo.world import HOOK_SECRET, PRODUCT, World, a_world
from valine_twins.objects_memory import MemoryObjects

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAME = f"{team.OWNER}/{team.NAME}"
LIMIT = "GitHub's limit on writes: waiting until"


@contextlib.asynccontextmanager
async def a_day() -> AsyncIterator[tuple[World, Day, io.StringIO]]:
    """The embedded day, ready to be played, and what it prints."""
    printed = io.StringIO()
    async with a_world(MemoryObjects(), repository=NAME) as world:
        team.set_up(world.on_github, None, None)
        world.on_github("create_hook", url=f"{PRODUCT}/github/webhook", secret=HOOK_SECRET)
        yield world, Day(world, Show(Console(file=printed, width=100)), repository=NAME, label="ready"), printed


async def test_a_day_waits_for_githubs_hourly_limit_and_says_until_when() -> None:
    async with a_day() as (world, day, printed):
        world.github._options.content_per_hour = 12
        started = world.clock.now()

        ended = await day.play()

        hours = (world.clock.now() - started).total_seconds() / 3600
    waits = [line for line in printed.getvalue().splitlines() if LIMIT in line]
    assert (ended.status, {task.state for task in ended.tasks}) == ("completed", {"merged"})
    assert 2 < hours < 12
    assert f"{LIMIT} 10:" in waits[0]
    assert len(waits) == len(set(waits)) < hours + 2


async def test_a_day_that_cannot_go_on_ends_with_what_it_waited_for() -> None:
    async with a_day() as (world, day, _):
        world.on_github("throw_fault", kind="unreachable", method="POST", route="/repos/*/git/refs", times=-1)

        with pytest.raises(DayError, match=r"every pull request is opened; at .* no task had moved for 3:00:00"):
            await day.play()
