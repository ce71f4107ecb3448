"""The engine as the worker has it: an envelope is handled, the clock is asked, and what came of it is told."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from builders import (
    NOON,
    REPOSITORY,
    a_command_envelope,
    a_hint,
    a_plan_world,
    a_repository,
    a_run,
    a_woken,
    a_work_world,
    after,
    an_active,
    an_envelope,
    an_issue,
    plan_requested,
)
from engine.test_loop import Outside, World, an_approved_run
from engine.test_races import DOWN, FAILED
from storm.memory import MemoryQueue, MemoryRunStore
from valine.errors import Transient
from valine.orchestrator import cards, events, naming, wording
from valine.orchestrator.decision import Decision, Refusal
from valine.orchestrator.states import RunStatus, Sha, Stage
from valine.orchestrator.wanted import schedule
from valine.orchestrator.world import Failure
from valine.ports import Commit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from valine.orchestrator.decision import Outcome
    from valine.orchestrator.events import Event
    from valine.orchestrator.model import Run
    from valine.orchestrator.world import WorkWorld
    from valine.ports import Envelope, History, ReplyTo

replace = msgspec.structs.replace
BRANCH = "branch:41"


class Meter:
    """What was told to it."""

    def __init__(self) -> None:
        self.told: list[tuple[Event, Run | None, Outcome]] = []

    def decided(self, event: Event, before: Run | None, outcome: Outcome) -> None:
        self.told.append((event, before, outcome))


class Dated(MemoryRunStore):
    """A store to which the time is told, and that counts how often a run is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    async def run(self, repository: str, number: int) -> Run | None:
        assert repository == REPOSITORY
        self.reads += 1
        return await super().run(repository, number)

    async def commit(self, commit: Commit, now: datetime) -> None:
        assert now >= NOON
        await super().commit(commit, now)


class DatedQueue(MemoryQueue):
    """A queue to which the time is told."""

    async def put(self, envelope: Envelope, now: datetime) -> bool:
        assert now >= NOON
        return await super().put(envelope, now)


class Looking(Outside):
    """GitHub that can be looked at, too."""

    def __init__(self, breaks: Exception | None = None) -> None:
        super().__init__()
        self.breaks = breaks
        self.labels: list[str | None] = []
        self.comments = 0

    async def plan_world(self, label: str | None) -> Any:
        self.labels.append(label)
        return a_plan_world(an_issue(1, labels=(label or "ready",)))

    async def work_world(self, run: Run, *, fresh: bool = True) -> WorkWorld:
        assert run.name == "r1"
        del fresh
        self.looks += 1
        return a_work_world()

    async def comments_since(self, since: datetime) -> Sequence[Any]:
        assert since <= NOON
        self.comments += 1
        return ()

    async def perform(self, effect: Any) -> Any:
        if self.breaks is not None:
            raise self.breaks
        return await super().perform(effect)

    async def reply(self, reply_to: ReplyTo, reply: Any) -> None:
        assert reply_to.token
        self.answers.append(reply)


def a_world(breaks: Exception | None = None) -> World:
    """One whose store and queue are told the time, and whose meter is read."""
    return World(store=Dated(), queue=DatedQueue(), outside=Looking(breaks), meter=Meter())


async def handled(world: World, *envelopes: Envelope) -> None:
    for envelope in envelopes:
        await world.queue.put(envelope, NOON)
    while (taken := await world.queue.take(world.clock.now())) is not None:
        await world.engine.handle(taken)
        await world.queue.done(taken)


async def history(world: World) -> Sequence[History]:
    found: Sequence[History] = await world.store.history(REPOSITORY, 1)
    return found


# --- Envelopes -------------------------------------------------------------------------------------------------------


async def test_a_command_is_obeyed_and_its_run_worked_on() -> None:
    world = a_world()

    await handled(world, a_command_envelope("c1", inbound=plan_requested("c1", label="bug")))

    assert world.outside.labels == ["bug"]
    assert [given["nonce"] for given in world.outside.posts][:1] == [naming.nonce(await world.run(), "card", 0)]
    first, second, *_ = await history(world)
    assert isinstance(first.event, events.PlanRequested)
    assert first.repository == a_repository(version=0)
    assert isinstance(second.event, events.EffectSucceeded)
    assert (second.event.key, second.repository) == ("message:card", None)


