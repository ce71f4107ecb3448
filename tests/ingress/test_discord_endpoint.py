import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from builders import a_plan, a_run
from discord_bytes import INTERACTION, NOW, Json, click, encoded, ping, signed, slash, typing
from endpoints import Broken, EndpointsUnderTest
from valine.errors import Busy, StoreError, Unanswered
from valine.ingress.endpoints import HttpRequest
from valine.orchestrator.model.events import PlanApproved, PlanRequested
from valine.orchestrator.model.run import Run
from valine.orchestrator.model.states import RunStatus, RunUid, Stage
from valine.orchestrator.replies import PerhapsStored
from valine.ports import ReplyTo
from valine.view.replies import render

UID = RunUid("abcdefghij23")
EPHEMERAL = 64


def told(answer: Json) -> str:
    """The words of an ephemeral message that notifies nobody."""
    assert answer["type"] == 4
    assert answer["data"]["flags"] & EPHEMERAL
    assert answer["data"]["allowed_mentions"] == {"parse": []}

    def words(components: Any) -> Iterator[str]:
        for component in components:
            yield component.get("content", "")
            yield from words(component.get("components", []))

    return "\n".join(words(answer["data"]["components"]))


def under_way(number: Any, **changes: Any) -> Run:
    return a_run(number, status=RunStatus.IN_PROGRESS, stage=Stage.TRACKING, **changes)


def suggested(answer: Json) -> list[str]:
    assert answer["type"] == 8
    return [choice["value"] for choice in answer["data"]["choices"]]


async def test_a_ping_is_answered_with_a_pong(tested: EndpointsUnderTest) -> None:
    assert await tested.discord(ping()) == {"type": 1}
    assert await tested.queued() == []


async def test_plan_is_stored_before_it_is_deferred(tested: EndpointsUnderTest) -> None:
    answer = await tested.discord(slash("plan", label="ready"))

    [envelope] = await tested.queued()
    assert answer == {"type": 5, "data": {"flags": 64}}
    assert (envelope.id, envelope.partition, envelope.urgent) == (f"discord:{INTERACTION}", "team/app", True)
    assert isinstance(envelope.inbound, PlanRequested)
    assert envelope.reply_to == ReplyTo(at=NOW, token="token-1")


async def test_the_same_interaction_delivered_twice_is_stored_once_and_answered_alike(
    tested: EndpointsUnderTest,
) -> None:
    first = await tested.discord(slash("plan"))
    second = await tested.discord(slash("plan"))

    assert first == second
    assert len(await tested.queued()) == 1


async def test_a_click_on_an_ephemeral_message_is_stored_and_promises_an_edit(tested: EndpointsUnderTest) -> None:
    answer = await tested.discord(click(f"v1:approve:12:{UID}:2:abc", ephemeral=True))

    [envelope] = await tested.queued()
    assert answer == {"type": 6}
    assert envelope.reply_to == ReplyTo(at=NOW, token="token-1", edits=True)
    assert isinstance(envelope.inbound, PlanApproved)


@pytest.mark.parametrize(
    "asked",
    [
        slash("deploy"),
        click("someone-elses"),
        slash("plan", limit=999),
        slash("approve", run="x"),
        slash("plan", {"guild_id": "5"}),
    ],
    ids=["command", "button", "limit", "run", "server"],
)
async def test_what_can_not_be_is_told_to_the_person_alone_and_nothing_is_stored(
    tested: EndpointsUnderTest, asked: Json
) -> None:
    assert told(await tested.discord(asked))
    assert await tested.queued() == []


async def test_status_of_a_run_is_answered_at_once_from_the_store(tested: EndpointsUnderTest) -> None:
    await tested.keep(a_run(1), under_way(2))

    answer = told(await tested.discord(slash("status", run="r2")))

    assert "r2" in answer
    assert "r1" not in answer
    assert await tested.queued() == []


async def test_status_without_a_run_tells_all_active_ones_newest_first(tested: EndpointsUnderTest) -> None:
    over = a_run(3, status=RunStatus.CANCELLED, stage=Stage.DONE)
    await tested.keep(a_run(1), under_way(2), over)

    answer = told(await tested.discord(slash("status")))

    assert -1 < answer.index("r2") < answer.index("r1")
    assert "r3" not in answer


