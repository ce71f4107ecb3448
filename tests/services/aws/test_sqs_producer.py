"""The endpoints' own SendMessage: signed as botocore signs, made once, and each way it can fail told for what it is."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from aws.sqs_endpoint import SqsEndpoint, an_sqs_endpoint
from builders import NOON, a_command_envelope
from ports import closed_port
from valine.errors import Busy, StoreError, Unanswered
from valine.services.aws import sqs_producer
from valine.services.aws.sqs_message import delivery_from_record
from valine.services.aws.sqs_producer import Credentials, SqsProducer, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/valine.fifo"
ENVIRON = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "hush", "AWS_REGION": "eu-central-1"}
ENVELOPE = a_command_envelope("c1")


@pytest.fixture
def endpoint() -> Iterator[SqsEndpoint]:
    with an_sqs_endpoint() as opened:
        yield opened


def producer(address: str) -> SqsProducer:
    return SqsProducer(QUEUE, ENVIRON | {"AWS_ENDPOINT_URL": address})


@pytest.mark.parametrize("token", [None, "a/session+token="])
def test_the_signature_is_the_one_that_botocore_makes(monkeypatch: pytest.MonkeyPatch, token: str | None) -> None:
    from botocore import auth, awsrequest, credentials

    monkeypatch.setattr(auth, "get_current_datetime", lambda **_: NOON.replace(tzinfo=None))
    body = b'{"QueueUrl": "x", "MessageBody": "\xc3\xa9"}'
    ours = signed(body, "sqs.eu-central-1.amazonaws.com", Credentials("AKIATEST", "hush", token, "eu-central-1"), NOON)
    given = {name: value for name, value in ours.items() if name in {"Content-Type", "X-Amz-Target", "Host"}}
    request = awsrequest.AWSRequest("POST", "https://sqs.eu-central-1.amazonaws.com/", given, body)

    auth.SigV4Auth(credentials.Credentials("AKIATEST", "hush", token), "sqs", "eu-central-1").add_auth(request)

    assert dict(request.headers.items()) == ours


async def test_what_is_put_in_comes_out_of_the_queue_as_it_was(endpoint: SqsEndpoint) -> None:
    assert await producer(endpoint.address).put(ENVELOPE, NOON)

    [(headers, body)] = endpoint.requests
    sent = json.loads(body)
    record = {"body": sent["MessageBody"], "receiptHandle": "r", "attributes": {"ApproximateReceiveCount": "1"}}
    assert delivery_from_record(record).envelope == ENVELOPE
    assert (sent["QueueUrl"], sent["MessageGroupId"]) == (QUEUE, ENVELOPE.partition)
    assert headers["X-Amz-Target"] == "AmazonSQS.SendMessage"
    assert "Credential=AKIATEST/20" in headers["Authorization"]


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (500, {}, Unanswered),
        (502, {"__type": "com.amazonaws.sqs#InternalError"}, Unanswered),
        (503, {"__type": "com.amazonaws.sqs#ServiceUnavailable"}, Busy),
        (400, {"__type": "com.amazonaws.sqs#RequestThrottled"}, Busy),
        (400, {"__type": "ThrottlingException"}, Busy),
        (429, {}, Busy),
        (200, {"MD5OfMessageBody": "another"}, Busy),
        (200, ["a proxy"], Busy),
        (403, {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no"}, StoreError),
        (400, {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"}, StoreError),
    ],
)
async def test_each_refusal_is_told_for_what_it_is(status: int, answer: Any, error: type[StoreError]) -> None:
    with an_sqs_endpoint(lambda *_: answer) as endpoint:
        endpoint.status = status

        with pytest.raises(StoreError) as told:
            await producer(endpoint.address).put(ENVELOPE, NOON)

        assert type(told.value) is error
        assert len(endpoint.requests) == 1


async def test_an_answer_that_never_comes_leaves_open_whether_it_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqs_producer, "TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]

        with pytest.raises(Unanswered, match="Whether it took the message is not known"):
            await producer(f"http://127.0.0.1:{port}").put(ENVELOPE, NOON)


async def test_nobody_there_is_busy() -> None:
    with closed_port() as port, pytest.raises(Busy, match=r"out of reach .* Nothing was queued"):
        await producer(f"http://127.0.0.1:{port}").put(ENVELOPE, NOON)


async def test_without_credentials_the_one_that_is_missing_is_named(endpoint: SqsEndpoint) -> None:
    with pytest.raises(StoreError, match="AWS_ACCESS_KEY_ID is missing"):
        await SqsProducer(QUEUE, {"AWS_ENDPOINT_URL": endpoint.address}).put(ENVELOPE, NOON)
