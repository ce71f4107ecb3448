"""Cancelling: at any stage, with pull requests left open or closed; what is given back, and what is shown after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acceptance.stories import a_team

if TYPE_CHECKING:
    from acceptance.stories import Team


def labels(team: Team, number: int) -> list[str]:
    """The labels of the issue."""
    return next(list(one["labels"]) for one in team.repository()["issues"] if one["number"] == number)


def board_buttons(team: Team) -> int:
    """How many buttons are on the board."""
    board = next(m for m in reversed(team.channel()) if "· board ·" in m["text"])
    return str(board["components"]).count("'custom_id'")


async def claims(team: Team) -> dict[str, Any]:
    """Which issues are claimed, by which run."""
    return dict((await team.world.system.store.repository("acme/rocket")).claims)


async def cancels(team: Team, label: str, *, by: str = "Ana") -> str:
    """The board's Cancel, and the answer to what shall become of the pull requests."""
    await team.clicks("Cancel", by=by)
    return await team.clicks(label, by=by)


async def test_cancel_asks_what_shall_become_of_the_pull_requests_and_changes_nothing() -> None:
    async with a_team(2) as team:
        await team.is_ready()

        reply = await team.clicks("Cancel", by="Ana")

        assert "It has 2 open pull requests" in reply
        assert team.buttons("Ana") == ["Cancel, keep them open", "Cancel and close them"]
        assert (await team.run()).status == "in_progress"


async def test_cancelled_with_its_pull_requests_left_open() -> None:
    async with a_team(2) as team:
        first, second = await team.is_ready()

        reply = await cancels(team, "Cancel, keep them open")

        assert "r1 is cancelled. Its pull requests stay open" in reply
        assert (await team.run()).status == "cancelled"
        assert [team.pull(task)["state"] for task in (first, second)] == ["open", "open"]
        assert labels(team, 1) == labels(team, 2) == ["ready"]
        assert await claims(team) == {}
        assert "cancelled" in team.board()
        assert "Needs somebody" not in team.board()
        assert board_buttons(team) == 0


async def test_cancelled_with_its_pull_requests_closed() -> None:
    async with a_team(2) as team:
        first, second = await team.is_ready()

        await cancels(team, "Cancel and close them")

        assert [team.pull(task)["state"] for task in (first, second)] == ["closed", "closed"]
        assert [one["state"] for one in team.repository()["issues"]] == ["open", "open"]
        assert any("Ana cancelled r1. Its pull requests are closed." in line for line in team.thread())


async def test_the_board_of_a_cancelled_run_asks_nobody_for_anything() -> None:
    async with a_team(2) as team:
        first, second = await team.starts()
        await team.finishes(first, check="failure")
        await team.finishes(second)

        await cancels(team, "Cancel, keep them open")

        assert "Needs somebody" not in team.board()
        assert "must push a fix" not in team.board()


async def test_a_pull_request_that_was_there_before_stays_open_either_way() -> None:
    async with a_team(1) as team:
        team.world.on_github("push", branch="mine", from_="main", files={"a.md": "a\n"}, by="dora")
        team.world.on_github("open_pull_request", head="mine", title="Mine", body="Closes #1", by="dora")
        (task,) = await team.starts()

        await cancels(team, "Cancel and close them")

        assert team.pull(task)["state"] == "open"


async def test_somebody_without_permission_cancels_nothing() -> None:
    async with a_team(1) as team:
        await team.starts()

        reply = await team.clicks("Cancel", by="Chen")

        assert "you need the permission Manage Server" in reply
        assert team.buttons("Chen") == []


async def test_cancelled_twice_the_second_is_told_who_did_it() -> None:
    async with a_team(1) as team:
        await team.starts()
        await team.clicks("Cancel", by="Ana")
        await team.clicks("Cancel", by="Ben")
        await team.clicks("Cancel, keep them open", by="Ana")

        reply = await team.clicks("Cancel and close them", by="Ben")

        assert "r1 is over: cancelled by Ana" in reply
        assert team.repository()["pull_requests"][0]["state"] == "open"


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


async def test_a_proposed_plan_is_cancelled_by_a_comment_on_one_of_its_issues() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")

        await team.github("comment", number=2, body="/valine cancel", by="ben")

        assert (await team.run()).status == "cancelled"
        assert "Nothing was started" in team.card()
        assert team.repository()["pull_requests"] == []


@pytest.mark.parametrize("words", ["/valine cancel", "/valine cancel keep"])
async def test_a_comment_cancels_and_leaves_the_pull_requests_open(words: str) -> None:
    async with a_team(1) as team:
        (task,) = await team.starts()

        await team.github("comment", number=1, body=f"Enough.\n{words}", by="ben")

        assert (await team.run()).status == "cancelled"
        assert team.pull(task)["state"] == "open"
        answers = [c["body"] for c in team.repository()["comments"] if c["author"] == "valine-bot"]
        assert any("r1 is cancelled" in body for body in answers)


async def test_a_comment_cancels_and_closes_the_pull_requests() -> None:
    async with a_team(1) as team:
        (task,) = await team.starts()

        await team.github("comment", number=task.pull_request, body="/valine cancel close", by="ben")

        assert (await team.run()).status == "cancelled"
        assert team.pull(task)["state"] == "closed"


async def test_a_comment_of_somebody_who_may_not_write_cancels_nothing() -> None:
    async with a_team(1) as team:
        await team.starts()
        team.world.on_github("add_member", login="eve", role="read")

        await team.github("comment", number=1, body="/valine cancel close", by="eve")

        assert (await team.run()).status == "in_progress"
        answers = [c["body"] for c in team.repository()["comments"] if c["author"] == "valine-bot"]
        assert len(answers) == 1  # the link to the pull request


async def test_after_a_cancel_that_closed_them_a_new_plan_makes_new_branches_and_pull_requests() -> None:
    async with a_team(2) as team:
        await team.starts()
        await cancels(team, "Cancel and close them")

        tasks = await team.starts(number=2)

        assert [task.branch for task in tasks] == ["valine/r2/1-issue-number-1", "valine/r2/2-issue-number-2"]
        assert [team.pull(task)["state"] for task in tasks] == ["open", "open"]
        assert await claims(team) == {"1": 2, "2": 2}


async def test_after_a_cancel_that_left_them_open_a_new_plan_goes_on_with_them() -> None:
    async with a_team(1) as team:
        (before,) = await team.starts()
        await cancels(team, "Cancel, keep them open")

        (task,) = await team.starts(number=2)

        assert task.pull_request == before.pull_request
        assert task.adopted
        await team.finishes(task)
        await team.ships(by="Ana")
        assert await team.states(2) == {1: "merged"}


async def test_a_push_after_the_cancel_changes_nothing() -> None:
    async with a_team(1) as team:
        (task,) = await team.starts()
        await cancels(team, "Cancel, keep them open")
        before = await team.run()

        await team.finishes(task)
        await team.wait(hours=1)

        assert await team.run() == before


async def test_a_merge_of_which_the_answer_was_lost_before_the_cancel_is_not_repeated() -> None:
    async with a_team(1) as team:
        (task,) = await team.is_ready()

        def gone() -> None:
            team.world.on_github("throw_fault", kind="lost_answer", method="PUT", route="*/merge")
            team.world.on_github("throw_fault", kind="error_before", method="GET", route="*/pulls/*", times=6)
            team.world.on_github("comment", number=task.pull_request, body="/valine cancel", by="ben")

        team.meanwhile("PUT", "*/merge", gone)
        await team.ships(by="Ana")
        await team.wait(minutes=30)

        assert len(team.merges()) == 1
        assert (await team.run()).final
