"""A batch is one slice: commands first, all taken in, worked on together; and what becomes of it when that fails."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from builders import NOON, a_command_envelope, after, an_envelope
from valine.engine import batches
from valine.engine.batches import Batches
from valine.engine.worker import MOST_ATTEMPTS, MOST_RECEIPTS, MOST_RETRIES, Worker
from valine.errors import Busy
from valine.ports import Delivery, Envelope
from valine_twins.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

LAMBDA = after(20)  # when its time is out


class Heap:
    """A queue that notes what becomes of each envelope; `away` makes it fail."""

    def __init__(self) -> None:
        self.settled: list[tuple[str, str]] = []
        self.away = False

    async def _note(self, what: str, delivery: Delivery) -> None:
        if self.away:
            raise Busy("SQS is out of reach.")
        self.settled.append((what, delivery.envelope.id))

    async def put(self, envelope: Envelope, now: datetime) -> bool:
        raise NotImplementedError

    async def receive(self, now: datetime) -> Delivery | None:
        raise NotImplementedError

    async def ack(self, delivery: Delivery) -> None:
        await self._note("done", delivery)

    async def retry_at(self, delivery: Delivery, until: datetime, trouble: str) -> None:
        await self._note("later", delivery)

    async def dead_letter(self, delivery: Delivery, trouble: str) -> None:
        await self._note("aside", delivery)


class Diary:
    """An engine that notes what it is asked for: each envelope takes `seconds`, and brings the run of its number."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.seconds = 0.0
        self.breaks: set[str] = set()
        self.entries: list[Any] = []

    async def take_in(self, envelope: Envelope) -> list[int]:
        self.entries.append(envelope.id)
        await self.clock.sleep(self.seconds)
        if envelope.id in self.breaks:
            raise ZeroDivisionError
        return [int(envelope.id[1:])]

    async def work(self, partition: str, runs: Iterable[int], until: datetime) -> None:
        self.entries.append((tuple(runs), until - self.clock.now()))

    async def give_up(self, envelope: Envelope) -> None:
        self.entries.append(f"gave up {envelope.id}")


class Desk:
    """Batches with what they are made of."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.queue, self.engine = Heap(), Diary(self.clock)
        engine: Any = self.engine
        worker = Worker(queue=self.queue, engine=engine, clock=self.clock)
        self.batches = Batches(worker=worker, engine=engine, queue=self.queue, clock=self.clock, rest=self.rest)

    async def rest(self) -> None:
        self.engine.entries.append("rest")

    async def work(self, *envelopes: Envelope, suspects: Iterable[str] = ()) -> list[str]:
        """The ids of those that are handed back."""
        batch = [Delivery(envelope=envelope, receipt=envelope.id, attempts=0) for envelope in envelopes]
        return [delivery.envelope.id for delivery in await self.batches.work(batch, LAMBDA, tuple(suspects))]


@pytest.fixture
def desk() -> Desk:
    return Desk()


HINTS = [an_envelope(f"h{number}") for number in (1, 2, 3)]
COMMAND = a_command_envelope("c4")


async def test_all_is_taken_in_commands_first_and_then_worked_on_in_one_slice(desk: Desk) -> None:
    assert await desk.work(*HINTS, COMMAND) == []

    assert desk.engine.entries == ["c4", "h1", "h2", "h3", ((4, 1, 2, 3), timedelta(seconds=8)), "rest"]
    assert desk.queue.settled == [("done", "c4"), ("done", "h1"), ("done", "h2"), ("done", "h3")]


async def test_an_empty_batch_is_no_work(desk: Desk) -> None:
    """deploy.sh sends one, to see whether the worker starts."""
    assert await desk.work() == []

    assert desk.engine.entries == []


async def test_a_slice_is_shorter_where_little_time_is_left(desk: Desk) -> None:
    desk.engine.seconds = 5.0

    await desk.work(*HINTS[:1])

    assert desk.engine.entries[1] == ((1,), timedelta(seconds=20 - 2.5 - 8 - 5))


async def test_what_there_is_no_time_for_is_handed_back_in_its_order_and_the_work_passed_on(desk: Desk) -> None:
    desk.engine.seconds = 7.0

    assert await desk.work(*HINTS) == ["h3"]

    assert desk.engine.entries == ["h1", "h2", ((1, 2), timedelta())]
    assert desk.queue.settled == [("done", "h1"), ("done", "h2")]


async def test_one_that_breaks_is_put_off_and_the_others_go_on(desk: Desk) -> None:
    desk.engine.breaks = {"h1", "h3"}

    assert await desk.work(*HINTS) == []

    assert desk.engine.entries == ["h1", "h2", "h3", ((2,), timedelta(seconds=8)), "rest"]
    assert desk.queue.settled == [("later", "h1"), ("done", "h2"), ("later", "h3")]


async def test_after_one_that_could_not_be_settled_the_rest_of_its_partition_is_handed_back_alone(desk: Desk) -> None:
    desk.queue.away = True
    other = an_envelope("h9", partition="team/other")

    handed_back = await desk.work(HINTS[0], other, HINTS[1])

    assert handed_back == ["h1", "h2", "h9"]
    assert desk.engine.entries[0] == "h1"
    assert "h2" not in desk.engine.entries


async def test_one_that_may_have_killed_its_worker_is_dealt_with_alone(desk: Desk) -> None:
    assert await desk.work(*HINTS, suspects=["h1", "h2", "h3"]) == []

    assert desk.queue.settled == [("later", "h2"), ("later", "h3"), ("done", "h1")]


class Endless(Diary):
    """An engine that never comes to an end."""

    async def work(self, partition: str, runs: Iterable[int], until: datetime) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize("attempts", [0, MOST_ATTEMPTS, MOST_RETRIES])
async def test_a_slice_that_takes_too_long_is_broken_off_and_tried_again_as_often_as_a_platform_that_is_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, attempts: int
) -> None:
    monkeypatch.setattr(batches, "TO_TAKE_IN", timedelta())
    desk.batches._engine = Endless(desk.clock)  # type: ignore[assignment]
    batch = [Delivery(envelope=HINTS[0], receipt="h1", attempts=attempts)]

    assert await desk.batches.work(batch, NOON + batches.TO_SETTLE + timedelta(seconds=0.05)) == []

    assert desk.queue.settled == [("later", "h1")]


async def test_what_was_received_three_times_in_vain_is_refused_unhandled_and_its_sender_is_answered(
    desk: Desk,
) -> None:
    killer = Delivery(envelope=COMMAND, receipt="c4", attempts=3, received=MOST_RECEIPTS + 1)
    again = Delivery(envelope=HINTS[0], receipt="h1", attempts=2, received=MOST_RECEIPTS)

    assert await desk.batches.work([killer, again], LAMBDA) == []

    assert desk.engine.entries == ["gave up c4", "h1", ((1,), timedelta(seconds=8)), "rest"]
    assert desk.queue.settled == [("aside", "c4"), ("done", "h1")]
