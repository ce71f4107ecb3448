"""Less travelled ways: forms with every kind of field, sections and pictures, options that name people and places."""

from __future__ import annotations

from typing import Any

import pytest

from twins.discord.stage import CARD, DEFER, MODAL, Stage, code, read
from valine_twins.transport import ActError, Response

OPTIONS = [{"label": "One", "value": "1"}, {"label": "Two", "value": "2"}]


def label(**component: Any) -> dict[str, Any]:
    return {"type": 18, "label": "Field", "component": component}


EVERYTHING: dict[str, Any] = {
    "custom_id": "all",
    "title": "Everything",
    "components": [
        {"type": 10, "content": "Read this first"},
        label(type=3, custom_id="select", options=OPTIONS, max_values=2),
        label(type=22, custom_id="boxes", options=[{**OPTIONS[0], "default": True}], required=False),
        label(type=23, custom_id="box"),
        {"type": 1, "components": [{"type": 4, "custom_id": "old", "style": 1, "label": "Old", "required": False}]},
    ],
}


def test_a_form_with_every_kind_of_field_comes_back_filled_in(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan")
    stage.answer({"type": 9, "data": EVERYTHING})

    stage.act("submit_modal", by="ana", values={"select": ["1", "2"], "box": True, "old": "x"})

    text, select, boxes, box, old = stage.interaction()["data"]["components"]
    assert text["type"] == 10
    assert select["component"] == {"type": 3, "custom_id": "select", "values": ["1", "2"]}
    assert boxes["component"]["values"] == ["1"]
    assert box["component"]["value"] is True
    assert old["components"] == [{"type": 4, "custom_id": "old", "value": "x"}]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"nothing": "x"}, "has no field"),
        ({"select": ["3"]}, "has no option"),
        ({"select": []}, "must be answered"),
    ],
)
def test_a_form_does_not_let_everything_through(stage: Stage, values: dict[str, Any], words: str) -> None:
    stage.act("command", by="ana", name="plan")
    stage.answer({"type": 9, "data": EVERYTHING})

    with pytest.raises(ActError, match=words):
        stage.act("submit_modal", by="ana", values=values)


