"""Interactions: delivered signed, answered in three seconds or failed, followed up for a quarter of an hour."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from twins.discord.stage import CARD, DEFER, ENDPOINT, MODAL, Stage, code, read
from valine_twins.discord import Options
from valine_twins.transport import ActError, Delivery

TEXT = {"flags": 1 << 15, "components": [{"type": 10, "content": "Approved"}], "allowed_mentions": {"parse": []}}


def verifies(stage: Stage, delivery: Delivery) -> bool:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(stage.twin.public_key))
    try:
        signed = delivery.headers["X-Signature-Timestamp"].encode() + delivery.body
        key.verify(bytes.fromhex(delivery.headers["X-Signature-Ed25519"]), signed)
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        return False
    return True


def test_a_delivery_is_signed_over_timestamp_and_body(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan", options={"label": "ready"})

    (delivery,) = stage.deliveries
    assert delivery.url == ENDPOINT
    assert delivery.headers["X-Signature-Timestamp"] == str(int(stage.now.timestamp()))
    assert verifies(stage, delivery)


def test_a_deferral_is_patched_with_the_answer(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan")
    stage.answer(DEFER)

    patched = stage.patch(stage.webhook(), TEXT)

    (seen,) = stage.view["ephemeral"]["ana"]
    assert patched.status == 200
    assert seen["text"] == "Approved"
    assert seen["seen_by"] == "ana"
    assert seen["interaction"] == stage.view["interactions"][0]["id"]
    assert stage.messages == []
    assert stage.problems == []


def test_patching_before_the_deferral_was_taken_in_finds_no_webhook(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan")
    early = stage.patch(stage.webhook(), TEXT)

    stage.answer(DEFER)

    assert code(early) == (404, 10015)
    assert stage.patch(stage.webhook(), TEXT).status == 200


def test_an_answer_after_three_seconds_fails_and_kills_the_token(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan")

    stage.answer(DEFER, after=3.1)

    assert stage.view["interactions"][0]["shown"] == "The application did not respond"
    assert "3.1 s" in stage.problems[0]
    assert code(stage.patch(stage.webhook(), TEXT)) == (404, 10015)


def test_no_answer_at_all_fails_by_itself(stage: Stage) -> None:
    stage.say(CARD)
    stage.act("click", by="ana", label="Approve")
    stage.wait(4)

    stage.get(f"/channels/{stage.plans}")

    assert stage.view["interactions"][0]["shown"] == "This interaction failed"
    assert stage.view["interactions"][0]["state"] == "failed"


def test_a_token_lives_fifteen_minutes(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan")
    stage.answer(DEFER)
    stage.wait(14 * 60)
    assert stage.patch(stage.webhook(), TEXT).status == 200

    stage.wait(61)

    assert code(stage.patch(stage.webhook(), TEXT)) == (401, 50027)
    assert code(stage.post(stage.webhook(""), TEXT)) == (401, 50027)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 200, "application/json"),
        (b"[]", 200, "application/json"),
        (DEFER, 200, "text/plain"),
        (DEFER, 500, "application/json"),
        (DEFER, 401, "application/json"),
        ({"type": 1}, 200, "application/json"),
        ({"type": 6}, 200, "application/json"),
        ({"type": 7, "data": TEXT}, 200, "application/json"),
        ({"type": 8, "data": {"choices": []}}, 200, "application/json"),
        ({"type": 5, "data": {"flags": 64 | 1 << 15}}, 200, "application/json"),
        ({"type": 5, "data": {"flags": 64, "content": "x"}}, 200, "application/json"),
        ({"type": 4}, 200, "application/json"),
        ({"type": 4, "data": {"content": "x" * 2001}}, 200, "application/json"),
        ({"type": 9, "data": {**MODAL, "title": "x" * 46}}, 200, "application/json"),
        ({"type": 9, "data": {**MODAL, "components": []}}, 200, "application/json"),
    ],
)
def test_a_bad_answer_to_a_command_is_a_problem_and_shown_as_failed(
    stage: Stage, body: Any, status: int, kind: str
) -> None:
    stage.act("command", by="ana", name="plan")

    stage.answer(body, status=status, kind=kind)

    assert len(stage.problems) == 1
    assert stage.view["interactions"][0]["state"] == "failed"


def test_a_click_may_update_the_message_it_was_on(stage: Stage) -> None:
    stage.say(CARD)
    clicked = stage.act("click", by="ana", label="Approve")
    stage.answer({"type": 7, "data": TEXT})

    stage.patch(stage.webhook(), {"components": [{"type": 10, "content": "Approved by ana"}]})

    assert [m["text"] for m in stage.messages] == ["Approved by ana"]
    assert stage.view["interactions"][0]["id"] == clicked["interaction"]
    assert stage.problems == []


def test_a_deferred_update_edits_the_message_later(stage: Stage) -> None:
    card = stage.say(CARD)
    stage.act("select", by="ana", values=["#42 Add logout"], placeholder="Drop issues")
    assert stage.interaction()["data"]["values"] == ["42"]
    stage.answer({"type": 6})

    assert read(stage.get(stage.webhook()))["id"] == card["id"]
    stage.patch(stage.webhook(), {"components": TEXT["components"]})

    assert stage.messages[0]["text"] == "Approved"


def test_a_followup_takes_the_place_of_a_deferral_and_a_second_one_stands_beside_it(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan")
    stage.answer(DEFER)

    first = read(stage.post(stage.webhook(""), {"content": "one"}))
    second = read(stage.post(stage.webhook(""), {"content": "two", "flags": 64}))

    assert [m["text"] for m in stage.view["ephemeral"]["ana"]] == ["one", "two"]
    assert first["flags"] & 64
    assert stage.patch(stage.webhook(f"/messages/{second['id']}"), {"content": "2"}).status == 200
    assert stage.delete(stage.webhook(f"/messages/{second['id']}")).status == 204
    assert stage.delete(stage.webhook()).status == 204
    assert code(stage.get(stage.webhook())) == (404, 10008)


def test_only_that_person_sees_an_ephemeral_message_and_its_buttons(stage: Stage) -> None:
    stage.act("command", by="ana", name="status")
    stage.answer({"type": 4, "data": {**CARD, "flags": 64 | 1 << 15}})

    with pytest.raises(ActError, match="ben sees no button Approve"):
        stage.act("click", by="ben", label="Approve")
    stage.act("click", by="ana", label="Approve")
    stage.answer({"type": 7, "data": TEXT})

    assert [m["text"] for m in stage.view["ephemeral"]["ana"]] == ["Approved"]


def test_a_modal_is_filled_in_and_submitted(stage: Stage) -> None:
    stage.say(CARD)
    stage.act("click", by="ana", label="Approve")
    stage.answer({"type": 9, "data": MODAL})
    assert stage.view["interactions"][0]["modal"]["title"] == "Reject the plan"

    with pytest.raises(ActError, match="reason must be filled in"):
        stage.act("submit_modal", by="ana")
    stage.act("submit_modal", by="ana", values={"reason": "too big", "how": "close"})
    data = stage.interaction()["data"]
    stage.answer({"type": 7, "data": TEXT})

    assert data["custom_id"] == "why:r1"
    assert [c["component"]["value"] for c in data["components"]] == ["too big", "close"]
    assert stage.messages[0]["text"] == "Approved"
    with pytest.raises(ActError, match="no modal is open"):
        stage.act("submit_modal", by="ana")


def test_a_modal_may_not_be_answered_with_a_modal(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan")
    stage.answer({"type": 9, "data": MODAL})
    stage.act("submit_modal", by="ana", values={"reason": "x"})

    stage.answer({"type": 9, "data": MODAL})

    assert "refused" in stage.problems[0]


def test_autocomplete_takes_choices_only_and_up_to_25(stage: Stage) -> None:
    choices = [{"name": f"ready {n}", "value": f"ready-{n}"} for n in range(26)]
    stage.act("autocomplete", by="ana", name="plan", option="label", text="rea")
    assert stage.interaction()["data"]["options"] == [{"name": "label", "type": 3, "value": "rea", "focused": True}]
    stage.answer({"type": 8, "data": {"choices": choices[:25]}})

    stage.act("autocomplete", by="ana", name="plan", option="label")
    stage.answer({"type": 8, "data": {"choices": choices}})
    stage.act("autocomplete", by="ana", name="plan", option="label")
    stage.answer({"type": 4, "data": {"content": "x"}})

    first, second, third = stage.view["interactions"]
    assert len(first["choices"]) == 25
    assert second["shown"] == third["shown"] == "Loading options failed"


def test_the_same_interaction_delivered_again_changes_nothing_on_discord(stage: Stage) -> None:
    sent = stage.act("command", by="ana", name="plan")
    before = stage.last
    stage.answer(DEFER)
    stage.wait(60)

    again = stage.act("redeliver", delivery=sent["delivery"])
    assert verifies(stage, stage.last)
    stage.answer({"type": 4, "data": {"content": "again"}})

    assert again == sent
    assert stage.last.body == before.body
    assert len(stage.view["ephemeral"]["ana"]) == 1
    assert stage.view["deliveries"][-1]["statuses"] == [200, 200]
    assert stage.problems == []


@pytest.mark.parametrize(
    "how",
    [
        "wrong_signature",
        "changed_body",
        "missing_signature",
        "missing_timestamp",
        "short_signature",
        "odd_signature",
        "not_hex",
        "not_ascii",
    ],
)
def test_a_forged_delivery_does_not_verify_and_letting_it_in_removes_the_endpoint(stage: Stage, how: str) -> None:
    stage.act("forge", how=how)
    assert not verifies(stage, stage.last)
    stage.answer({}, status=401)
    assert stage.problems == []

    stage.act("forge", how=how)
    stage.answer({"type": 1})

    assert "expected 401" in stage.problems[0]
    assert stage.view["application"]["interactions_endpoint_url"] is None


def test_a_stolen_delivery_is_well_signed_but_of_another_time(stage: Stage) -> None:
    sent = stage.act("command", by="ana", name="plan")

    stage.act("forge", how="old_timestamp", delivery=sent["delivery"])

    assert verifies(stage, stage.last)
    assert int(stage.last.headers["X-Signature-Timestamp"]) == int(stage.now.timestamp()) - 600
    assert stage.interaction()["data"]["name"] == "plan"


def test_a_new_endpoint_is_tried_with_a_good_ping_and_a_wrong_one(stage: Stage) -> None:
    url = "https://new.test/discord"
    stage.patch("/applications/@me", {"interactions_endpoint_url": url})
    good, bad = stage.deliveries
    assert (verifies(stage, good), verifies(stage, bad)) == (True, False)

    stage.deliveries = (good,)
    stage.answer({"type": 1})
    stage.deliveries = (bad,)
    stage.answer({}, status=401)

    assert stage.view["application"]["interactions_endpoint_url"] == url
    assert stage.problems == []


def test_an_endpoint_that_fails_its_trial_is_taken_back(stage: Stage) -> None:
    stage.patch("/applications/@me", {"interactions_endpoint_url": "https://new.test/discord"})

    stage.answer({"type": 1})

    assert stage.view["application"]["interactions_endpoint_url"] is None
    with pytest.raises(ActError, match="no interactions endpoint"):
        stage.act("command", by="ana", name="plan")


def test_the_first_answer_may_come_by_the_callback_route_once(stage: Stage) -> None:
    sent = stage.act("command", by="ana", name="plan")
    path = f"/interactions/{sent['interaction']}/{stage.interaction()['token']}/callback"
    stage.answer(b"", status=202)

    assert code(stage.post("/interactions/1/x/callback", DEFER)) == (404, 10062)
    assert stage.post(path, DEFER).status == 204
    assert code(stage.post(path, DEFER)) == (400, 40060)
    assert stage.patch(stage.webhook(), TEXT).status == 200


def test_impossible_acts_say_what_there_is_instead(stage: Stage) -> None:
    stage.say(CARD)
    impossible: list[tuple[str, dict[str, Any], str]] = [
        ("command", {"by": "ana", "name": "deploy"}, "/deploy is not registered; there are: plan, status"),
        ("command", {"by": "eve", "name": "plan"}, "eve is no member; there are: olga, ana, ben"),
        ("command", {"by": "ana", "name": "plan", "options": {"x": 1}}, "no option"),
        ("command", {"by": "ana", "name": "plan", "options": {"limit": 251}}, "between 1 and 250"),
        ("command", {"by": "ana", "name": "plan", "options": {"limit": "5"}}, "takes int"),
        ("click", {"by": "ana", "label": "Merge"}, "there are: Approve, Reject, Open"),
        ("click", {"by": "ana", "label": "Reject"}, "button Reject is disabled"),
        ("click", {"by": "ana", "label": "Open"}, "is a link"),
        ("select", {"by": "ana", "values": ["43"]}, "has no option 43"),
        ("select", {"by": "ana", "values": []}, "takes 1 to 2"),
        ("dance", {}, "no act dance; there are: create_guild"),
        ("say", {"by": "ana"}, "content"),
    ]

    for action, arguments, words in impossible:
        with pytest.raises(ActError, match=words):
            stage.act(action, **arguments)


def test_a_command_that_a_person_is_not_offered_cannot_be_sent(stage: Stage) -> None:
    hidden = {"name": "ship", "description": "Ship it", "default_member_permissions": "32"}
    stage.put(f"/applications/{stage.app}/guilds/{stage.made['guild']}/commands", [hidden])

    stage.act("command", by="ana", name="ship")
    assert stage.interaction()["data"]["guild_id"] == stage.made["guild"]
    with pytest.raises(ActError, match="does not offer /ship to ben"):
        stage.act("command", by="ben", name="ship")


def test_a_lenient_twin_sends_commands_that_nobody_registered() -> None:
    stage = Stage(Options(lenient_commands=True))

    stage.act("command", by="ana", name="later", options={"run": "r1"})

    assert stage.interaction()["data"]["options"] == [{"name": "run", "type": 3, "value": "r1"}]


def test_the_same_seed_give_the_same_day(stage: Stage) -> None:
    other = Stage()

    for one in (stage, other):
        one.say(CARD)
        one.act("click", by="ana", label="Approve")
        one.answer({"type": 7, "data": TEXT})

    assert stage.view == other.view
    assert stage.last == other.last
    assert stage.twin.bot_token == other.twin.bot_token
