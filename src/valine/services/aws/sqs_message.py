"""An envelope as a message of a FIFO queue: its group is the partition, and its id swallows repeats for 5 minutes.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Any

from valine.documents import decode
from valine.errors import TooLarge
from valine.ports import Delivery, Envelope

if TYPE_CHECKING:
    from collections.abc import Mapping

# Bytes of a body. A message may have 256 KB with its attributes; 1 KB is for those.
MAX_BODY = 255 * 1024
ATTEMPTS = "attempts"  # the message attribute: how often the envelope was taken before this message was sent
UNREAD = "unread"  # the same: how often it was put off because a newer Valine had written it

_LONGEST_GROUP = 128
_NOT_ALLOWED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
)  # the complement takes long to compile


def message(document: bytes, *, partition: str, attempts: int, once: str, unread: int = 0) -> dict[str, Any]:
    """What send_message takes beside the queue's address. A message with the same `once` is swallowed for 5 minutes.

    Raises TooLarge for what the queue would not take.
    """
    body = _text(document)
    if len(body.encode()) > MAX_BODY:
        raise TooLarge(
            f"A request takes {len(body.encode()):,} bytes, and no more than {MAX_BODY:,} can be queued. "
            "Nothing was queued."
        )
    return {
        "MessageBody": body,
        "MessageGroupId": partition if len(partition) <= _LONGEST_GROUP else _hash(partition),
        "MessageDeduplicationId": _hash(once),
        "MessageAttributes": {
            name: {"DataType": "Number", "StringValue": str(count)}
            for name, count in ((ATTEMPTS, attempts), (UNREAD, unread))
            if count or name == ATTEMPTS
        },
    }


def delivery_from_record(record: Mapping[str, Any]) -> Delivery:
    """The envelope of a record, as Lambda hands over what it received. Raises Newer, or StoreError if it is nonsense.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    envelope = decode(document_of(record), Envelope)
    received = received_of(record)
    return Delivery(envelope=envelope, receipt=record["receiptHandle"], attempts=attempts_of(record), received=received)


def document_of(record: Mapping[str, Any]) -> bytes:
    """What was given to message(); anything else comes back as it is."""
    body: str = record["body"]
    if body[:1] == "{":
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return body.encode()


def attempts_of(record: Mapping[str, Any]) -> int:
    """How often the envelope was taken before: in this message, and in those that it was sent in earlier."""
    return _count(record, ATTEMPTS) + received_of(record) - 1


def received_of(record: Mapping[str, Any]) -> int:
    """How often this message was received, this time included: an acknowledgement would have deleted it.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
    """
    return int(record["attributes"]["ApproximateReceiveCount"])


def unread_times(record: Mapping[str, Any]) -> int:
    """How often it was put off because this version could not read it."""
    return _count(record, UNREAD)


def partition_of(record: Mapping[str, Any]) -> str | None:
    """The partition that it was sent in, or what stands for it if its name is long; None if the record does not say."""
    partition: str | None = record["attributes"].get("MessageGroupId")
    return partition


def _count(record: Mapping[str, Any], name: str) -> int:
    text: str = record.get("messageAttributes", {}).get(name, {}).get("stringValue", "")
    return int(text) if text.isdecimal() else 0


def _text(document: bytes) -> str:
    """Readable if it can be: a deflated one is not text, and a queue takes few control characters."""
    if document[:1] == b"{" and not _NOT_ALLOWED.search(text := document.decode()):
        return text
    return base64.b64encode(document).decode()


def _hash(text: str) -> str:
    """Ids may have 128 characters of a small alphabet."""
    return hashlib.sha256(text.encode()).hexdigest()
