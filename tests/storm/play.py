"""One seed, played from its beginning to its end; what came of it is a value."""

from __future__ import annotations

import functools
import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from storm import ending, nemesis, past, release
from storm.checker import Violation
from storm.choices import Choices, Story
from storm.log_checker import LogChecker
from storm.outside import in_virtual_time
from storm.people import Goal, People
from storm.process import Parts
from storm.profiles import OFTEN, PROFILES, TEAMS, Profile, team_of
from storm.stage import set_up, unpacked
from storm.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

STORM = 960.0  # seconds of virtual time with faults
TIME_TO_SETTLE = 4 * 3600.0
TICKS_TO_SETTLE = 200
MOST_STEPS = 200_000


@dataclass(kw_only=True)
class Played:
    """What came of a seed."""

    seed: int
    profile: str
    violations: list[Violation]
    story: Story  # every decision that was not the ordinary one
    faults: Counter[str] = field(default_factory=Counter)
    ticks: int = 0  # of the clock, after the faults had stopped
    steps: int = 0


def play(
    seed: int,
    *,
    profile: str | None = None,
    team: int | None = None,
    story: Story | None = None,
    told: Callable[[str], None] | None = None,
    parts: type[Parts] = Parts,
) -> Played:
    """Play that seed; with a `story`, only what it says is out of the ordinary. `told` is given the transcript.

    Profile and team (one of TEAMS) are the seed's own unless they are given.
    """
    choices = Choices(seed, story)
    name = profile or choices.setting("profile", lambda bits: bits.weighed(OFTEN))
    kind = PROFILES[name]
    team = choices.setting("team", team_of) if team is None else team
    packed = stage_of(team, "ready" if kind.play == "ship" else "start")
    world = World(unpacked(packed), choices, kind, TEAMS[team], told=told, parts=parts)
    log = logging.getLogger("valine")
    checker, before = LogChecker(world), (log.level, log.propagate)
    log.addHandler(checker)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        with in_virtual_time():
            ticks, steps = _through(world, "open" if kind.play == "open" else "ship")
    finally:
        world.end()
        log.removeHandler(checker)
        log.level, log.propagate = before
    return Played(
        seed=seed,
        profile=name,
        violations=world.checker.found,
        story=choices.made,
        faults=world.faults,
        ticks=ticks,
        steps=steps,
    )


def _through(world: World, goal: Goal) -> tuple[int, int]:
    """The storm, then the calm after it; ticks in the calm, and steps in all."""
    people = People(world, goal)
    world.begin()
    nemesis.plan(world)
    past.plan(world)
    release.plan(world)
    world.loop.start_up(people.work, _raise)
    checker, loop = world.checker, world.loop
    steps, calm_ticks, calm_time = 0, 0, 0.0
    while not checker.found:
        steps += 1
        if not world.choices.calm and (loop.time >= STORM or people.over):
            world.calm_down()
            calm_ticks, calm_time = world.ticks, loop.time
        calm = world.choices.calm
        if calm and people.over and _quiet(world):
            ending.check(world)
            break
        ticks = world.ticks - calm_ticks
        late = calm and (ticks > TICKS_TO_SETTLE or loop.time - calm_time > TIME_TO_SETTLE)
        if late or steps > MOST_STEPS or not loop.step():
            checker.say("convergence", ending.state(world, f"after {ticks} ticks, {loop.time - calm_time:.0f} s"))
    return world.ticks - calm_ticks, steps


def _quiet(world: World) -> bool:
    """Whether nothing is left to do, on the queue, in any run, or in any process that stood still."""
    busy = any(process.alive and not process.idle for process in world.processes)
    return not busy and not world.queue.entries and not world.busy()


def _raise(error: BaseException | None) -> None:
    if error is not None:
        raise error


@functools.cache
def stage_of(team: int, name: str) -> bytes:
    """The stage before anything was said, or with every pull request open and ready to be shipped."""
    stage = set_up(TEAMS[team])
    if name == "start":
        return stage.packed()
    world = World(stage, Choices(0, {}), Profile(), TEAMS[team])
    world.begin()
    people = People(world, "work")
    world.loop.start_up(people.work, _raise)
    with in_virtual_time():
        while not (people.over and _quiet(world)):
            assert world.loop.step(), "the stage cannot be set"
    world.end()
    stage.start = world.loop.now()
    return stage.packed()
