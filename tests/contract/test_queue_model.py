"""The SQLite queue does what a list would: whatever is put, taken, given back, dropped and late, in any order."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from builders import after, an_envelope
from valine.ports import Delivery
from valine.services.sqlite.file import SqliteFile
from valine.services.sqlite.queue import SqliteQueue

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 7), st.integers(0, 3)),
        st.tuples(st.just("take"), st.just(0), st.just(0)),
        st.tuples(st.sampled_from(["done", "later", "set_aside"]), st.integers(0, 5), st.sampled_from([0, 30, 200])),
        st.tuples(st.just("wait"), st.sampled_from([1, 60, 119, 121, 299, 301]), st.just(0)),
    ),
    max_size=40,
)


@dataclass
class Entry:
    id: str
    partition: str
    urgent: bool
    visible: int
    seen: int
    held: Delivery | None = None  # as it was last taken, until it is given back


@dataclass
class Model:
    """The queue as one would write it down on paper."""

    entries: list[Entry] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    aside: list[str] = field(default_factory=list)

    def put(self, entry: Entry) -> bool:
        there = any(other.id == entry.id for other in self.entries)
        if there or entry.seen < self.seen.get(entry.id, -1000) + 300:
            return False
        self.entries.append(entry)
        return True

    def next(self, now: int) -> Entry | None:
        busy = {entry.partition for entry in self.entries if entry.held and entry.visible > now}
        ready = [entry for entry in self.entries if entry.visible <= now and entry.partition not in busy]
        return min(ready, key=lambda entry: not entry.urgent, default=None)  # min keeps the order of arrival

    def find(self, delivery: Delivery) -> Entry | None:
        """What that receipt still stands for."""
        return next((entry for entry in self.entries if entry.held is delivery), None)

    def remove(self, entry: Entry) -> None:
        self.entries.remove(entry)
        self.seen[entry.id] = entry.seen


async def next_delivery(queue: SqliteQueue, model: Model, now: int) -> list[Delivery]:
    delivery, expected = await queue.receive(after(now)), model.next(now)
    assert (delivery and delivery.envelope.id) == (expected and expected.id)
    if not delivery or not expected:
        return []
    expected.held, expected.visible, expected.seen = delivery, now + 120, now
    return [delivery]


async def give_back(queue: SqliteQueue, model: Model, how: str, delivery: Delivery, until: int) -> None:
    entry = model.find(delivery)
    if how == "later":
        await queue.retry_at(delivery, after(until), "trouble")
        if entry:
            entry.held, entry.visible = None, until
    else:
        await (queue.ack(delivery) if how == "done" else queue.dead_letter(delivery, "trouble"))
        if entry:
            model.remove(entry)
            if how == "set_aside" and entry.id not in model.aside:
                model.aside.append(entry.id)


async def play(steps: list[tuple[str, int, int]]) -> None:
    with closing(SqliteFile.open(":memory:", exclusive=True)) as file:
        queue, model, hands, now = SqliteQueue(file), Model(), list[Delivery](), 0
        for what, which, choice in steps:
            if what == "wait":
                now += which
            elif what == "put":
                entry = Entry(f"e{which}", f"partition{choice % 2}", choice > 1, visible=now, seen=now)
                envelope = an_envelope(entry.id, partition=entry.partition, urgent=entry.urgent)
                assert await queue.put(envelope, after(now)) == model.put(entry)
            elif what == "take":
                hands += await next_delivery(queue, model, now)
            elif hands:
                await give_back(queue, model, what, hands[which % len(hands)], now + choice)
            assert await queue.depth() == len(model.entries)
        assert {letter.id for letter in await queue.dead_letters()} == set(model.aside)


@given(STEPS)
def test_the_queue_does_what_a_list_would(steps: list[tuple[str, int, int]]) -> None:
    asyncio.run(play(steps))
