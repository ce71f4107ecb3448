"""The whole day over HTTP between processes: once in peace, and then with a server that dies again and again."""

from __future__ import annotations

import random
import signal
import time

import pytest

from processes.load import pressure
from processes.town import Town, check_nothing_doubled
from waiting import until

pytestmark = pytest.mark.proof


def test_a_small_day_between_two_processes(town: Town) -> None:
    town.plan_and_approve()
    town.work()
    town.ship()

    check_nothing_doubled(town)
    shown = town.valine("runs", "show", "r1", "--env", str(town.env), "--history")
    assert shown.returncode == 0, shown.stderr
    assert "completed" in shown.stdout
    assert "ShipConfirmed" in shown.stdout


def die_again_and_again(town: Town, stage: str, times: int, rng: random.Random) -> int:
    """Kill the server once the stage is reached, then at moments that nobody chose; how often it was still there."""
    hit = 0
    for number in range(times):
        if number:
            time.sleep(rng.uniform(0.0, 0.6))
        else:
            until(f"the run is {stage}", lambda: (run := town.run()) and run.stage == stage)
        assert town.stop(signal.SIGKILL) == -signal.SIGKILL
        run = town.run()
        hit += run is not None and run.stage == stage
        town.serve()
    return hit


@pytest.mark.parametrize("seed", [1, 2])
def test_kill_9_again_and_again_under_load_ends_in_the_same_state_with_nothing_doubled(town: Town, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - moments, not secrets

    with pressure(town):
        town.plan_and_approve()
        executing = die_again_and_again(town, "executing", 5, rng)
        town.work()
        town.ship()
        shipping = die_again_and_again(town, "shipping", 5, rng)
        town.reached("done")

    assert executing
    assert shipping
    assert town.lives == 11
    check_nothing_doubled(town)


def test_sigterm_in_the_middle_of_a_slice_loses_nothing(town: Town) -> None:
    town.plan_and_approve()
    time.sleep(0.3)
    assert town.stop(signal.SIGTERM) == 0
    town.serve()
    town.work()
    town.ship()
    time.sleep(0.3)
    assert town.stop(signal.SIGTERM) == 0
    town.serve()

    check_nothing_doubled(town)


def test_what_happened_while_it_was_down_is_found_when_it_is_shipped(town: Town) -> None:
    town.plan_and_approve()
    town.reached("tracking")
    assert town.stop(signal.SIGKILL) == -signal.SIGKILL
    town.work_unseen()
    town.serve()
    town.ship()

    check_nothing_doubled(town)
