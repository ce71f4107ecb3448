"""From open pull requests to the board: what people and CI do on GitHub, however the news of it arrives."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from acceptance.stories import SECRET, a_team
from valine.demo.world import PRODUCT
from valine.orchestrator.model import Note
from valine.orchestrator.states import Why

if TYPE_CHECKING:
    from acceptance.stories import Team
    from valine.orchestrator.model import Task

CHECKED = {"name": "test", "workflow": "ci", "status": "completed"}


async def why(team: Team, issue: int = 1) -> str | None:
    """What the task waits for."""
    note = (await team.task(issue)).note
    return None if note is None else str(note.why)


async def stands(team: Team, issue: int = 1) -> tuple[str, str | None]:
    """The task's state and what it waits for."""
    return str((await team.task(issue)).state), await why(team, issue)


async def a_ready_one(team: Team) -> Task:
    """The only task, which needs nothing but /ship."""
    (task,) = await team.is_ready()
    assert await stands(team) == ("ready", None)
    return task


# What people do ---------------------------------------------------------------------------------------------------


async def test_a_draft_is_started_until_somebody_marks_it_ready() -> None:
    async with a_team(1) as team:
        (task,) = await team.starts()
        await team.github("push", branch=task.branch, files={"a.md": "A\n"}, by="ana")
        assert await stands(team) == ("started", "draft")
        await team.wait(seconds=1)

        await team.github("ready_for_review", number=task.pull_request, by="ana")

        assert await stands(team) == ("checking", "checks")


async def test_ready_without_any_work_is_held_as_empty() -> None:
    async with a_team(1) as team:
        (task,) = await team.starts()

        await team.github("ready_for_review", number=task.pull_request, by="ana")

        assert await stands(team) == ("held", "empty")


async def test_drafted_again_it_is_started_again() -> None:
    async with a_team(1) as team:
        task = await a_ready_one(team)

        await team.github("convert_to_draft", number=task.pull_request, by="ana")

        assert await stands(team) == ("started", "draft")


async def test_reviews_hold_and_release_a_task() -> None:
    async with a_team(1, required_reviews=1) as team:
        (task,) = await team.is_ready()
        assert await stands(team) == ("checking", "review_required")

        await team.github("review", number=task.pull_request, by="ben", verdict="request_changes")
        asked = await stands(team)
        await team.github("review", number=task.pull_request, by="ben")

        assert asked == ("held", "changes_requested")
        assert await stands(team) == ("ready", None)


async def test_a_push_asks_for_the_checks_again() -> None:
    async with a_team(1) as team:
        task = await a_ready_one(team)

        await team.github("push", branch=task.branch, files={"b.md": "B\n"}, by="ben")
        pushed = await stands(team)
        await team.github("set_check", number=task.pull_request, conclusion="success", **CHECKED)

        assert pushed == ("checking", "checks")
        assert await stands(team) == ("ready", None)


async def test_closed_it_is_held_and_reopened_it_goes_on() -> None:
    async with a_team(1) as team:
        task = await a_ready_one(team)

        await team.github("close_pull_request", number=task.pull_request, by="ben")
        closed = await stands(team)
        await team.github("reopen_pull_request", number=task.pull_request, by="ben")

        assert closed == ("held", "closed")
        assert await stands(team) == ("ready", None)


async def test_merged_by_hand_it_is_merged_and_its_issue_is_closed() -> None:
    async with a_team(2) as team:
        first, _ = await team.is_ready()

        await team.github("merge", number=first.pull_request, by="ben")

        task = await team.task(1)
        assert (task.state, task.merged_by_hand) == ("merged", True)
        assert team.repository()["issues"][0]["state"] == "closed"
        assert team.merges() == []
        assert (await team.run()).stage == "tracking"


async def test_a_run_whose_every_task_is_merged_by_hand_is_completed() -> None:
    async with a_team(2) as team:
        for task in await team.is_ready():
            await team.github("merge", number=task.pull_request, by="ben")

        assert (await team.run()).status == "completed"
        assert "completed" in team.board()


