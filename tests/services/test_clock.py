import asyncio
from datetime import UTC, timedelta

import pytest

from valine.services.clock import SystemClock


async def test_the_systems_clock_goes_on_and_waits() -> None:
    clock = SystemClock()
    before = clock.now()

    await clock.sleep(0.01)

    assert clock.now() - before >= timedelta(seconds=0.01)
    assert before.tzinfo is UTC


@pytest.mark.parametrize("seconds", [0, -5])
async def test_not_waiting_gives_others_a_turn(seconds: float) -> None:
    had_its_turn = asyncio.Event()
    asyncio.get_running_loop().call_soon(had_its_turn.set)

    await SystemClock().sleep(seconds)

    assert had_its_turn.is_set()
