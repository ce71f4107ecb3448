"""Turns are as far apart as was asked, by the clock that was handed in."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

from builders import NOON
from valine.services.pacing import Pacer


class SleepyClock:
    """Time that passes when somebody sleeps; `short` of what was asked for, as real sleeps may be."""

    def __init__(self, short: float = 0.0) -> None:
        self.at = NOON
        self._short = short

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.at += timedelta(seconds=max(seconds - self._short, 0.1))


async def _turns(clock: SleepyClock, pacer: Pacer, count: int) -> list[float]:
    async def one() -> float:
        await pacer.turn()
        return (clock.now() - NOON).total_seconds()

    return list(await asyncio.gather(*[one() for _ in range(count)]))


async def test_the_first_turn_comes_at_once_and_the_others_are_spread() -> None:
    clock = SleepyClock()

    assert await _turns(clock, Pacer(clock, 1.0), 4) == [0.0, 1.0, 2.0, 3.0]


async def test_a_sleep_that_ends_early_is_gone_on_with() -> None:
    clock = SleepyClock(short=0.3)

    turns = await _turns(clock, Pacer(clock, 1.0), 3)

    assert all(later - earlier >= 1.0 for earlier, later in pairwise(turns))


async def test_who_comes_late_does_not_wait() -> None:
    clock = SleepyClock()
    pacer = Pacer(clock, 1.0)
    await pacer.turn()
    clock.at += timedelta(seconds=5)

    assert await _turns(clock, pacer, 1) == [5.0]


async def test_no_interval_means_no_waiting() -> None:
    clock = SleepyClock()

    assert await _turns(clock, Pacer(clock, 0.0), 3) == [0.0, 0.0, 0.0]


async def test_who_rests_waits_for_the_next_turn_and_takes_none() -> None:
    clock = SleepyClock()
    pacer = Pacer(clock, 1.0)
    await pacer.rest()
    assert clock.now() == NOON
    await pacer.turn()

    await pacer.rest()
    await pacer.rest()

    assert clock.now() == NOON + timedelta(seconds=1)
    await pacer.turn()
    assert clock.now() == NOON + timedelta(seconds=1)