def test_a_text_field_takes_no_more_than_it_says(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan")
    stage.answer({"type": 9, "data": MODAL})

    with pytest.raises(ActError, match="takes 0 to 200 characters"):
        stage.act("submit_modal", by="ana", values={"reason": "x" * 201})


@pytest.mark.parametrize(
    "component",
    [
        {"type": 2, "style": 1, "label": "x", "custom_id": "x"},
        {"type": 18, "label": "x" * 46, "component": {"type": 4, "custom_id": "a", "style": 1}},
        label(type=4, custom_id="a", style=3),
        label(type=4, custom_id="x" * 101, style=1),
        label(type=21, custom_id="a", options=OPTIONS[:1]),
        label(type=22, custom_id="a", options=[]),
        label(type=10, content="x"),
        {"type": 1, "components": [{"type": 3, "custom_id": "a", "options": OPTIONS}]},
        "x",
    ],
)
def test_a_form_that_breaks_a_rule_fails_the_interaction(stage: Stage, component: Any) -> None:
    stage.act("command", by="ana", name="plan")

    stage.answer({"type": 9, "data": {**MODAL, "components": [component]}})

    assert "50035" in stage.problems[0]


def test_sections_pictures_and_files_have_their_rules_and_their_text(stage: Stage) -> None:
    go = {"type": 2, "style": 1, "label": "Retry", "custom_id": "retry:41"}
    body = {
        "flags": 1 << 15,
        "components": [
            {"type": 9, "components": [{"type": 10, "content": "#41 held"}], "accessory": go},
            {"type": 12, "items": [{"media": {"url": "https://x.test/a.png"}}]},
            {"type": 14, "divider": False},
            {"type": 1, "components": [{"type": 5, "custom_id": "who", "placeholder": "Who"}]},
        ],
    }

    stage.say(body)

    assert stage.messages[0]["text"].splitlines() == ["#41 held  [Retry]", "(picture)", "", "‹Who: …›"]  # noqa: RUF001
    for section in (
        {"type": 9, "components": [], "accessory": go},
        {"type": 9, "components": [{"type": 10, "content": "x"}]},
        {"type": 9, "components": [{"type": 10, "content": "x"}], "accessory": {"type": 11}},
        {"type": 17, "components": [{"type": 17, "components": []}]},
        {"type": 10, "content": "x", "id": "one"},
    ):
        bad = {"flags": 1 << 15, "components": [section]}
        assert code(stage.post(f"/channels/{stage.made['channels']['random']}/messages", bad)) == (400, 50035)
        stage.wait(1)


def test_options_may_name_people_roles_and_channels(stage: Stage) -> None:
    kinds = {"who": 6, "role": 8, "where": 7, "loud": 5, "share": 10}
    options = [{"type": t, "name": n, "description": "x"} for n, t in kinds.items()]
    stage.put(f"/applications/{stage.app}/commands", [{"name": "tell", "description": "x", "options": options}])

    given = {"who": "ben", "role": "leads", "where": "random", "loud": True, "share": 0.5}
    stage.act("command", by="ana", name="tell", options=given)

    data = stage.interaction()["data"]
    ben, leads, random = (
        stage.made["members"]["ben"],
        stage.made["roles"]["leads"],
        stage.made["channels"]["random"],
    )
    assert [o["value"] for o in data["options"]] == [ben, leads, random, True, 0.5]
    assert data["resolved"]["users"][ben]["username"] == "ben"
    assert data["resolved"]["roles"][leads]["name"] == "leads"
    assert data["resolved"]["channels"][random]["name"] == "random"


def test_a_required_option_and_a_choice_are_asked_for(stage: Stage) -> None:
    choices = [{"name": "Squash", "value": "squash"}]
    option = {"type": 3, "name": "how", "description": "x", "required": True, "choices": choices}
    stage.put(f"/applications/{stage.app}/commands", [{"name": "ship", "description": "x", "options": [option]}])

    with pytest.raises(ActError, match="needs"):
        stage.act("command", by="ana", name="ship")
    with pytest.raises(ActError, match="is one of"):
        stage.act("command", by="ana", name="ship", options={"how": "rebase"})
    with pytest.raises(ActError, match="completes nothing"):
        stage.act("autocomplete", by="ana", name="ship", option="how")


def test_what_is_not_there_is_told_with_what_is(stage: Stage) -> None:
    impossible: list[tuple[str, dict[str, Any], str]] = [
        ("say", {"by": "ana", "content": "x", "channel": "nowhere"}, "there are: plans, random"),
        ("set_roles", {"member": "ana", "roles": ["bosses"]}, "no role bosses; there are: @everyone, leads, valine"),
        ("add_role", {"name": "x", "permissions": ["FLY"]}, "no permission FLY"),
        ("add_member", {"name": "ana"}, "there is a ana already"),
        ("create_guild", {}, "there is a guild already"),
        ("invite_bot", {}, "in the guild already"),
        ("set_permissions", {"role": "leads"}, "in the guild a role has permissions"),
        ("set_permissions", {"channel": "plans"}, "name a role or a member"),
        ("archive_thread", {"thread": "plans"}, "plans is no thread"),
        ("delete_message", {"message": "5"}, "no message 5"),
        ("click", {"by": "ana", "label": "x", "message": "5"}, "ana sees no message 5"),
        ("redeliver", {"delivery": "5"}, "no interaction was delivered as 5"),
        ("forge", {"how": "magic"}, "cannot forge by magic"),
        ("forge", {"delivery": "5"}, "no interaction was delivered as 5"),
        ("say", {"by": "ana", "content": ""}, "1 to 2000"),
        ("say", {"by": 7, "content": "x"}, "say: Expected `str`, got `int`"),
    ]

    for action, arguments, words in impossible:
        with pytest.raises(ActError, match=words):
            stage.act(action, **arguments)


def test_nothing_can_be_done_without_a_guild() -> None:
    stage = Stage(furnished=False)

    with pytest.raises(ActError, match="create_guild first"):
        stage.act("command", by="ana", name="plan")
    assert stage.view["guild"] is None
    assert stage.get("/applications/@me").status == 200


def test_roles_given_later_count_at_once(stage: Stage) -> None:
    stage.act("set_roles", member="ben", roles=["leads"])
    stage.act("set_permissions", role="leads", permissions=["MANAGE_GUILD", "MANAGE_MESSAGES"])

    stage.act("command", by="ben", name="status")

    assert int(stage.interaction()["member"]["permissions"]) & (1 << 13)


def test_a_role_rings_when_it_is_mentionable(stage: Stage) -> None:
    role = stage.act("add_role", name="reviewers", mentionable=True)

    stage.say({"content": f"<@&{role}> <@&{stage.made['roles']['leads']}>", "allowed_mentions": {"parse": ["roles"]}})

    assert stage.messages[0]["notified"]["roles"] == [role]


def test_the_callback_route_shows_its_message_when_asked(stage: Stage) -> None:
    sent = stage.act("command", by="ana", name="plan")
    path = f"/interactions/{sent['interaction']}/{stage.interaction()['token']}/callback?with_response=true"

    made = read(stage.post(path, {"type": 4, "data": {"content": "x"}}))

    assert made["interaction"] == {
        "id": sent["interaction"],
        "type": 2,
        "response_message_id": made["resource"]["message"]["id"],
        "response_message_loading": False,
        "response_message_ephemeral": False,
    }
    assert made["resource"]["message"]["content"] == "x"


def test_updating_a_message_that_is_gone_fails_the_click(stage: Stage) -> None:
    card = stage.say(CARD)["id"]
    stage.act("click", by="ana", label="Approve")
    stage.act("delete_message", message=card)
    stage.deliveries = (stage.last,)

    stage.answer({"type": 7, "data": {"components": [{"type": 10, "content": "x"}]}})

    assert "10008" in stage.problems[0]


def test_an_answer_that_is_lost_on_its_way_fails_the_interaction(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan")
    stage.twin.delivered(stage.last, Response(status=200, lost=True), stage.now)

    assert "no answer" in stage.problems[0]
    stage.answer(DEFER)
    assert stage.view["interactions"][0]["state"] == "failed"


def test_tokens_and_messages_of_others_do_not_fit(stage: Stage) -> None:
    theirs = stage.say({"content": "x"})["id"]
    stage.act("command", by="ana", name="plan")
    stage.answer(DEFER)

    assert code(stage.patch(stage.webhook(f"/messages/{theirs}"), {"content": "y"})) == (404, 10008)
    assert code(stage.patch(f"/webhooks/1/{stage.interaction()['token']}/messages/@original", {})) == (404, 10015)
    assert code(stage.patch(f"/webhooks/{stage.app}/wrong/messages/@original", {})) == (404, 10015)


def test_a_webhook_needs_no_bot_token(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan")
    stage.answer(DEFER)

    assert stage.request("PATCH", stage.webhook(), {"content": "x"}, authorization="").status == 200


@pytest.mark.parametrize(("asked", "status"), [("1", 200), ("true", 200), ("0", 204), ("", 204)])
def test_a_truth_in_a_query_is_written_in_several_ways(stage: Stage, asked: str, status: int) -> None:
    sent = stage.act("command", by="ana", name="plan")
    path = f"/interactions/{sent['interaction']}/{stage.interaction()['token']}/callback?with_response={asked}"

    assert stage.post(path, DEFER).status == status


def test_ids_may_come_as_numbers(stage: Stage) -> None:
    ana, first = int(stage.made["members"]["ana"]), stage.say({"content": "first"})["id"]

    stage.say(
        {"content": f"<@{ana}>", "allowed_mentions": {"users": [ana]}, "message_reference": {"message_id": int(first)}}
    )

    assert stage.messages[1]["notified"]["users"] == [str(ana)]


def test_a_webhook_is_called_by_whatever_has_its_token_and_says_what_it_is(stage: Stage) -> None:
    stage.act("command", by="ana", name="plan")
    stage.answer(DEFER)

    anybody = stage.request("PATCH", stage.webhook(), {"content": "x"}, user_agent="curl/8", authorization="")
    nobody = stage.request("PATCH", stage.webhook(), {"content": "x"}, user_agent="")

    assert (anybody.status, nobody.status) == (200, 403)


def test_a_limit_of_the_api_is_told_from_a_ban_at_the_edge(stage: Stage) -> None:
    answers = [stage.post(f"/channels/{stage.plans}/messages", {"content": "x"}) for _ in range(6)]

    assert [answer.headers.get("Via") for answer in answers] == [None] * 5 + ["1.1 google"]


def test_the_application_is_found_at_its_older_address_too(stage: Stage) -> None:
    assert read(stage.get("/oauth2/applications/@me")) == read(stage.get("/applications/@me"))


def test_a_reply_shows_what_it_answers_and_rings_its_author_unless_told_not_to(stage: Stage) -> None:
    stage.act("say", by="ana", content="When?")
    asked, ana = stage.messages[0]["id"], stage.made["members"]["ana"]
    reference = {"message_reference": {"message_id": asked}}

    reply = stage.say({"content": "Now", **reference})
    stage.say({"content": "Quietly", **reference, "allowed_mentions": {"parse": [], "replied_user": False}})
    stage.say({"content": "To nothing", "message_reference": {"message_id": "1", "fail_if_not_exists": False}})
    refused = stage.post(
        f"/channels/{stage.plans}/messages", {"content": "x", "message_reference": {"message_id": "1"}}
    )

    assert (reply["type"], reply["message_reference"]["message_id"]) == (19, asked)
    assert reply["referenced_message"]["id"] == asked
    assert [one["notified"]["users"] for one in stage.messages[1:]] == [[ana], [], []]
    assert code(refused) == (400, 50035)
    stage.act("delete_message", message=asked)
    assert read(stage.get(f"/channels/{stage.plans}/messages/{reply['id']}"))["referenced_message"] is None
