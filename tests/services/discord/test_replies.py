"""Replies to interactions: they find their deferral, and nobody minds if the person is gone."""

from datetime import timedelta

import msgspec
import pytest

from services.discord.place import Place
from valine.errors import Transient
from valine.ingress.discord.manifest import manifest
from valine.orchestrator.replies import Button
from valine.ports import ReplyTo
from valine.view.replies import RenderedReply
from valine_twins.transport import Delivery

REPLY = RenderedReply(text="All is well.", buttons=(Button(label="Again", custom_id="v1:status:1:abcdefghijkl"),))


@pytest.fixture
async def delivery(place: Place) -> Delivery:
    """Ana has asked /status."""
    await place.admin.put_commands(manifest(in_guild=True), place.guild["guild"])
    return place.asks("status")


def waiting(place: Place, delivery: Delivery) -> ReplyTo:
    return ReplyTo(at=place.clock.now(), token=msgspec.json.decode(delivery.body)["token"])


def seen(place: Place) -> list[str]:
    return [message["text"] for message in place.twin.view()["ephemeral"].get("ana", [])]


async def test_a_reply_replaces_the_deferral_for_the_person_alone(place: Place, delivery: Delivery) -> None:
    place.defers(delivery)

    await place.chat.reply(waiting(place, delivery), REPLY)

    assert len(seen(place)) == 1
    assert "All is well." in seen(place)[0]
    assert place.messages() == []
    assert place.sent[-1][2]["flags"] & 64 == 0


async def test_a_reply_that_comes_before_its_deferral_is_tried_again_for_two_seconds(
    place: Place, delivery: Delivery
) -> None:
    # The twin answers 10015 until the deferral is in, which here is never.
    await place.chat.reply(waiting(place, delivery), REPLY)

    assert len(place.sent) == 5
    assert 2 <= sum(place.clock.slept) <= 2.5
    assert seen(place) == []


async def test_a_reply_long_after_the_deferral_is_not_tried_again(place: Place, delivery: Delivery) -> None:
    to = waiting(place, delivery)
    await place.clock.sleep(60)

    await place.chat.reply(to, REPLY)

    assert place.clock.slept == [60]


async def test_nobody_is_asked_once_the_token_has_ended(place: Place, delivery: Delivery) -> None:
    place.defers(delivery)
    to = waiting(place, delivery)
    await place.clock.sleep(15 * 60)
    before = len(place.sent)

    await place.chat.reply(to, REPLY)

    assert len(place.sent) == before


async def test_a_token_that_ended_by_discords_clock_is_no_error(place: Place, delivery: Delivery) -> None:
    place.defers(delivery)
    to = waiting(place, delivery)
    await place.clock.sleep(15 * 60 + 1)

    await place.chat.reply(msgspec.structs.replace(to, at=to.at + timedelta(seconds=5)), REPLY)

    assert len(place.sent) == 2


async def test_a_limited_reply_says_when_to_try_again(place: Place, delivery: Delivery) -> None:
    place.defers(delivery)
    place.fault("rate_limited", "PATCH", seconds=7)

    with pytest.raises(Transient) as caught:
        await place.chat.reply(waiting(place, delivery), REPLY)

    assert caught.value.failure.code == "limited"
    assert caught.value.failure.retry_at == place.clock.now() + timedelta(seconds=7)
