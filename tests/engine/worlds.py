"""Worlds around an engine: store and queue are told the time, GitHub and Discord note what is asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builders import (
    NOON,
    REPOSITORY,
    a_plan_world,
    a_work_world,
    an_issue,
)
from engine.test_loop import Outside, World
from storm.memory import MemoryQueue, MemoryRunStore
from valine.ports import Commit, Sent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from valine.orchestrator.model.decision import Outcome
    from valine.orchestrator.model.events import Event
    from valine.orchestrator.model.observations import WorkWorld
    from valine.orchestrator.model.run import Run
    from valine.ports import Envelope, History, ReplyTo


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


class Refreshing(Outside):
    """GitHub that can be looked at, too."""

    def __init__(self, breaks: Exception | None = None) -> None:
        super().__init__()
        self.breaks = breaks
        self.labels: list[str | None] = []
        self.fresh: list[bool] = []
        self.comments = 0
        self.threads: list[dict[str, Any]] = []

    async def plan_world(self, label: str | None) -> Any:
        self.labels.append(label)
        return a_plan_world(an_issue(1, labels=(label or "ready",)))

    async def work_world(self, run: Run, *, fresh: bool = True) -> WorkWorld:
        assert run.name == "r1"
        self.fresh.append(fresh)
        self.refreshes += 1
        return a_work_world()

    async def comments_since(self, since: datetime) -> Sequence[Any]:
        assert since <= NOON
        self.comments += 1
        return ()

    async def perform(self, effect: Any) -> Any:
        self._break()
        return await super().perform(effect)

    async def ensure_message(self, **given: Any) -> Sent:
        self._break()
        return await super().ensure_message(**given)

    async def ensure_thread(self, **given: Any) -> str:
        self._break()
        self.threads.append(given)
        return "thread-9"

    def _break(self) -> None:
        if self.breaks is not None:
            raise self.breaks

    async def reply(self, reply_to: ReplyTo, reply: Any) -> None:
        assert reply_to.token
        self.answers.append(reply)


def a_world(breaks: Exception | None = None) -> World:
    """One whose store and queue are told the time, and whose meter is read."""
    return World(store=Dated(), queue=DatedQueue(), outside=Refreshing(breaks), meter=Meter())


async def handled(world: World, *envelopes: Envelope) -> None:
    for envelope in envelopes:
        await world.queue.put(envelope, NOON)
    while (delivery := await world.queue.receive(world.clock.now())) is not None:
        await world.engine.handle(delivery)
        await world.queue.ack(delivery)


async def history(world: World) -> Sequence[History]:
    found: Sequence[History] = await world.store.history(REPOSITORY, 1)
    return found