async def test_retargeted_it_is_held_until_it_leads_back() -> None:
    async with a_team(1) as team:
        task = await a_ready_one(team)
        await team.github("push", branch="release", files=None, by="ben")

        await team.github("retarget", number=task.pull_request, base="release", by="ben")
        away = (await team.task(1)).note
        await team.github("retarget", number=task.pull_request, base="main", by="ben")

        assert away == Note(why=Why.RETARGETED, detail="release")
        assert await stands(team) == ("ready", None)


async def test_merged_into_another_branch_it_is_held_until_it_is_dropped_and_frees_nothing_before() -> None:
    async with a_team([{"title": "First"}, {"title": "Second", "body": "Depends on #1\n"}]) as team:
        first, _ = await team.is_ready()
        await team.github("push", branch="release", files=None, by="ben")
        await team.github("retarget", number=first.pull_request, base="release", by="ben")

        await team.github("merge", number=first.pull_request, by="ben")
        held = (await team.task(1)).state, (await team.task(1)).note
        issue = team.repository()["issues"][0]["state"]
        waiting = (await team.task(2)).note
        refused = await team.says("/ship", by="Ana")
        await team.github("comment", number=1, body="/valine drop", by="ben")
        await team.github("close_issue", number=1, by="ben")
        await team.wait(minutes=16)

        assert held == ("held", Note(why=Why.RETARGETED, detail="release"))
        assert issue == "open"
        assert waiting == Note(why=Why.DEPENDENCY, by=(1,))
        assert "was merged into another branch" in refused
        assert [line for line in team.thread() if "was merged into another branch" in line]
        assert team.merges() == []
        assert await stands(team, 2) == ("ready", None)


async def test_a_deleted_branch_holds_its_task_until_it_is_restored() -> None:
    async with a_team(1) as team:
        task = await a_ready_one(team)

        await team.github("delete_branch", branch=task.branch, by="ben")
        gone = await stands(team)
        await team.github("restore_branch", number=task.pull_request, by="ben")
        await team.github("reopen_pull_request", number=task.pull_request, by="ben")

        assert gone == ("held", "closed")
        assert await stands(team) == ("ready", None)


async def test_an_issue_that_is_edited_is_told_once_and_one_that_is_closed_holds_its_task() -> None:
    async with a_team(1) as team:
        await a_ready_one(team)

        await team.github("edit_issue", number=1, body="Something else.\n", by="ana")
        await team.github("edit_issue", number=1, title="Another name", by="ana")
        await team.github("close_issue", number=1, by="ana")
        closed = await stands(team)
        await team.github("reopen_issue", number=1, by="ana")

        assert len([line for line in team.thread() if "edited" in line]) == 1
        assert "Another name" in team.board()
        assert closed == ("held", "issue_closed")
        assert await stands(team) == ("ready", None)


async def test_a_label_that_somebody_takes_off_is_theirs_to_take_off() -> None:
    async with a_team(1) as team:
        await a_ready_one(team)

        await team.github("remove_label", number=1, label="in-progress", by="ana")
        await team.github("remove_label", number=1, label="ready", by="ana")
        await team.wait(minutes=20)

        assert team.repository()["issues"][0]["labels"] == []
        assert await stands(team) == ("ready", None)


# What CI does -----------------------------------------------------------------------------------------------------


async def test_a_red_check_holds_the_task_and_names_the_check() -> None:
    async with a_team(1) as team:
        await team.starts()

        await team.finishes(await team.task(1), check="failure")

        assert await stands(team) == ("held", "checks_failed")
        assert "test" in team.board()


async def test_a_check_that_is_run_again_hours_later_has_its_whole_time() -> None:
    async with a_team(1, policy="[ship]\nchecks_minutes = 30\n") as team:
        task = await a_ready_one(team)
        await team.wait(hours=2)

        await team.github("rerun_check", name="test", number=task.pull_request, by="ana")
        again = await stands(team)
        await team.wait(minutes=29)
        before = await stands(team)
        await team.wait(minutes=2)
        after = await stands(team)
        await team.github("comment", number=1, body="/valine retry", by="ana")
        retried = await stands(team)
        await team.wait(minutes=31)

        assert (again, before) == (("checking", "checks"), ("checking", "checks"))
        assert after == ("held", "checks_slow")
        assert retried == ("checking", "checks")
        assert await stands(team) == ("held", "checks_slow")


