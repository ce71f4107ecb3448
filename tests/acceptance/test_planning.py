"""What /plan costs, and plans too long or too odd for a scenario; the rest is in scenarios/planning."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from acceptance.stories import REPOSITORY, a_team, decoded

if TYPE_CHECKING:
    from acceptance.stories import Team

PLAN_QUERY = "query Plan"


def order(team: Team) -> list[int]:
    """The issues on the card, in their order."""
    return [int(number) for number in re.findall(r"^\d+\. #(\d+)", team.card(), re.MULTILINE)]


async def left_behind(team: Team) -> dict[str, Any]:
    """Everything that a plan could leave in the store and on Discord, where there is any of it."""
    record = await team.world.system.store.repository(REPOSITORY)
    messages = [message["text"] for message in team.channel()]
    found = {"active": record.active, "claims": record.claims, "messages": messages}
    started = {"next": record.next_number} if record.next_number != 1 else {}
    return {name: value for name, value in found.items() if value} | started


def plan_requests(team: Team) -> int:
    """How many requests for a plan's issues were sent."""
    return sum(
        PLAN_QUERY in (decoded(body) or {}).get("query", "") for _, _, path, body in team.requests if "graphql" in path
    )


# When there is nothing, or no way to know ----------------------------------------------------------------------------


async def test_github_that_fails_on_the_second_page_leaves_nothing_behind() -> None:
    async with a_team(101) as team:
        team.meanwhile("POST", "/graphql", list)
        team.meanwhile("POST", "/graphql", lambda: team.world.on_github("throw_fault", kind="unreachable"))

        reply = await team.says("/plan", by="Ana")

        assert reply.startswith("GitHub is not answering")
        assert plan_requests(team) == 2
        assert await left_behind(team) == {}


# Many, few, and odd --------------------------------------------------------------------------------------------------


async def test_two_hundred_and_fifty_issues_are_all_shown_over_the_pages_of_the_card() -> None:
    async with a_team(250) as team:
        await team.says("/plan", by="Ana")

        thread = team.channel()[0]["thread"]["messages"]
        pages = [team.card(), *(m["text"] for m in thread if "· card." in m["text"])]
        listed = [int(number) for page in pages for number in re.findall(r"^\d+\. #(\d+)", page, re.MULTILINE)]
        assert listed == list(range(1, 251))
        assert plan_requests(team) == 3  # the budget: a request a hundred issues
        assert len([r for r in team.requests if r[0] == "github"]) == 3
        # The commands are registered, the deferral completed; thread, milestone and ten pages are posted.
        assert len([r for r in team.requests if r[0] == "discord"]) == 14


async def test_a_plan_of_ten_issues_costs_one_request_to_github() -> None:
    async with a_team(10) as team:
        await team.says("/plan", by="Ana")

        assert [(r[0], r[1]) for r in team.requests if r[0] == "github"] == [("github", "POST")]
        # The commands are registered, the deferral completed; card, thread and milestone are posted.
        assert sorted(r[1] for r in team.requests if r[0] == "discord") == ["PATCH", "POST", "POST", "POST", "PUT"]


TITLES = (
    "x" * 256,
    "@everyone @here <@&123456789012345678> look",
    "<@123456789012345678> **bold** `code` [link](https://evil.test) ~~no~~ ||spoiler||",
    "# heading\n- list\n> quote",
    "🚀" * 130,
    "עברית \u202e right to left \u2067 مرحبا",
    "</plan:1> <t:0:R> :smile: https://evil.test",
    "\u0000\u200b\u2028 ",
)


async def test_odd_titles_are_shown_as_they_are_and_mention_nobody() -> None:
    async with a_team([{"title": title} for title in TITLES]) as team:
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")

        assert team.notified() == set()
        assert "**bold**" in team.card()
        assert "[link](https" in team.card()
        assert len((await team.run()).tasks) == len(TITLES)
        assert "\u202e" not in team.card()
        assert len(team.repository()["pull_requests"]) == len(TITLES)


async def test_an_empty_policy_file_means_the_defaults() -> None:
    async with a_team(1, policy="") as team:
        await team.says("/plan", by="Ana")

        assert order(team) == [1]
