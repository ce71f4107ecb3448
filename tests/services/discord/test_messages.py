"""Cards, boards and threads on the twin: made once, found again, edited in place."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from services.discord.place import MARKER, Place, a_message, ensuring
from valine.errors import Ambiguous, Permanent, Transient
from valine.orchestrator.model.run import Posted

MINUTES = timedelta(minutes=1)


def posted(place: Place, message: str, channel: str | None = None) -> Posted:
    return Posted(channel=channel or place.channel, message=message, facts="x", at=place.clock.now())


async def test_a_message_is_made_where_there_is_none(place: Place) -> None:
    made = await place.sends(**ensuring(place))

    assert [message["id"] for message in place.messages()] == [made]
    assert MARKER in place.texts()[0]
    assert place.sent[0][2]["nonce"] == "nonce-1"
    assert place.sent[0][2]["enforce_nonce"] is True


async def test_a_message_whose_answer_was_lost_is_the_same_one_when_it_is_repeated_soon(place: Place) -> None:
    asked = ensuring(place)
    place.fault("lost_answer", "POST")
    with pytest.raises(Ambiguous):
        await place.sends(**asked)
    await place.clock.sleep(60)

    made = await place.sends(**asked)

    assert [message["id"] for message in place.messages()] == [made]
    assert place.requests() == ["POST /channels/…/messages"] * 2


@pytest.mark.parametrize("fault", ["lost_answer", "error_after"])
async def test_a_message_whose_answer_was_lost_long_ago_is_found_by_its_marker(place: Place, fault: str) -> None:
    asked = ensuring(place)
    place.fault(fault, "POST")
    with pytest.raises(Ambiguous):
        await place.sends(**asked)
    for _ in range(230):
        place.act("say", by="ana", content="meanwhile")
    await place.clock.sleep(600)

    found = await place.sends(**asked | {"message": a_message("Plan r1, revised")})

    assert found == place.messages()[0]["id"]
    assert sum(MARKER in text for text in place.texts()) == 1
    assert "Plan r1, revised" in place.texts()[0]


async def test_a_message_that_may_have_been_tried_is_looked_for_however_new_it_looks(place: Place) -> None:
    first = await place.sends(**ensuring(place))
    await place.clock.sleep(1130)

    found = await place.sends(**ensuring(place, first_attempt=False))  # as new as it looks: a clock ran ahead

    assert found == first
    assert [message["id"] for message in place.messages()] == [first]


async def test_when_a_message_came_to_show_what_it_shows_is_told_by_discords_clock(place: Place) -> None:
    made = await place.chat.ensure_message(**ensuring(place))
    await place.clock.sleep(60)
    edited = await place.chat.ensure_message(
        **ensuring(place, "later", posted=posted(place, made.message)),
    )

    assert (made.shown_at, edited.shown_at) == (place.clock.now() - MINUTES, place.clock.now())


@pytest.mark.parametrize("minutes", [10, 23])
async def test_a_message_is_found_though_our_clock_ran_ahead_when_it_was_wanted(place: Place, minutes: int) -> None:
    asked = ensuring(place, since=place.clock.now() + 20 * MINUTES)
    place.fault("lost_answer", "POST")
    with pytest.raises(Ambiguous):
        await place.sends(**asked)
    await place.clock.sleep(minutes * 60)

    found = await place.sends(**asked)

    assert [message["id"] for message in place.messages()] == [found]


async def test_a_message_that_never_arrived_is_made_after_the_whole_channel_was_searched(place: Place) -> None:
    asked = ensuring(place)
    for _ in range(230):
        place.act("say", by="ana", content="meanwhile")
    await place.clock.sleep(600)

    made = await place.sends(**asked)

    assert place.messages()[-1]["id"] == made
    assert place.requests()[1:] == ["GET /channels/…/messages"] * 3 + ["POST /channels/…/messages"]


async def test_what_somebody_else_wrote_with_our_marker_is_not_ours(place: Place) -> None:
    asked = ensuring(place)
    place.act("say", by="ana", content=f"look: {MARKER}")
    await place.clock.sleep(600)

    made = await place.sends(**asked)

    assert [message["id"] for message in place.messages()][1:] == [made]


async def test_a_posted_message_is_edited_in_place(place: Place) -> None:
    made = await place.sends(**ensuring(place))

    again = await place.sends(**ensuring(place, "Plan r1, revised", posted=posted(place, made)))

    assert again == made
    assert len(place.messages()) == 1
    assert "Plan r1, revised" in place.texts()[0]
    assert place.sent[-1][2]["flags"] == 1 << 15


async def test_a_message_that_was_deleted_is_lost(place: Place) -> None:
    made = await place.sends(**ensuring(place))
    place.act("delete_message", by="olga", message=made)

    with pytest.raises(Permanent) as caught:
        await place.sends(**ensuring(place, posted=posted(place, made)))

    assert (caught.value.failure.code, caught.value.failure.detail) == ("lost", "message")


async def test_a_channel_that_was_deleted_is_lost(place: Place) -> None:
    place.act("delete_channel", channel="work")

    with pytest.raises(Permanent) as caught:
        await place.sends(**ensuring(place))

    assert (caught.value.failure.code, caught.value.failure.detail) == ("lost", "channel")


async def test_a_channel_that_the_bot_may_not_write_in_is_forbidden(place: Place) -> None:
    place.act("set_permissions", channel="work", role="valine", deny=["SEND_MESSAGES"])

    with pytest.raises(Permanent) as caught:
        await place.sends(**ensuring(place))

    assert caught.value.failure.code == "forbidden"


async def test_a_message_in_an_archived_thread_is_edited_after_waking_the_thread(place: Place) -> None:
    card = await place.sends(**ensuring(place))
    thread = await place.chat.ensure_thread(channel=place.channel, message=card, title="Plan r1")
    made = await place.sends(**ensuring(place, channel=thread, nonce="nonce-2"))
    place.act("archive_thread", thread=thread)

    again = await place.sends(**ensuring(place, "later", channel=thread, posted=posted(place, made, thread)))

    assert again == made
    shown = place.messages()[0]["thread"]
    assert not shown["archived"]
    assert "later" in shown["messages"][0]["text"]


async def test_a_thread_is_started_once_however_often_it_is_asked_for(place: Place) -> None:
    card = await place.sends(**ensuring(place))

    first = await place.chat.ensure_thread(channel=place.channel, message=card, title="Plan r1")
    second = await place.chat.ensure_thread(channel=place.channel, message=card, title="Plan r1")

    assert first == second == card


async def test_a_thread_has_a_name_that_discord_takes(place: Place) -> None:
    card = await place.sends(**ensuring(place))

    await place.chat.ensure_thread(channel=place.channel, message=card, title="  a\nlong title" * 50)

    name = place.messages()[0]["thread"]["name"]
    assert len(name) == 100
    assert name.startswith("a long title")
    assert name.endswith("…")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_an_outage_before_a_write_leaves_it_open_whether_it_happened(place: Place, method: str) -> None:
    made = await place.sends(**ensuring(place))
    place.fault("error_before", method, status=503)
    asked: dict[str, Any] = {} if method == "POST" else {"posted": posted(place, made)}

    with pytest.raises(Ambiguous) as caught:
        await place.sends(**ensuring(place, **asked))

    assert caught.value.failure.code == "unreachable"


async def test_an_outage_while_searching_makes_nothing(place: Place) -> None:
    asked = ensuring(place)
    await place.clock.sleep(600)
    place.fault("error_before", "GET", "*/messages", status=502)

    with pytest.raises(Transient):
        await place.sends(**asked)

    assert place.messages() == []


async def test_a_process_that_stood_still_takes_back_the_message_it_doubled(place: Place) -> None:
    first = await place.sends(**ensuring(place))
    place.fault("latency", "POST", seconds=200)

    found = await place.chat.ensure_message(**ensuring(place, "Plan r1, revised", nonce="nonce-2"))

    assert (found.message, found.shown_at) == (first, place.clock.now())
    assert [message["id"] for message in place.messages()] == [first]
    assert "Plan r1, revised" in place.texts()[0]


async def doubled(place: Place, **changes: Any) -> str:
    """A message that two processes made; the first of the two. Long ago: it is looked for."""
    first, _ = [await place.sends(**ensuring(place, nonce=f"nonce-{n}", **changes)) for n in ("one", "two")]
    await place.clock.sleep(600)
    return first


async def test_what_was_doubled_in_an_archived_thread_is_taken_away_after_waking_the_thread(place: Place) -> None:
    card = await place.sends(**ensuring(place))
    thread = await place.chat.ensure_thread(channel=place.channel, message=card, title="Plan r1")
    asked = ensuring(place, channel=thread)
    first = await doubled(place, channel=thread)
    place.act("archive_thread", thread=thread)

    assert await place.sends(**asked) == first

    assert [message["id"] for message in place.messages()[0]["thread"]["messages"]] == [first]


async def test_what_was_doubled_is_taken_away_later_if_that_fails(place: Place) -> None:
    asked = ensuring(place)
    first = await doubled(place)
    place.fault("error_before", "DELETE", status=503)
    with pytest.raises(Ambiguous):
        await place.sends(**asked)

    assert await place.sends(**asked) == first

    assert [message["id"] for message in place.messages()] == [first]


async def test_what_was_doubled_may_be_gone_already(place: Place) -> None:
    asked = ensuring(place)
    first = await doubled(place)

    async def before(request: httpx2.Request) -> None:
        if request.method == "DELETE":
            place.act("delete_message", message=request.url.path.rpartition("/")[2])

    place.client.event_hooks = {"request": [before]}

    assert await place.sends(**asked) == first
    assert [message["id"] for message in place.messages()] == [first]


async def test_a_message_that_is_no_longer_needed_is_deleted_and_no_other(place: Place) -> None:
    made = [await place.sends(**ensuring(place, nonce=f"nonce-{n}")) for n in range(2)]

    await place.chat.remove_message(channel=place.channel, message=made[0])

    assert [message["id"] for message in place.messages()] == made[1:]


async def test_a_message_in_an_archived_thread_is_deleted_after_waking_the_thread(place: Place) -> None:
    card = await place.sends(**ensuring(place))
    thread = await place.chat.ensure_thread(channel=place.channel, message=card, title="Plan r1")
    page = await place.sends(**ensuring(place, channel=thread, nonce="nonce-2"))
    place.act("archive_thread", thread=thread)
    before = len(place.sent)

    await place.chat.remove_message(channel=thread, message=page)

    assert place.messages()[0]["thread"]["messages"] == []
    deletes = "DELETE /channels/…/messages/…"
    assert place.requests()[before:] == [deletes, "PATCH /channels/…", deletes]  # the first is refused with 50083


@pytest.mark.parametrize("gone", ["message", "channel"])
async def test_a_message_that_is_gone_already_needs_no_deleting(place: Place, gone: str) -> None:
    made = await place.sends(**ensuring(place))
    if gone == "message":
        place.act("delete_message", by="olga", message=made)
    else:
        place.act("delete_channel", channel="work")

    await place.chat.remove_message(channel=place.channel, message=made)

    assert place.requests()[-1] == "DELETE /channels/…/messages/…"


async def test_a_message_that_cannot_be_deleted_now_says_why(place: Place) -> None:
    made = await place.sends(**ensuring(place))
    place.fault("error_before", "DELETE", status=503)

    with pytest.raises(Ambiguous):
        await place.chat.remove_message(channel=place.channel, message=made)

    assert [message["id"] for message in place.messages()] == [made]