async def test_a_required_check_that_nobody_reports_is_waited_for() -> None:
    async with a_team(1, required_checks=["test", "security"]) as team:
        (task,) = await team.is_ready()
        missing = (await team.task(1)).note

        await team.github(
            "set_check", number=task.pull_request, name="security", status="completed", conclusion="success"
        )

        assert missing == Note(why=Why.CHECKS, detail="security")
        assert await stands(team) == ("ready", None)


async def test_the_last_of_a_hundred_and_twenty_checks_counts() -> None:
    async with a_team(1) as team:
        task = await a_ready_one(team)
        for n in range(120):
            conclusion = "failure" if n == 119 else "success"
            team.world.on_github(
                "set_check", number=task.pull_request, name=f"part {n}", status="completed", conclusion=conclusion
            )

        await team.world.settle()

        assert await stands(team) == ("held", "checks_failed")
        assert len((await team.task(1)).passed_checks) == 120


# How the news arrives ---------------------------------------------------------------------------------------------


async def things_happen(team: Team) -> None:
    """Work on both issues: one ends green, the other red; then the first issue is edited."""
    for task, conclusion in zip((await team.run()).tasks, ("success", "failure"), strict=True):
        await team.finishes(task, check=conclusion)
    await team.github("edit_issue", number=1, title="Another name", by="ana")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "webhook_dropped"},
        {"kind": "webhook_doubled"},
        {"kind": "webhook_reordered"},
        {"kind": "webhook_late", "seconds": 3 * 3600.0},
        {"kind": "webhook_late", "seconds": 7.0, "times": 5},
    ],
    ids=lambda fault: fault["kind"],
)
async def test_however_webhooks_come_the_board_is_right_within_a_quarter_of_an_hour(fault: dict[str, Any]) -> None:
    async with a_team(2) as team:
        await team.starts()
        team.world.on_github("throw_fault", **{"times": -1, **fault})

        await things_happen(team)
        await team.wait(minutes=15, seconds=5)

        assert await team.states() == {1: "ready", 2: "held"}
        assert "Another name" in team.board()
        await team.wait(hours=4)
        assert await team.states() == {1: "ready", 2: "held"}


async def test_a_forged_webhook_is_refused_and_changes_nothing() -> None:
    async with a_team(1) as team:
        await team.starts()
        before, looks = await team.run(), len(team.requests)
        body = json.dumps({"action": "closed", "repository": {"full_name": "acme/rocket"}, "issue": {"number": 1}})
        signature = hmac.new(b"guessed", body.encode(), hashlib.sha256).hexdigest()

        answer = await posted(team, body, signature)

        assert answer.status_code == 401
        await team.world.settle()
        assert (await team.run()) == before
        assert len(team.requests) == looks


async def test_a_signed_webhook_about_nothing_that_changed_only_costs_a_look() -> None:
    async with a_team(1) as team:
        await team.starts()
        before = await team.run()
        body = json.dumps({"action": "closed", "repository": {"full_name": "acme/rocket"}, "issue": {"number": 1}})
        signature = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()

        answer = await posted(team, body, signature)
        await team.wait(minutes=1)

        assert answer.is_success
        assert (await team.run()).tasks == before.tasks


async def posted(team: Team, body: str, signature: str) -> httpx2.Response:
    """What the door answers to that webhook."""
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    return await team.world.network.post(f"{PRODUCT}/github/webhook", content=body.encode(), headers=headers)


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_look_that_is_older_than_its_hint_is_repeated(times: int) -> None:
    async with a_team(1) as team:
        task = await a_ready_one(team)
        await team.wait(minutes=1)
        team.world.on_github("throw_fault", kind="read_lag", seconds=30, times=times)
        started = team.world.clock.now()

        await team.github("close_pull_request", number=task.pull_request, by="ben")

        assert await stands(team) == ("held", "closed")
        assert team.world.clock.now() - started <= timedelta(seconds=25)


