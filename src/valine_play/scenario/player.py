"""Plays a scenario, step by step, in a world of its own, and tells a listener what happens.

After an expectation that is not met only those right below it are still looked at: the rest stands on what is not
so. A step that cannot be done ends the scenario.
"""

from __future__ import annotations

import inspect
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from valine_play.demo.world import a_world
from valine_play.scenario import (
    acts_discord,
    acts_github,
    acts_issues,
    acts_valine,
    expects_discord,
    expects_github,
    expects_run,
    faults,
)
from valine_play.scenario.phrase import Steps
from valine_play.scenario.place import REPOSITORY, place_of
from valine_play.scenario.stage import Died, Failure, Stage, Unmet
from valine_twins.objects_memory import MemoryObjects
from valine_twins.transport import ActError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from valine_play.scenario.parse import Scenario, Step
    from valine_play.scenario.phrase import Phrase

MOST_LIVES = 20
STEPS: dict[str, tuple[Steps, ...]] = {
    "discord": (acts_discord.plays,),
    "github": (acts_github.plays, acts_issues.plays),
    "valine": (acts_valine.plays,),
    "expect": (expects_run.plays, expects_discord.plays, expects_github.plays),
}


@dataclass(frozen=True)
class Outcome:
    """What came of a scenario: it is as expected if there are no failures."""

    scenario: Scenario
    failures: tuple[Failure, ...]


class Listener:
    """Is told what happens. This one does not care."""

    def begins(self, scenario: Scenario, stage: Stage) -> None:
        """A new world."""

    def does(self, step: Step, stage: Stage) -> None:
        """Somebody is about to do something."""

    def done(self, step: Step, stage: Stage) -> None:
        """And this came of it."""

    def met(self, step: Step) -> None:
        """It is as expected."""

    def failed(self, failure: Failure) -> None:
        """It is not."""


def player_of(phrase: Phrase) -> Callable[..., Any] | None:
    """The function that plays a phrase; None for what is given, and for blocks, which are played here."""
    return next((steps[phrase.name] for steps in STEPS.get(phrase.part, ()) if phrase.name in steps), None)


async def play(
    scenario: Scenario,
    *,
    policy: str | None = None,
    listener: Listener | None = None,
    recorder: Callable[[str, str, str, bytes], None] | None = None,
) -> Outcome:
    """Play it all. `policy` stands in for the one it is given; `recorder` is told of every request, as in a_world."""
    told = listener or Listener()
    stage = Stage(recorder)
    place = place_of(scenario.steps)
    place.policy = place.policy if policy is None else policy
    with tempfile.TemporaryDirectory(prefix="valine-scenario-") as folder:
        store = f"sqlite:///{folder}/valine.db" if _restarts(scenario) else "sqlite:///:memory:"
        async with a_world(
            MemoryObjects(), repository=REPOSITORY, members=place.members, recorder=stage.record, store=store
        ) as world:
            stage.world = world
            failures = await _played(scenario, stage, told, place.set_up)
    return Outcome(scenario, tuple(failures))


def _restarts(scenario: Scenario) -> bool:
    """Whether Valine needs a store that outlives it."""
    return any(step.phrase.name in {"restart", "crash"} for step in scenario.steps)


async def _played(scenario: Scenario, stage: Stage, told: Listener, set_up: Callable[[Any], None]) -> list[Failure]:
    failures = []
    async for failure in _failures(scenario, stage, told, set_up):
        told.failed(failure)
        failures.append(failure)
    return failures


async def _failures(
    scenario: Scenario, stage: Stage, told: Listener, set_up: Callable[[Any], None]
) -> AsyncIterator[Failure]:
    """Each thing that is not as it must be, as soon as that is known."""
    set_up(stage.world)
    await stage.world.settle()
    told.begins(scenario, stage)
    failed = False
    for step in scenario.steps:
        if step.phrase.part == "given":
            continue
        expects = step.phrase.part == "expect"
        if failed and not expects:
            break
        failure = await _taken(scenario, step, stage, told)
        if failure is not None:
            failed = True
            yield failure
            if not expects:
                break
    for problem in _complaints(stage):
        yield Failure(scenario.steps[-1].line, scenario.steps[-1].text, f"and Discord complains: {problem}")


async def _taken(scenario: Scenario, step: Step, stage: Stage, told: Listener) -> Failure | None:
    """The step is taken; what is not as it must be."""
    try:
        if step.phrase.part == "expect":
            await _called(stage, step)
            told.met(step)
        else:
            await _acted(stage, step, told, watched=_asks_for_no_change(scenario, step))
    except (Unmet, ActError, TimeoutError) as error:
        return Failure(step.line, step.text, str(error))
    return stage.trouble


def _asks_for_no_change(scenario: Scenario, step: Step) -> bool:
    """Whether an expectation right below it, before the next act, compares with what was."""
    below = scenario.steps[scenario.steps.index(step) + 1 :]
    for one in below:
        if one.phrase.part != "expect":
            return False
        if one.phrase.name in {"no_change", "unchanged"}:
            return True
    return False


async def _acted(stage: Stage, step: Step, told: Listener, *, watched: bool) -> None:
    stage.before = await stage.everything() if watched else None
    told.does(step, stage)
    try:
        await _called(stage, step)
    except Died:
        await stage.world.restart()
    await _settled(stage)
    told.done(step, stage)


async def _settled(stage: Stage) -> None:
    """All that comes of it has happened, however often Valine dies on the way. Raises Unmet if that never ends."""
    for _ in range(MOST_LIVES):
        try:
            await stage.world.settle()
        except Died:
            await stage.world.restart()
        else:
            return
    raise Unmet(f"Valine has died {MOST_LIVES} times over this")


async def _called(stage: Stage, step: Step) -> None:
    if step.phrase.block == "steps":
        _block(stage, step)
        return
    function = player_of(step.phrase)
    if function is None:
        raise Unmet(f"nobody knows how to play “{step.phrase.written}”: please report it")
    result = function(stage, **step.values)
    if inspect.isawaitable(result):
        await result


def _block(stage: Stage, step: Step) -> None:
    def act() -> None:
        for inner in step.steps:
            function = player_of(inner.phrase)
            if function is None or stage.trouble is not None:
                continue
            try:
                function(stage, **inner.values)
            except (Unmet, ActError) as error:  # kept from Valine, in the middle of whose work this may be
                stage.trouble = Failure(inner.line, inner.text, str(error))

    if step.phrase.name == "together":
        act()
    else:
        stage.meanwhile(faults.target_of(step.values["target"]), acts_valine.times(step.values["which"]), act)


def _complaints(stage: Stage) -> list[str]:
    """What Discord's twin complains of. (A process that died owes an answer: that is no complaint of Valine.)"""
    found = [str(problem) for problem in stage.world.discord.view()["problems"]]
    return [problem for problem in found if not (stage.died and "answer" in problem)]
