"""The queue on SQS FIFO: Lambda receives from it, and this class does the rest.

What was dealt with is deleted at once, although Lambda does so too in the end: a worker that is killed has no end, and
all that it had in hand would come back, to be counted as tried until it lies among the dead letters.

A FIFO message can be neither delayed nor reordered. So an envelope that is put off lies in the run store's table until
its time has come, and is then sent again, at the end of its partition; and urgent ones wait in line with the others.
What is dead-lettered lies in that table too. Whatever moves is stored in its new place before it leaves the old one: a
crash between the two doubles an envelope, which is harmless, and loses none.
"""

from __future__ import annotations

import logging
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from valine.documents import decode, encode
from valine.errors import Busy, Conflict, Newer, StoreError
from valine.ports import Envelope
from valine.services.aws.client import call
from valine.services.aws.dynamo_table import PAGE, DynamoTable, Fields, Put
from valine.services.aws.run_store import DUE_INDEX
from valine.services.aws.sqs_message import (
    attempts_of,
    delivery_from_record,
    document_of,
    message,
    partition_of,
    unread_times,
)
from valine.services.dead_letters import (
    NEWER_AGAIN,
    NEWER_FOR,
    DeadLetter,
    document_without_token,
    readable,
    token_until,
    without_token,
)
from valine.services.moments import to_micros, to_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from valine.ports import Clock, Delivery

log = logging.getLogger("valine.queue")

DUE_ENVELOPE: Final = "envelope"  # in `due`: a partition of DueIndex beside that of the runs
KEPT: Final = timedelta(days=30)  # how long what was dead-lettered is kept
_DEAD: Final = "dead_letters"
_LONGEST_TROUBLE = 2000


class _Letter(NamedTuple):
    """Of a message that is dead-lettered."""

    id: str
    document: bytes
    attempts: int


