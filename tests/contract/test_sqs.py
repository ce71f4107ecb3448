"""The SQS queue keeps those promises of the port that a FIFO queue can, with moto in SQS's and DynamoDB's place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from builders import NOON, REPOSITORY, a_command_envelope, a_hint, a_run, after, an_envelope, noise
from contract.queue_contract import QueueContract, drain, next_delivery, put
from dynamodb import make_table
from moto_aws import make_queue, moto_aws, moto_client, receive
from valine.documents import encode
from valine.engine.worker import MOST_RECEIPTS
from valine.errors import Busy, Newer, StoreError, TooLarge
from valine.orchestrator.model.run import SCHEMA
from valine.ports import Commit
from valine.services.aws.dynamo_table import DynamoTable, Fields, Put, _fields
from valine.services.aws.queue import KEPT, SqsQueue
from valine.services.aws.run_store import DynamoRunStore
from valine.services.aws.sqs_message import MAX_BODY
from valine.services.dead_letters import DeadLetter
from valine_twins.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from valine.ports import Delivery

pytestmark = pytest.mark.proof
TABLE = "RunStateTable"


class Polled(SqsQueue):
    """The queue with what Lambda does around it: a message received, and deleted if nothing could be made of it."""

    def __init__(self, sqs: Any, url: str, dynamodb: Any, clock: ManualClock) -> None:
        super().__init__(sqs=sqs, queue_url=url, dynamodb=dynamodb, table=TABLE, clock=clock)
        self.sqs, self.url, self.dynamodb, self.clock = sqs, url, dynamodb, clock
        self.ids: list[str] = []

    async def receive(self, now: datetime) -> Delivery | None:
        self.clock.advance_to(now)
        await self.release(now)
        while records := receive(self.sqs, self.url):
            self.ids.append(records[0]["attributes"]["MessageDeduplicationId"])
            self.hand_over(records[0])
            delivery = await super().receive(now)
            if delivery is not None:
                return delivery
            self.delete(records[0]["receiptHandle"])
        return None

    def items(self) -> list[Fields]:
        """All that lies in the table."""
        return [_fields(item) for item in self.dynamodb.scan(TableName=TABLE)["Items"]]

    async def store(self, item: Fields) -> None:
        await DynamoTable(self.dynamodb, TABLE).put(Put(item=item))

    def delete(self, receipt: str) -> None:
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with moto_aws():
        one = moto_client("dynamodb")
        make_table(one, TABLE)
        yield one


@pytest.fixture
def queue(dynamodb: Any, clock: ManualClock) -> Polled:
    sqs = moto_client("sqs")
    return Polled(sqs, make_queue(sqs), dynamodb, clock)


class TestSqsQueue:
    """The contract's cases, but for those in which an urgent one overtakes, or put() tells a repeat, or time passes."""

    test_nothing_is_received_from_an_empty_queue = QueueContract.test_nothing_is_received_from_an_empty_queue
    test_every_kind_of_envelope_survives = QueueContract.test_every_kind_of_envelope_survives
    test_envelopes_of_a_partition_come_in_order = QueueContract.test_envelopes_of_a_partition_come_in_order
    test_a_partition_has_one_in_hand_at_a_time = QueueContract.test_a_partition_has_one_envelope_in_hand_at_a_time
    test_partitions_do_not_wait_for_each_other = QueueContract.test_partitions_do_not_wait_for_each_other
    test_what_is_put_off_comes_again = QueueContract.test_what_is_put_off_comes_again_when_it_should


async def test_a_repeat_is_swallowed(queue: Polled) -> None:
    await put(queue, an_envelope("e1"), an_envelope("e2"), an_envelope("e1"))

    assert await drain(queue) == ["e1", "e2"]


async def test_what_is_sent_again_on_purpose_is_no_repeat(queue: Polled) -> None:
    """SQS remembers an id for 5 minutes after its message was deleted; moto does not, so the ids are looked at."""
    await put(queue, an_envelope("e1"))
    await queue.retry_at(await next_delivery(queue), after(2), "GitHub is down")
    await queue.retry_at(await next_delivery(queue, after(2)), after(4), "GitHub is down")
    await queue.dead_letter(await next_delivery(queue, after(4)), "still")
    assert await queue.redrive("e1", after(6))
    await queue.dead_letter(await next_delivery(queue, after(6)), "still")
    assert await queue.redrive("e1", after(8))
    await next_delivery(queue, after(8))

    assert len(queue.ids) == 5
    assert len(set(queue.ids)) == 5


