"""Messages: what is taken, what is refused, who is notified."""

from __future__ import annotations

from typing import Any

import pytest

from twins.discord.stage import CARD, DEFER, Stage, code, read
from valine_twins.discord import Options

V2 = 1 << 15


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


def test_a_message_is_stored_with_ids_on_its_components(stage: Stage) -> None:
    card = stage.say(CARD)

    assert card["components"][0]["id"] == 1
    assert card["components"][0]["components"][0]["id"] == 2
    assert [m["id"] for m in stage.messages] == [card["id"]]
    assert stage.messages[0]["text"].splitlines() == [
        "Plan r1",
        "3 issues · #41 (https://github.test/41)",
        "─" * 24,
        "[Approve] [Reject (off)] [Open → https://github.test]",
        "‹Drop issues: #41 Fix login, #42 Add logout›",  # noqa: RUF001
    ]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"content": "x" * 2001}, "content"),
        ({"content": 7}, "content"),
        ({"flags": V2, "content": "x", "components": [text("y")]}, "content"),
        ({"flags": V2, "components": [text("x" * 4001)]}, "components"),
        ({"flags": V2, "components": [text("x" * 2500), text("y" * 2500)]}, "components"),
        ({"flags": V2, "components": [{"type": 17, "components": [text("x")] * 40}]}, "components"),
        ({"components": [text("x")]}, "components"),
        ({"content": "x", "nonce": "n" * 26}, "nonce"),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, "allowed_mentions"),
        ({"embeds": [{"description": "x" * 4097}]}, "embeds"),
        ({"embeds": [{"description": "x" * 3001}, {"description": "x" * 3000}]}, "embeds"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds"),
        ({"content": "x", "flags": 1 << 7}, "flags"),
    ],
)
def test_a_message_over_its_limits_is_an_invalid_form(stage: Stage, body: dict[str, Any], where: str) -> None:
    response = stage.post(f"/channels/{stage.plans}/messages", body)

    assert code(response) == (400, 50035)
    assert where in read(response)["errors"]
    assert stage.messages == []


