import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from valine.ports import Clock
from valine.services.clock import ScaledClock, SystemClock

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


async def test_the_systems_clock_goes_on_and_waits() -> None:
    clock = SystemClock()
    before = clock.now()

    await clock.sleep(0.01)

    assert clock.now() - before >= timedelta(seconds=0.01)
    assert before.tzinfo is UTC


async def test_a_scaled_clock_lets_an_hour_pass_in_a_moment() -> None:
    clock = ScaledClock(START, 360_000)

    await clock.sleep(3600)

    assert START + timedelta(hours=1) <= clock.now() < START + timedelta(hours=1000)


@pytest.mark.parametrize("seconds", [0, -5])
@pytest.mark.parametrize("clock", [SystemClock(), ScaledClock(START, 2)], ids=["system", "scaled"])
async def test_not_waiting_gives_others_a_turn(clock: Clock, seconds: float) -> None:
    had_its_turn = asyncio.Event()
    asyncio.get_running_loop().call_soon(had_its_turn.set)

    await clock.sleep(seconds)

    assert had_its_turn.is_set()


def test_a_scaled_clock_shows_utc_wherever_it_was_set() -> None:
    clock = ScaledClock(START.astimezone(timezone(timedelta(hours=5))), 1)

    assert clock.now().tzinfo is UTC
    assert clock.now() - START < timedelta(minutes=1)


@pytest.mark.parametrize("speed", [0, -1])
def test_time_does_not_stand_still(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be positive"):
        ScaledClock(START, speed)
