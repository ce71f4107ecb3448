"""Whether a server that takes orders also carries them out is what its health tells."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from acceptance.stories import a_team
from builders import NOON
from valine.server import Turns, running
from valine_twins.clock import ManualClock


def test_what_stands_still_is_named_until_it_turns_again() -> None:
    clock = ManualClock(NOON)
    turns = Turns(clock)
    turns.turned("the queue")
    turns.turned("the alarm clocks")
    clock.advance_to(NOON + timedelta(minutes=6))
    turns.turned("the alarm clocks")

    stuck = turns.stuck()
    turns.turned("the queue")

    assert stuck == {"the queue": "stands still since 2026-11-02T12:00:00+00:00"}
    assert turns.stuck() == {}


async def test_what_has_not_come_round_once_is_named_too() -> None:
    clock = ManualClock(NOON)
    turns = Turns(clock)
    async with a_team(1) as team, running(team.world.system, asyncio.Event(), turns):
        clock.advance_to(NOON + timedelta(minutes=6))

        stuck = turns.stuck()

    assert set(stuck) == {"the queue", "the alarm clocks", "the store"}


async def test_a_server_without_a_worker_of_its_own_answers_for_its_store() -> None:
    async with a_team(1) as team:
        answer = await team.world.network.get("http://valine.test/healthz")

        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