async def test_status_when_nothing_is_active_says_so(tested: EndpointsUnderTest) -> None:
    assert "No run is active" in told(await tested.discord(slash("status")))


async def test_status_of_a_run_that_is_over_is_told_too(tested: EndpointsUnderTest) -> None:
    await tested.keep(a_run(3, status=RunStatus.CANCELLED, stage=Stage.DONE))

    assert "r3" in told(await tested.discord(slash("status", run="3")))


async def test_status_of_a_run_that_does_not_exist_says_that_there_is_none(tested: EndpointsUnderTest) -> None:
    assert "no such run" in told(await tested.discord(slash("status", run="r9"))).lower()


async def test_the_status_button_of_a_card_from_another_life_of_the_store_is_no_such_run(
    tested: EndpointsUnderTest,
) -> None:
    await tested.keep(a_run(2, uid=UID))

    own = told(await tested.discord(click(f"v1:status:2:{UID}")))
    strange = told(await tested.discord(click("v1:status:2:zzzzzzzzzzzz")))

    assert "no such run" not in own.lower()
    assert "no such run" in strange.lower()


async def test_approve_suggests_proposals_with_exactly_what_is_on_show(tested: EndpointsUnderTest) -> None:
    await tested.keep(a_run(1), under_way(2), a_run(3, plan=a_plan(revision=4, digest="d4")))

    assert suggested(await tested.discord(typing("approve", "run", ""))) == ["r3@4.d4", "r1@1.d1"]


async def test_ship_suggests_what_is_under_way_and_status_all_that_is_active(tested: EndpointsUnderTest) -> None:
    await tested.keep(a_run(1), under_way(2))

    assert suggested(await tested.discord(typing("ship", "run", ""))) == ["r2"]
    assert suggested(await tested.discord(typing("status", "run", ""))) == ["r2", "r1"]


async def test_suggestions_bear_what_was_typed(tested: EndpointsUnderTest) -> None:
    await tested.keep(under_way(1), under_way(22))

    assert suggested(await tested.discord(typing("status", "run", "R22"))) == ["r22"]
    assert suggested(await tested.discord(typing("status", "run", "nothing like it"))) == []


async def test_labels_are_suggested_from_recent_runs_after_what_was_typed(tested: EndpointsUnderTest) -> None:
    await tested.keep(a_run(1, plan=a_plan(label="bugs")), a_run(2, plan=a_plan(label="docs")))

    assert sorted(suggested(await tested.discord(typing("plan", "label", "")))) == ["bugs", "docs", "ready"]
    assert suggested(await tested.discord(typing("plan", "label", "bu"))) == ["bu", "bugs"]


async def test_there_are_never_more_or_longer_suggestions_than_discord_takes(
    tested: EndpointsUnderTest, judge: Any
) -> None:
    await tested.keep(*(under_way(number, plan=a_plan(label="🚢" * 99)) for number in range(1, 31)))

    for asked in [typing("status", "run", ""), typing("plan", "label", ""), typing("plan", "label", "x" * 6000)]:
        answer = await tested.discord(asked)

        assert judge.callback(answer) == []
        assert len(answer["data"]["choices"]) <= 25


async def test_an_option_nobody_knows_and_an_outsider_get_no_suggestions(tested: EndpointsUnderTest) -> None:
    await tested.keep(a_run(1))

    assert suggested(await tested.discord(typing("plan", "color", "r"))) == []
    assert suggested(await tested.discord(typing("status", "run", "", {"guild_id": "5"}))) == []


