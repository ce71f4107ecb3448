"""What /ship merges, to the commit, and what it tells, to the letter; the rest is in scenarios/shipping."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from acceptance.stories import a_team
from valine_twins.transport import Request

if TYPE_CHECKING:
    from typing import Any

    from acceptance.stories import Team

RELEASING = "[ship]\nrelease = true\n"
CHAIN: list[dict[str, Any]] = [
    {"title": "The engine"},
    {"title": "The tank", "blocked_by": [1]},
    {"title": "The paint"},
]


def issue(team: Team, number: int) -> dict[str, Any]:
    """The issue as GitHub shows it."""
    return next(dict(one) for one in team.repository()["issues"] if one["number"] == number)


def log(team: Team) -> list[str]:
    """The first lines of the commits on main, oldest first."""
    commits = team.repository()["branches"]["main"]["log"]
    return [str(commit["message"]).partition("\n")[0] for commit in reversed(commits)]


def thread_text(team: Team) -> str:
    """All that is in the threads."""
    threads = [message["thread"] for message in team.channel() if message["thread"]]
    return "\n".join(str(m["text"]) for thread in threads for m in thread["messages"])


def by_the_api(team: Team, path: str, body: dict[str, str]) -> None:
    """Ana writes something by GitHub's API."""
    now = team.world.clock.now()
    token = team.world.github.act("issue_token", {"login": "ana"}, now).value["token"]
    headers = {"authorization": f"Bearer {token}", "user-agent": "curl", "content-type": "application/json"}
    sent = Request(
        method="POST", path=f"/repos/acme/rocket/{path}", query={}, headers=headers, body=json.dumps(body).encode()
    )
    assert team.world.github.handle(sent, now).response.status == 201


# When it may not be ----------------------------------------------------------------------------------------------


async def test_while_it_is_being_shipped_another_ship_is_told_who_started_it() -> None:
    async with a_team(3) as team:
        await team.is_ready()
        team.meanwhile(
            "PUT", "*/merge", lambda: team.world.on_discord("command", by="Ben", name="ship", options={"run": "r1"})
        )

        await team.ships(by="Ana")

        assert "already started shipping r1" in team.reply("Ben") or "r1 is over" in team.reply("Ben")
        assert len(team.merges()) == 3


# The preflight ---------------------------------------------------------------------------------------------------


async def test_the_preflight_shows_every_task_and_merges_nothing() -> None:
    async with a_team(4) as team:
        first, second, third, fourth = await team.starts()
        await team.finishes(first)
        await team.finishes(second, check="failure")
        team.world.on_github("push", branch=third.branch, files={"work/3.md": "x"}, by="ana")
        await team.finishes(fourth)

        reply = await team.says("/ship", by="Ana")

        head = team.pull(first)["head_sha"][:7]
        assert "2 pull requests can be merged into main" in reply
        assert f"at {head}" in reply
        assert "checks failed (github-actions/ci/test)" in reply
        assert "a draft" in reply
        assert team.buttons("Ana") == ["Merge 2 pull requests"]
        assert team.merges() == []
        assert (await team.run()).stage == "tracking"


async def test_looking_again_after_a_push_shows_the_new_head_and_ships_it() -> None:
    async with a_team(1) as team:
        (task,) = await team.is_ready()
        await team.says("/ship", by="Ana")
        await team.finishes(task, files={"more.md": "seen\n"})
        await team.clicks("Merge 1 pull request", by="Ana")

        again = await team.clicks("Look again", by="Ana")
        await team.clicks("Merge 1 pull request", by="Ana")

        assert f"at {team.pull(task)['head_sha'][:7]}" in again
        assert await team.states() == {1: "merged"}


# The merges ------------------------------------------------------------------------------------------------------


async def test_what_others_wait_for_is_merged_first_and_each_with_its_head() -> None:
    issues: list[dict[str, Any]] = [
        {"title": "Last", "blocked_by": [2]},
        {"title": "Middle", "blocked_by": [3]},
        {"title": "First"},
    ]
    async with a_team(issues) as team:
        tasks = await team.is_ready()

        await team.ships(by="Ana")

        pulls = {int(task.issue): task.pull_request for task in tasks}
        assert team.merges() == [pulls[3], pulls[2], pulls[1]]
        bodies = [body for _, method, path, body in team.requests if method == "PUT" and path.endswith("/merge")]
        heads = [team.pull(task)["head_sha"] for task in sorted(tasks, key=lambda one: -one.issue)]
        assert all(head.encode() in body for head, body in zip(heads, bodies, strict=True))


@pytest.mark.parametrize("method", ["squash", "merge", "rebase"])
async def test_pull_requests_are_merged_the_way_the_policy_says(method: str) -> None:
    async with a_team(2, policy=f'[ship]\nmethod = "{method}"\n') as team:
        first, second = await team.is_ready()

        await team.ships(by="Ana")

        commits = team.repository()["branches"]["main"]["log"]
        assert [team.pull(task)["state"] for task in (first, second)] == ["merged", "merged"]
        assert (len(commits[0]["parents"]) == 2) == (method == "merge")
        run = await team.run()
        assert run.task(2).merged_sha == commits[0]["sha"]  # type: ignore[union-attr]
        assert any("Work" in line for line in log(team)) == (method == "rebase")


# What it tells ---------------------------------------------------------------------------------------------------


async def test_notes_of_many_long_titles_fit_in_one_message() -> None:
    async with a_team([{"title": f"{n} " + "x" * 200} for n in range(1, 16)]) as team:
        await team.is_ready()

        await team.ships(by="Ana")

        shipped = [
            str(m["content"])
            for message in team.channel()
            if message["thread"]
            for m in message["thread"]["messages"]
            if str(m["content"]).startswith("🚢 Merged")
        ]
        assert len(shipped) == 1
        assert len(shipped[0]) <= 2000
        assert "milestone.shipped.1" in shipped[0]


async def test_the_end_of_several_rounds_tells_all_that_was_merged() -> None:
    async with a_team(2) as team:
        first, second = await team.starts()
        await team.finishes(first)
        await team.ships(by="Ana")
        await team.finishes(second)

        await team.ships(by="Ana")

        end = thread_text(team).partition("r1 is complete")[2]
        assert f"(#{first.pull_request}), for #1" in end
        assert f"(#{second.pull_request}), for #2" in end


async def test_a_release_tag_that_somebody_else_took_is_told_and_harms_nothing() -> None:
    async with a_team(1, policy=RELEASING) as team:
        await team.is_ready()
        by_the_api(team, "releases", {"tag_name": "valine-r1", "name": "Not Valine's", "body": "x"})

        await team.ships(by="Ana")

        assert (await team.run()).status == "completed"
        assert [release["name"] for release in team.repository()["releases"]] == ["Not Valine's"]
        assert "a release valine-r1 exists and is not ours" in thread_text(team)


async def test_a_tag_that_stands_elsewhere_is_not_released() -> None:
    async with a_team(1, policy=RELEASING) as team:
        await team.is_ready()
        head = team.repository()["branches"]["main"]["head"]
        by_the_api(team, "git/refs", {"ref": "refs/tags/valine-r1", "sha": head})

        await team.ships(by="Ana")

        assert team.repository()["releases"] == []
        assert "a tag valine-r1 exists and is not ours" in thread_text(team)