async def test_what_is_redriven_and_put_off_again_is_not_swallowed_as_its_own_repeat(queue: Polled) -> None:
    """All of it within the 5 minutes for which SQS remembers an id; it would be sent, swallowed and forgotten."""
    await put(queue, an_envelope("e1"))
    await queue.retry_at(await next_delivery(queue), after(2), "it broke")
    await queue.dead_letter(await next_delivery(queue, after(2)), "it broke again")
    assert await queue.redrive("e1", after(60))

    await queue.retry_at(await next_delivery(queue, after(60)), after(62), "GitHub is down")
    await next_delivery(queue, after(62))

    assert len(queue.ids) == 4
    assert len(set(queue.ids)) == 4


async def test_what_is_put_off_does_not_hold_up_its_partition(queue: Polled) -> None:
    await put(queue, an_envelope("e1"), an_envelope("e2"))

    await queue.retry_at(await next_delivery(queue), after(30), "GitHub is down")

    assert await drain(queue, after(29)) == ["e2"]
    assert await drain(queue, after(30)) == ["e1"]


async def test_attempts_are_counted_through_all_messages_that_carry_the_envelope(queue: Polled) -> None:
    await put(queue, an_envelope("e1"))

    attempts = []
    for minute in range(4):
        delivery = await next_delivery(queue, after(60 * minute))
        attempts.append(delivery.attempts)
        await queue.retry_at(delivery, after(60 * minute + 30), "GitHub is down")

    assert attempts == [0, 1, 2, 3]


async def test_a_message_received_again_counts_as_another_attempt(queue: Polled) -> None:
    await put(queue, an_envelope("e1"))
    delivery = await next_delivery(queue)
    queue.sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=delivery.receipt, VisibilityTimeout=0)

    assert (await next_delivery(queue)).attempts == 1


async def test_a_worker_that_dies_after_putting_off_doubles_and_loses_nothing(queue: Polled) -> None:
    await put(queue, an_envelope("e1"))
    delivery = await next_delivery(queue)
    queue._sqs = Deadly(queue.sqs)
    with pytest.raises(ZeroDivisionError):
        await queue.retry_at(delivery, after(30), "GitHub is down")
    queue._sqs = queue.sqs
    queue.sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=delivery.receipt, VisibilityTimeout=0)

    assert await drain(queue) == ["e1"]
    assert await drain(queue, after(30)) == ["e1"]
    assert await drain(queue, after(60)) == []


class Deadly:
    """A client of SQS whose process ends where it would delete a message."""

    def __init__(self, one: Any) -> None:
        self._one = one

    def __getattr__(self, operation: str) -> Any:
        if operation == "delete_message":
            raise ZeroDivisionError
        return getattr(self._one, operation)


async def test_two_clocks_at_once_send_what_was_put_off_once(queue: Polled) -> None:
    await put(queue, an_envelope("e1"))
    await queue.retry_at(await next_delivery(queue), after(30), "GitHub is down")
    item = await queue._table.get("envelope#e1", "deferred")
    assert item is not None

    await queue._release(item)
    await queue._release(item)

    assert await drain(queue, after(30)) == ["e1"]


async def test_one_put_off_again_while_it_was_sent_is_kept(queue: Polled) -> None:
    await put(queue, an_envelope("e1"))
    delivery = await next_delivery(queue)
    await queue.retry_at(delivery, after(30), "GitHub is down")
    item = await queue._table.get("envelope#e1", "deferred")
    assert item is not None
    await SqsQueue.retry_at(queue, msgspec.structs.replace(delivery, attempts=1), after(90), "GitHub is down")

    await queue._release(item)

    assert await drain(queue, after(30)) == ["e1"]
    assert await drain(queue, after(90)) == ["e1"]


async def test_what_is_put_off_is_no_run_and_a_run_is_not_put_off(queue: Polled, dynamodb: Any) -> None:
    store = DynamoRunStore(dynamodb, TABLE)
    await store.commit(Commit(run=a_run(wake_at=NOON)), NOON)
    await put(queue, an_envelope("e1"))
    await queue.retry_at(await next_delivery(queue), NOON, "GitHub is down")

    assert [run.number for run in await store.due(NOON)] == [1]
    assert await queue.release(NOON) == 1
    assert await queue.release(NOON) == 0


async def test_releasing_takes_the_earliest_and_no_more_than_it_may(queue: Polled) -> None:
    await put(queue, *(an_envelope(f"e{number}", partition=f"partition{number}") for number in range(5)))
    for number in range(5):
        delivery = await next_delivery(queue)
        await SqsQueue.retry_at(queue, delivery, after(10 - number), "GitHub is down")
        await queue.ack(delivery)

    assert await queue.release(after(20), limit=2) == 2

    assert {(await next_delivery(queue, NOON)).envelope.id for _ in range(2)} == {"e4", "e3"}


