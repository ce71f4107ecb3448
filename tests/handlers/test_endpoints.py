"""The endpoints on Lambda: whatever API Gateway hands over is read as it was signed, and always answered."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import github_bytes
from aws.lambda_events import http_event
from aws.runtime_api import LARGEST
from discord_bytes import encoded, ping, signed, slash
from endpoints import SETTINGS, EndpointsUnderTest, StandingClock
from valine.errors import ConfigurationError, StoreError
from valine.handlers import github_handler
from valine.handlers.endpoints import answered
from valine.handlers.warm import Made, Warm
from valine.ingress.endpoints import Ingress
from valine.orchestrator.model.events import PlanRequested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Json = dict[str, Any]
replace = msgspec.structs.replace


@pytest.fixture
def tested() -> Iterator[EndpointsUnderTest]:
    made = EndpointsUnderTest()
    yield made
    made.close()


@contextmanager
def kept_warm(make: Callable[[Mapping[str, str]], Made[Ingress]]) -> Iterator[Warm[Ingress]]:
    """A process that ends, as none does on Lambda."""
    kept = Warm(make)
    yield kept
    if kept._runner is not None:
        kept._runner.close()


@pytest.fixture
def warm(tested: EndpointsUnderTest) -> Iterator[Warm[Ingress]]:
    with kept_warm(lambda _: Made(tested.ingress)) as kept:
        yield kept


def discord(warm: Warm[Ingress], event: Any) -> Json:
    return answered(event, warm, Ingress.discord)


def github(warm: Warm[Ingress], event: Any) -> Json:
    return answered(event, warm, github_handler.endpoint)


def of_discord(body: bytes, **changes: Any) -> Json:
    return http_event("POST", "/discord", **{"headers": signed(body), "body": body, **changes})


@pytest.mark.parametrize("base64_encoded", [True, False])
@pytest.mark.parametrize("write", [str.lower, str.upper, str.title])
def test_a_ping_is_answered_however_its_headers_and_body_are_written(
    warm: Warm[Ingress], *, base64_encoded: bool, write: Any
) -> None:
    body = encoded(ping())
    headers = {write(name): value for name, value in signed(body).items()}

    answer = discord(warm, of_discord(body, headers=headers, base64_encoded=base64_encoded))

    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"type": 1})
    assert answer["headers"] == {"content-type": "application/json"}
    assert answer["isBase64Encoded"] is False


@pytest.mark.parametrize("stage", ["$default", "prod"])
def test_a_stage_in_the_path_changes_nothing(warm: Warm[Ingress], stage: str) -> None:
    body = encoded(ping())

    assert discord(warm, of_discord(body, stage=stage))["statusCode"] == 200
    assert github(warm, http_event("GET", "/healthz", stage=stage))["statusCode"] == 200


def test_letters_of_every_alphabet_come_as_the_bytes_that_were_signed(
    warm: Warm[Ingress], tested: EndpointsUnderTest
) -> None:
    body = json.dumps(slash("plan", label="fertig 🚀 ж"), ensure_ascii=False).encode()

    answer = discord(warm, of_discord(body))

    assert json.loads(answer["body"])["type"] == 5
    [envelope] = warm.run(tested.queued())
    assert isinstance(envelope.inbound, PlanRequested)
    assert envelope.inbound.label == "fertig 🚀 ж"


@pytest.mark.parametrize("base64_encoded", [True, False])
def test_a_webhook_as_large_as_lambda_takes_one_is_stored(
    warm: Warm[Ingress], tested: EndpointsUnderTest, *, base64_encoded: bool
) -> None:
    most = (LARGEST - 4096) * 3 // 4 if base64_encoded else LARGEST - 4096
    payload = github_bytes.a_comment("/valine status")
    payload["issue"]["body"] = "x" * most
    body = github_bytes.encoded(payload)
    event = http_event(
        "POST",
        "/github/webhook",
        headers=github_bytes.signed(body, "issue_comment"),
        body=body,
        base64_encoded=base64_encoded,
    )

    answer = github(warm, event)

    assert LARGEST - 4096 < len(json.dumps(event)) <= LARGEST
    assert (answer["statusCode"], answer["body"]) == (202, "stored")
    assert len(warm.run(tested.queued())) == 1


def test_a_body_of_six_megabytes_that_is_no_interaction_is_refused_unread(warm: Warm[Ingress]) -> None:
    assert discord(warm, of_discord(b"x" * 6_000_000))["statusCode"] == 413


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": None},
        {"headers": {}},
        {"headers": {"x-signature-ed25519": None, "x-signature-timestamp": None}},
        {"headers": {"x-signature-ed25519": "é" * 128, "x-signature-timestamp": "now"}},
        {"body": None},
        {"body": ""},
        {"body": "\ud800"},
        {"body": "e30=", "isBase64Encoded": True},
        {"isBase64Encoded": None},
    ],
)
def test_what_is_missing_or_null_makes_a_wrong_signature_and_no_error(warm: Warm[Ingress], changes: Json) -> None:
    event = of_discord(b"{}", headers=signed(b"another body")) | changes

    assert discord(warm, event)["statusCode"] == 401


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        {"httpMethod": "POST", "path": "/discord", "headers": {}, "body": "{}"},  # payload format 1.0
        of_discord(b"{}") | {"body": {"type": 1}},
        of_discord(b"{}") | {"headers": ["a"]},
        of_discord(b"{}") | {"requestContext": {"http": None}},
        of_discord(b"{}") | {"body": "no base64!", "isBase64Encoded": True},
    ],
)
def test_what_is_no_request_of_an_http_api_is_a_400(warm: Warm[Ingress], event: Any) -> None:
    answer = discord(warm, event)

    assert (answer["statusCode"], answer["body"]) == (400, "this is no request that Valine understands")


@given(
    headers=st.none() | st.dictionaries(st.text(max_size=30), st.none() | st.text(max_size=30), max_size=4),
    body=st.none() | st.text(max_size=50),
    base64_encoded=st.none() | st.booleans(),
)
def test_no_headers_and_no_body_make_an_error(headers: Any, body: Any, base64_encoded: Any) -> None:
    event = http_event("POST", "/discord") | {"headers": headers, "body": body, "isBase64Encoded": base64_encoded}

    with closing(EndpointsUnderTest()) as tested, kept_warm(lambda _: Made(tested.ingress)) as kept:
        assert discord(kept, event)["statusCode"] in {400, 401}


def test_another_method_is_told_which_one_counts(warm: Warm[Ingress]) -> None:
    answer = discord(warm, http_event("GET", "/discord"))

    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "POST")


def test_a_webhook_that_is_no_concern_of_ours_has_an_answer_without_a_body(warm: Warm[Ingress]) -> None:
    body = github_bytes.encoded(github_bytes.payload("starred"))
    event = http_event("POST", "/github/webhook", headers=github_bytes.signed(body, "star"), body=body)

    answer = github(warm, event)

    assert (answer["statusCode"], answer["body"]) == (204, "")


# --- What cannot be made ---------------------------------------------------------------------------------------------


def test_missing_settings_are_a_503_and_named_in_one_line_without_values(caplog: pytest.LogCaptureFixture) -> None:
    def make(_: Mapping[str, str]) -> Made[Ingress]:
        raise ConfigurationError(("VALINE_STORE is missing", "DISCORD_PUBLIC_KEY must be 64 hex digits"))

    body = encoded(ping())
    answer = discord(Warm(make), of_discord(body))

    assert answer["statusCode"] == 503
    assert "not configured" in answer["body"]
    [record] = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage().endswith("VALINE_STORE is missing; DISCORD_PUBLIC_KEY must be 64 hex digits")


def test_what_could_not_be_made_is_made_by_the_next_invocation(tested: EndpointsUnderTest) -> None:
    tries = iter([StoreError("Parameter Store is away"), None])

    def make(_: Mapping[str, str]) -> Made[Ingress]:
        if trouble := next(tries):
            raise trouble
        return Made(tested.ingress)

    event = of_discord(encoded(ping()))

    with kept_warm(make) as kept:
        assert [discord(kept, event)["statusCode"] for _ in range(3)] == [503, 200, 200]


def test_an_endpoint_without_its_key_is_walled_up(tested: EndpointsUnderTest) -> None:
    for settings, endpoint in (
        (replace(SETTINGS, public_key=None), Ingress.discord),
        (replace(SETTINGS, webhook_secret=None), Ingress.github),
    ):
        ingress = Ingress(store=tested.store, queue=tested.queue, clock=StandingClock(), settings=settings)
        made = Made(ingress)

        with kept_warm(lambda _, made=made: made) as kept:  # type: ignore[misc]
            assert answered(of_discord(encoded(ping())), kept, endpoint)["statusCode"] == 404
