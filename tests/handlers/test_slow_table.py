"""A table that takes a request and does not answer: whoever asked is told in time, for Discord waits three seconds."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from aws.lambda_events import http_event
from discord_bytes import APPLICATION, GUILD, PUBLIC_KEY, encoded, signed, slash, typing
from dynamodb import environment
from endpoints import StandingClock
from valine.bootstrap import aws
from valine.handlers.endpoints import answered
from valine.handlers.warm import Made, Warm
from valine.ingress.endpoints import Ingress
from valine.orchestrator.replies import NotRead
from valine.settings.functions import DiscordEndpoint
from valine.view.replies import render

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.proof


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Warm[Ingress]]:
    """Discord's endpoint before such a table; it has less timeout than the real one."""
    monkeypatch.setattr(aws, "READ_LIMIT", 0.2)
    with environment(), socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        told = DiscordEndpoint(
            table="RunStateTable",
            queue_url="https://sqs.eu-central-1.amazonaws.com/1/valine.fifo",
            repository="team/app",
            application_id=APPLICATION,
            guild_id=GUILD,
            public_key=PUBLIC_KEY,
        )
        warm = Warm(lambda _: Made(aws.discord_endpoint(told, StandingClock())))
        yield warm
        silent.close()  # whoever still waits there is let go
        if warm._runner is not None:
            warm._runner.close()


def ask(endpoint: Warm[Ingress], interaction: dict[str, Any]) -> Any:
    body = encoded(interaction)
    answer = answered(http_event("POST", "/discord", headers=signed(body), body=body), endpoint, Ingress.discord)
    assert answer["statusCode"] == 200
    return json.loads(answer["body"])


def test_status_says_that_the_records_cannot_be_read(endpoint: Warm[Ingress], caplog: pytest.LogCaptureFixture) -> None:
    answer = ask(endpoint, slash("status"))

    assert answer["type"] == 4
    assert render(NotRead()).text in json.dumps(answer, ensure_ascii=False)
    assert "the store took too long" in caplog.text


def test_suggestions_are_none(endpoint: Warm[Ingress], caplog: pytest.LogCaptureFixture) -> None:
    answer = ask(endpoint, typing("approve", "run", ""))

    assert answer == {"type": 8, "data": {"choices": []}}
    assert "the store took too long" in caplog.text
