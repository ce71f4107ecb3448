"""Discord in trouble while a plan is shown, counted; the rest is in scenarios/discord-trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acceptance.stories import a_team

if TYPE_CHECKING:
    from acceptance.stories import Team

MESSAGES = "/channels/*/messages"


def cards(team: Team) -> list[str]:
    """The ids of the plan cards in the channel."""
    return [str(message["id"]) for message in team.channel() if "· card ·" in message["text"]]


def asked_of_discord(team: Team) -> int:
    """How many requests Discord got so far."""
    return sum(service == "discord" for service, *_ in team.requests)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error_before", "status": 500},
        {"kind": "error_before", "status": 503},
        {"kind": "error_after", "status": 502},
        {"kind": "lost_answer"},
        {"kind": "unreachable"},
        {"kind": "rate_limited", "seconds": 20},
        {"kind": "secondary_limit", "seconds": 5},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
@pytest.mark.parametrize("times", [1, 3, 9])
async def test_whatever_befalls_the_card_there_is_exactly_one_in_the_end(fault: dict[str, Any], times: int) -> None:
    async with a_team(2) as team:
        team.world.on_discord("throw_fault", method="POST", route=MESSAGES, times=times, **fault)

        await team.says("/plan", by="Ana")
        await team.wait(minutes=30)

        assert len(cards(team)) == 1
        assert team.thread() == ["📋 Ana asked for r1: 2 issues proposed."]
        assert (await team.run()).pending == {}


async def test_a_card_that_somebody_deletes_is_posted_once_more_when_it_must_change() -> None:
    async with a_team(3) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("delete_message", message=cards(team)[0])

        await team.github("edit_issue", number=1, title="Another title", by="ana")
        await team.wait(minutes=5)

        assert len(cards(team)) == 1
        assert "Another title" in team.card()
        run = await team.run()
        assert run.messages["card"].generation == 1
        assert (await team.clicks("Approve", by="Ana")).startswith("You approved r1")


async def test_the_pages_that_went_with_a_deleted_thread_come_back() -> None:
    async with a_team(60) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("delete_channel", channel=(await team.run()).thread)

        await team.drops(1, by="Ana")
        await team.wait(minutes=30)

        run = await team.run()
        pages = [line for line in team.thread() if line.startswith("Plan r1, page ")]
        assert [page[:14] for page in pages] == ["Plan r1, page " for _ in pages]
        assert len(pages) == len([name for name in run.messages if name.startswith("card.")])
        assert (await team.clicks("Approve", by="Ana")).startswith("You approved r1")


async def test_without_permission_to_write_the_plan_waits_and_does_not_spin() -> None:
    async with a_team(1) as team:
        team.world.on_discord("set_permissions", role="valine", channel="shipping", deny=["SEND_MESSAGES"])

        reply = await team.says("/plan", by="Ana")
        before = asked_of_discord(team)
        await team.wait(hours=3)

        assert reply.startswith("r1 proposes 1 issue")
        assert asked_of_discord(team) - before <= 38  # a search and a post in ten minutes
        assert "r1" in await team.says("/status", by="Ben")

        team.world.on_discord("set_permissions", role="valine", channel="shipping")
        await team.wait(minutes=11)
        assert len(cards(team)) == 1


async def test_without_permission_for_threads_the_work_goes_on() -> None:
    async with a_team(1) as team:
        team.world.on_discord("set_permissions", role="valine", channel="shipping", deny=["CREATE_PUBLIC_THREADS"])
        await team.says("/plan", by="Ana")
        before = asked_of_discord(team)

        reply = await team.clicks("Approve", by="Ana")
        await team.wait(hours=1)

        assert reply.startswith("You approved r1")
        assert await team.states() == {1: "started"}
        assert len(team.repository()["pull_requests"]) == 1
        assert asked_of_discord(team) - before <= 25


async def test_a_channel_that_is_gone_does_not_make_it_spin() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        run = await team.run()
        team.world.on_discord("create_channel", name="other")
        team.world.on_discord("delete_channel", channel="shipping")
        before = asked_of_discord(team)

        await team.github("edit_issue", number=1, title="Another title", by="ana")
        await team.wait(hours=3)

        assert (await team.run()).uid == run.uid
        assert asked_of_discord(team) - before <= 60