async def test_a_command_that_is_refused_has_no_run_to_work_on_and_is_told_to_the_meter() -> None:
    world = a_world()
    none = plan_requested("c1", limit=0, found=Failure(kind="transient", code="unreachable", detail="down"))

    assert await world.engine.take_in(a_command_envelope("c1", inbound=none)) == []

    ((event, before, outcome),) = world.meter.told
    assert (event, before) == (none, None)
    assert isinstance(outcome, Refusal)
    assert world.outside.answers == [outcome.reply]


async def test_a_hint_has_the_runs_that_it_may_be_about_looked_at() -> None:
    world = await a_world().with_run(an_approved_run(stage=Stage.TRACKING), active=(an_active(),))

    await handled(world, an_envelope(inbound=a_hint(name="push", branch="main", at=NOON)))

    assert world.outside.looks == 1
    assert [type(step.event).__name__ for step in await history(world)][:1] == ["WorldObserved"]


async def test_a_run_that_is_woken_notes_it_and_is_worked_on_and_one_that_is_not_there_is_none() -> None:
    world = a_world()
    await world.store.commit(Commit(run=an_approved_run()), NOON)  # what it wants is not scheduled

    assert await world.engine.take_in(an_envelope(inbound=a_woken())) == [1]
    assert [step.event for step in await history(world)] == [a_woken()]

    assert await world.engine.take_in(an_envelope(inbound=a_woken(2))) == []
    await world.engine.work(REPOSITORY, [2], after(60))


async def test_a_run_is_read_once_for_a_decision() -> None:
    world = await a_world().with_run(an_approved_run())
    await world.engine._ledger.apply(REPOSITORY, 1, FAILED)  # the record lists it from now on
    world.store.reads = 0

    state = await world.engine._ledger.state(REPOSITORY, 1)

    assert state.active == (state.run,)
    assert world.store.reads == 1


# --- The clock -------------------------------------------------------------------------------------------------------


async def test_every_run_whose_clock_has_rung_is_woken_once_and_nobody_is_kept_waiting_for_it() -> None:
    world = a_world()
    for number in (1, 2):
        run = a_run(number, wake_at=NOON)
        await world.store.commit(Commit(run=run), NOON)

    assert await world.engine.sweep() == 2
    assert await world.engine.sweep() == 0

    found = [entry.envelope.read() for entry in world.queue.entries.values()]
    assert [(one.inbound, one.urgent) for one in found] == [(a_woken(1), False), (a_woken(2), False)]
    assert found[0].id == f"wake:uid-1:{NOON.isoformat()}"


async def test_a_look_that_is_due_now_is_taken_now() -> None:
    world = await a_world().with_run(replace(an_approved_run(), look_at=NOON))

    await world.engine._step(await world.run(), NOON)

    assert (world.outside.looks, world.outside.comments) == (1, 1)


async def test_what_is_not_due_yet_does_not_keep_back_what_is() -> None:
    run = an_approved_run()
    other = replace(run, messages={**run.messages, "board": replace(run.messages["board"], shown="old")})
    scheduled = schedule(other, NOON)
    first = next(iter(scheduled.pending))
    later = {**scheduled.pending, first: replace(scheduled.pending[first], not_before=after(60))}
    world = await a_world().with_run(replace(other, pending=later))

    await world.engine._step(await world.run(), NOON)

    assert (first, len(world.outside.posts), len(world.outside.performed)) == ("message:board", 0, 1)


@pytest.mark.parametrize("over", [False, True])
async def test_a_look_during_which_the_run_moved_on_is_taken_again(over: bool) -> None:  # noqa: FBT001 - a parameter
    world = await a_world().with_run(replace(an_approved_run(stage=Stage.TRACKING), look_at=NOON))
    first = world.outside.work_world

    async def meanwhile(run: Run, **how: Any) -> WorkWorld:
        world.outside.work_world = first
        moved = replace(await world.run(), rounds=7, **({"stage": Stage.DONE, "ended_at": NOON} if over else {}))
        await world.store.commit(Commit(run=moved), NOON)
        await first(run, **how)
        return a_work_world(began_at=after(-60))

    world.outside.work_world = meanwhile
    await world.engine._observe(await world.run())

    assert world.outside.looks == (1 if over else 2)
    seen = [step.event.world.began_at for step in await history(world) if isinstance(step.event, events.WorldObserved)]
    assert seen == ([] if over else [NOON])
    assert (await world.run()).rounds == 7


# --- What came of it -------------------------------------------------------------------------------------------------


