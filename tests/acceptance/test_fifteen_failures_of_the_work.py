"""Those of the fifteen failures that strike the work and its checks; test_fifteen_failures.py has the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acceptance.ends_well import one_of_everything
from acceptance.stories import a_team

if TYPE_CHECKING:
    from acceptance.stories import Team
    from valine.orchestrator.model.run import Task

CHECK = {"name": "test", "workflow": "ci"}


async def waits_for(team: Team, issue: int = 1) -> tuple[str, str]:
    """The task's state, and what it waits for."""
    task = await team.task(issue)
    return str(task.state), str(task.note.why) if task.note else ""


def check(team: Team, task: Task, **result: Any) -> Any:
    """CI reports on the head of the task's pull request."""
    return team.github("set_check", number=task.pull_request, **{**CHECK, **result})


async def test_6_a_push_that_nobody_was_told_of_between_approve_and_ship_is_not_merged_unseen() -> None:
    async with a_team(2) as team:
        first, _ = await team.is_ready()
        await team.says("/ship", by="Ana")
        team.world.on_github("throw_fault", kind="webhook_dropped", times=-1)
        await team.finishes(first, files={"sneaky.md": "not seen\n"})

        refused = await team.clicks("Merge 2 pull requests", by="Ana")
        assert "has changed since you looked, so nothing was merged" in refused
        assert team.merges() == []
        shown = await team.clicks("Look again", by="Ana")
        assert f"at {team.pull(first)['head_sha'][:7]}" in shown
        await team.clicks("Merge 2 pull requests", by="Ana")

        await one_of_everything(team)


async def test_7_a_check_that_a_rerun_makes_vanish_is_waited_for() -> None:
    async with a_team(1) as team:
        (task,) = await team.is_ready()

        await team.github("rerun_check", name="test", number=task.pull_request, vanish=True, by="ana")
        await team.wait(minutes=16)
        assert await waits_for(team) == ("checking", "checks")
        assert "Nothing of r1 can be merged now" in await team.says("/ship", by="Ana")
        assert team.buttons("Ana") == []
        await check(team, task, conclusion="success")
        await team.ships(by="Ana")

        await one_of_everything(team)


async def test_8_a_check_of_another_head_or_an_older_run_of_it_counts_for_nothing() -> None:
    async with a_team(1) as team:
        (task,) = await team.is_ready()
        old = team.pull(task)["head_sha"]

        await team.github("push", branch=task.branch, files={"more.md": "more\n"}, by="ana")
        await team.github("set_check", sha=old, conclusion="success", **CHECK)
        assert await waits_for(team) == ("checking", "checks")
        await check(team, task, conclusion="failure")
        assert await waits_for(team) == ("held", "checks_failed")
        await team.github("rerun_check", name="test", number=task.pull_request, by="ana")
        assert await waits_for(team) == ("checking", "checks")
        await check(team, task, conclusion="success")
        assert await waits_for(team) == ("ready", "")
        await team.ships(by="Ana")

        await one_of_everything(team)


async def test_9_a_check_that_never_ends_holds_its_task_after_the_policys_time() -> None:
    async with a_team(1, policy="[ship]\nchecks_minutes = 30\n") as team:
        await team.starts()
        await team.finishes(await team.task(1), check=None)
        task = await team.task(1)
        await check(team, task, status="in_progress")

        await team.wait(minutes=29)
        assert await waits_for(team) == ("checking", "checks")
        await team.wait(minutes=2)
        assert await waits_for(team) == ("held", "checks_slow")
        await check(team, task, conclusion="success")
        await team.ships(by="Ana")

        await one_of_everything(team)


@pytest.mark.parametrize(("checks", "end"), [("some", ("held", "no_checks")), ("none", ("ready", ""))])
async def test_9_without_any_ci_a_task_is_held_unless_the_policy_wants_none(checks: str, end: tuple[str, str]) -> None:
    async with a_team(1, policy=f'[ship]\nchecks = "{checks}"\n') as team:
        await team.is_ready(check=None)

        await team.wait(minutes=3)
        await team.says("/ship", by="Ana")

        assert await waits_for(team) == end
        assert team.buttons("Ana") == (["Merge 1 pull request"] if checks == "none" else [])


async def test_10_mergeable_null_and_base_branch_was_modified_are_waited_for() -> None:
    async with a_team(3) as team:
        await team.is_ready()
        team.world.on_github("set_behaviour", mergeable_unknown_looks=3)
        team.meanwhile(
            "PUT",
            "*/merge",
            lambda: team.world.on_github("push", branch="main", files={"other.md": "other\n"}, by="ben"),
        )

        await team.ships(by="Ana")
        await team.wait(minutes=5)

        await one_of_everything(team)
        assert len(team.merges()) == 4


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"merge_queue": True}, "Changes must be made through the merge queue"),
        ({"required_reviews": 1}, "a reviewer must approve it"),
    ],
    ids=["merge queue", "ruleset"],
)
async def test_11_a_refusal_by_a_queue_or_a_ruleset_holds_with_githubs_words(rules: dict[str, Any], words: str) -> None:
    async with a_team(1) as team:
        (task,) = await team.is_ready()
        team.meanwhile("PUT", "*/merge", lambda: team.world.on_github("set_rules", **rules))

        await team.ships(by="Ana")
        assert team.pull(task)["state"] == "open"
        assert words in team.board()
        assert (await team.run()).stage == "tracking"
        team.world.on_github("set_rules")
        await team.clicks("Retry", by="Ana")
        await team.ships(by="Ana")

        await one_of_everything(team)


async def test_13_when_the_head_of_the_line_fails_independent_ones_ship_and_dependants_wait() -> None:
    issues: list[dict[str, Any]] = [
        {"title": "The engine"},
        {"title": "The tank", "blocked_by": [1]},
        {"title": "The paint"},
    ]
    async with a_team(issues) as team:
        first, second, third = await team.is_ready()
        team.meanwhile(
            "PUT",
            "*/merge",
            lambda: team.world.on_github("push", branch=first.branch, files={"moved.md": "moved\n"}, by="ana"),
        )

        await team.ships(by="Ana")
        assert [team.pull(task)["state"] for task in (first, second, third)] == ["open", "open", "merged"]
        assert (await team.run()).stage == "tracking"
        assert "waits for #1" in team.board()
        await check(team, first, conclusion="success")
        await team.ships(by="Ben")

        await one_of_everything(team)
        assert team.merges()[-2:] == [first.pull_request, second.pull_request]
