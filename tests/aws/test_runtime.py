"""The handlers under Lambda's own runtime client, as sources: settings, log lines, and a worker whose time is out."""

from __future__ import annotations

import json
import os
import socket
import sysconfig
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import github_bytes
from aws.cold_start import SOURCE, settings
from aws.lambda_events import http_event, schedule_event, sqs_event
from aws.lambda_world import ask
from aws.runtime_api import Function, a_function
from aws.sqs_endpoint import an_sqs_endpoint
from builders import a_command_envelope
from discord_bytes import encoded, ping, signed, slash
from dynamodb import a_client, dynamodb_local, make_table
from moto_aws import make_queue, moto_aws, moto_client, receive
from valine.documents import encode
from valine.services.aws import sqs_message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.proof
SECRET = github_bytes.SECRET
TOKEN = "ghs_" + "a1B2" * 9


@contextmanager
def a_handler(name: str, folder: Path, **env: str) -> Iterator[Function]:
    handler, client = f"valine.handlers.{name}_handler.handler", sysconfig.get_path("purelib")
    with a_function(handler, path=[SOURCE], client=client, env=env, log=folder / f"{name}.log") as function:
        yield function


def lines(function: Function) -> list[dict[str, Any]]:
    return [json.loads(line) for line in function.log.splitlines()]


def interaction(body: bytes) -> dict[str, Any]:
    return http_event("POST", "/discord", headers=signed(body, datetime.now(UTC)), body=body, base64_encoded=True)


def test_the_discord_endpoint_answers_a_ping_refuses_a_forgery_and_stores_a_command(tmp_path: Path) -> None:
    with an_sqs_endpoint() as endpoint, a_handler("discord", tmp_path, **settings(endpoint.address)) as function:
        pong = function.invoke(interaction(encoded(ping()))).payload
        forged = function.invoke(http_event("POST", "/discord", headers=signed(b"{}"), body=encoded(ping()))).payload
        plan = function.invoke(interaction(encoded(slash("plan", label="ready")))).payload

    assert (pong["statusCode"], json.loads(pong["body"])) == (200, {"type": 1})
    assert forged["statusCode"] == 401
    assert json.loads(plan["body"])["type"] == 5
    assert len(endpoint.requests) == 1
    assert function.lives == 1
    [refused, queued] = lines(function)
    assert (refused["level"], refused["logger"]) == ("WARNING", "valine.intake")
    assert (queued["message"], queued["correlation"]) == ("queued", f"discord:{slash('plan')['id']}")
    assert queued["requestId"]


def test_the_github_endpoint_stores_a_webhook(tmp_path: Path) -> None:
    body = github_bytes.encoded(github_bytes.a_comment("/valine status"))
    event = http_event("POST", "/github/webhook", headers=github_bytes.signed(body, "issue_comment"), body=body)

    with (
        an_sqs_endpoint() as endpoint,
        a_handler("github", tmp_path, **settings(endpoint.address), GITHUB_WEBHOOK_SECRET=SECRET) as function,
    ):
        assert function.invoke(event).payload["statusCode"] == 202

    assert len(endpoint.requests) == 1
    assert SECRET not in function.log


def test_a_function_without_its_settings_names_them_and_answers_503(tmp_path: Path) -> None:
    with a_handler("discord", tmp_path) as endpoint, a_handler("worker", tmp_path, GITHUB_TOKEN=TOKEN) as worker:
        answer = endpoint.invoke(interaction(encoded(ping()))).payload
        failed = worker.invoke(sqs_event())

    assert answer["statusCode"] == 503
    [line] = lines(endpoint)
    assert line["level"] == "ERROR"
    assert {"VALINE_STORE is missing", "DISCORD_PUBLIC_KEY is missing"} <= set(
        line["message"].split(": ")[1].split("; ")
    )
    assert failed.error
    assert failed.error["errorType"] == "ConfigurationError"
    assert "DISCORD_BOT_TOKEN is missing" in failed.error["errorMessage"]
    assert TOKEN not in worker.log


@pytest.fixture
def deaf() -> Iterator[str]:
    """An address where somebody takes calls, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_worker_killed_at_its_time_out_leaves_the_command_to_one_that_puts_it_off(tmp_path: Path, deaf: str) -> None:
    with ExitStack() as stack:
        dynamodb_at = stack.enter_context(dynamodb_local())
        stack.enter_context(moto_aws())
        sqs = moto_client("sqs")
        endpoint = stack.enter_context(an_sqs_endpoint(partial(ask, sqs)))
        queue_url = make_queue(sqs)
        env = {
            **settings(endpoint.address),
            "AWS_ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],  # moto's: DynamoDB Local keeps tables apart by it
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_at,
            "DISCORD_API_URL": f"{deaf}/api/v10",
            "DISCORD_BOT_TOKEN": "a.b.c",
            "GITHUB_API_URL": deaf,
            "GITHUB_TOKEN": TOKEN,
            "VALINE_QUEUE_URL": queue_url,
            "VALINE_STORE": f"dynamodb://{make_table(a_client(dynamodb_at), 'RunStateTable')}",
        }
        worker = stack.enter_context(a_handler("worker", tmp_path, **env))
        clock = stack.enter_context(a_handler("clock", tmp_path, **env))
        sent = encode(a_command_envelope("discord:1", partition="team/app"))
        often = sqs_message.message(
            sent, partition="team/app", attempts=5, once="1"
        )  # so the next attempt is minutes away
        sqs.send_message(QueueUrl=queue_url, **often)

        [record] = receive(sqs, queue_url, 10)
        worker.start()
        killed = worker.invoke(sqs_event(record), killed_after=0.5)
        sqs.change_message_visibility(QueueUrl=queue_url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0)
        [again] = receive(sqs, queue_url, 10)
        settled = worker.invoke(sqs_event(again), timeout=10)
        tick = clock.invoke(schedule_event())

        assert killed.error, worker.log
        assert killed.error["errorType"] == "Sandbox.Timedout"
        assert again["attributes"]["ApproximateReceiveCount"] == "2"
        assert settled.payload == {"batchItemFailures": []}
        assert worker.lives == 2
        assert tick.payload == {"woken": 0, "released": 0}  # it is too soon
        assert receive(sqs, queue_url, 10) == []
        assert "something answers slowly" in worker.log
        assert TOKEN not in worker.log