def button(**changes: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": "go"} | changes


def menu(**changes: Any) -> dict[str, Any]:
    return {"type": 3, "custom_id": "pick", "options": [{"label": "A", "value": "a"}]} | changes


@pytest.mark.parametrize(
    "row",
    [
        [button(custom_id=str(i)) for i in range(6)],
        [button(), button()],
        [button(), menu()],
        [button(label="x" * 81)],
        [button(label=None)],
        [button(custom_id="x" * 101)],
        [button(url="https://x.test")],
        [button(style=5)],
        [button(style=5, url="https://x.test")],
        [button(style=5, url="ftp://x.test", custom_id=None)],
        [button(style=9)],
        [menu(options=[{"label": str(i), "value": str(i)} for i in range(26)])],
        [menu(options=[{"label": "x" * 101, "value": "a"}])],
        [menu(options=[{"label": "A", "value": "a" * 101}])],
        [menu(options=[{"label": "A", "value": "a", "description": "x" * 101}])],
        [menu(options=[{"label": "A", "value": "a"}, {"label": "B", "value": "a"}])],
        [menu(options=[])],
        [menu(max_values=2)],
        [menu(min_values=2)],
        [menu(custom_id=None)],
        [{"type": []}],
        [],
        "row",
    ],
)
def test_a_row_that_discord_would_not_take_is_an_invalid_form(stage: Stage, row: Any) -> None:
    body = {"content": "x", "components": [{"type": 1, "components": row}]}

    assert code(stage.post(f"/channels/{stage.plans}/messages", body)) == (400, 50035)


def test_form_errors_are_nested_at_the_place_of_the_problem(stage: Stage) -> None:
    body = {"content": "x", "components": [{"type": 1, "components": [button(label="x" * 81)]}]}

    errors = read(stage.post(f"/channels/{stage.plans}/messages", body))["errors"]

    label = errors["components"]["0"]["components"]["0"]["label"]["_errors"][0]
    assert label == {"code": "BASE_TYPE_BAD_LENGTH", "message": "Must be between 0 and 80 in length."}


def test_too_many_bytes_of_text_break_discord_itself(stage: Stage) -> None:
    body = {"flags": V2, "components": [text("🚀" * 2600)]}

    assert stage.post(f"/channels/{stage.plans}/messages", body).status == 500
    assert stage.messages == []


def test_an_empty_message_is_refused(stage: Stage) -> None:
    assert code(stage.post(f"/channels/{stage.plans}/messages", {})) == (400, 50006)
    assert code(stage.post(f"/channels/{stage.plans}/messages", b"{")) == (400, 50109)


def test_components_v2_is_never_taken_off_again(stage: Stage) -> None:
    card = stage.say(CARD)
    path = f"/channels/{stage.plans}/messages/{card['id']}"

    assert code(stage.patch(path, {"flags": 0, "content": "plain"})) == (400, 50035)
    edited = read(stage.patch(path, {"flags": 0, "components": [text("still")]}))

    assert edited["flags"] & V2
    assert stage.messages[0]["edits"] == 1


def test_a_plain_message_becomes_v2_only_without_its_content(stage: Stage) -> None:
    path = f"/channels/{stage.plans}/messages/{stage.say({'content': 'plain'})['id']}"

    assert code(stage.patch(path, {"flags": V2, "components": [text("new")]})) == (400, 50035)
    assert stage.patch(path, {"flags": V2, "content": None, "components": [text("new")]}).status == 200


def test_a_nonce_makes_a_repeat_return_the_first_message(stage: Stage) -> None:
    body = {"content": "once", "nonce": "r1-card", "enforce_nonce": True}
    first = stage.say(body)
    stage.wait(100)

    assert stage.say(body)["id"] == first["id"]
    assert stage.say({**body, "enforce_nonce": False})["id"] != first["id"]


def test_a_nonce_is_forgotten_after_a_few_minutes_and_holds_for_its_channel_only(stage: Stage) -> None:
    body = {"content": "once", "nonce": "r1-card", "enforce_nonce": True}
    first = stage.say(body)

    assert stage.say(body, stage.made["channels"]["random"])["id"] != first["id"]
    stage.wait(179)
    assert stage.say(body)["id"] == first["id"]
    stage.wait(1)
    assert stage.say(body)["id"] != first["id"]


def test_without_allowed_mentions_everybody_mentioned_is_mentioned(stage: Stage) -> None:
    ana, leads = stage.made["members"]["ana"], stage.made["roles"]["leads"]
    stage.act("set_permissions", role="valine", permissions=["VIEW_CHANNEL", "SEND_MESSAGES", "MENTION_EVERYONE"])

    stage.say({"content": f"<@{ana}> <@&{leads}> @everyone"})

    assert stage.messages[0]["notified"] == {"users": [ana], "roles": [leads], "everyone": True}
    assert stage.messages[0]["text"] == "@ana @leads @everyone"


def test_nobody_mentions_whom_allowed_mentions_does_not_name(stage: Stage) -> None:
    ana, ben = stage.made["members"]["ana"], stage.made["members"]["ben"]
    words = f"<@{ana}> <@{ben}> @everyone"

    stage.say({"content": words, "allowed_mentions": {"parse": []}})
    stage.say({"content": words, "allowed_mentions": {"users": [ben]}})
    stage.say({"flags": V2, "components": [text(words)], "allowed_mentions": {"parse": ["users"]}})
    stage.say({"content": f"`<@{ana}>`"})

    assert [m["notified"]["users"] for m in stage.messages] == [[], [ben], [ana, ben], []]
    assert not any(m["notified"]["everyone"] for m in stage.messages)


def test_an_edit_and_a_silent_message_mention_nobody(stage: Stage) -> None:
    ana = stage.made["members"]["ana"]
    quiet = stage.say({"content": f"<@{ana}>", "flags": 1 << 12})

    stage.patch(f"/channels/{stage.plans}/messages/{quiet['id']}", {"content": f"again <@{ana}>"})

    assert stage.messages[0]["notified"]["users"] == []


def test_an_ephemeral_answer_mentions_nobody_and_a_deferred_one_rings_when_it_comes(stage: Stage) -> None:
    ana = stage.made["members"]["ana"]
    stage.act("command", by="ben", name="status")
    stage.answer({"type": 4, "data": {"content": f"<@{ana}>", "flags": 64}})
    stage.act("command", by="ben", name="status")
    stage.answer({"type": 5})
    stage.patch(stage.webhook(), {"content": f"<@{ana}>"})

    assert stage.view["ephemeral"]["ben"][0]["notified"]["users"] == []
    assert stage.messages[0]["notified"]["users"] == [ana]


def test_messages_are_paged_by_id_newest_first(stage: Stage) -> None:
    ids = []
    for number in range(8):
        ids.append(stage.say({"content": str(number)})["id"])
        stage.wait(2)

    def page(query: str) -> list[str]:
        return [m["content"] for m in read(stage.get(f"/channels/{stage.plans}/messages?{query}"))]

    assert page("limit=3") == ["7", "6", "5"]
    assert page(f"after={ids[1]}&limit=2") == ["3", "2"]
    stage.wait(2)
    assert page(f"before={ids[2]}") == ["1", "0"]
    assert page(f"around={ids[4]}&limit=3") == ["5", "4", "3"]
    assert code(stage.get(f"/channels/{stage.plans}/messages?limit=101")) == (400, 50035)


def test_without_the_intent_the_bot_reads_only_words_that_mention_it(stage: Stage) -> None:
    stage.act("say", by="ana", content="secret", channel="plans")
    stage.act("say", by="ana", content=f"hey <@{stage.app}>", channel="plans")

    read_by_bot = read(stage.get(f"/channels/{stage.plans}/messages"))

    assert [m["content"] for m in read_by_bot] == [f"hey <@{stage.app}>", ""]
    assert [m["content"] for m in stage.messages] == ["secret", f"hey <@{stage.app}>"]


def test_messages_of_others_and_lost_ones_have_their_codes(stage: Stage) -> None:
    theirs = stage.act("say", by="ana", content="mine", channel="plans")
    gone = stage.say({"content": "x"})["id"]
    path = f"/channels/{stage.plans}/messages"

    assert stage.delete(f"{path}/{gone}").status == 204
    assert code(stage.patch(f"{path}/{gone}", {"content": "y"})) == (404, 10008)
    assert code(stage.patch(f"{path}/{theirs}", {"content": "y"})) == (403, 50005)
    assert code(stage.delete(f"{path}/{theirs}")) == (403, 50013)
    assert code(stage.post("/channels/5/messages", {"content": "y"})) == (404, 10003)


@pytest.mark.parametrize(
    ("denied", "body", "expected"),
    [
        ("VIEW_CHANNEL", {"content": "x"}, (403, 50001)),
        ("SEND_MESSAGES", {"content": "x"}, (403, 50013)),
        ("EMBED_LINKS", {"embeds": [{"title": "x"}]}, (403, 50013)),
    ],
)
def test_the_bot_needs_its_permissions_in_the_channel(
    stage: Stage, denied: str, body: dict[str, Any], expected: tuple[int, int]
) -> None:
    stage.act("set_permissions", channel="plans", member="valine", deny=[denied])

    assert code(stage.post(f"/channels/{stage.plans}/messages", body)) == expected


def test_without_history_the_bot_reads_an_empty_channel(stage: Stage) -> None:
    message = stage.say({"content": "x"})
    stage.act("set_permissions", channel="plans", role="everyone", deny=["READ_MESSAGE_HISTORY"])

    assert read(stage.get(f"/channels/{stage.plans}/messages")) == []
    assert code(stage.get(f"/channels/{stage.plans}/messages/{message['id']}")) == (403, 50013)


def test_messages_over_an_hour_old_are_edited_only_so_often() -> None:
    stage = Stage(Options(old_edit_limit=(2, 20.0)))
    path = f"/channels/{stage.plans}/messages/{stage.say({'content': 'old'})['id']}"
    stage.wait(3600)

    answers = [stage.patch(path, {"content": str(n)}) for n in range(3)]
    stage.wait(20)

    assert [a.status for a in answers] == [200, 200, 429]
    assert code(answers[-1]) == (429, 30046)
    assert stage.patch(path, {"content": "now"}).status == 200


def test_deferring_and_the_loading_message_are_seen(stage: Stage) -> None:
    stage.act("command", by="ana", name="status")
    stage.answer(DEFER)

    assert stage.view["ephemeral"]["ana"][0]["text"] == "… is thinking"
