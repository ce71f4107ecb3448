"""What came of an effect: it is noted in the history, told to the meter and logged; a start shows all of it again."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from builders import (
    NOON,
    REPOSITORY,
    a_repository,
    a_woken,
    after,
    an_envelope,
)
from engine.test_loop import Outside, World, an_approved_run, pages
from engine.test_races import DOWN, FAILED
from engine.worlds import a_world, handled, history
from valine.engine.unit_of_work import UnitOfWork
from valine.errors import Transient
from valine.orchestrator import naming
from valine.orchestrator.facts.display import in_thread
from valine.orchestrator.model import events
from valine.orchestrator.model.decision import Decision, State
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Pending
from valine.orchestrator.model.states import IssueNumber, RunStatus, Sha, Stage
from valine.ports import Commit
from valine.view import failure_replies

if TYPE_CHECKING:
    from valine.ports import Envelope

replace = msgspec.structs.replace
BRANCH, PULL = "branch:41", "pull_request:41"


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

    await world.engine._unit_of_work.apply(REPOSITORY, 1, FAILED)

    assert caplog.messages == ["r1: LookFailed, now executing"]


async def test_what_failed_is_noted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    world = await a_world(Transient(DOWN)).with_run(an_approved_run())

    await world.engine._step(await world.run(), NOON)

    assert [step.event for step in await history(world)] == [events.EffectFailed(at=NOON, key=BRANCH, failure=DOWN)]
    assert caplog.messages == [f"{BRANCH} of r1 failed: {Transient(DOWN)}"]


async def test_what_breaks_is_noted_as_a_failure_of_its_own_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    world = await a_world(ZeroDivisionError()).with_run(an_approved_run())

    await world.engine._step(await world.run(), NOON)

    detail = failure_replies.broke("ZeroDivisionError")
    broken = Failure(kind="transient", code="unreachable", detail=detail)
    assert [step.event for step in await history(world)] == [events.EffectFailed(at=NOON, key=BRANCH, failure=broken)]
    assert (await world.run()).pending[BRANCH].trouble == detail
    assert caplog.messages == [f"{BRANCH} of r1 broke"]


@pytest.mark.parametrize("there", [True, False])
async def test_a_message_is_noted_with_what_it_was_written_over(there: bool) -> None:  # noqa: FBT001 - a parameter
    run = an_approved_run()
    old = {"board": replace(run.messages["board"], facts="old")} if there else {}
    others = {name: posted for name, posted in run.messages.items() if name != "board"}
    world = await a_world().with_run(replace(run, messages=others | old))

    await world.engine._step(await world.run(), NOON)

    (step,) = await history(world)
    assert isinstance(step.event, events.EffectSucceeded)
    assert step.event.over == (after(-60) if there else None)
    (given,) = world.outside.posts
    assert given["nonce"] == naming.nonce(run, "board", 0)
    assert given["message"] == pages(run, "board")[0]


async def test_what_a_process_wants_since_its_own_commit_is_a_first_attempt_once_and_by_no_other() -> None:
    world = await a_world().with_run(an_approved_run())
    unit_of_work, other = UnitOfWork(world.store, world.clock), UnitOfWork(world.store, world.clock)
    assert not unit_of_work.take_first_attempt(await world.run(), BRANCH)
    made = events.BranchEnsured(issue=IssueNumber(41), start=Sha("9" * 40))

    await unit_of_work.apply(REPOSITORY, 1, events.EffectSucceeded(at=NOON, key=BRANCH, result=made))
    await unit_of_work.apply(REPOSITORY, 1, a_woken())
    await other.apply(REPOSITORY, 1, a_woken())
    run = await world.run()

    assert PULL in run.pending
    assert not other.take_first_attempt(run, PULL)
    assert [unit_of_work.take_first_attempt(run, PULL) for _ in range(2)] == [True, False]


async def test_a_command_that_names_no_run_makes_nothing_untried_that_was_wanted_before() -> None:
    """Whoever wanted the branch first may have made it, and stopped before that was stored."""
    world = await a_world().with_run(an_approved_run())
    unit_of_work, before = UnitOfWork(world.store, world.clock), await world.run()
    state = State(repository=a_repository(), active=(before,))

    await unit_of_work.commit(state, a_woken(), Decision(run=before, repository=state.repository), None)

    run = await world.run()
    assert BRANCH in run.pending
    assert not unit_of_work.take_first_attempt(run, BRANCH)


@pytest.mark.parametrize("posted", [True, False])
async def test_a_page_of_a_document_that_is_wanted_anew_may_have_been_posted_before(posted: bool) -> None:  # noqa: FBT001
    """It took that page once, whose answer was lost, and then was whole without it."""
    world = await a_world().with_run(an_approved_run())
    unit_of_work, run = UnitOfWork(world.store, world.clock), await world.run()
    there = {name: page for name, page in run.messages.items() if posted or name != "board"}
    before = replace(run, messages=there, pending={})
    after_it = replace(before, pending={"message:board": Pending(since=NOON)})
    state = State(repository=a_repository(), run=before)

    await unit_of_work.commit(state, a_woken(), Decision(run=after_it, repository=state.repository), None)

    assert unit_of_work.take_first_attempt(after_it, "message:board", 2) is not posted


async def test_what_is_wanted_again_since_another_process_did_it_may_have_been_tried() -> None:
    world = await a_world().with_run(an_approved_run())
    unit_of_work, other = UnitOfWork(world.store, world.clock), UnitOfWork(world.store, world.clock)
    made = events.BranchEnsured(issue=IssueNumber(41), start=Sha("9" * 40))
    await unit_of_work.apply(REPOSITORY, 1, events.EffectSucceeded(at=NOON, key=BRANCH, result=made))
    run = await world.run()
    again = replace(run.pending[PULL], since=after(60))

    await world.store.commit(Commit(run=replace(run, pending=run.pending | {PULL: again})), NOON)
    await unit_of_work.apply(REPOSITORY, 1, a_woken())

    assert not unit_of_work.take_first_attempt(await world.run(), PULL)
    assert not other.take_first_attempt(await world.run(), PULL)


@pytest.mark.parametrize("moved", [True, False])
async def test_a_merge_that_was_refused_to_a_run_that_has_moved_on_is_asked_for_again(moved: bool) -> None:  # noqa: FBT001
    class Stalling(Outside):
        async def perform(self, effect: Any) -> Any:
            if moved:
                await world.store.commit(Commit(run=replace(await world.run(), rounds=1)), NOON)
            return events.MergeRefused(issue=IssueNumber(41), reason="draft", detail="")

    world = await World(outside=Stalling()).with_run(an_approved_run())

    await world.engine._step(await world.run(), NOON)

    run = await world.run()
    assert (run.tasks[0].refusal is None, BRANCH in run.pending) == (moved, moved)


async def test_what_failed_was_tried() -> None:
    world = await a_world().with_run(an_approved_run())
    unit_of_work = UnitOfWork(world.store, world.clock)
    made = events.BranchEnsured(issue=IssueNumber(41), start=Sha("9" * 40))
    await unit_of_work.apply(REPOSITORY, 1, events.EffectSucceeded(at=NOON, key=BRANCH, result=made))
    assert unit_of_work.take_first_attempt(await world.run(), PULL)

    await unit_of_work.apply(REPOSITORY, 1, events.EffectFailed(at=NOON, key=PULL, failure=DOWN))

    run = await world.run()
    assert run.pending[PULL].attempts == 1
    assert not unit_of_work.take_first_attempt(run, PULL)


async def test_a_start_has_every_active_run_shown_and_looked_at_behind_what_people_ask_for() -> None:
    world = await a_world().with_run(an_approved_run())
    await world.engine._unit_of_work.apply(REPOSITORY, 1, FAILED)

    await world.engine.catch_up(REPOSITORY)

    woken, hint = (entry.envelope.read() for entry in world.queue.entries.values())
    assert (woken.inbound, woken.urgent) == (replace(a_woken(), afresh=True), False)
    assert woken.id == f"start:uid-1:{NOON.isoformat()}"
    assert (hint.inbound.name, hint.inbound.delivery, hint.urgent) == ("push", "start", False)


async def test_a_thread_is_opened_under_the_card_as_it_was_known() -> None:
    run = an_approved_run(thread=None)
    world = await a_world().with_run(run)

    await world.engine._step(await world.run(), NOON)

    assert world.outside.threads == [{"channel": "channel-1", "message": "m-card", "title": "Run r1"}]
    (step,) = await history(world)
    opened = events.ThreadEnsured(thread="thread-9")
    assert step.event == events.EffectSucceeded(at=NOON, key="thread", result=opened, over=after(-60))


@pytest.mark.parametrize("breaks", [Transient(DOWN), ZeroDivisionError()])
async def test_a_message_that_fails_is_noted_with_what_it_was_to_be_written_over(breaks: Exception) -> None:
    run = an_approved_run()
    old = {**run.messages, "board": replace(run.messages["board"], facts="old")}
    world = await a_world(breaks).with_run(replace(run, messages=old))

    await world.engine._step(await world.run(), NOON)

    (step,) = await history(world)
    assert isinstance(step.event, events.EffectFailed)
    assert (step.event.key, step.event.over) == ("message:board", after(-60))


@pytest.mark.parametrize("stage", [Stage.PROPOSED, Stage.TRACKING])
async def test_after_a_start_what_is_on_discord_is_written_again_and_nothing_is_posted_twice(stage: Stage) -> None:
    status = RunStatus.PENDING if stage is Stage.PROPOSED else RunStatus.IN_PROGRESS
    world = await a_world().with_run(an_approved_run(stage=stage, status=status, refresh_at=None))
    await settled(world, an_envelope(inbound=a_woken()))
    known = (await world.run()).messages
    world.outside.posts.clear()

    await settled(world, an_envelope("e2", inbound=replace(a_woken(), afresh=True)))

    kept = {name: posted.message for name, posted in known.items() if not in_thread(name)}
    assert "card" in kept
    assert [given["posted"].message for given in world.outside.posts] == list(kept.values())


async def settled(world: World, *envelopes: Envelope) -> None:
    """Handle them, and let half a minute pass."""
    await handled(world, *envelopes)
    for _ in range(30):
        world.clock.time += timedelta(seconds=1)
        await world.engine.sweep()
        await handled(world)
