"""Threads and channels, and who is there."""

from __future__ import annotations

import pytest

from twins.discord.stage import CARD, Stage, code, read
from valine_twins.transport import ActError


def started(stage: Stage, name: str = "r1") -> tuple[str, str]:
    card = stage.say(CARD)
    thread = stage.post(f"/channels/{stage.plans}/messages/{card['id']}/threads", {"name": name})
    assert thread.status == 201
    return card["id"], read(thread)["id"]


def test_a_thread_has_its_messages_id_and_is_started_once(stage: Stage) -> None:
    card, thread = started(stage)

    again = stage.post(f"/channels/{stage.plans}/messages/{card}/threads", {"name": "r1"})
    stage.say({"content": "Approved"}, thread)

    assert thread == card
    assert code(again) == (400, 160004)
    assert stage.messages[0]["thread"]["name"] == "r1"
    assert [m["text"] for m in stage.messages[0]["thread"]["messages"]] == ["Approved"]
    assert stage.messages[0]["flags"] & 1 << 5


def test_a_thread_outlives_its_message_but_not_its_channel(stage: Stage) -> None:
    card, thread = started(stage)

    stage.delete(f"/channels/{stage.plans}/messages/{card}")
    assert [t["id"] for t in stage.view["channels"][0]["threads"]] == [thread]
    stage.act("delete_channel", channel="plans")

    assert code(stage.get(f"/channels/{thread}")) == (404, 10003)


def test_nothing_is_edited_in_an_archived_thread_but_a_new_message_wakes_it(stage: Stage) -> None:
    _, thread = started(stage)
    message = stage.say({"content": "x"}, thread)["id"]
    stage.patch(f"/channels/{thread}", {"archived": True})

    assert code(stage.patch(f"/channels/{thread}/messages/{message}", {"content": "y"})) == (400, 50083)
    ana = stage.made["members"]["ana"]
    assert code(stage.put(f"/channels/{thread}/thread-members/{ana}")) == (400, 50083)
    stage.say({"content": "awake"}, thread)

    assert stage.patch(f"/channels/{thread}/messages/{message}", {"content": "y"}).status == 200


def test_a_quiet_thread_falls_asleep(stage: Stage) -> None:
    card = stage.say(CARD)["id"]
    stage.post(f"/channels/{stage.plans}/messages/{card}/threads", {"name": "r1", "auto_archive_duration": 60})

    stage.wait(3599)
    assert not read(stage.get(f"/channels/{card}"))["thread_metadata"]["archived"]
    stage.wait(1)

    assert read(stage.get(f"/channels/{card}"))["thread_metadata"]["archived"]
    assert stage.patch(f"/channels/{card}", {"archived": False}).status == 200


def test_a_locked_thread_is_closed_to_the_bot(stage: Stage) -> None:
    _, thread = started(stage)

    assert code(stage.patch(f"/channels/{thread}", {"locked": True})) == (403, 50013)
    stage.act("archive_thread", thread="r1", locked=True)

    assert code(stage.post(f"/channels/{thread}/messages", {"content": "x"})) == (400, 160005)
    assert code(stage.patch(f"/channels/{thread}", {"archived": False})) == (403, 50013)


def test_a_name_changes_twice_in_ten_minutes(stage: Stage) -> None:
    _, thread = started(stage)

    answers = [stage.patch(f"/channels/{thread}", {"name": f"r1 {n}"}) for n in range(3)]

    assert [a.status for a in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) == 600
    stage.wait(600)
    assert stage.patch(f"/channels/{thread}", {"name": "r1 done"}).status == 200


def test_people_join_a_thread_when_they_are_added_or_mentioned(stage: Stage) -> None:
    _, thread = started(stage)
    ana, ben = stage.made["members"]["ana"], stage.made["members"]["ben"]

    assert stage.put(f"/channels/{thread}/thread-members/{ana}").status == 204
    stage.say({"content": f"<@{ben}>"}, thread)

    assert stage.messages[0]["thread"]["members"] == [stage.app, ana, ben]
    assert code(stage.put(f"/channels/{thread}/thread-members/5")) == (404, 10013)


