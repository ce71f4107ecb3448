"""Everything that goes wrong between /ship and the last merge: nothing is merged twice, nothing unseen is merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acceptance.crashes import Crash, CrashAt
from acceptance.stories import a_team

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.stories import Team
    from valine.orchestrator.model.run import Task

MERGE = "*/merge"


def merge_commits(team: Team) -> list[str]:
    """The first lines of what was merged into main, oldest first."""
    commits = team.repository()["branches"]["main"]["log"][:-1]
    return [str(commit["message"]).partition("\n")[0] for commit in reversed(commits)]


def fault(team: Team, kind: str, **arguments: Any) -> None:
    """Throw it on the next merge, unless told otherwise."""
    team.world.on_github("throw_fault", **{"kind": kind, "method": "PUT", "route": MERGE, **arguments})


def green(team: Team, task: Task) -> Any:
    """CI ends well on the pull request's head."""
    return team.github("set_check", name="test", workflow="ci", number=task.pull_request, conclusion="success")


# Answers that go wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["error_before", "error_after", "lost_answer", "unreachable", "dropped_write"])
async def test_after_a_merge_without_a_good_answer_it_is_looked_at_and_merged_once(kind: str) -> None:
    async with a_team(2) as team:
        await team.is_ready()
        fault(team, kind)

        await team.ships(by="Ana")

        assert await team.states() == {1: "merged", 2: "merged"}
        assert len(merge_commits(team)) == 2
        did_merge = kind in {"error_after", "lost_answer"}
        assert len(team.merges()) == (2 if did_merge else 3)


async def test_a_merge_that_answers_too_late_is_not_asked_for_again() -> None:
    async with a_team(1) as team:
        await team.is_ready()
        fault(team, "latency", seconds=25)

        await team.ships(by="Ana")

        assert await team.states() == {1: "merged"}
        assert len(merge_commits(team)) == 1


async def test_github_down_for_minutes_while_shipping_only_takes_longer() -> None:
    async with a_team(2) as team:
        await team.is_ready()
        await team.says("/ship", by="Ana")
        team.meanwhile("PUT", MERGE, lambda: fault(team, "error_before", method="*", route="*", times=12))

        await team.clicks("Merge 2 pull requests", by="Ana")
        await team.wait(minutes=20)

        assert await team.states() == {1: "merged", 2: "merged"}
        assert len(merge_commits(team)) == 2


@pytest.mark.parametrize("kind", ["rate_limited", "secondary_limit"])
async def test_githubs_limits_only_delay_a_merge(kind: str) -> None:
    async with a_team(1) as team:
        await team.is_ready()
        fault(team, kind, seconds=30)

        await team.ships(by="Ana")
        await team.wait(minutes=10)

        assert await team.states() == {1: "merged"}


async def test_refreshes_that_lag_behind_merge_nothing_wrong() -> None:
    async with a_team(2) as team:
        await team.is_ready()
        team.world.on_github("throw_fault", kind="read_lag", route="/graphql", times=2, seconds=30)

        await team.ships(by="Ana")
        await team.wait(minutes=5)

        assert await team.states() == {1: "merged", 2: "merged"}
        assert len(merge_commits(team)) == 2


# What GitHub's rules say -------------------------------------------------------------------------------------------


async def test_a_branch_that_is_behind_is_updated_and_checked_again_before_it_is_merged() -> None:
    async with a_team(2, strict=True, required_checks=["test"]) as team:
        first, second = await team.is_ready()
        await team.ships(by="Ana")
        waiting = await team.states()

        await green(team, second)

        assert waiting == {1: "merged", 2: "checking"}
        assert second.pull is not None
        assert team.pull(second)["head_sha"] != second.pull.head
        assert await team.states() == {1: "merged", 2: "merged"}
        assert team.merges() == [first.pull_request, second.pull_request]
        assert (await team.run()).rounds == 1


async def test_branches_that_are_behind_are_updated_one_after_the_other_and_released_together() -> None:
    policy = "[ship]\nrelease = true\n"
    async with a_team(3, strict=True, required_checks=["test"], policy=policy) as team:
        _, second, third = await team.is_ready()
        await team.ships(by="Ana")
        shown = team.pull(third)["head_sha"]
        await green(team, second)
        updated = team.pull(third)["head_sha"]

        await green(team, third)

        run = await team.run()
        main = team.repository()["branches"]["main"]["head"]
        updates = [path for _, _, path, _ in team.requests if path.endswith("/update-branch")]
        assert (updated != shown, len(updates)) == (True, 2)
        assert await team.states() == {1: "merged", 2: "merged", 3: "merged"}
        assert run.rounds == 1
        assert team.repository()["tags"]["valine-r1"] == main


# A process that dies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [1, 3, 8, 12, 16, 20, 24, 28, 32, 40, 50, 60])
async def test_a_server_that_dies_while_shipping_leaves_one_merge_each_and_one_release(
    moment: int, tmp_path: Path
) -> None:
    assert await dies_at(moment, f"sqlite:///{tmp_path}/valine.db") == moment


@pytest.mark.proof
@pytest.mark.parametrize("strict", [False, True])
async def test_a_server_that_dies_at_any_moment_of_shipping_ends_the_same(tmp_path: Path, *, strict: bool) -> None:
    moment = 1
    while await dies_at(moment, f"sqlite:///{tmp_path}/{moment}.db", strict=strict) == moment:
        moment += 1


async def dies_at(moment: int, store: str, *, strict: bool = False) -> int:
    """The product dies at that moment after the confirmation, and another takes over; how many moments there were.

    Where branches must be up to date (`strict`), CI has to be green again after the update of the second one.
    """
    policy = "[ship]\nrelease = true\n"
    # A process that dies owes Discord an answer, which its twin complains of.
    async with a_team(2, policy=policy, store=store, judged=False, strict=strict) as team:
        _, second = await team.is_ready()
        await team.says("/ship", by="Ana")
        crash = CrashAt(moment, team.world.system)
        team.world.on_discord("click", by="Ana", label="Merge 2 pull requests")

        try:
            await goes_on(team, second)
        except Crash:
            await team.world.restart()
            await team.world.settle()
            if (await team.run()).rounds == 0:  # it died before the click was stored, and Discord told Ana so
                await team.clicks("Merge 2 pull requests", by="Ana")
            await goes_on(team, second)

        assert await team.states() == {1: "merged", 2: "merged"}
        assert len(merge_commits(team)) == 2
        assert [release["tag"] for release in team.repository()["releases"]] == ["valine-r1"]
        assert (await team.run()).status == "completed"
        assert list(team.repository()["branches"]) == ["main"]
        assert [label for one in team.repository()["issues"] for label in one["labels"]] == ["ready", "ready"]
        assert len([line for line in team.thread() if line.startswith("🚢 Merged")]) == 1
        assert [problem for problem in team.problems() if "answer" not in problem] == []
        return crash.count


async def goes_on(team: Team, second: Task) -> None:
    """All that comes of it, with CI doing its part."""
    await team.world.settle()
    if team.pull(second)["state"] == "open" and not team.pull(second)["checks"]:
        await green(team, second)
    await team.wait(minutes=5)
