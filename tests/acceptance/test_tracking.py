"""News that a scenario cannot forge or count, and what it costs; the rest is in scenarios/tracking."""

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
from valine_play.demo.world import PRODUCT

if TYPE_CHECKING:
    from acceptance.stories import Team
    from valine.orchestrator.model.run import Task


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


# What CI does -----------------------------------------------------------------------------------------------------


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


async def test_a_signed_webhook_about_nothing_that_changed_only_costs_a_refresh() -> None:
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
    """What the endpoint answers to that webhook."""
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    return await team.world.network.post(f"{PRODUCT}/github/webhook", content=body.encode(), headers=headers)


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_refresh_that_is_older_than_its_hint_is_repeated(times: int) -> None:
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


@pytest.mark.parametrize("fence", ["````\n```\n{}\n```\n````", "~~~~\n~~~\n{}\n~~~\n~~~~"])
async def test_a_command_that_a_comment_shows_as_code_drops_nothing(fence: str) -> None:
    async with a_team(2) as team:
        await team.starts()

        await team.github("comment", number=1, body=f"You could say\n\n{fence.format('/valine drop')}", by="chen")
        await team.github("comment", number=2, body=f"{fence.format('/valine cancel')}\n\n/valine drop", by="chen")
        await team.wait(minutes=20)

        assert await team.states() == {1: "started", 2: "dropped"}
        assert answers(team, 1) == []


def deliveries_of_ours(team: Team) -> set[str]:
    """All deliveries of comments but the newest that a person wrote."""
    state = team.world.github._state
    ours = set()
    for record in state.deliveries.values():
        if record.event == "issue_comment" and json.loads(record.body)["comment"]["user"]["login"] == "valine-bot":
            ours.add(record.guid)
    return ours


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
        # One refresh for the burst of webhooks of each push, and then one every quarter of an hour.
        assert tracked["github"] - opened["github"] <= 11
        assert counts(team)["github"] - tracked["github"] <= 12


@pytest.mark.parametrize("fault", [{}, {"kind": "webhook_late", "seconds": 7.0, "times": 20}], ids=["prompt", "late"])
async def test_a_burst_of_quick_checks_costs_a_few_refreshes(fault: dict[str, Any]) -> None:
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
