"""One turn of the loop: what it performs, with what, and what it leaves for later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from builders import NOON, REPOSITORY, a_repository, a_run, a_task, a_woken, after, an_approval, an_envelope
from engine.test_races import DOWN, Desk, Noon
from storm.memory import MemoryQueue, MemoryRunStore
from valine.engine.loop import GRACE, Engine
from valine.orchestrator import naming
from valine.orchestrator.decide.desired_effects import schedule
from valine.orchestrator.facts.display import documents
from valine.orchestrator.facts.documents import key
from valine.orchestrator.facts.of_run import facts_of
from valine.orchestrator.model import events
from valine.orchestrator.model.effects import EnsureBranch
from valine.orchestrator.model.run import Milestone, Posted, Run
from valine.orchestrator.model.states import MilestoneKind, RunNumber, RunStatus, Sha, Stage
from valine.orchestrator.write_budget import A_MINUTE
from valine.ports import Commit, Sent
from valine.view import RENDER_VERSION
from valine.view.cards import render

if TYPE_CHECKING:
    from datetime import datetime

    from valine.orchestrator.facts.documents import Document
    from valine.view.components import Message

replace = msgspec.structs.replace
SOON = after(1)


class Outside(Desk):
    """GitHub that makes branches, and Discord that takes messages."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[dict[str, Any]] = []

    async def perform(self, effect: Any) -> Any:
        await super().perform(effect)
        assert isinstance(effect, EnsureBranch)
        return events.BranchEnsured(issue=effect.issue, start=Sha("9" * 40))

    async def ensure_message(self, **given: Any) -> Sent:
        self.posts.append(given)
        return Sent(message=f"posted-{len(self.posts)}", shown_at=after(-1))


def an_approved_run(**changes: Any) -> Run:
    """Its card and thread are there, and all that it wants on GitHub is a branch."""
    given: dict[str, Any] = {
        "status": RunStatus.IN_PROGRESS,
        "stage": Stage.EXECUTING,
        "tasks": (a_task(),),
        "approvals": (an_approval(),),
        "thread": "thread-1",
    }
    run = a_run(**(given | changes))
    shown = {document: posted(run, document) for document in documents(run)}
    return replace(run, messages=shown | run.messages)


def posted(run: Run, document: str, **changes: Any) -> Posted:
    """The document as it is on show, on one page, for a minute now."""
    given: dict[str, Any] = {"channel": "channel-1", "message": f"m-{document}", "at": after(-60)}
    return Posted(**(given | {"facts": key(facts(run, document)), "render": RENDER_VERSION} | changes))


def facts(run: Run, document: str) -> Document:
    """What the document has to show; that there is none would be the test's mistake."""
    found = facts_of(run, document)
    assert found is not None
    return found


def pages(run: Run, document: str) -> tuple[Message, ...]:
    """The document as it must be on show."""
    return render(facts(run, document))


class World:
    """A store with that run in it, and an engine at noon."""

    def __init__(self, *, store: Any = None, queue: Any = None, outside: Any = None, meter: Any = None) -> None:
        self.store: Any = store or MemoryRunStore()
        self.queue: Any = queue or MemoryQueue()
        self.outside: Any = outside or Outside()
        self.clock, self.meter = Noon(), meter
        anything: Any = self.outside
        self.engine = Engine(
            store=self.store, queue=self.queue, forge=anything, chat=anything, clock=self.clock, meter=meter
        )

    async def with_run(self, run: Run, **record: Any) -> World:
        await self.store.commit(Commit(run=schedule(run, NOON), repository=a_repository(**record)), NOON)
        return self

    async def run(self) -> Run:
        run = await self.store.run(REPOSITORY, 1)
        assert isinstance(run, Run)
        return run

    async def work(self, until: datetime = SOON) -> None:
        """Until the clock stands past that: nothing here takes time."""
        await self.engine.work(REPOSITORY, [1], until)


async def test_what_is_written_to_github_is_reserved_first() -> None:
    world = await World().with_run(an_approved_run())

    await world.engine._step(await world.run(), NOON)

    (made,) = world.outside.performed
    assert isinstance(made, EnsureBranch)
    assert len((await world.store.repository(REPOSITORY)).writes) == made.writes > 0


