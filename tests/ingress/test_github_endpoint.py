import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from discord_bytes import NOW
from endpoints import SETTINGS, Broken, EndpointsUnderTest, StandingClock
from github_bytes import DELIVERY, SECRET, a_comment, encoded, payload, signed
from valine.errors import Busy, ConfigurationError, StoreError
from valine.ingress.endpoints import LARGEST_WEBHOOK, HttpRequest, Ingress
from valine.orchestrator.model.events import HintReceived, StatusRequested
from valine.ports import ReplyTo

ISSUE = payload("labeled", issue={"number": 41, "updated_at": "2026-11-02T11:59:58Z"})


async def test_a_ping_is_answered_with_200(tested: EndpointsUnderTest) -> None:
    assert (await tested.github("ping", {"zen": "Design for failure.", "hook_id": 1})).status == 200
    assert await tested.queued() == []


async def test_a_hint_is_stored_and_answered_with_202(tested: EndpointsUnderTest) -> None:
    answer = await tested.github("issues", ISSUE)

    [envelope] = await tested.queued()
    assert answer.status == 202
    assert (envelope.id, envelope.partition, envelope.urgent) == (
        f"github:{DELIVERY}:issues.labeled",
        "team/app",
        False,
    )
    assert isinstance(envelope.inbound, HintReceived)
    assert envelope.reply_to is None


async def test_a_delivery_that_comes_twice_is_stored_once_and_answered_alike(tested: EndpointsUnderTest) -> None:
    first = await tested.github("issues", ISSUE)
    second = await tested.github("issues", ISSUE)

    assert first == second
    assert len(await tested.queued()) == 1


async def test_a_comments_command_is_stored_once_however_many_webhooks_bring_it(tested: EndpointsUnderTest) -> None:
    answer = await tested.github("issue_comment", a_comment("/valine status"))
    await tested.github("issue_comment", a_comment("/valine status"), X_GitHub_Delivery="another-delivery")

    [envelope] = await tested.queued()
    assert answer.status == 202
    assert (envelope.id, envelope.urgent) == ("github:comment:1001", True)
    assert isinstance(envelope.inbound, StatusRequested)
    assert envelope.reply_to == ReplyTo(at=NOW - timedelta(seconds=2), number=41)


@pytest.mark.parametrize(
    ("event", "given"),
    [
        ("star", payload("created")),
        ("issues", ISSUE | {"repository": {"full_name": "team/other"}}),
        ("issue_comment", a_comment("Looks good")),
        ("issue_comment", a_comment("/valine explode")),
    ],
    ids=["unknown event", "another repository", "talk", "unknown command"],
)
async def test_what_concerns_no_run_is_answered_with_204_and_its_reason_is_in_the_log(
    tested: EndpointsUnderTest, caplog: pytest.LogCaptureFixture, event: str, given: Any
) -> None:
    caplog.set_level(logging.INFO, "valine.intake")

    answer = await tested.github(event, given)

    assert (answer.status, answer.body) == (204, b"")
    assert DELIVERY in caplog.text
    assert await tested.queued() == []


@pytest.mark.parametrize(
    "text",
    [
        "How to drop it:\n\n````md\n```\n/valine drop\n```\n````",
        "How to drop it:\n\n~~~~\n~~~\n/valine drop\n~~~\n~~~~",
        "> If nobody minds:\n/valine drop",
        "<details><summary>Help</summary><pre>\n\n/valine drop\n\n</pre></details>",
    ],
    ids=["four backticks around three", "four tildes around three", "quotation", "preformatted HTML"],
)
async def test_a_comment_that_only_shows_a_command_stores_none(tested: EndpointsUnderTest, text: str) -> None:
    shown = await tested.github("issue_comment", a_comment(text))
    said = await tested.github("issue_comment", a_comment(f"{text}\n\n/valine status"))

    [envelope] = await tested.queued()
    assert (shown.status, said.status) == (204, 202)
    assert isinstance(envelope.inbound, StatusRequested)


