"""/ship: what it shows, what it merges and in which order, what it leaves behind on GitHub, and what it tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from acceptance.stories import a_team
from valine.simulator.transport import Request

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


async def test_a_run_that_does_not_exist_is_not_shipped() -> None:
    async with a_team(1) as team:
        reply = await team.says("/ship r7", by="Ana")

        assert "There is no such run: r7" in reply


async def test_there_is_nothing_to_ship_without_a_run() -> None:
    async with a_team(1) as team:
        reply = await team.says("/ship", by="Ana")

        assert "There is no run at the moment" in reply


async def test_a_plan_that_nobody_approved_is_not_shipped() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")

        reply = await team.says("/ship r1", by="Ana")

        assert "r1 is not approved yet" in reply
        assert (await team.run()).stage == "proposed"


async def test_a_run_whose_pull_requests_are_being_opened_is_not_shipped() -> None:
    async with a_team(9) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("click", by="Ana", label="Approve")
        team.meanwhile("POST", "*/pulls", lambda: team.world.on_discord("command", by="Ana", name="ship", options={}))

        await team.world.settle()

        assert "still opening its pull requests" in team.reply("Ana")
        assert team.merges() == []


async def test_a_finished_run_is_not_shipped_again() -> None:
    async with a_team(1) as team:
        await team.is_ready()
        await team.ships(by="Ana")

        reply = await team.says("/ship r1", by="Ben")

        assert "r1 is over (completed)" in reply
        assert len(team.merges()) == 1


async def test_a_cancelled_run_is_not_shipped() -> None:
    async with a_team(1) as team:
        await team.is_ready()
        await team.clicks("Cancel", by="Ana")
        await team.clicks("Cancel, keep them open", by="Ana")

        reply = await team.says("/ship r1", by="Ana")

        assert "r1 is over (cancelled)" in reply
        assert team.merges() == []


async def test_somebody_without_permission_ships_nothing() -> None:
    async with a_team(1) as team:
        await team.is_ready()

        reply = await team.says("/ship", by="Chen")

        assert "To ship, you need the permission Manage Server. Nothing was changed." in reply
        assert team.buttons("Chen") == []


async def test_somebody_without_permission_ships_nothing_with_the_boards_button_either() -> None:
    async with a_team(1) as team:
        await team.is_ready()

        reply = await team.clicks("Ship", by="Chen")

        assert "you need the permission Manage Server" in reply
        assert team.merges() == []


async def test_who_lost_the_permission_between_preflight_and_confirmation_ships_nothing() -> None:
    async with a_team(1) as team:
        await team.is_ready()
        await team.says("/ship", by="Ben")
        team.world.on_discord("set_roles", member="Ben", roles=[])

        reply = await team.clicks("Merge 1 pull request", by="Ben")

        assert "you need the permission Manage Server" in reply
        assert team.merges() == []


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


async def test_a_dependant_of_something_held_is_not_in_the_preflight() -> None:
    async with a_team(CHAIN) as team:
        first, second, third = await team.starts()
        await team.finishes(first, check="failure")
        await team.finishes(second)
        await team.finishes(third)

        reply = await team.says("/ship", by="Ana")

        assert "1 pull request can be merged" in reply
        assert "waits for #1" in reply


async def test_a_preflight_of_nothing_ready_has_no_button_and_says_why() -> None:
    async with a_team(2) as team:
        await team.starts()

        reply = await team.says("/ship", by="Ana")

        assert "Nothing of r1 can be merged now" in reply
        assert reply.count(": a draft") == 2
        assert team.buttons("Ana") == []


async def test_a_push_after_the_preflight_asks_again_and_merges_nothing() -> None:
    async with a_team(2) as team:
        first, _ = await team.is_ready()
        await team.says("/ship", by="Ana")
        await team.finishes(first, files={"sneaky.md": "not seen\n"})

        reply = await team.clicks("Merge 2 pull requests", by="Ana")

        assert "has changed since you looked, so nothing was merged" in reply
        assert team.buttons("Ana") == ["Look again"]
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


async def test_a_task_that_became_ready_after_the_preflight_asks_again() -> None:
    async with a_team(2) as team:
        first, second = await team.starts()
        await team.finishes(first)
        await team.says("/ship", by="Ana")
        await team.finishes(second)

        reply = await team.clicks("Merge 1 pull request", by="Ana")

        assert "has changed since you looked" in reply
        assert team.merges() == []


# The merges ------------------------------------------------------------------------------------------------------


async def test_confirmed_by_two_people_it_is_merged_once() -> None:
    async with a_team(2) as team:
        await team.is_ready()
        await team.says("/ship", by="Ana")
        await team.says("/ship", by="Ben")
        team.world.on_discord("click", by="Ana", label="Merge 2 pull requests")
        team.world.on_discord("click", by="Ben", label="Merge 2 pull requests")

        await team.world.settle()

        assert len(team.merges()) == 2
        assert "r1" in team.reply("Ben")
        assert "Nothing was changed" in team.reply("Ben")
        assert (await team.run()).rounds == 1


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


async def test_a_method_that_the_repository_forbids_holds_with_githubs_words() -> None:
    async with a_team(1, merge_methods=["merge"]) as team:
        await team.is_ready()

        await team.ships(by="Ana")

        assert await team.states() == {1: "held"}
        assert "Squash merges are not allowed on this repository" in team.board()
        assert (await team.run()).stage == "tracking"


async def test_github_closes_the_issue_and_valine_need_not() -> None:
    async with a_team(1) as team:
        await team.is_ready()

        await team.ships(by="Ana")

        assert issue(team, 1)["state"] == "closed"
        patches = [path for _, method, path, _ in team.requests if method == "PATCH" and path.endswith("/issues/1")]
        assert patches == []


async def test_an_issue_that_the_merge_left_open_is_closed() -> None:
    async with a_team(2) as team:
        team.world.on_github("set_behaviour", close_on_merge=None)
        await team.is_ready()

        await team.ships(by="Ana")

        assert [issue(team, n)["state"] for n in (1, 2)] == ["closed", "closed"]
        assert issue(team, 1)["state_reason"] == "completed"


async def test_merged_branches_are_deleted_and_the_label_of_work_under_way_taken_off() -> None:
    async with a_team(2) as team:
        await team.is_ready()

        await team.ships(by="Ana")

        assert list(team.repository()["branches"]) == ["main"]
        assert [issue(team, n)["labels"] for n in (1, 2)] == [["ready"], ["ready"]]


async def test_a_branch_that_somebody_pushed_to_after_the_merge_is_left_alone() -> None:
    async with a_team(1) as team:
        (task,) = await team.is_ready()
        team.meanwhile(
            "GET",
            "*/git/ref/heads/valine/*",
            lambda: team.world.on_github("push", branch=task.branch, files={"late.md": "too late\n"}, by="ana"),
        )

        await team.ships(by="Ana")

        assert task.branch in team.repository()["branches"]
        assert await team.states() == {1: "merged"}


async def test_an_adopted_pull_request_is_merged_and_its_branch_left_to_its_author() -> None:
    async with a_team(1) as team:
        team.world.on_github("push", branch="mine", from_="main", files={"a.md": "a\n"}, by="dora")
        number = team.world.on_github("open_pull_request", head="mine", title="Mine", body="Closes #1", by="dora")
        (task,) = await team.starts()
        await team.github("set_check", name="test", number=number["number"], conclusion="success")

        await team.ships(by="Ana")

        assert task.pull_request == number["number"]
        assert await team.states() == {1: "merged"}
        assert "mine" in team.repository()["branches"]


async def test_an_adopted_pull_request_from_a_fork_is_merged_too() -> None:
    async with a_team(1) as team:
        team.world.on_github("add_member", login="zoe", role="read")
        team.world.on_github("push", branch="mine", fork="zoe", files={"a.md": "a\n"})
        made = team.world.on_github("open_pull_request", head="zoe:mine", title="Mine", body="Closes #1", by="zoe")
        await team.starts()
        await team.github("set_check", name="test", number=made["number"], conclusion="success")

        await team.ships(by="Ana")

        assert await team.states() == {1: "merged"}
        deleted = [path for _, method, path, _ in team.requests if method == "DELETE" and "/git/refs/" in path]
        assert deleted == []


# What it tells ---------------------------------------------------------------------------------------------------


async def test_the_thread_tells_what_was_shipped_with_pull_request_issue_and_author() -> None:
    async with a_team([{"title": "The *engine* @everyone"}, {"title": "The tank", "assignees": ["ana"]}]) as team:
        first, second = await team.is_ready()

        await team.ships(by="Ana")

        told = thread_text(team)
        assert f"(#{first.pull_request}), for #1" in told
        assert f"The tank (#{second.pull_request}), for #2 by ana" in told
        assert "r1 is complete" in told
        assert team.rung() == set()


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


async def test_a_release_is_made_of_each_round() -> None:
    async with a_team(2, policy=RELEASING) as team:
        first, second = await team.starts()
        await team.finishes(first)
        await team.ships(by="Ana")
        await team.finishes(second)

        await team.ships(by="Ana")

        releases = team.repository()["releases"]
        assert [release["tag"] for release in releases] == ["valine-r1", "valine-r1.2"]
        assert f"(#{first.pull_request}), for #1" in releases[0]["body"]
        assert f"(#{second.pull_request}), for #2" in releases[1]["body"]
        run = await team.run()
        assert team.repository()["tags"]["valine-r1.2"] == run.task(2).merged_sha  # type: ignore[union-attr]
        assert "valine-r1.2" in team.board()


async def test_no_release_is_made_unless_the_policy_asks() -> None:
    async with a_team(1) as team:
        await team.is_ready()

        await team.ships(by="Ana")

        assert team.repository()["releases"] == []


async def test_a_release_tag_that_a_stranger_took_is_told_and_harms_nothing() -> None:
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


# What is held, and mended ------------------------------------------------------------------------------------------


async def test_what_is_held_goes_back_to_tracking_and_is_shipped_when_it_is_mended() -> None:
    async with a_team(2) as team:
        first, second = await team.starts()
        await team.finishes(first, files={"same.md": "one\n"})
        await team.finishes(second, files={"same.md": "two\n"})
        await team.ships(by="Ana")
        held = await team.states()
        await team.github("resolve", branch=second.branch, other="main", files={"same.md": "both\n"}, by="ana")
        await team.github("set_check", name="test", workflow="ci", number=second.pull_request, conclusion="success")

        await team.ships(by="Ben")

        assert held == {1: "merged", 2: "held"}
        assert await team.states() == {1: "merged", 2: "merged"}
        assert (await team.run()).status == "completed"
        assert any("it conflicts with the base branch" in line for line in team.thread())


async def test_a_dependency_that_was_dropped_and_closed_lets_its_dependant_ship() -> None:
    async with a_team(CHAIN[:2]) as team:
        _, second = await team.is_ready()
        await team.github("comment", number=1, body="/valine drop", by="ben")
        before = await team.says("/ship", by="Ana")
        await team.github("close_issue", number=1, reason="not_planned", by="ben")
        after = team.board()

        await team.ships(by="Ana")

        assert "waits for #1" in before
        assert "waits for #1" not in after
        assert await team.states() == {1: "dropped", 2: "merged"}
        assert (await team.run()).status == "completed"
        assert team.pull(second)["state"] == "merged"


async def test_a_pull_request_merged_by_hand_counts_and_is_told_as_such() -> None:
    async with a_team(2) as team:
        first, _ = await team.is_ready()
        await team.github("merge", number=first.pull_request, by="ana")

        await team.ships(by="Ana")

        assert await team.states() == {1: "merged", 2: "merged"}
        assert "merged by hand" in team.board()
        assert len(team.merges()) == 1


async def test_when_all_is_merged_by_hand_the_run_is_complete_without_a_ship() -> None:
    async with a_team(2) as team:
        first, second = await team.is_ready()
        await team.github("merge", number=first.pull_request, by="ana")

        await team.github("merge", number=second.pull_request, by="ben")

        assert (await team.run()).status == "completed"
        assert "Ship" not in team.board()
        assert f"(#{first.pull_request}), for #1" in thread_text(team)


async def test_after_the_end_the_board_has_no_buttons() -> None:
    async with a_team(1) as team:
        await team.is_ready()

        await team.ships(by="Ana")

        board = next(m for m in team.channel() if "· board ·" in m["text"])
        assert '"type": 2' not in str(board["components"]).replace("'", '"')
        assert "completed" in board["text"]
