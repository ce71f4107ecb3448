"""From the approval to open pull requests, to the commit and the second; the rest is in scenarios/executing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acceptance.stories import a_team
from valine.errors import Conflict

if TYPE_CHECKING:
    from acceptance.stories import Team
    from valine.ports import Commit

POLICY = '[tasks]\nassignees = ["ana", "ben", "chen"]\n'


async def test_each_issue_gets_a_branch_a_draft_that_closes_it_a_label_and_a_comment() -> None:
    async with a_team([{"title": "Fix login", "body": "It fails.\n"}]) as team:
        (task,) = await team.starts()

        repository, run = team.repository(), await team.run()
        (issue,), pull = repository["issues"], team.pull(task)
        assert task.branch == "valine/r1/1-fix-login"
        commit = repository["branches"][task.branch]["log"][0]
        assert commit["parents"] == [repository["branches"]["main"]["head"]]
        assert run.uid in commit["message"]
        assert (pull["head"], pull["base"], pull["draft"]) == (task.branch, "main", True)
        assert "Closes #1" in pull["body"]
        assert "It fails." in pull["body"]
        assert run.uid in pull["body"]
        assert issue["labels"] == ["ready", "in-progress"]
        (comment,) = repository["comments"]
        assert comment["number"] == 1
        assert f"#{pull['number']}" in comment["body"]


async def test_thirty_issues_are_opened_at_githubs_pace() -> None:
    async with a_team(30, policy=POLICY) as team:
        await team.starts()
        await team.wait(minutes=10)

        assert len([pull for pull in team.repository()["pull_requests"] if pull["draft"]]) == 30
        assert (await team.run()).stage == "tracking"
        limits = team.world.github.view()["limits"]
        assert limits["content_peak_minute"] <= 60  # a second lies between two writes
        assert limits["content_peak_hour"] <= 500
        assert limits["refused_secondary"] == 0


@pytest.mark.proof
async def test_ninety_issues_keep_to_five_hundred_writes_an_hour() -> None:
    async with a_team(90, policy=POLICY) as team:
        await team.starts()
        await team.wait(hours=2)

        assert (await team.run()).stage == "tracking"
        assert team.world.github.view()["limits"]["content_peak_hour"] <= 500
        assert team.world.github.view()["limits"]["refused_secondary"] == 0


async def test_a_lost_race_in_the_store_is_run_again() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        store = team.world.system.store
        really, tries = store.commit, 0

        async def commit(commit: Commit, now: object) -> None:
            nonlocal tries
            tries += 1
            if tries % 3:
                raise Conflict
            await really(commit, now)  # type: ignore[arg-type]

        store.commit = commit  # type: ignore[method-assign]
        await team.clicks("Approve", by="Ana")

        assert await team.states() == {1: "started", 2: "started"}
        assert len(team.repository()["pull_requests"]) == len(team.repository()["comments"]) == 2


async def token(team: Team, *, good: bool) -> None:
    """GitHub's token is revoked, or made good again."""
    value = team.world.system.settings.github_token
    assert value is not None
    if good:
        await team.github("issue_token", login="valine-bot", value=value.reveal())
    else:
        await team.github("revoke_token", token=value.reveal())


async def test_a_long_execution_goes_on_from_time_slice_to_time_slice_without_its_wake_up() -> None:
    async with a_team(12) as team:
        await team.says("/plan", by="Ana")
        team.world.system.engine.sweep = asleep  # type: ignore[method-assign]

        await team.clicks("Approve", by="Ana")

        assert [task.issue for task in (await team.run()).tasks if task.pull_request is None] == []


async def asleep() -> int:
    """An alarm clock that never goes off."""
    return 0