@pytest.mark.parametrize("error", [Busy("The database is locked."), StoreError("The disk is full.")])
async def test_what_could_not_be_stored_is_never_promised(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    tested = EndpointsUnderTest(store=Broken(error), queue=Broken(error))

    for asked in [slash("plan"), slash("status"), click(f"v1:approve:1:{UID}:1:d")]:
        answer = told(await tested.discord(asked))

        assert "othing was changed" in answer
        assert "try again" in answer
    assert suggested(await tested.discord(typing("status", "run", ""))) == []
    assert str(error) in caplog.text
    tested.close()


async def test_what_may_have_been_stored_is_not_said_to_have_changed_nothing() -> None:
    tested = EndpointsUnderTest(queue=Broken(Unanswered("SQS did not answer.")))

    assert told(await tested.discord(slash("plan"))) == render(PerhapsStored()).text
    tested.close()


async def test_a_mistake_of_our_own_is_told_with_a_number_that_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    tested = EndpointsUnderTest(
        store=Broken(ZeroDivisionError("secret words")), queue=Broken(ZeroDivisionError("secret words"))
    )

    answer = told(await tested.discord(slash("plan")))

    assert "secret words" not in answer
    assert "Traceback" not in answer
    assert "ZeroDivisionError" in caplog.text
    assert suggested(await tested.discord(typing("status", "run", ""))) == []
    tested.close()


@pytest.mark.parametrize(
    "headers",
    [{"X_Signature_Ed25519": "ab"}, {"X_Signature_Ed25519": "é" * 128}, {"X_Signature_Timestamp": "1"}],
    ids=["short", "non-ascii", "old"],
)
async def test_who_is_not_discord_gets_401_and_one_line_in_the_log_without_the_body(
    tested: EndpointsUnderTest, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    caplog.set_level(logging.INFO)

    answer = await tested.discord_bytes(encoded(slash("plan", label="private-words")), **headers)

    assert answer.status == 401
    assert answer.headers["content-type"].startswith("text/plain")
    assert len([record for record in caplog.records if record.name == "valine.intake"]) == 1
    assert "private-words" not in caplog.text
    assert await tested.queued() == []


async def test_trusted_nonsense_gets_400_and_stores_nothing(tested: EndpointsUnderTest) -> None:
    for body in [b"", b"{}", b"not json", b"payload=%7B%7D", b"\xff"]:
        assert (await tested.discord_bytes(body)).status == 400
    assert await tested.queued() == []


async def test_only_post_is_served_and_nothing_huge_is_read(tested: EndpointsUnderTest) -> None:
    refused = await tested.discord_bytes(b"{}", method="GET")
    huge = await tested.ingress.discord(
        HttpRequest(method="POST", path="/discord", headers={}, body=b"x" * (1024 * 1024 + 1))
    )

    assert (refused.status, refused.headers["allow"]) == (405, "POST")
    assert huge.status == 413


async def test_every_answer_is_one_that_discord_takes(tested: EndpointsUnderTest, judge: Any) -> None:
    await tested.keep(a_run(1, uid=UID), under_way(2))
    requests = [
        ping(),
        slash("plan", label="ready", limit=5),
        slash("plan", limit=0),
        slash("plan", label="x" * 101),
        slash("approve", run="r1@1.d1"),
        slash("approve", run="?"),
        slash("ship", run="r2"),
        slash("status"),
        slash("status", run="r1"),
        slash("status", run="r9"),
        slash("deploy"),
        slash("plan", {"guild_id": "5"}),
        slash("plan", {"member": None}),
        click("x"),
        click(f"v1:drop:1:{UID}:1", values=["41"]),
        click(f"v1:drop:1:{UID}:1", values=[]),
        click(f"v1:confirm:2:{UID}:abc", ephemeral=True),
        click(f"v1:status:1:{UID}", ephemeral=True),
        typing("approve", "run", ""),
        typing("ship", "run", "r"),
        typing("plan", "label", "re"),
    ]

    for number, request in enumerate(requests):
        request["id"] = str(int(INTERACTION) + number)
        assert judge.interaction(request) == [] or request.get("member", ...) is None
        assert judge.callback(await tested.discord(request)) == [], request
    broken = EndpointsUnderTest(store=Broken(Busy("locked")), queue=Broken(RuntimeError("oh")))
    for request in [slash("plan"), slash("status"), typing("plan", "label", "")]:
        assert judge.callback(await broken.discord(request)) == []
    broken.close()


async def test_a_signature_made_five_minutes_ago_is_not_trusted_though_it_fits(tested: EndpointsUnderTest) -> None:
    body = encoded(ping())
    headers = signed(body, at=NOW - timedelta(minutes=6))

    answer = await tested.ingress.discord(HttpRequest(method="POST", path="/discord", headers=headers, body=body))

    assert answer.status == 401