@pytest.mark.parametrize("signature", ["", "sha256=ab", "sha256=" + "é" * 64, "sha256=" + "0" * 64])
async def test_who_is_not_github_gets_401_and_one_line_in_the_log_without_the_body(
    tested: EndpointsUnderTest, caplog: pytest.LogCaptureFixture, signature: Any
) -> None:
    caplog.set_level(logging.INFO)

    answer = await tested.github("issues", ISSUE | {"note": "private-words"}, X_Hub_Signature_256=signature)

    assert answer.status == 401
    assert len([record for record in caplog.records if record.name == "valine.intake"]) == 1
    assert "private-words" not in caplog.text
    assert await tested.queued() == []


async def test_a_form_gets_415_and_what_is_not_json_400(tested: EndpointsUnderTest) -> None:
    form = await tested.github_bytes("issues", b"payload=%7B%7D", Content_Type="application/x-www-form-urlencoded")
    text = await tested.github_bytes("issues", b"hello")
    nothing = await tested.github_bytes("issues", b"")

    assert [form.status, text.status, nothing.status] == [415, 400, 400]
    assert await tested.queued() == []


async def test_26_megabytes_get_413_before_anything_is_verified_and_25_do_not(tested: EndpointsUnderTest) -> None:
    body = b" " * (26 * 1024 * 1024)
    largest = encoded(ISSUE).ljust(LARGEST_WEBHOOK)

    refused = await tested.ingress.github(HttpRequest(method="POST", path="/github/webhook", headers={}, body=body))

    assert refused.status == 413
    assert (await tested.github_bytes("issues", largest)).status == 202


async def test_only_post_is_served(tested: EndpointsUnderTest) -> None:
    answer = await tested.github_bytes("issues", b"{}", method="GET")

    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("error", [Busy("locked"), StoreError("full"), RuntimeError("a mistake")])
async def test_what_could_not_be_stored_gets_503_so_that_people_redeliver_it(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    tested = EndpointsUnderTest(queue=Broken(error))

    answer = await tested.github("issues", ISSUE)

    assert answer.status == 503
    assert b"Traceback" not in answer.body
    assert str(error) in caplog.text
    tested.close()


async def test_headers_may_come_in_lower_case(tested: EndpointsUnderTest) -> None:
    body = encoded(ISSUE)
    headers = {name.lower(): value for name, value in signed(body, "issues").items()}

    answer = await tested.ingress.github(HttpRequest(method="POST", path="/github/webhook", headers=headers, body=body))

    assert answer.status == 202


async def test_every_published_example_is_answered_with_2xx(tested: EndpointsUnderTest, shared: Path) -> None:
    for file in sorted((shared / "specs" / "webhook-examples").glob("*.json")):
        for number, example in enumerate(json.loads(file.read_text())):
            for repository in ("team/app", "somebody/elses"):
                given = example | {"repository": {"full_name": repository}}

                answer = await tested.github(file.stem, given, X_GitHub_Delivery=f"{file.stem}-{number}")

                assert answer.status in {200, 202, 204}, f"{file.name} {number}: {answer}"


async def test_health_is_whether_the_store_answers(tested: EndpointsUnderTest) -> None:
    broken = EndpointsUnderTest(store=Broken(Busy("locked")))

    well = await tested.ingress.health()
    ill = await broken.ingress.health()
    broken.close()

    assert (well.status, json.loads(well.body)["status"]) == (200, "ok")
    assert (ill.status, json.loads(ill.body)["status"]) == (503, "unavailable")


@pytest.mark.parametrize(("key", "secret", "named"), [(b"short", SECRET, "PUBLIC_KEY"), (b"k" * 32, "", "SECRET")])
def test_settings_that_would_trust_nobody_or_everybody_are_refused_at_once(
    tested: EndpointsUnderTest, key: bytes, secret: str, named: str
) -> None:
    settings = msgspec.structs.replace(SETTINGS, public_key=key, webhook_secret=secret)

    with pytest.raises(ConfigurationError, match=named):
        Ingress(store=tested.store, queue=tested.queue, clock=StandingClock(), settings=settings)