async def test_a_pull_request_that_graphql_does_not_know_yet_is_looked_for_again() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        team.meanwhile(
            "POST",
            "*/labels",
            lambda: team.world.on_github("throw_fault", kind="read_lag", seconds=60, times=2, route="/graphql"),
        )
        team.world.on_github("throw_fault", kind="read_lag", seconds=0, times=1)

        await team.clicks("Approve", by="Ana")

        assert await stands(team) == ("started", "draft")


# What is said on GitHub -------------------------------------------------------------------------------------------


def answers(team: Team, number: int) -> list[str]:
    """What Valine said there, but for the comment that links the pull request."""
    comments = team.repository()["comments"]
    ours = [str(one["body"]) for one in comments if one["number"] == number and one["author"] == "valine-bot"]
    return ours[1:] if number <= 2 else ours


async def test_status_is_answered_where_it_was_asked() -> None:
    async with a_team(2) as team:
        tasks = await team.starts()

        await team.github("comment", number=1, body="/valine status", by="chen")
        await team.github("comment", number=tasks[1].pull_request, body="/valine status", by="chen")

        assert len(answers(team, 1)) == len(answers(team, int(tasks[1].pull_request or 0))) == 1
        assert "r1" in answers(team, 1)[0]


async def test_drop_takes_the_task_out_and_leaves_its_pull_request() -> None:
    async with a_team(2) as team:
        tasks = await team.starts()

        await team.github("comment", number=tasks[0].pull_request, body="/valine drop", by="chen")

        assert await team.states() == {1: "dropped", 2: "started"}
        assert team.pull(tasks[0])["state"] == "open"
        assert team.repository()["issues"][0]["labels"] == ["ready"]
        assert any("chen" in line for line in team.thread())


async def test_cancel_stops_the_run_and_closes_its_pull_requests_if_asked() -> None:
    async with a_team(2) as team:
        await team.starts()

        await team.github("comment", number=1, body="/valine cancel close", by="chen")

        assert (await team.run()).status == "cancelled"
        assert {pull["state"] for pull in team.repository()["pull_requests"]} == {"closed"}
        assert [issue["labels"] for issue in team.repository()["issues"]] == [["ready"]] * 2


async def test_retry_forgets_checks_that_are_no_more() -> None:
    async with a_team(1) as team:
        task = await a_ready_one(team)
        await team.github("set_check", number=task.pull_request, name="old", status="completed", conclusion="success")
        await team.github("rerun_check", name="old", number=task.pull_request, vanish=True, by="ana")
        await team.wait(minutes=16)
        assert await stands(team) == ("checking", "checks")

        await team.github("comment", number=1, body="/valine retry", by="chen")

        assert await stands(team) == ("ready", None)


@pytest.mark.parametrize("word", ["status", "retry", "drop", "cancel"])
async def test_somebody_without_write_permission_commands_nothing(word: str) -> None:
    async with a_team(2, private=False) as team:
        await team.starts()
        before = await team.run()
        team.world.on_github("add_member", login="eve", role="read")

        await team.github("comment", number=1, body=f"/valine {word}", by="eve")

        assert (await team.run()).tasks == before.tasks
        assert (await team.run()).status == "in_progress"
        assert answers(team, 1) == []


async def test_a_strangers_command_costs_one_question_however_often_it_comes() -> None:
    async with a_team(1, private=False) as team:
        await team.starts()
        team.world.on_github("add_member", login="eve", role="read")
        team.world.on_github("throw_fault", kind="webhook_doubled", route="issue_comment", times=1)

        await team.github("comment", number=1, body="/valine drop", by="eve")
        await team.wait(minutes=20)

        assert len([path for _, _, path, _ in team.requests if path.endswith("/collaborators/eve/permission")]) == 1
        assert answers(team, 1) == []


@pytest.mark.parametrize("who", ["valine-bot", "helper[bot]"])
async def test_bots_command_nothing(who: str) -> None:
    async with a_team(1) as team:
        await team.starts()
        team.world.on_github("add_member", login=who, role="write")

        await team.github("comment", number=1, body="<!-- valine:x -->\n/valine drop", by=who)

        assert await team.states() == {1: "started"}
        assert [comment["author"] for comment in team.repository()["comments"]] == ["valine-bot", who]


