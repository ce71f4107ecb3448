"""Cancelling and dropping in the middle of the work; the rest is in scenarios/cancelling and dropping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.stories import a_team

if TYPE_CHECKING:
    from acceptance.stories import Team
    from valine.orchestrator.model.run import Task


def labels(team: Team, number: int) -> list[str]:
    """The labels of the issue."""
    return next(list(one["labels"]) for one in team.repository()["issues"] if one["number"] == number)


async def claims(team: Team) -> dict[str, Any]:
    """Which issues are claimed, by which run."""
    return dict((await team.world.system.store.repository("acme/rocket")).claims)


async def test_cancelled_while_its_pull_requests_are_being_opened_nothing_more_is_opened() -> None:
    async with a_team(30) as team:
        await team.says("/plan", by="Ana")

        def cancel() -> None:
            number = team.repository()["pull_requests"][0]["number"]
            team.world.on_github("comment", number=number, body="/valine cancel close", by="ben")

        team.meanwhile("POST", "*/issues/*/labels", cancel)
        await team.clicks("Approve", by="Ana")

        pulls = team.repository()["pull_requests"]
        assert (await team.run()).status == "cancelled"
        assert 0 < len(pulls) < 30
        assert {pull["state"] for pull in pulls} == {"closed"}
        assert all(labels(team, number) == ["ready"] for number in range(1, 31))
        assert await claims(team) == {}


async def test_cancelled_while_shipping_what_is_merged_stays_merged_and_the_rest_stays_open() -> None:
    async with a_team(12) as team:
        tasks = await team.is_ready()
        number = tasks[-1].pull_request
        team.meanwhile(
            "PUT", "*/merge", lambda: team.world.on_github("comment", number=number, body="/valine cancel", by="ben")
        )

        await team.ships(by="Ana")

        run = await team.run()
        states = [team.pull(task)["state"] for task in tasks]
        assert run.status == "cancelled"
        assert "merged" in states
        assert "open" in states
        assert states.count("merged") == list((await team.states()).values()).count("merged")
        assert set(team.merges()) == {task.pull_request for task in tasks if team.pull(task)["state"] == "merged"}
        assert await claims(team) == {}
        assert all("in-progress" not in labels(team, n) for n in range(1, 13))


async def test_cancelled_in_the_middle_of_a_round_its_merged_branches_are_still_tidied() -> None:
    async with a_team(12) as team:
        tasks = await team.is_ready()
        number = tasks[-1].pull_request
        team.meanwhile(
            "PUT",
            "*/merge",
            lambda: team.world.on_github("comment", number=number, body="/valine cancel close", by="ben"),
        )

        await team.ships(by="Ana")

        merged = [task for task in tasks if team.pull(task)["state"] == "merged"]
        assert merged
        assert all(team.pull(task)["state"] == "closed" for task in tasks if task not in merged)
        assert not any(task.branch in team.repository()["branches"] for task in merged)


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


async def cancelled_while_merging(team: Team, task: Task, kind: str) -> None:
    """The merge meets that fault, nobody can look what came of it, and just then the run is cancelled."""

    def gone() -> None:
        team.world.on_github("throw_fault", kind=kind, method="PUT", route="*/merge")
        team.world.on_github("throw_fault", kind="error_before", method="GET", route="*/pulls/*", times=6)
        team.world.on_github("comment", number=task.pull_request, body="/valine cancel", by="ben")

    team.meanwhile("PUT", "*/merge", gone)
    await team.ships(by="Ana")
    await team.wait(minutes=30)


async def test_a_merge_of_which_the_answer_was_lost_before_the_cancel_is_not_repeated() -> None:
    async with a_team(1) as team:
        (task,) = await team.is_ready()
        await cancelled_while_merging(team, task, "lost_answer")

        assert len(team.merges()) == 1
        assert (await team.run()).status == "cancelled"
        assert await team.states() == {1: "merged"}  # which was found out afterwards


async def test_a_merge_that_was_asked_for_and_did_not_come_about_is_told_as_not_merged() -> None:
    async with a_team(1) as team:
        (task,) = await team.is_ready()
        await cancelled_while_merging(team, task, "error_before")

        assert (await team.run()).status == "cancelled"
        assert await team.states() == {1: "ready"}
        assert team.pull(task)["state"] == "open"


async def test_a_pull_request_of_which_the_answer_was_lost_before_the_cancel_is_closed_with_the_others() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")

        def gone() -> None:
            team.world.on_github("throw_fault", kind="lost_answer", method="POST", route="*/pulls")
            team.world.on_github("comment", number=1, body="/valine cancel close", by="ben")

        team.meanwhile("POST", "*/pulls", gone)
        await team.clicks("Approve", by="Ana")
        await team.wait(minutes=30)

        assert (await team.run()).status == "cancelled"
        assert [pull["state"] for pull in team.repository()["pull_requests"]] == ["closed"]


async def test_a_comment_that_comes_while_the_bot_is_shut_out_is_obeyed_once_it_is_back() -> None:
    async with a_team(1) as team:
        await team.starts()
        team.world.on_github("remove_member", login="valine-bot")
        await team.github("comment", number=1, body="/valine cancel", by="ben")
        team.world.on_github("add_member", login="valine-bot", role="write")

        await team.wait(minutes=30)

        assert (await team.run()).status == "cancelled"