async def test_what_succeeded_is_noted_with_its_result_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "valine.engine")
    world = await a_world().with_run(an_approved_run())
    before = await world.run()

    await world.engine._step(before, NOON)

    made = events.EffectSucceeded(at=NOON, key=BRANCH, result=events.BranchEnsured(issue=41, start=Sha("9" * 40)))  # type: ignore[arg-type]
    assert [step.event for step in await history(world)] == [made]
    ((event, run, outcome),) = world.meter.told
    assert (event, run) == (made, before)
    assert isinstance(outcome, Decision)
    assert caplog.messages == [f"r1: EffectSucceeded {BRANCH}, now executing"]


async def test_an_event_without_a_key_is_logged_without_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "valine.engine")
    world = await a_world().with_run(an_approved_run())

    await world.engine._ledger.apply(REPOSITORY, 1, FAILED)

    assert caplog.messages == ["r1: LookFailed, now executing"]


async def test_what_failed_is_noted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    world = await a_world(Transient(DOWN)).with_run(an_approved_run())

    await world.engine._step(await world.run(), NOON)

    assert [step.event for step in await history(world)] == [events.EffectFailed(at=NOON, key=BRANCH, failure=DOWN)]
    assert caplog.messages == [f"{BRANCH} of r1 failed: {Transient(DOWN)}"]


async def test_what_breaks_is_noted_as_a_failure_of_its_own_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    world = await a_world(ZeroDivisionError()).with_run(an_approved_run())

    await world.engine._step(await world.run(), NOON)

    detail = wording.broke("ZeroDivisionError")
    broken = Failure(kind="transient", code="unreachable", detail=detail)
    assert [step.event for step in await history(world)] == [events.EffectFailed(at=NOON, key=BRANCH, failure=broken)]
    assert (await world.run()).pending[BRANCH].trouble == detail
    assert caplog.messages == [f"{BRANCH} of r1 broke"]


@pytest.mark.parametrize("there", [True, False])
async def test_a_message_is_noted_with_what_it_was_written_over(there: bool) -> None:  # noqa: FBT001 - a parameter
    run = an_approved_run()
    old = {"board": replace(run.messages["board"], shown="old")} if there else {}
    others = {name: posted for name, posted in run.messages.items() if name != "board"}
    world = await a_world().with_run(replace(run, messages=others | old))

    await world.engine._step(await world.run(), NOON)

    (step,) = await history(world)
    assert isinstance(step.event, events.EffectSucceeded)
    assert step.event.over == (after(-60) if there else None)
    (given,) = world.outside.posts
    assert given["nonce"] == naming.nonce(run, "board", 0)
    assert given["message"] == cards.render(run, "board")


async def test_a_start_has_every_active_run_shown_and_looked_at_behind_what_people_ask_for() -> None:
    world = await a_world().with_run(an_approved_run())
    await world.engine._ledger.apply(REPOSITORY, 1, FAILED)

    await world.engine.catch_up(REPOSITORY)

    woken, hint = (entry.envelope.read() for entry in world.queue.entries.values())
    assert (woken.inbound, woken.urgent) == (replace(a_woken(), afresh=True), False)
    assert woken.id == f"start:uid-1:{NOON.isoformat()}"
    assert (hint.inbound.name, hint.inbound.delivery, hint.urgent) == ("push", "start", False)


@pytest.mark.parametrize("stage", [Stage.PROPOSED, Stage.TRACKING])
async def test_after_a_start_what_is_on_discord_is_written_again_and_nothing_is_posted_twice(stage: Stage) -> None:
    status = RunStatus.PENDING if stage is Stage.PROPOSED else RunStatus.IN_PROGRESS
    world = await a_world().with_run(an_approved_run(stage=stage, status=status, look_at=None))
    await settled(world, an_envelope(inbound=a_woken()))
    known = (await world.run()).messages
    world.outside.posts.clear()

    await settled(world, an_envelope("e2", inbound=replace(a_woken(), afresh=True)))

    kept = {name: posted.message for name, posted in known.items() if not cards.in_thread(name)}
    assert "card" in kept
    assert [given["posted"].message for given in world.outside.posts] == list(kept.values())


async def settled(world: World, *envelopes: Envelope) -> None:
    """Handle them, and let half a minute pass."""
    await handled(world, *envelopes)
    for _ in range(30):
        world.clock.time += timedelta(seconds=1)
        await world.engine.sweep()
        await handled(world)