async def test_a_command_whose_webhook_comes_twice_is_obeyed_and_answered_once() -> None:
    async with a_team(2) as team:
        await team.starts()
        team.world.on_github("throw_fault", kind="webhook_doubled", route="issue_comment", times=1)

        await team.github("comment", number=1, body="/valine drop", by="chen")
        (delivery,) = {
            d["guid"]
            for d in team.world.github.view()["deliveries"]
            if d["event"] == "issue_comment" and d["action"] == "created"
        } - deliveries_of_ours(team)
        await team.wait(minutes=10)
        await team.github("redeliver", delivery=delivery)
        await team.wait(minutes=20)

        assert await team.states() == {1: "dropped", 2: "started"}
        assert len(answers(team, 1)) == 1
        assert len([line for line in team.thread() if "chen" in line]) == 1


def deliveries_of_ours(team: Team) -> set[str]:
    """All deliveries of comments but the newest that a person wrote."""
    state = team.world.github._state
    ours = set()
    for record in state.deliveries.values():
        if record.event == "issue_comment" and json.loads(record.body)["comment"]["user"]["login"] == "valine-bot":
            ours.add(record.guid)
    return ours


async def test_a_command_whose_webhook_was_lost_is_found_at_the_next_look() -> None:
    async with a_team(2) as team:
        await team.starts()
        team.world.on_github("throw_fault", kind="webhook_dropped", times=-1)

        await team.github("comment", number=1, body="/valine drop", by="chen")
        await team.wait(minutes=15, seconds=10)

        assert await team.states() == {1: "dropped", 2: "started"}
        assert len(answers(team, 1)) == 1


def comments_asked(team: Team) -> list[datetime]:
    """From when on comments were asked for, each time."""
    paths = [path for _, _, path, _ in team.requests if "/issues/comments?" in path]
    return [datetime.fromisoformat(parse_qs(urlsplit(path).query)["since"][0]) for path in paths]


async def test_after_months_without_a_run_no_comment_older_than_the_run_is_read_or_obeyed() -> None:
    async with a_team(1) as team:
        team.world.on_github("throw_fault", kind="webhook_dropped", times=-1)
        await team.starts()
        await team.wait(minutes=20)
        await team.clicks("Cancel", by="Ana")
        await team.clicks("Cancel, keep them open", by="Ana")
        await team.github("comment", number=1, body="/valine drop", by="chen")
        await team.wait(days=60)
        before = len(comments_asked(team))

        await team.starts(number=2)
        await team.wait(minutes=20)

        run = await team.run(2)
        asked = comments_asked(team)[before:]
        assert asked
        assert min(asked) >= run.created_at.replace(microsecond=0)
        assert await team.states(2) == {1: "started"}


async def test_an_old_comment_that_is_edited_into_a_command_is_not_obeyed() -> None:
    async with a_team(1) as team:
        made = await team.github("comment", number=1, body="Nice.", by="chen")
        await team.wait(minutes=5)
        await team.starts()
        state = team.world.github._state
        repository = next(iter(state.repositories.values()))
        comment = repository.comments[made["id"]]
        comment.body, comment.updated_at = "/valine drop", team.world.clock.now()

        await team.wait(minutes=40)

        assert await team.states() == {1: "started"}
        assert answers(team, 1) == []


async def test_a_lost_command_is_found_by_the_look_of_another_run_and_judged_by_its_own() -> None:
    async with a_team([{"title": "A", "labels": ["web"]}, {"title": "B", "labels": ["api"]}]) as team:
        team.world.on_github("throw_fault", kind="webhook_dropped", times=-1)
        await team.starts(label="web")
        await team.wait(minutes=1)
        await team.github("comment", number=1, body="/valine drop", by="chen")
        await team.github("comment", number=2, body="/valine drop", by="chen")
        await team.wait(seconds=1)
        await team.starts(label="api", number=2)

        await team.wait(minutes=20)

        assert (await team.run(1)).status == "completed"
        assert await team.states(1) == {1: "dropped"}
        assert await team.states(2) == {2: "started"}


async def test_a_command_on_an_issue_of_no_run_changes_nothing() -> None:
    async with a_team([{"title": "Planned"}, {"title": "Other", "labels": []}]) as team:
        await team.starts()

        await team.github("comment", number=2, body="/valine cancel", by="chen")

        assert (await team.run()).status == "in_progress"
        assert len(answers(team, 2)) <= 1


