"""The engine under two workers: what loses a race is decided again on what the other left, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from builders import NOON, REPOSITORY, a_plan_world, a_repository, a_run, after, an_actor, an_issue, plan_requested
from storm.memory import MemoryQueue, MemoryRunStore
from valine.engine.command_handler import CommandHandler
from valine.engine.scheduler import Scheduler
from valine.engine.unit_of_work import RACES, UnitOfWork
from valine.errors import Conflict, Transient
from valine.orchestrator import naming
from valine.orchestrator.model import events
from valine.orchestrator.model.effects import EnsureComment
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.states import IssueNumber, RunNumber
from valine.orchestrator.write_budget import A_MINUTE
from valine.ports import Commit, ReplyTo
from valine.view import failure_replies
from valine.view.replies import RenderedReply, render

if TYPE_CHECKING:
    from datetime import datetime

    from valine.orchestrator.model.observations import PlanWorld

replace = msgspec.structs.replace
DOWN = Failure(kind="transient", code="unreachable", detail="down")
FAILED = events.LookFailed(at=NOON, failure=DOWN)


class Noon:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Raced(MemoryRunStore):
    """Before each of the first commits another worker moves the run on, or its record."""

    def __init__(self, races: int = 0) -> None:
        super().__init__()
        self.races = races

    async def commit(self, commit: Commit, now: datetime) -> None:
        if self.races:
            self.races -= 1
            if commit.run is not None and (found := self.look(REPOSITORY, 1)) is not None:
                self.put(Commit(run=replace(found, rounds=found.rounds + 1)), now)
            else:
                self.put(Commit(repository=replace(self.record(REPOSITORY), writes=())), now)
                raise Conflict
        await super().commit(commit, now)


class Desk:
    """GitHub and Discord as far as commands need them."""

    def __init__(self, *, may_write: bool = False) -> None:
        self.writers = may_write
        self.refreshes = 0
        self.answers: list[RenderedReply] = []
        self.performed: list[Any] = []

    async def plan_world(self, label: str | None) -> PlanWorld:
        self.refreshes += 1
        assert label is None
        return a_plan_world(an_issue(1))

    async def may_write(self, login: str) -> bool:
        assert login == "id-gus"
        return self.writers

    async def perform(self, effect: Any) -> Any:
        self.performed.append(effect)

    async def reply(self, reply_to: ReplyTo, reply: RenderedReply) -> None:
        assert reply_to.token == "token"
        self.answers.append(reply)


async def stored(store: MemoryRunStore) -> None:
    """A run that is being tracked."""
    await store.commit(Commit(run=a_run(), repository=a_repository(next_number=2)), NOON)


def command_handler(store: MemoryRunStore, desk: Desk) -> CommandHandler:
    clock: Any = Noon()
    anything: Any = desk
    return CommandHandler(
        unit_of_work=UnitOfWork(store, clock), store=store, forge=anything, chat=anything, clock=clock
    )


@pytest.mark.parametrize("races", [0, 1, RACES - 1])
async def test_what_loses_a_race_is_decided_again_on_what_the_other_left(races: int) -> None:
    store = Raced()
    await stored(store)
    store.races = races

    await UnitOfWork(store, Noon()).apply(REPOSITORY, 1, FAILED)

    run = await store.run(REPOSITORY, 1)
    assert run is not None
    assert (run.rounds, run.lag, run.version) == (races, 1, races + 2)
    (step,) = await store.history(REPOSITORY, 1)
    assert (step.number, step.event, step.at) == (run.version, FAILED, NOON)


async def test_what_loses_eight_races_goes_back_to_the_queue() -> None:
    store = Raced()
    await stored(store)
    store.races = RACES

    with pytest.raises(Conflict):
        await UnitOfWork(store, Noon()).apply(REPOSITORY, 1, FAILED)

    assert await store.history(REPOSITORY, 1) == ()


async def test_a_record_that_did_not_change_is_not_written() -> None:
    store = MemoryRunStore()
    unit_of_work = UnitOfWork(store, Noon())
    await stored(store)
    await unit_of_work.apply(REPOSITORY, 1, FAILED)
    before = await store.repository(REPOSITORY)

    await unit_of_work.apply(REPOSITORY, 1, FAILED)

    assert (await store.repository(REPOSITORY)).version == before.version
    assert [active.number for active in before.active] == [1]


@pytest.mark.parametrize("races", [0, 1, RACES - 1])
async def test_writes_are_reserved_before_they_are_made_whoever_else_does(races: int) -> None:
    store = Raced(races)

    await UnitOfWork(store, Noon()).afford(REPOSITORY, 3)

    assert (await store.repository(REPOSITORY)).writes == (int(NOON.timestamp()),) * 3


async def test_a_budget_that_everybody_else_reserves_goes_back_to_the_queue() -> None:
    with pytest.raises(Conflict):
        await UnitOfWork(Raced(RACES), Noon()).afford(REPOSITORY, 1)


async def test_what_writes_nothing_reserves_nothing() -> None:
    store = Raced(races=1)

    await UnitOfWork(store, Noon()).afford(REPOSITORY, 0)

    assert store.races == 1


async def test_a_write_that_would_be_too_many_is_not_made_and_told_when() -> None:
    store = MemoryRunStore()
    unit_of_work = UnitOfWork(store, Noon())
    await unit_of_work.afford(REPOSITORY, A_MINUTE)

    with pytest.raises(Transient) as caught:
        await unit_of_work.afford(REPOSITORY, 1)

    failure = caught.value.failure
    assert (failure.kind, failure.code, failure.retry_at) == ("transient", "limited", after(61))
    assert failure.detail == failure_replies.write_limit()
    assert len((await store.repository(REPOSITORY)).writes) == A_MINUTE


# --- Commands --------------------------------------------------------------------------------------------------------

TO = ReplyTo(at=NOON, token="token")


async def test_a_command_that_comes_twice_is_obeyed_once_and_answered_the_same() -> None:
    store, desk = MemoryRunStore(), Desk()

    runs = [await command_handler(store, desk).handle(REPOSITORY, plan_requested("c1"), TO) for _ in range(2)]

    assert runs == [[1], [1]]
    assert desk.refreshes == 1
    inbox = await store.inbox("c1", NOON)
    assert inbox is not None
    assert inbox.reply is not None
    assert desk.answers == [render(inbox.reply)] * 2
    assert len(await store.history(REPOSITORY, 1)) == 1


async def test_a_command_that_another_worker_handles_meanwhile_is_handled_once() -> None:
    """It was not there when this worker looked, and is there when it commits."""
    store, desk = MemoryRunStore(), Desk()
    other = command_handler(store, Desk())
    late = desk.plan_world

    async def meanwhile(label: str | None) -> PlanWorld:
        await other.handle(REPOSITORY, plan_requested("c1"), TO)
        return await late(label)

    desk.plan_world = meanwhile  # type: ignore[method-assign] # the world's doing, at that moment

    assert await command_handler(store, desk).handle(REPOSITORY, plan_requested("c1"), TO) == [1]
    assert len(await store.history(REPOSITORY, 1)) == 1
    assert (await store.repository(REPOSITORY)).next_number == 2
    assert len(desk.answers) == 1


async def test_a_command_that_loses_a_race_to_something_else_is_decided_again() -> None:
    store, desk = Raced(races=2), Desk()

    assert await command_handler(store, desk).handle(REPOSITORY, plan_requested("c1"), TO) == [1]
    assert desk.refreshes == 3
    assert len(desk.answers) == 1


async def test_a_command_that_loses_every_race_goes_back_to_the_queue_unanswered() -> None:
    store, desk = Raced(RACES), Desk()

    with pytest.raises(Conflict):
        await command_handler(store, desk).handle(REPOSITORY, plan_requested("c1"), TO)

    assert desk.answers == []


@pytest.mark.parametrize("writer", [True, False])
async def test_githubs_own_word_says_who_may_and_outsiders_are_not_answered(writer: bool) -> None:  # noqa: FBT001
    store, desk = MemoryRunStore(), Desk(may_write=writer)
    await stored(store)
    claimed = an_actor("gus", platform="github", may_write=not writer)
    drop = events.DropRequested(id="c9", by=claimed, asked_at=NOON, at=NOON, number=9, issue=IssueNumber(9))

    await command_handler(store, desk).handle(REPOSITORY, drop, ReplyTo(at=NOON, number=9))

    inbox = await store.inbox("c9", NOON)
    assert inbox is not None
    name = naming.short_hash("reply", "c9")
    assert desk.performed == [
        EnsureComment(
            issue=IssueNumber(9),
            number=9,
            name=name,
            marker=naming.github_marker(name, "reply"),
            about=inbox.reply,
        )
        for _ in range(writer)
        if inbox.reply is not None
    ]
    assert (inbox.reply is not None) is writer
    assert len((await store.repository(REPOSITORY)).writes) == (EnsureComment.writes if writer else 0)


# --- Alarm clocks ----------------------------------------------------------------------------------------------------


async def test_a_due_run_is_enqueued_once_for_each_time_that_it_was_due() -> None:
    store, queue, clock = MemoryRunStore(), MemoryQueue(), Noon()
    scheduler = Scheduler(store=store, queue=queue, clock=clock)
    await store.commit(Commit(run=a_run(wake_at=after(5))), NOON)

    enqueued = [await scheduler.enqueue_due()]
    clock.time = after(5)
    enqueued += [await scheduler.enqueue_due(), await scheduler.enqueue_due()]
    await store.commit(Commit(run=a_run(version=1, wake_at=after(6))), NOON)
    clock.time = after(7)
    enqueued.append(await scheduler.enqueue_due())

    assert enqueued == [0, 1, 0, 1]
    inbound = [entry.envelope.read().inbound for entry in queue.entries.values()]
    assert inbound == [events.Woken(at=at, run=RunNumber(1), uid="uid-1") for at in (after(5), after(7))]