def test_a_thread_without_a_message_is_public_only_if_it_says_so(stage: Stage) -> None:
    assert stage.post(f"/channels/{stage.plans}/threads", {"name": "talk", "type": 11}).status == 201
    assert code(stage.post(f"/channels/{stage.plans}/threads", {"name": "talk"})) == (403, 50013)
    assert code(stage.post(f"/channels/{stage.plans}/threads", {"name": "x" * 101, "type": 11})) == (400, 50035)
    assert code(stage.patch(f"/channels/{stage.plans}", {"name": "y"})) == (403, 50013)


def test_threads_have_permissions_of_their_own(stage: Stage) -> None:
    _, thread = started(stage)
    stage.act("set_permissions", channel="plans", member="valine", deny=["SEND_MESSAGES_IN_THREADS"])

    assert code(stage.post(f"/channels/{thread}/messages", {"content": "x"})) == (403, 50013)
    stage.say({"content": "still here"})

    stage.act("set_permissions", channel="plans", member="valine", deny=["CREATE_PUBLIC_THREADS"])
    card = stage.say(CARD)["id"]
    path = f"/channels/{stage.plans}/messages/{card}/threads"
    assert code(stage.post(path, {"name": "no"})) == (403, 50013)


def test_permissions_follow_roles_overwrites_owner_and_administrator(stage: Stage) -> None:
    stage.act("set_permissions", channel="plans", role="everyone", deny=["SEND_MESSAGES"])
    stage.act("set_permissions", channel="plans", role="leads", allow=["SEND_MESSAGES"])
    stage.act("add_role", name="admins", permissions=["ADMINISTRATOR"])
    stage.act("add_member", name="zoe", roles=["admins"])

    for name in ("ana", "zoe", "olga"):
        stage.act("say", by=name, content="hello", channel="plans")
    with pytest.raises(ActError, match="ben may not write in plans"):
        stage.act("say", by="ben", content="hello", channel="plans")
    stage.act("set_permissions", channel="plans", member="ana", deny=["SEND_MESSAGES"])
    with pytest.raises(ActError, match="ana may not write"):
        stage.act("say", by="ana", content="hello", channel="plans")
    stage.act("set_permissions", channel="plans", role="everyone", deny=["VIEW_CHANNEL"])
    with pytest.raises(ActError, match="ben does not see plans"):
        stage.act("command", by="ben", name="plan", channel="plans")


def test_a_bot_that_left_finds_nothing(stage: Stage) -> None:
    stage.act("remove_member", name="valine")

    assert code(stage.get(f"/guilds/{stage.made['guild']}")) == (404, 10004)
    assert code(stage.get(f"/channels/{stage.plans}")) == (403, 50001)
    with pytest.raises(ActError, match="invite_bot first"):
        stage.act("command", by="ana", name="plan")
    stage.act("invite_bot")
    assert stage.get(f"/channels/{stage.plans}").status == 200


def test_members_and_strangers_are_told_apart(stage: Stage) -> None:
    path = f"/guilds/{stage.made['guild']}/members"
    ben = stage.made["members"]["ben"]

    assert read(stage.get(f"{path}/{ben}"))["user"]["username"] == "ben"
    stage.act("remove_member", name="ben")

    assert code(stage.get(f"{path}/{ben}")) == (404, 10007)
    assert code(stage.get(f"{path}/5")) == (404, 10013)


def test_people_delete_their_own_messages_and_others_only_with_permission(stage: Stage) -> None:
    said = stage.act("say", by="ben", content="oops", channel="plans")
    card = stage.say(CARD)["id"]

    with pytest.raises(ActError, match="may not delete"):
        stage.act("delete_message", message=card, by="ben")
    stage.act("delete_message", message=said, by="ben")
    stage.act("delete_message", message=card, by="olga")

    assert stage.messages == []