# The board --------------------------------------------------------------------------------------------------------


def edits(team: Team) -> int:
    """How often a message in the channel was edited so far."""
    return sum(method == "PATCH" and "/channels/" in path for _, method, path, _ in team.requests)


async def test_the_board_is_not_touched_by_what_changes_nothing_on_it() -> None:
    async with a_team(2) as team:
        tasks = await team.starts()
        before = edits(team)

        await team.github("push", branch=tasks[0].branch, files={"a.md": "A\n"}, by="ana")
        await team.github("comment", number=1, body="Nice.", by="ben")
        await team.github("add_label", number=1, label="nice", by="ben")
        await team.wait(hours=2)

        assert edits(team) == before


async def test_in_a_storm_the_board_is_edited_at_most_every_three_seconds_and_ends_right() -> None:
    async with a_team(10) as team:
        tasks = await team.starts()
        before, started = edits(team), team.world.clock.now()

        for n in range(60):
            number = tasks[n % 10].pull_request
            team.world.on_github("convert_to_draft" if n // 10 % 2 else "ready_for_review", number=number, by="ana")
            await team.wait(seconds=1)
        await team.wait(seconds=30)

        seconds = (team.world.clock.now() - started).total_seconds()
        assert edits(team) - before <= seconds / 3 + 1
        assert set((await team.states()).values()) == {"started"}
        assert team.board().count("a draft") == 10


async def test_retry_looks_again_at_once() -> None:
    async with a_team(1) as team:
        task = await a_ready_one(team)
        await team.github("close_pull_request", number=task.pull_request, by="ben")
        team.world.on_github("throw_fault", kind="webhook_dropped", times=-1)
        await team.github("reopen_pull_request", number=task.pull_request, by="ben")
        assert await stands(team) == ("held", "closed")

        await team.clicks("Retry", by="Ana")

        assert await stands(team) == ("ready", None)


# What it costs ----------------------------------------------------------------------------------------------------


async def test_a_run_of_ten_tasks_keeps_to_its_budget_of_requests() -> None:
    async with a_team(10) as team:
        await team.says("/plan", by="Ana")
        planned = counts(team)
        await team.clicks("Approve", by="Ana")
        opened = counts(team)
        for task in (await team.run()).tasks:
            await team.finishes(task)
        tracked = counts(team)
        await team.wait(hours=1)

        assert planned == {"github": 1, "discord": 4}
        # Thirteen a task (six writes, each looked up before or believed when seen), and what belongs to the run.
        assert opened["github"] - planned["github"] <= 125
        assert opened["discord"] - planned["discord"] <= 24
        # One look for the burst of webhooks of each push, and then one every quarter of an hour.
        assert tracked["github"] - opened["github"] <= 11
        assert counts(team)["github"] - tracked["github"] <= 12


@pytest.mark.parametrize("fault", [{}, {"kind": "webhook_late", "seconds": 7.0, "times": 20}], ids=["prompt", "late"])
async def test_a_burst_of_quick_checks_costs_a_few_looks(fault: dict[str, Any]) -> None:
    async with a_team(1) as team:
        task = await a_ready_one(team)
        await team.wait(minutes=1)
        before = looks(team)
        if fault:
            team.world.on_github("throw_fault", **fault)

        for n in range(20):
            for status, conclusion in (("queued", None), ("in_progress", None), ("completed", "success")):
                team.world.on_github(
                    "set_check", number=task.pull_request, name=f"part {n}", status=status, conclusion=conclusion
                )
        await team.wait(minutes=1)

        assert await stands(team) == ("ready", None)
        assert len((await team.task(1)).passed_checks) == 21
        assert looks(team) - before <= 5


def looks(team: Team) -> int:
    """How often GitHub's GraphQL was asked."""
    return sum(path.endswith("/graphql") for service, _, path, _ in team.requests if service == "github")


def counts(team: Team) -> dict[str, int]:
    """The requests so far, but for the commands that were registered at the start."""
    asked = [service for service, _, path, _ in team.requests if not path.endswith("/commands")]
    return {service: asked.count(service) for service in ("github", "discord")}
