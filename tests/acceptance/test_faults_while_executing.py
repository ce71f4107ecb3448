"""Whatever breaks while pull requests are opened: in the end there is one of everything, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from acceptance.crashes import Crash, CrashAt
from acceptance.stories import a_team

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.stories import Team

POLICY = '[tasks]\nassignees = ["ana", "ben"]\n'
BRANCHES = ["main", "valine/r1/1-issue-number-1", "valine/r1/2-issue-number-2"]

GITHUB_WRITES = ("git/commits", "git/refs", "pulls", "labels", "assignees", "comments")
DISCORD_WRITES = (
    ("POST", "*/channels/*/messages"),
    ("POST", "*/threads"),
    ("PATCH", "*/channels/*/messages/*"),
    ("PATCH", "*/@original"),
)
BREAKS = ("error_before", "error_after", "lost_answer", "unreachable", "rate_limited", "secondary_limit")


async def one_of_everything(team: Team) -> None:
    """Both issues have one branch, pull request, label, assignee and comment; Discord one card, thread and board."""
    run, repository = await team.run(), team.repository()
    assert run.stage == "tracking"
    assert run.pending == {}
    assert sorted(repository["branches"]) == BRANCHES
    pulls = sorted(repository["pull_requests"], key=lambda pull: str(pull["head"]))
    assert [(pull["head"], pull["state"], pull["draft"]) for pull in pulls] == [
        (branch, "open", True) for branch in BRANCHES[1:]
    ]
    assert [pull["assignees"] for pull in pulls] == [["ana"], ["ben"]]
    assert [issue["labels"] for issue in repository["issues"]] == [["ready", "in-progress"]] * 2
    assert [issue["assignees"] for issue in repository["issues"]] == [["ana"], ["ben"]]
    assert sorted(comment["number"] for comment in repository["comments"]) == [1, 2]
    kinds = Counter(kind for kind in ("card", "board") for m in team.channel() if f"· {kind} ·" in m["text"])
    assert (kinds, len(team.channel())) == ({"card": 1, "board": 1}, 2)
    lines = team.thread()
    assert len([line for line in lines if "pull requests opened" in line]) == 1
    assert len(set(lines)) == len(lines) == 3
    assert "tracking" in team.board()


async def approved(team: Team) -> None:
    """The plan is approved, and all that comes of it has happened."""
    await team.clicks("Approve", by="Ana")
    await team.wait(minutes=6)


@pytest.mark.parametrize("kind", [*BREAKS, "dropped_write"])
@pytest.mark.parametrize("route", GITHUB_WRITES)
@pytest.mark.parametrize("times", [1, 3])
async def test_a_write_to_github_that_breaks_is_made_good_and_never_made_twice(
    kind: str, route: str, times: int
) -> None:
    async with a_team(2, policy=POLICY) as team:
        await team.says("/plan", by="Ana")
        team.world.on_github("throw_fault", kind=kind, method="POST", route=f"*/{route}", times=times, seconds=30)

        await approved(team)

        await one_of_everything(team)


@pytest.mark.parametrize("kind", BREAKS)
@pytest.mark.parametrize(("method", "route"), DISCORD_WRITES)
@pytest.mark.parametrize("times", [1, 3])
async def test_a_write_to_discord_that_breaks_is_made_good_and_never_made_twice(
    kind: str, method: str, route: str, times: int
) -> None:
    async with a_team(2, policy=POLICY) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("throw_fault", kind=kind, method=method, route=route, times=times, seconds=3)

        await approved(team)

        await one_of_everything(team)


@pytest.mark.parametrize("kind", [*BREAKS, "graphql_limit"])
@pytest.mark.parametrize(("method", "route"), [("POST", "/graphql"), ("GET", "*")])
async def test_a_read_that_breaks_is_made_again(kind: str, method: str, route: str) -> None:
    async with a_team(2, policy=POLICY) as team:
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Chen")
        team.world.on_github("throw_fault", kind=kind, method=method, route=route, times=3, seconds=30)

        await approved(team)
        while (await team.run()).stage == "proposed":
            assert "GitHub" in team.reply("Ana")
            await approved(team)

        await one_of_everything(team)


async def dies_at(moment: int, store: str) -> int:
    """The product dies at that moment after the approval, and another process takes over; how many there are."""
    async with a_team(2, policy=POLICY, store=store) as team:
        await team.says("/plan", by="Ana")
        crash = CrashAt(moment, team.world.system)

        try:
            await team.clicks("Approve", by="Ana")
        except Crash:
            await team.world.restart()
            await team.world.settle()

        await one_of_everything(team)
        return crash.count


@pytest.mark.parametrize("moment", [2, 5, 9, 16, 25, 34, 43, 52, 61, 70, 79, 88])
async def test_a_crash_while_executing_leaves_nothing_doubled_or_undone(moment: int, tmp_path: Path) -> None:
    assert await dies_at(moment, f"sqlite:///{tmp_path}/valine.db") == moment


@pytest.mark.proof
async def test_a_crash_at_any_moment_of_execution_leaves_nothing_doubled_or_undone(tmp_path: Path) -> None:
    moment = 2  # at 1 the click itself is not taken: Discord says so, and Ana clicks again
    while await dies_at(moment, f"sqlite:///{tmp_path}/{moment}.db") == moment:
        moment += 1

    assert moment > 80
