"""Rate limits: what the headers say is waited for; what takes longer is told."""

from datetime import timedelta

import pytest

from builders import NOON
from services.discord.place import Place, a_message, ensuring
from valine.errors import Transient
from valine.services.discord.limits import Limits, Route


def headers(**changes: str) -> dict[str, str]:
    given = {"bucket": "b", "remaining": "4", "reset-after": "5.0"} | changes
    return {f"x-ratelimit-{name.replace('_', '-')}": value for name, value in given.items()}


def a_route(name: str = "PATCH /x", major: str = "1", *, interaction: bool = False) -> Route:
    return Route(name=name, major=major, interaction=interaction)


async def test_a_used_up_bucket_is_waited_for_and_discord_never_has_to_refuse(place: Place) -> None:
    for number in range(12):
        await place.chat.ensure_message(**ensuring(place, f"message {number}", nonce=f"nonce-{number}"))

    assert len(place.messages()) == 12
    assert "429" not in place.twin.view()["statuses"]
    assert len(place.clock.slept) == 2


async def test_a_long_wait_is_told_and_nothing_more_is_sent_meanwhile(place: Place) -> None:
    place.fault("rate_limited", "POST", seconds=30)
    for _ in range(3):
        with pytest.raises(Transient) as caught:
            await place.chat.ensure_message(**ensuring(place))
        assert caught.value.failure.code == "limited"
        assert caught.value.failure.retry_at is not None
        assert 30 <= (caught.value.failure.retry_at - NOON).total_seconds() < 30.1

    assert len(place.sent) == 1
    await place.clock.sleep(30.1)
    await place.chat.ensure_message(**ensuring(place, since=NOON))
    assert len(place.messages()) == 1


async def test_another_channel_is_not_kept_back(place: Place) -> None:
    other = place.act("create_channel", name="other")
    place.fault("rate_limited", "POST", seconds=30)
    with pytest.raises(Transient):
        await place.chat.ensure_message(**ensuring(place))

    await place.chat.ensure_message(**ensuring(place, channel=other, message=a_message("there")))


def test_routes_that_name_one_bucket_share_it() -> None:
    limits = Limits()
    limits.learn(a_route("PATCH /x"), 200, headers(), None, NOON)
    limits.learn(a_route("POST /x"), 200, headers(remaining="0"), None, NOON)

    assert limits.take(a_route("PATCH /x"), NOON) is not None
    assert limits.take(a_route("PATCH /x", major="2"), NOON) is None


def test_a_global_limit_keeps_everything_back_but_interactions() -> None:
    limits = Limits()
    limits.learn(a_route(), 429, {"retry-after": "3"}, {"global": True, "retry_after": 2.5}, NOON)

    assert limits.take(a_route("GET /y", "9"), NOON) is not None
    assert limits.take(a_route("PATCH /z", interaction=True), NOON) is None
    assert limits.take(a_route("GET /y", "9"), NOON + timedelta(seconds=3)) is None


def test_requests_that_are_under_way_are_counted() -> None:
    limits = Limits()
    limits.learn(a_route(), 200, headers(remaining="2"), None, NOON)

    assert [limits.take(a_route(), NOON) is None for _ in range(3)] == [True, True, False]


def test_a_stale_result_does_not_raise_the_count() -> None:
    limits = Limits()
    limits.learn(a_route(), 200, headers(remaining="0"), None, NOON)

    limits.learn(a_route(), 200, headers(remaining="3"), None, NOON)

    assert limits.take(a_route(), NOON) is not None


@pytest.mark.parametrize(
    "odd",
    [
        headers(remaining="many"),
        headers(remaining="0", reset_after="soon"),
        headers(remaining="0", reset_after="nan"),
        headers(remaining="-1"),
        {},
    ],
)
def test_odd_headers_limit_nothing(odd: dict[str, str]) -> None:
    limits = Limits()

    limits.learn(a_route(), 200, odd, None, NOON)

    assert limits.take(a_route(), NOON) is None


def test_what_is_over_is_forgotten() -> None:
    limits = Limits()
    for number in range(1000):
        limits.learn(a_route(major=str(number)), 200, headers(), None, NOON + timedelta(seconds=number))

    assert len(limits._buckets) < 10


@pytest.mark.parametrize("remaining", ["9" * 5000, "²", "-1", "0.5", ""])
def test_a_number_of_requests_that_is_none_is_passed_over(remaining: str) -> None:
    limits = Limits()

    limits.learn(a_route(), 200, headers(remaining=remaining), None, NOON)

    assert limits.take(a_route(), NOON) is None