class SqsQueue:
    """A Queue for Lambda. Every method raises Busy or StoreError, with a sentence for people, when AWS fails it.

    Two promises of the port are not kept: put() cannot tell a repeat from a first one (both give True), and an urgent
    envelope does not overtake.
    """

    def __init__(self, *, sqs: Any, queue_url: str, dynamodb: Any, table: str, clock: Clock) -> None:
        self._sqs = sqs
        self._url = queue_url
        self._table = DynamoTable(dynamodb, table)
        self._clock = clock
        self._handed: deque[Mapping[str, Any]] = deque()

    async def put(self, envelope: Envelope, now: datetime) -> bool:  # noqa: ARG002 - SQS counts the five minutes
        await self._send(encode(envelope), partition=envelope.partition, attempts=0, once=envelope.id)
        return True

    def hand_over(self, record: Mapping[str, Any]) -> None:
        """Give receive() a record that Lambda received."""
        self._handed.append(record)

    async def receive(self, now: datetime) -> Delivery | None:  # noqa: ARG002 - Lambda takes them, when it thinks fit
        """The next record that was handed over. None if there is none that this version can read.

        What it cannot read is stored elsewhere before it goes on, so that the message may be deleted.
        """
        while self._handed:
            record = self._handed.popleft()
            try:
                return delivery_from_record(record)
            except Newer as error:
                await self._wait_for_newer(record, error)
            except StoreError as error:
                await self._keep(_unread(record), str(error))
        return None

    async def ack(self, delivery: Delivery) -> None:
        await call(self._sqs, "delete_message", QueueUrl=self._url, ReceiptHandle=delivery.receipt)

    async def retry_at(self, delivery: Delivery, until: datetime, trouble: str) -> None:
        envelope = delivery.envelope
        ends = token_until(envelope)
        if ends is not None and ends <= until:  # by then nobody can be answered with it
            envelope = without_token(envelope)
        letter = _Letter(envelope.id, encode(envelope), delivery.attempts + 1)
        await self._defer(letter, envelope.partition, until, trouble)
        await self.ack(delivery)

    async def release(self, now: datetime, limit: int = PAGE) -> int:
        """Send those again whose time has come, the earliest first, and at most so many; how many they were.

        One that is refused stays, is named in the log, and does not hold up the others: its error is raised after them.
        While AWS is out of reach, though, the first Busy ends it: the next minute asks again.
        The index that is asked follows within a second or so: one may be found only by the next call.
        """
        values: Fields = {"due": DUE_ENVELOPE, "now": to_micros(now)}
        keys = await self._table.query("due = :due AND wake_at <= :now", values, index=DUE_INDEX, limit=limit)
        released = 0
        refusals: list[StoreError] = []
        for key in keys:
            item = await self._table.get(_text(key, "pk"), _text(key, "sk"))
            if item is None or _number(item, "wake_at") > to_micros(now):
                continue
            try:
                await self._release(item)
                released += 1
            except Busy:
                raise
            except StoreError as error:
                log.error("%s stays put off: %s", _text(item, "id"), error)  # noqa: TRY400 - the sentence says it all
                refusals.append(error)
        if refusals:
            raise refusals[0]
        return released

    async def dead_letter(self, delivery: Delivery, trouble: str) -> None:
        envelope = delivery.envelope
        await self._keep(_Letter(envelope.id, encode(envelope), delivery.attempts + 1), trouble)
        await self.ack(delivery)

    async def dead_letters(self) -> Sequence[DeadLetter]:
        """What was dead-lettered and is not yet forgotten, in the order in which that happened."""
        now = to_seconds(self._clock.now())
        items = await self._table.query("pk = :pk", {"pk": _DEAD})
        kept = [item for item in items if _number(item, "expires_at") > now]
        return tuple(_dead_letter(item) for item in sorted(kept, key=lambda item: _number(item, "seen_at")))

    async def redrive(self, id: str, now: datetime) -> bool:  # noqa: A002 - the field's own name
        """Put that dead letter at the end of its partition, as if it had never been taken. False if there is none.

        Raises StoreError if this version cannot read it; then it stays where it is.
        """
        item = await self._table.get(_DEAD, id)
        if item is None or _number(item, "expires_at") <= to_seconds(now):
            return False
        document, seen_at = _document(item), _number(item, "seen_at")
        envelope = decode(document, Envelope)
        # Here the repeat is wanted; but a second attempt to redrive it, after a lost answer, is not.
        await self._send(document, partition=envelope.partition, attempts=0, once=f"{id}\nredriven {seen_at}")
        await self._forget(item, "seen_at = :seen_at", seen_at=seen_at)
        return True

    async def _send(self, document: bytes, *, partition: str, attempts: int, once: str, unread: int = 0) -> None:
        parameters = message(document, partition=partition, attempts=attempts, once=once, unread=unread)
        await call(self._sqs, "send_message", QueueUrl=self._url, **parameters)

    async def _release(self, item: Fields) -> None:
        # Its time, not its attempts, names this release: a copy, or one that was redriven, may have as many attempts as
        # another had a minute ago, and would be swallowed as its repeat, and then forgotten.
        wake_at = _number(item, "wake_at")
        once = f"{_text(item, 'id')}\nput off until {wake_at}"
        unread = cast("int", item.get("unread", 0))  # an older Valine's item has none
        await self._send(
            _document(item), partition=_text(item, "lane"), attempts=_number(item, "attempts"), once=once, unread=unread
        )
        await self._forget(item, "wake_at = :wake_at", wake_at=wake_at)

    async def _forget(self, item: Fields, condition: str, **values: int) -> None:
        """Delete the item that was sent, unless it was stored anew meanwhile."""
        try:
            await self._table.delete(_text(item, "pk"), _text(item, "sk"), condition, **values)
        except Conflict:
            log.info("%s was stored again, or deleted by somebody else, while it was sent", _text(item, "pk"))

    async def _defer(self, letter: _Letter, partition: str, until: datetime, trouble: str, unread: int = 0) -> None:
        item: Fields = {
            "pk": f"envelope#{letter.id}",
            "sk": "deferred",
            "due": DUE_ENVELOPE,
            "wake_at": to_micros(until),
            "id": letter.id,
            "lane": partition,
            "document": letter.document,
            "attempts": letter.attempts,
            "trouble": trouble[:_LONGEST_TROUBLE],
            "unread": unread,
        }
        await self._table.put(Put(item=item))

    async def _wait_for_newer(self, record: Mapping[str, Any], error: Newer) -> None:
        """Put the message off for a version that can read it; with the dead letters once that has taken too long."""
        letter, unread = _unread(record), unread_times(record)
        partition = partition_of(record)
        if partition is None or unread >= NEWER_FOR // NEWER_AGAIN:
            await self._keep(letter, str(error))
            return
        log.warning("%s is put off: %s", letter.id, error)
        letter = letter._replace(attempts=letter.attempts - 1)  # it was received, but not taken
        await self._defer(letter, partition, self._clock.now() + NEWER_AGAIN, str(error), unread + 1)

    async def _keep(self, letter: _Letter, trouble: str) -> None:
        now = self._clock.now()
        item: Fields = {
            "pk": _DEAD,
            "sk": letter.id,
            # For 30 days, and so without the token: redriven, it is carried out and not answered.
            "document": document_without_token(letter.document),
            "attempts": letter.attempts,
            "trouble": trouble[:_LONGEST_TROUBLE],
            "seen_at": to_micros(now),
            "expires_at": to_seconds(now + KEPT),
        }
        await self._table.put(Put(item=item))
        log.error("%s was set aside: %s", letter.id, trouble)


def _unread(record: Mapping[str, Any]) -> _Letter:
    """A record that this version cannot read, and so names by its message."""
    return _Letter(record["messageId"], document_of(record), attempts_of(record) + 1)


def _dead_letter(item: Fields) -> DeadLetter:
    return DeadLetter(
        id=_text(item, "sk"),
        envelope=readable(_document(item)),
        trouble=_text(item, "trouble"),
        attempts=_number(item, "attempts"),
    )


def _text(item: Fields, name: str) -> str:
    return cast("str", item[name])


def _number(item: Fields, name: str) -> int:
    return cast("int", item[name])


def _document(item: Fields) -> bytes:
    return cast("bytes", item["document"])
