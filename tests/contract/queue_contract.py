"""What every Queue keeps. A queue's test class inherits this and supplies the fixture `queue`, empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from builders import NOON, a_command_envelope, after, an_envelope
from samples import samples
from valine.ports import Delivery, Envelope, Queue

if TYPE_CHECKING:
    from datetime import datetime


async def put(queue: Queue, *envelopes: Envelope) -> None:
    for envelope in envelopes:
        assert await queue.put(envelope, NOON)


async def next_delivery(queue: Queue, now: datetime = NOON) -> Delivery:
    delivery = await queue.receive(now)
    assert delivery is not None
    return delivery


async def drain(queue: Queue, now: datetime = NOON) -> list[str]:
    """The ids of all that can be taken, each dealt with before the next is taken."""
    ids = []
    while delivery := await queue.receive(now):
        ids.append(delivery.envelope.id)
        await queue.ack(delivery)
    return ids


class QueueContract:
    """The promises of the port."""

    async def test_nothing_is_received_from_an_empty_queue(self, queue: Queue) -> None:
        assert await queue.receive(NOON) is None

    async def test_every_kind_of_envelope_survives(self, queue: Queue) -> None:
        for number, sample in enumerate(samples(Envelope)):
            reply_to = sample.reply_to and msgspec.structs.replace(sample.reply_to, at=NOON)  # its token is of use
            envelope = msgspec.structs.replace(sample, id=f"e{number}", reply_to=reply_to)
            await put(queue, envelope)

            delivery = await next_delivery(queue)

            assert delivery.envelope == envelope
            await queue.ack(delivery)

    async def test_envelopes_of_a_partition_come_in_order(self, queue: Queue) -> None:
        await put(queue, *(an_envelope(f"e{number}") for number in range(12)))

        assert await drain(queue) == [f"e{number}" for number in range(12)]

    async def test_urgent_ones_come_first_and_in_order_themselves(self, queue: Queue) -> None:
        await put(queue, an_envelope("hint1"), a_command_envelope("c1"), an_envelope("hint2"), a_command_envelope("c2"))

        assert await drain(queue) == ["c1", "c2", "hint1", "hint2"]

    async def test_a_partition_has_one_envelope_in_hand_at_a_time(self, queue: Queue) -> None:
        await put(queue, an_envelope("e1"), an_envelope("e2"), a_command_envelope("c1", urgent=False))
        delivery = await next_delivery(queue)

        assert await queue.receive(NOON) is None
        await queue.ack(delivery)
        assert (await next_delivery(queue)).envelope.id == "e2"

    async def test_an_urgent_one_does_not_overtake_the_one_in_hand(self, queue: Queue) -> None:
        await put(queue, an_envelope("e1"))
        delivery = await next_delivery(queue)
        await put(queue, a_command_envelope("c1"), an_envelope("e2"))

        assert await queue.receive(NOON) is None
        await queue.ack(delivery)
        assert await drain(queue) == ["c1", "e2"]

    async def test_partitions_do_not_wait_for_each_other(self, queue: Queue) -> None:
        await put(
            queue, an_envelope("a1", partition="a"), an_envelope("a2", partition="a"), an_envelope("b1", partition="b")
        )

        both = {(await next_delivery(queue)).envelope.id, (await next_delivery(queue)).envelope.id}

        assert both == {"a1", "b1"}
        assert await queue.receive(NOON) is None

    async def test_a_repeat_is_swallowed_while_the_first_is_there(self, queue: Queue) -> None:
        await put(queue, an_envelope("e1"))

        assert not await queue.put(an_envelope("e1", partition="other"), after(3600))

        assert await drain(queue, after(3600)) == ["e1"]

    async def test_a_repeat_is_swallowed_for_five_minutes_after_the_first_was_dealt_with(self, queue: Queue) -> None:
        await put(queue, an_envelope("e1"))
        assert await drain(queue) == ["e1"]

        assert not await queue.put(an_envelope("e1"), after(290))
        assert await queue.receive(after(290)) is None
        assert await queue.put(an_envelope("e1"), after(301))
        assert await drain(queue, after(301)) == ["e1"]

    async def test_what_a_dead_worker_had_in_hand_comes_again_after_two_minutes(self, queue: Queue) -> None:
        await put(queue, an_envelope("e1"), an_envelope("e2"))
        first = await next_delivery(queue)

        assert await queue.receive(after(119)) is None
        second = await next_delivery(queue, after(121))

        assert second.envelope == first.envelope
        assert (first.attempts, second.attempts) == (0, 1)
        assert second.receipt != first.receipt

    async def test_deliveries_without_an_acknowledgement_are_counted_until_there_is_one(self, queue: Queue) -> None:
        await put(queue, an_envelope("e1"))

        unacknowledged = [await next_delivery(queue, after(121 * times)) for times in range(3)]

        assert [delivery.received for delivery in unacknowledged] == [1, 2, 3]
        await queue.retry_at(unacknowledged[-1], after(400), "GitHub is down")
        again = await next_delivery(queue, after(401))
        assert (again.received, again.attempts) == (1, 3)

    async def test_an_old_receipt_changes_nothing(self, queue: Queue) -> None:
        await put(queue, an_envelope("e1"))
        old = await next_delivery(queue)
        new = await next_delivery(queue, after(121))

        await queue.ack(old)
        await queue.retry_at(old, after(121), "late")
        await queue.dead_letter(old, "late")

        assert await queue.receive(after(122)) is None
        third = await next_delivery(queue, after(242))
        assert third.attempts == 2
        await queue.ack(new)
        await queue.ack(third)
        assert await queue.receive(after(3600)) is None

    async def test_what_is_done_late_but_was_not_received_again_is_done(self, queue: Queue) -> None:
        await put(queue, an_envelope("e1"))
        delivery = await next_delivery(queue)

        await queue.ack(delivery)
        await queue.ack(delivery)

        assert await queue.receive(after(121)) is None

    async def test_what_is_put_off_comes_again_when_it_should(self, queue: Queue) -> None:
        await put(queue, an_envelope("e1"))

        await queue.retry_at(await next_delivery(queue), after(30), "GitHub is down")

        assert await queue.receive(after(29)) is None
        again = await next_delivery(queue, after(31))
        assert (again.envelope.id, again.attempts) == ("e1", 1)

    async def test_what_is_put_off_does_not_hold_up_its_partition(self, queue: Queue) -> None:
        await put(queue, an_envelope("e1"), an_envelope("e2"))
        await queue.retry_at(await next_delivery(queue), after(30), "GitHub is down")
        await put(queue, a_command_envelope("c1"))

        assert await drain(queue, after(1)) == ["c1", "e2"]
        assert await drain(queue, after(30)) == ["e1"]

    async def test_one_put_off_keeps_its_place_once_its_time_has_come(self, queue: Queue) -> None:
        await put(queue, an_envelope("e1"), an_envelope("e2"))

        await queue.retry_at(await next_delivery(queue), after(1), "GitHub is down")

        assert await drain(queue, after(1)) == ["e1", "e2"]

    async def test_poison_is_dead_lettered_and_its_partition_goes_on(self, queue: Queue) -> None:
        await put(queue, an_envelope("poison"), an_envelope("e2"))

        await queue.dead_letter(await next_delivery(queue), "it makes no sense")

        assert await drain(queue, after(3600)) == ["e2"]
        assert not await queue.put(an_envelope("poison"), after(10))
