"""The engine as the worker has it: an envelope is handled, and the clock is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from builders import (
    NOON,
    REPOSITORY,
    a_command_envelope,
    a_hint,
    a_repository,
    a_run,
    a_woken,
    a_work_world,
    after,
    an_active,
    an_actor,
    an_envelope,
    plan_requested,
)
from engine.test_loop import an_approved_run
from engine.test_races import FAILED
from engine.worlds import a_world, handled, history
from orchestrator.play import LEAD
from valine.orchestrator import naming, replies
from valine.orchestrator.decide.desired_effects import schedule
from valine.orchestrator.model import events
from valine.orchestrator.model.decision import Refusal
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.states import RunNumber, Stage
from valine.orchestrator.replies import NothingReady
from valine.ports import Commit
from valine.view.replies import render

if TYPE_CHECKING:
    from valine.orchestrator.model.observations import WorkWorld
    from valine.orchestrator.model.run import Run

replace = msgspec.structs.replace


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
    assert world.outside.answers == [render(outcome.reply)]


async def test_what_is_to_be_shipped_is_looked_at_first() -> None:
    world = await a_world().with_run(an_approved_run(stage=Stage.TRACKING), active=(an_active(),))
    ship = events.ShipRequested(id="c9", by=LEAD, asked_at=NOON, at=NOON, run=RunNumber(1))

    await world.engine.take_in(a_command_envelope("c9", inbound=ship))

    assert (world.outside.refreshes, world.outside.labels) == (1, [])
    kept = await world.store.inbox("c9", NOON)
    assert isinstance(kept.reply, NothingReady)
    assert world.outside.answers == [render(kept.reply)]


async def test_a_plan_is_looked_at_again_before_it_is_approved() -> None:
    world = a_world()
    await handled(world, a_command_envelope("c1"))
    approve = events.PlanApproved(id="c2", by=LEAD, asked_at=after(60), at=NOON, run=RunNumber(1))

    await world.engine.take_in(a_command_envelope("c2", inbound=approve))

    assert (world.outside.labels, world.outside.refreshes) == ([None, "ready"], 0)


async def test_a_command_was_decided_when_it_was_taken_up_or_when_what_it_needed_had_been_seen() -> None:
    world = a_world()
    seen = world.outside.plan_world

    async def slowly(label: str | None) -> Any:
        world.clock.time = after(35)
        return await seen(label)

    world.outside.plan_world = slowly
    world.clock.time = after(30)
    unknown = events.StatusRequested(id="c8", by=an_actor(), asked_at=NOON, at=NOON, run=RunNumber(9))
    await world.engine.take_in(a_command_envelope("c8", inbound=unknown))
    await world.engine.take_in(a_command_envelope("c1"))

    kept = [await world.store.inbox(name, after(40)) for name in ("c8", "c1")]
    assert [one.at for one in kept] == [after(30), after(35)]


async def test_a_hint_has_the_runs_that_it_may_be_about_looked_at() -> None:
    world = await a_world().with_run(an_approved_run(stage=Stage.TRACKING), active=(an_active(),))

    await handled(world, an_envelope(inbound=a_hint(name="push", branch="main", at=NOON)))

    assert (world.outside.refreshes, world.outside.fresh) == (1, [False])
    first = (await history(world))[0].event
    assert isinstance(first, events.WorldObserved)
    assert first.hint == a_hint(name="push", branch="main", at=NOON)


async def test_a_run_that_is_woken_notes_it_and_is_worked_on_and_one_that_is_not_there_is_none() -> None:
    world = a_world()
    await world.store.commit(Commit(run=an_approved_run()), NOON)  # what it wants is not scheduled

    world.clock.time = after(30)
    assert await world.engine.take_in(an_envelope(inbound=a_woken())) == [1]
    assert [step.event for step in await history(world)] == [a_woken(at=after(30))]

    assert await world.engine.take_in(an_envelope(inbound=a_woken(2))) == []
    await world.engine.work(REPOSITORY, [2], after(60))


async def test_a_run_that_nothing_wakes_has_no_work() -> None:
    world = a_world()
    await world.store.commit(Commit(run=a_run(wake_at=None)), NOON)

    await world.engine.work(REPOSITORY, [1], after(60))

    assert (await history(world), world.outside.posts, world.outside.performed) == ((), [], [])


async def test_a_run_is_read_once_for_a_decision() -> None:
    world = await a_world().with_run(an_approved_run())
    await world.engine._unit_of_work.apply(REPOSITORY, 1, FAILED)  # the record lists it from now on
    world.store.reads = 0

    state = await world.engine._unit_of_work.state(REPOSITORY, 1)

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


async def test_a_refresh_that_is_due_now_is_taken_now() -> None:
    world = await a_world().with_run(replace(an_approved_run(), refresh_at=NOON))

    await world.engine._step(await world.run(), NOON)

    assert (world.outside.refreshes, world.outside.comments) == (1, 1)
    assert (await world.store.repository(REPOSITORY)).comments_seen == NOON


@pytest.mark.parametrize("stage", [Stage.TRACKING, Stage.SHIPPING])
async def test_only_while_shipping_the_rules_of_the_branch_are_read_afresh(stage: Stage) -> None:
    world = await a_world().with_run(an_approved_run(stage=stage))

    await world.engine._observe(await world.run())

    assert world.outside.fresh == [stage is Stage.SHIPPING]


@pytest.mark.parametrize(("seconds", "reads"), [(99, 1), (100, 2)])
async def test_comments_are_read_again_after_a_while(seconds: float, reads: int) -> None:
    world = await a_world().with_run(an_approved_run(stage=Stage.TRACKING), active=(an_active(),))
    await world.engine._reconcile(await world.run())
    world.clock.time = after(seconds)

    await world.engine._reconcile(await world.run())

    assert world.outside.comments == reads


async def test_what_is_not_due_yet_does_not_keep_back_what_is() -> None:
    run = an_approved_run()
    other = replace(run, messages={**run.messages, "board": replace(run.messages["board"], facts="old")})
    scheduled = schedule(other, NOON)
    first = next(iter(scheduled.pending))
    later = {**scheduled.pending, first: replace(scheduled.pending[first], not_before=after(60))}
    world = await a_world().with_run(replace(other, pending=later))

    await world.engine._step(await world.run(), NOON)

    assert (first, len(world.outside.posts), len(world.outside.performed)) == ("message:board", 0, 1)


@pytest.mark.parametrize("over", [False, True])
async def test_a_refresh_during_which_the_run_moved_on_is_taken_again(over: bool) -> None:  # noqa: FBT001 - a parameter
    world = await a_world().with_run(replace(an_approved_run(stage=Stage.TRACKING), refresh_at=NOON))
    first = world.outside.work_world

    async def meanwhile(run: Run, **how: Any) -> WorkWorld:
        world.outside.work_world = first
        moved = replace(await world.run(), rounds=7, **({"stage": Stage.DONE, "ended_at": NOON} if over else {}))
        await world.store.commit(Commit(run=moved), NOON)
        await first(run, **how)
        return a_work_world(began_at=after(-60))

    world.outside.work_world = meanwhile
    await world.engine._observe(await world.run())

    assert world.outside.refreshes == (1 if over else 2)
    seen = [step.event.world.began_at for step in await history(world) if isinstance(step.event, events.WorldObserved)]
    assert seen == ([] if over else [NOON])
    assert (await world.run()).rounds == 7


async def test_who_sent_a_command_that_was_given_up_after_it_was_obeyed_gets_its_own_answer() -> None:
    world = a_world()
    executed, broken = (a_command_envelope(name, inbound=plan_requested(name, label="bug")) for name in ("c1", "c2"))
    await handled(world, executed)
    [told] = world.outside.answers

    await world.engine.give_up(executed)
    await world.engine.give_up(broken)

    assert world.outside.answers[1] == told
    assert world.outside.answers[2] == render(replies.FailedInside(correlation="c2"))
