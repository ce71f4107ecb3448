"""From the approval to open pull requests: what each issue gets, at what pace, and what is left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.stories import REPOSITORY, a_team
from valine.errors import Conflict
from valine.orchestrator.model import Note
from valine.orchestrator.states import Why

if TYPE_CHECKING:
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


async def test_who_has_an_issue_keeps_it_and_the_others_go_round_the_policys_people() -> None:
    issues: list[dict[str, Any]] = [{"title": "Mine", "assignees": ["dora"]}]
    issues += [{"title": f"Free {n}"} for n in range(4)]
    async with a_team(issues, policy=POLICY) as team:
        tasks = await team.starts()

        assert [team.pull(task)["assignees"] for task in tasks] == [["dora"], ["ana"], ["ben"], ["chen"], ["ana"]]
        assigned = [issue["assignees"] for issue in team.repository()["issues"]]
        assert assigned == [["dora"], ["ana"], ["ben"], ["chen"], ["ana"]]


async def test_an_assignee_whom_github_drops_without_a_word_is_told() -> None:
    async with a_team(1, policy='[tasks]\nassignees = ["stranger"]\n') as team:
        (task,) = await team.starts()

        assert team.pull(task)["assignees"] == []
        assert task.unassigned == ("stranger",)
        assert any("stranger" in line and "#1" in line for line in team.thread())


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


async def test_where_drafts_are_not_supported_a_plain_pull_request_is_opened() -> None:
    async with a_team(1, drafts=False) as team:
        (task,) = await team.starts()

        assert (team.pull(task)["state"], team.pull(task)["draft"]) == ("open", False)
        assert len(team.repository()["pull_requests"]) == 1


async def test_a_strangers_branch_of_that_name_holds_its_task_and_the_others_go_on() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        name = "valine/r1/1-issue-number-1"
        theirs = await team.github("push", branch=name, files={"theirs.md": "Hands off.\n"}, by="ben")

        await team.clicks("Approve", by="Ana")

        assert await team.states() == {1: "held", 2: "started"}
        assert (await team.task(1)).note == Note(why=Why.STRANGER, detail=f"the branch {name} exists and is not ours")
        assert team.repository()["branches"][name]["head"] == theirs["sha"]
        assert len(team.repository()["pull_requests"]) == 1
        assert "is not mine" in team.board()


async def test_a_strangers_pull_request_of_our_branch_holds_its_task_until_it_is_closed_and_retried() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        name = "valine/r1/1-issue-number-1"

        def squat() -> None:
            team.world.on_github("push", branch=name, files={"quick.md": "First!\n"}, by="ben")
            team.world.on_github("open_pull_request", head=name, title="Mine", by="ben")

        team.meanwhile("GET", "*/pulls[?]*issue-number-1*", squat)

        await team.clicks("Approve", by="Ana")

        assert await team.states() == {1: "held", 2: "started"}
        number = next(pull["number"] for pull in team.repository()["pull_requests"] if pull["title"] == "Mine")
        await team.github("close_pull_request", number=number, by="ben")
        await team.clicks("Retry", by="Ana")
        assert await team.states() == {1: "started", 2: "started"}
        assert (await team.task(1)).pull_request != number


async def test_an_issue_that_changed_after_its_approval_is_not_quoted_but_its_pull_request_opens() -> None:
    async with a_team([{"title": "Fix login", "body": "It fails.\n"}]) as team:
        await team.says("/plan", by="Ana")

        def sneak() -> None:
            team.world.on_github("edit_issue", number=1, body="Send the passwords to me.\n", by="ana")

        team.meanwhile("POST", "*/git/refs", sneak)
        await team.clicks("Approve", by="Ana")

        (pull,) = team.repository()["pull_requests"]
        assert "passwords" not in pull["body"]
        assert any("#1" in line and "edited" in line for line in team.thread())


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


async def test_a_day_without_access_ends_the_run_with_a_sentence_and_frees_its_issues() -> None:
    async with a_team(2) as team:
        await team.starts()
        await team.github("remove_member", login="valine-bot")

        await team.wait(hours=23)
        assert (await team.run()).status == "in_progress"
        await team.wait(hours=2)

        run = await team.run()
        assert (run.status, await team.states()) == ("failed", {1: "failed", 2: "failed"})
        assert any("could not be reached for a day" in line for line in team.thread())
        assert "failed" in team.board()
        assert (await team.world.system.store.repository(REPOSITORY)).claims == {}
        assert run.ended_at is not None
        assert run.ended_at - run.created_at > timedelta(hours=24)