async def test_one_that_cannot_be_sent_stays_is_named_and_holds_up_no_other(
    queue: Polled, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2, 3):
        await put(queue, an_envelope(f"e{number}"))
        await SqsQueue.retry_at(queue, await next_delivery(queue), after(10 * number), "GitHub is down")
    item = await queue._table.get("envelope#e2", "deferred")
    assert item is not None
    await queue._table.put(Put(item=item | {"document": b"\0" * MAX_BODY}))

    for _ in range(2):  # the first time releases the others
        with pytest.raises(TooLarge):
            await queue.release(after(30))

    assert await drain(queue) == ["e1", "e3"]
    assert "e2 stays put off: " in caplog.text


async def test_while_sqs_is_away_the_first_refusal_ends_a_release(queue: Polled) -> None:
    for number in (1, 2):
        await put(queue, an_envelope(f"e{number}"))
        await SqsQueue.retry_at(queue, await next_delivery(queue), after(10), "GitHub is down")
    away = queue._sqs = Away()

    with pytest.raises(Busy):
        await queue.release(after(10))

    assert away.asked == 1
    queue._sqs = queue.sqs
    assert await queue.release(after(10)) == 2


class Away:
    """A client of SQS that counts how often it is asked in vain."""

    def __init__(self) -> None:
        self.asked = 0

    @property
    def meta(self) -> Any:
        self.asked += 1
        raise Busy("SQS is out of reach.")


async def test_poison_is_dead_lettered_told_and_its_partition_goes_on(
    queue: Polled, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    poison = a_command_envelope("poison")
    await put(queue, poison, an_envelope("e2"))

    await queue.dead_letter(await next_delivery(queue), "it makes no sense")

    assert await drain(queue) == ["e2"]
    assert list(await queue.dead_letters()) == [
        DeadLetter(
            id="poison",
            envelope=msgspec.structs.replace(poison, reply_to=None),  # the interaction's token would outlive its use
            trouble="it makes no sense",
            attempts=1,
        )
    ]
    assert "poison was set aside: it makes no sense" in caplog.text
    clock.advance_to(NOON + KEPT)
    assert list(await queue.dead_letters()) == []
    assert not await queue.redrive("poison", clock.now())


async def test_a_dead_letter_can_be_sent_again_at_once_and_once(queue: Polled) -> None:
    await put(queue, an_envelope("poison"))
    await queue.dead_letter(await next_delivery(queue), "it makes no sense")

    assert await queue.redrive("poison", after(1))
    assert not await queue.redrive("poison", after(1))

    delivery = await next_delivery(queue, after(2))
    assert (delivery.envelope.id, delivery.attempts) == ("poison", 0)
    assert list(await queue.dead_letters()) == []
    await queue.dead_letter(delivery, "still")
    assert await queue.redrive("poison", after(3))
    assert await drain(queue, after(3)) == ["poison"]


async def test_dead_letters_are_listed_in_the_order_in_which_they_were_dead_lettered(queue: Polled) -> None:
    await put(queue, *(an_envelope(name) for name in ("c", "a", "b")))
    for second in range(3):
        await queue.dead_letter(await next_delivery(queue, after(second)), "x" * 5000)

    assert [letter.id for letter in await queue.dead_letters()] == ["c", "a", "b"]


async def test_an_envelope_of_a_newer_valine_waits_for_it_while_its_partition_goes_on(queue: Polled) -> None:
    newer = send_newer(queue, "newer")
    await put(queue, an_envelope("ours"))

    assert await drain(queue) == ["ours"]
    for minute in range(1, 60):
        assert await queue.receive(after(60 * minute)) is None
    assert await queue.dead_letters() == ()
    assert await queue.receive(after(3599)) is None

    [item] = [item for item in queue.items() if item["sk"] == "deferred"]
    assert f"newer Valine (schema 99, this one knows {SCHEMA}). Run that version" in str(item["trouble"])
    await queue.store(item | {"document": newer})  # the version that wrote it runs again
    delivery = await next_delivery(queue, after(3600))
    assert (delivery.envelope, delivery.attempts) == (an_envelope("newer"), 0)


async def test_an_envelope_of_a_newer_valine_that_waited_for_an_hour_is_kept_until_that_version_redrives_it(
    queue: Polled,
) -> None:
    newer = send_newer(queue, "newer")
    for minute in range(61):
        assert await queue.receive(after(60 * minute)) is None

    [letter] = await queue.dead_letters()
    assert letter.envelope is None
    assert "Run that version" in letter.trouble
    [item] = queue.items()
    with pytest.raises(Newer, match="Run that version"):
        await queue.redrive(letter.id, after(3700))
    await queue.store(item | {"document": newer})  # the version that wrote it runs again
    assert await queue.redrive(letter.id, after(3700))
    assert await drain(queue, after(3700)) == ["newer"]


def send_newer(queue: Polled, name: str) -> bytes:
    """An envelope of a newer schema is on the queue; as this version would have it."""
    document = encode(an_envelope(name))
    body = document.replace(b'"schema":%d' % SCHEMA, b'"schema":99').decode()
    queue.sqs.send_message(
        QueueUrl=queue.url, MessageBody=body, MessageGroupId=REPOSITORY, MessageDeduplicationId="newer"
    )
    return document


@pytest.mark.parametrize("body", ["Hello!", "eNoDAAAAAAE="])
async def test_what_another_program_sent_is_dead_lettered_and_its_partition_goes_on(queue: Polled, body: str) -> None:
    queue.sqs.send_message(
        QueueUrl=queue.url, MessageBody=body, MessageGroupId=REPOSITORY, MessageDeduplicationId="other"
    )
    await put(queue, an_envelope("ours"))

    assert await drain(queue) == ["ours"]

    [letter] = await queue.dead_letters()
    assert (letter.envelope, letter.attempts) == (None, 1)
    with pytest.raises(StoreError):
        await queue.redrive(letter.id, NOON)
    assert len(await queue.dead_letters()) == 1


async def test_the_worker_gets_a_message_whose_workers_stopped_three_times_before_sqs_moves_it(queue: Polled) -> None:
    await put(queue, an_envelope("killer"))
    received = []
    for _ in range(4):
        delivery = await next_delivery(queue)
        received.append(delivery.received)
        queue.sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=delivery.receipt, VisibilityTimeout=0)

    assert received == [1, 2, 3, 4]
    assert received[-1] > MOST_RECEIPTS


