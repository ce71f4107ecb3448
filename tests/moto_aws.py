"""moto's AWS inside the test's own process: SQS, parameters and secrets, and a second opinion on DynamoDB.

moto loses updates when several threads call it at once, so every call waits for the one before it.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dynamodb import environment
from valine.services.aws.client import client

if TYPE_CHECKING:
    from collections.abc import Iterator

_TURN = threading.Lock()


class OneByOne:
    """A botocore client whose calls, and those of all others like it, come one after the other."""

    def __init__(self, one: Any) -> None:
        self._client = one
        self.meta = one.meta
        self.exceptions = one.exceptions

    def __getattr__(self, operation: str) -> Any:
        call = getattr(self._client, operation)

        def alone(**parameters: Any) -> Any:
            with _TURN:
                return call(**parameters)

        return alone


@contextmanager
def moto_aws() -> Iterator[None]:
    """An AWS of its own, empty, that ends with this."""
    from moto import mock_aws

    with environment(), mock_aws():
        yield


def moto_client(service: str) -> OneByOne:
    """A client of the moto_aws() that is under way."""
    return OneByOne(client(service))


def make_queue(sqs: Any, name: str = "valine") -> str:
    """The address of a new FIFO queue as the template has it, with its dead-letter queue."""
    dead = sqs.create_queue(QueueName=f"{name}-dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    policy = {"deadLetterTargetArn": told["Attributes"]["QueueArn"], "maxReceiveCount": 10}
    attributes = {"FifoQueue": "true", "VisibilityTimeout": "120", "RedrivePolicy": json.dumps(policy)}
    address: str = sqs.create_queue(QueueName=f"{name}.fifo", Attributes=attributes)["QueueUrl"]
    return address


def receive(sqs: Any, queue_url: str, most: int = 1) -> list[dict[str, Any]]:
    """What Lambda's event source mapping would hand to its function: the records of one batch."""
    answer = sqs.receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=most,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return [_record(message) for message in answer.get("Messages", ())]


def _record(message: dict[str, Any]) -> dict[str, Any]:
    attributes = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": one["StringValue"], "dataType": one["DataType"]} for name, one in attributes.items()
        },
        "eventSource": "aws:sqs",
    }
