"""Retry and drop, by button and comment; and several runs at once, where it must be said which is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.stories import a_team

if TYPE_CHECKING:
    from acceptance.stories import Team


def answers(team: Team, number: int) -> list[str]:
    """What Valine answered in comments on that issue or pull request."""
    return [
        str(one["body"])
        for one in team.repository()["comments"]
        if one["author"] == "valine-bot" and one["number"] == number
    ]


def labels(team: Team, number: int) -> list[str]:
    """The labels of the issue."""
    return next(list(one["labels"]) for one in team.repository()["issues"] if one["number"] == number)


# Retry -----------------------------------------------------------------------------------------------------------


async def test_retry_where_nothing_is_held_says_so() -> None:
    async with a_team(1) as team:
        await team.is_ready()
        before = await team.run()

        reply = await team.clicks("Retry", by="Ana")

        assert "Nothing of r1 is held, so there is nothing to retry. Nothing was changed." in reply
        assert await team.run() == before


async def test_somebody_without_permission_retries_nothing() -> None:
    async with a_team(1) as team:
        await team.starts()

        reply = await team.clicks("Retry", by="Chen")

        assert "To retry, you need the permission Manage Server" in reply


async def test_a_check_that_does_not_exist_any_more_is_forgotten_by_a_retry() -> None:
    async with a_team(1) as team:
        (task,) = await team.is_ready()
        team.world.on_github("set_check", name="old", workflow="ci", number=task.pull_request, conclusion="success")
        await team.world.settle()
        await team.finishes(task, files={"more.md": "more\n"})
        waiting = await team.states()

        await team.clicks("Retry", by="Ana")

        assert waiting == {1: "checking"}
        assert await team.states() == {1: "ready"}
        assert any("Ana asked for another try of #1" in line for line in team.thread())


async def test_a_branch_that_was_a_strangers_is_opened_after_a_retry() -> None:
    async with a_team(2) as team:
        team.world.on_github("push", branch="valine/r1/1-issue-number-1", from_="main", files={"x": "x"}, by="dora")
        await team.starts()
        held = await team.states()
        await team.github("delete_branch", branch="valine/r1/1-issue-number-1", by="dora")

        await team.clicks("Retry", by="Ana")

        assert held[1] == "held"
        assert (await team.task(1)).pull_request is not None
        assert "valine/r1/1-issue-number-1" in team.repository()["branches"]


async def test_a_comment_retries_one_task() -> None:
    async with a_team(2) as team:
        team.world.on_github("push", branch="valine/r1/1-issue-number-1", from_="main", files={"x": "x"}, by="dora")
        await team.starts()
        await team.github("delete_branch", branch="valine/r1/1-issue-number-1", by="dora")

        await team.github("comment", number=1, body="/valine retry", by="ben")

        assert (await team.task(1)).pull_request is not None
        assert any("Trying #1 of r1 again" in answer for answer in answers(team, 1))


async def test_a_retry_of_an_issue_that_is_in_no_run_says_so() -> None:
    async with a_team([{"title": "In"}, {"title": "Out", "labels": []}]) as team:
        await team.starts()

        await team.github("comment", number=2, body="/valine retry", by="ben")

        assert any("There is no run" in answer or "is in no" in answer for answer in answers(team, 2))


async def test_a_retry_of_a_finished_run_is_refused() -> None:
    async with a_team(1) as team:
        (task,) = await team.is_ready()
        await team.ships(by="Ana")
        before = await team.run()

        await team.github("comment", number=task.pull_request, body="/valine retry", by="ben")

        assert await team.run() == before
        assert answers(team, task.pull_request or 0)


# Drop ------------------------------------------------------------------------------------------------------------


async def test_a_dropped_task_leaves_the_run_with_its_pull_request_open_and_its_label_off() -> None:
    async with a_team(2) as team:
        first, _ = await team.starts()

        await team.github("comment", number=first.pull_request, body="/valine drop", by="ben")

        assert (await team.states())[1] == "dropped"
        assert team.pull(first)["state"] == "open"
        assert labels(team, 1) == ["ready"]
        assert dict((await team.world.system.store.repository("acme/rocket")).claims) == {"2": 1}
        assert any("ben took #1 out of r1" in line for line in team.thread())
        assert any("Took #1 out of r1" in answer for answer in answers(team, first.pull_request or 0))


async def test_a_dropped_task_is_not_shipped_and_the_rest_completes_the_run() -> None:
    async with a_team(2) as team:
        first, second = await team.is_ready()
        await team.github("comment", number=1, body="/valine drop", by="ben")

        await team.ships(by="Ana")

        assert team.pull(first)["state"] == "open"
        assert team.pull(second)["state"] == "merged"
        assert (await team.run()).status == "completed"


async def test_when_the_last_task_is_dropped_the_run_is_over() -> None:
    async with a_team(1) as team:
        await team.starts()

        await team.github("comment", number=1, body="/valine drop", by="ben")

        assert (await team.run()).final
        assert "nothing merged" in "\n".join(team.thread())


async def test_dropped_twice_the_second_changes_nothing() -> None:
    async with a_team(2) as team:
        await team.starts()
        await team.github("comment", number=1, body="/valine drop", by="ben")
        before = await team.run()

        await team.github("comment", number=1, body="/valine drop", by="ana")

        assert await team.run() == before
        assert any("is dropped, so it cannot be dropped" in answer for answer in answers(team, 1))


async def test_a_merged_task_is_not_dropped() -> None:
    async with a_team(2) as team:
        first, _ = await team.starts()
        await team.finishes(first)
        await team.ships(by="Ana")

        await team.github("comment", number=1, body="/valine drop", by="ben")

        assert (await team.states())[1] == "merged"
        assert any("is merged, so it cannot be dropped" in answer for answer in answers(team, 1))


async def test_dropped_while_shipping_it_is_not_merged() -> None:
    async with a_team(6) as team:
        tasks = await team.is_ready()
        last = tasks[-1]
        team.meanwhile(
            "PUT", "*/merge", lambda: team.world.on_github("comment", number=6, body="/valine drop", by="ben")
        )

        await team.ships(by="Ana")

        states = await team.states()
        assert (states[6] == "dropped") == (team.pull(last)["state"] == "open")
        assert (await team.run()).status == "completed"


async def test_a_task_whose_merge_may_have_happened_is_not_dropped() -> None:
    async with a_team(2) as team:
        first, _ = await team.is_ready()

        def trouble() -> None:
            team.world.on_github("throw_fault", kind="error_after", method="PUT", route="*/merge")
            team.world.on_github("throw_fault", kind="error_before", method="GET", route="*/pulls/*", times=4)
            team.world.on_github("comment", number=1, body="/valine drop", by="ben")

        team.meanwhile("PUT", "*/merge", trouble)
        await team.ships(by="Ana")
        await team.wait(minutes=10)

        assert team.pull(first)["state"] == "merged"
        assert await team.states() == {1: "merged", 2: "merged"}


async def test_a_dropped_issue_can_be_planned_again() -> None:
    async with a_team(2) as team:
        first, _ = await team.starts()
        await team.github("close_pull_request", number=first.pull_request, by="ana")
        await team.github("comment", number=1, body="/valine drop", by="ben")

        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")

        (again,) = (await team.run(2)).tasks
        assert (again.issue, again.branch) == (1, "valine/r2/1-issue-number-1")


async def test_what_waits_for_a_dropped_issue_ships_when_another_run_has_merged_it() -> None:
    async with a_team([{"title": "One"}, {"title": "Two", "blocked_by": [1]}]) as team:
        first, second = await team.is_ready()
        await team.github("close_pull_request", number=first.pull_request, by="ana")
        await team.github("comment", number=1, body="/valine drop", by="ben")
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")
        (again,) = (await team.run(2)).tasks
        await team.finishes(again)
        await team.says("/ship r2", by="Ana")
        await team.clicks("Merge 1 pull request", by="Ana")

        reply = await team.says("/ship r1", by="Ana")

        assert "1 pull request can be merged" in reply
        assert "waits for #1" not in team.board()
        assert team.pull(second)["state"] == "open"


# Several runs ------------------------------------------------------------------------------------------------------


TWO = [{"title": "A", "labels": ["web"]}, {"title": "B", "labels": ["api"]}]


async def test_a_second_label_is_planned_while_the_first_run_is_tracked() -> None:
    async with a_team(TWO) as team:
        await team.starts(label="web")

        await team.starts(label="api", number=2)

        assert await team.states(1) == {1: "started"}
        assert [int(task.issue) for task in (await team.run(2)).tasks] == [2]


async def test_with_two_runs_ship_asks_which() -> None:
    async with a_team(TWO) as team:
        await team.starts(label="web")
        await team.starts(label="api", number=2)

        reply = await team.says("/ship", by="Ana")

        assert "Which run" in reply
        assert "r1" in reply
        assert "r2" in reply


async def test_with_one_run_tracked_and_one_proposed_ship_means_the_tracked_one() -> None:
    async with a_team(TWO) as team:
        (task,) = await team.starts(label="web")
        await team.finishes(task)
        await team.says("/plan api", by="Ana")

        reply = await team.says("/ship", by="Ana")

        assert "r1: 1 pull request can be merged" in reply


async def test_two_runs_are_shipped_one_after_the_other_each_by_its_name() -> None:
    async with a_team(TWO) as team:
        for number, label in enumerate(("web", "api"), start=1):
            for task in await team.starts(label=label, number=number):
                await team.finishes(task)
        await team.says("/ship r2", by="Ana")
        await team.clicks("Merge 1 pull request", by="Ana")

        await team.says("/ship r1", by="Ana")
        await team.clicks("Merge 1 pull request", by="Ana")

        assert (await team.run(1)).status == (await team.run(2)).status == "completed"


async def test_two_runs_shipping_at_once_merge_each_once() -> None:
    async with a_team(TWO) as team:
        for number, label in enumerate(("web", "api"), start=1):
            for task in await team.starts(label=label, number=number):
                await team.finishes(task)
        await team.says("/ship r1", by="Ana")
        await team.says("/ship r2", by="Ben")
        team.world.on_discord("click", by="Ana", label="Merge 1 pull request")
        team.world.on_discord("click", by="Ben", label="Merge 1 pull request")

        await team.world.settle()

        assert (await team.run(1)).status == (await team.run(2)).status == "completed"
        assert len(team.merges()) == 2


async def test_a_comment_means_the_run_of_its_issue() -> None:
    async with a_team(TWO) as team:
        await team.starts(label="web")
        await team.starts(label="api", number=2)

        await team.github("comment", number=2, body="/valine cancel", by="ben")

        assert (await team.run(1)).status == "in_progress"
        assert (await team.run(2)).status == "cancelled"


async def test_the_second_run_leaves_alone_what_the_first_has_claimed() -> None:
    async with a_team([{"title": "A", "labels": ["web", "api"]}, {"title": "B", "labels": ["api"]}]) as team:
        await team.starts(label="web")

        await team.says("/plan api", by="Ana")

        assert [int(item.issue) for item in (await team.run(2)).plan.items] == [2]
        assert "r1 is already working on it" in team.card()