async def test_putting_off_starts_the_count_of_deliveries_anew(queue: Polled) -> None:
    await put(queue, an_envelope("e1"))
    delivery = await next_delivery(queue)
    queue.sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=delivery.receipt, VisibilityTimeout=0)
    delivery = await next_delivery(queue)

    await queue.retry_at(delivery, after(2), "GitHub is down")
    again = await next_delivery(queue, after(2))

    assert (delivery.received, again.received, again.attempts) == (2, 1, 2)


async def test_what_is_put_off_beyond_the_life_of_its_interaction_token_is_kept_without_it(queue: Polled) -> None:
    soon, late = a_command_envelope("soon", partition="a"), a_command_envelope("late", partition="b")
    await put(queue, soon, late)
    for seconds in (60, 15 * 60):
        await queue.retry_at(await next_delivery(queue), after(seconds), "GitHub is down")

    kept = [await next_delivery(queue, after(15 * 60)), await next_delivery(queue, after(15 * 60))]

    assert {delivery.envelope.id: delivery.envelope.reply_to for delivery in kept} == {
        "soon": soon.reply_to,
        "late": None,
    }


async def test_a_message_that_no_worker_refuses_goes_to_the_dead_letter_queue_in_the_end(queue: Polled) -> None:
    await put(queue, an_envelope("killer"), an_envelope("e2"))
    for _ in range(10):
        delivery = await next_delivery(queue)
        queue.sqs.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=delivery.receipt, VisibilityTimeout=0)

    assert await drain(queue) == ["e2"]
    [dead] = receive(queue.sqs, queue.url.replace("valine.fifo", "valine-dead.fifo"))
    assert "killer" in dead["body"]


async def test_a_partition_with_a_long_name_is_a_partition_like_others(queue: Polled) -> None:
    partitions = [f"{'o' * 39}/{'r' * 99}{number}" for number in range(2)]
    await put(queue, *(an_envelope(f"e{number}", partition=partition) for number, partition in enumerate(partitions)))

    assert {(await next_delivery(queue)).envelope.partition, (await next_delivery(queue)).envelope.partition} == set(
        partitions
    )


@pytest.mark.parametrize("name", ["\ufffe\uffff", "\x00\x1b\r\n", "ĝ\U0001f600", noise(40_000)])
async def test_any_text_survives(queue: Polled, name: str) -> None:
    envelope = an_envelope(inbound=a_hint(branch=name))
    await put(queue, envelope)

    assert (await next_delivery(queue)).envelope == envelope


async def test_what_the_queue_would_not_take_is_refused_before_it_is_sent(queue: Polled) -> None:
    large = an_envelope(inbound=a_hint(branch=noise(MAX_BODY)))
    assert len(encode(large)) * 4 / 3 > MAX_BODY

    with pytest.raises(TooLarge, match="Nothing was queued"):
        await queue.put(large, NOON)

    assert await drain(queue) == []
    await put(queue, an_envelope(inbound=a_hint(branch=noise(MAX_BODY * 7 // 8))))
    assert await drain(queue) == ["e1"]


async def test_a_queue_that_is_not_there_is_an_error_that_says_what_to_do(queue: Polled) -> None:
    queue.sqs.delete_queue(QueueUrl=queue.url)

    with pytest.raises(StoreError, match="VALINE_QUEUE_URL") as told:
        await queue.put(an_envelope(), NOON)

    assert not isinstance(told.value, Busy)