async def test_nothing_is_written_to_github_that_its_limit_has_no_room_for() -> None:
    full = (int(NOON.timestamp()),) * A_MINUTE
    world = await World().with_run(an_approved_run(), writes=full)

    await world.work()

    assert world.outside.performed == []
    assert (await world.run()).quiet_until == after(61)
    assert (await world.store.repository(REPOSITORY)).writes == full


@pytest.mark.parametrize("message", ["", "m-board"])
async def test_a_message_is_edited_where_it_is_or_posted_anew_in_its_own_generation(message: str) -> None:
    run = an_approved_run()
    stale = Posted(channel="channel-1", message=message, facts="old", at=after(-60), generation=2)
    world = await World().with_run(replace(run, messages=run.messages | {"board": stale}))

    await world.engine._step(await world.run(), NOON)

    (given,) = world.outside.posts
    assert given == {
        "channel": "channel-1",
        "marker": naming.marker(run, "board"),
        "nonce": naming.nonce(run, "board", 2),
        "message": pages(run, "board")[0],
        "posted": stale if message else None,
        "since": NOON,
        "first_attempt": False,  # the run was there: another process may have tried
    }
    kept = (await world.run()).messages["board"]
    assert (kept.message, kept.generation, kept.at, kept.shown_at) == ("posted-1", 2, NOON, after(-1))


@pytest.mark.parametrize("gone", [True, False])
async def test_only_a_message_that_was_never_there_is_posted_unlooked_for(gone: bool) -> None:  # noqa: FBT001
    run = an_approved_run()
    others = {name: posted for name, posted in run.messages.items() if name != "board"}
    lost = {"board": Posted(channel="channel-1", message="", facts="", at=after(-60), generation=1)} if gone else {}
    world = World()
    await world.store.commit(Commit(run=replace(run, messages=others | lost), repository=a_repository()), NOON)
    await world.engine._unit_of_work.apply(
        REPOSITORY, 1, a_woken()
    )  # so that this very process has wanted it, just now

    await world.engine._step(await world.run(), NOON)

    (given,) = world.outside.posts
    assert (given["posted"], given["first_attempt"]) == (None, not gone)


async def test_a_line_of_the_thread_goes_into_the_thread_and_is_looked_for_from_when_it_was_wanted() -> None:
    line = Milestone(key="opened", kind=MilestoneKind.OPENED, at=after(-90))
    run = an_approved_run(milestones=(line,))
    unsaid = {name: one for name, one in run.messages.items() if not name.startswith("milestone")}
    world = await World().with_run(replace(run, messages=unsaid))
    world.clock.time = after(30)

    await world.engine._step(await world.run(), after(30))

    (given,) = world.outside.posts
    assert (given["channel"], given["since"]) == ("thread-1", NOON)


@pytest.mark.parametrize(("seconds", "done"), [(GRACE.total_seconds(), True), (GRACE.total_seconds() + 1, False)])
async def test_what_is_due_soon_is_waited_for_and_the_rest_is_left_to_the_clock(seconds: float, done: bool) -> None:  # noqa: FBT001
    run = schedule(an_approved_run(), NOON)
    later = {key: replace(entry, not_before=after(seconds)) for key, entry in run.pending.items()}
    world = await World().with_run(replace(run, pending=later))

    await world.work(until=after(60))

    assert bool(world.outside.performed) is done


async def test_what_is_left_of_a_slice_goes_on_the_queue_behind_others() -> None:
    world = await World().with_run(an_approved_run())

    await world.work(until=NOON)

    (entry,) = world.queue.entries.values()
    envelope = entry.envelope.read()
    assert world.outside.performed == []
    assert envelope.inbound == events.Woken(at=NOON, run=RunNumber(1), uid="uid-1")
    assert not envelope.urgent


async def test_a_clock_of_another_run_of_that_number_wakes_nobody() -> None:
    world = await World().with_run(an_approved_run())
    foreign = events.Woken(at=NOON, run=RunNumber(1), uid="another")

    assert await world.engine.take_in(an_envelope(inbound=foreign)) == []


async def test_a_start_has_every_run_with_work_looked_at_once() -> None:
    world = await World().with_run(an_approved_run())
    await world.engine._unit_of_work.apply(REPOSITORY, 1, events.EffectFailed(at=NOON, key="none", failure=DOWN))

    await world.engine.catch_up(REPOSITORY)

    hints = [entry.envelope.read().inbound for entry in world.queue.entries.values()]
    assert [(hint.name, hint.branch) for hint in hints if isinstance(hint, events.HintReceived)] == [("push", "main")]
