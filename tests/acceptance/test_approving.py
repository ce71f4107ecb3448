"""Approvals that need a refresh or a hand inside Valine; the rest is in scenarios/approving."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from acceptance.stories import REPOSITORY, a_plan_that_is_not_fully_shown, a_team, it_is_shown_by_being_approved

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.stories import Team


async def nothing_started(team: Team) -> bool:
    """Whether GitHub was not written to and nothing is claimed."""
    record = await team.world.system.store.repository(REPOSITORY)
    writes = [r for r in team.requests if r[0] == "github" and r[1] != "GET" and not r[2].endswith("/graphql")]
    return not writes and record.claims == {}


# Approving -----------------------------------------------------------------------------------------------------------


async def test_a_button_of_another_run_of_the_same_name_is_refused() -> None:
    """The store was begun anew under a card that is still there."""
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        with team.world.system.file.writing() as database:
            for table in ("history", "run", "repository"):
                database.execute(f"DELETE FROM {table}")  # noqa: S608 - three names of ours
        await team.says("/plan", by="Ana")
        first, second = team.channel()
        assert (first["text"] == second["text"], first["id"] == second["id"]) == (False, False)

        reply = await team.clicks("Approve", by="Ben", message=first["id"])

        assert reply.startswith("This card is of another r1 than the one I know. Nothing was changed.")
        assert (await team.run()).stage == "proposed"
        assert await nothing_started(team)


async def test_the_button_of_a_run_that_the_store_does_not_know_is_no_such_run() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        with team.world.system.file.writing() as database:
            for table in ("history", "run", "repository"):
                database.execute(f"DELETE FROM {table}")  # noqa: S608 - three names of ours

        reply = await team.clicks("Approve", by="Ben")

        assert reply.startswith("There is no such run: r1. Nothing was changed.")


# Approving what is not on show ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("permission", ["SEND_MESSAGES_IN_THREADS", "CREATE_PUBLIC_THREADS"])
async def test_a_plan_that_was_not_fully_shown_is_shown_by_a_first_click_and_approved_by_a_second(
    permission: str,
) -> None:
    async with a_team(26) as team:
        await a_plan_that_is_not_fully_shown(team, permission)

        await it_is_shown_by_being_approved(team)


async def test_a_plan_that_a_process_showed_in_part_is_shown_in_whole_and_approved_through_another(
    tmp_path: Path,
) -> None:
    async with a_team(26, store=f"sqlite:///{tmp_path / 'valine.db'}") as team:
        await a_plan_that_is_not_fully_shown(team, "SEND_MESSAGES_IN_THREADS")
        await team.world.restart()

        await it_is_shown_by_being_approved(team)


async def test_a_page_of_the_plan_that_is_needed_no_longer_is_deleted_in_its_thread_though_it_is_archived() -> None:
    async with a_team(60) as team:
        await team.says("/plan", by="Ana")
        assert [line for line in team.thread() if "page" in line] == ["Plan r1, page 2 of 3", "Plan r1, page 3 of 3"]
        team.world.on_discord("archive_thread", thread=(await team.run()).thread)

        await team.drops(*range(51, 61), by="Ana")

        assert [line for line in team.thread() if "page" in line] == ["Plan r1, page 2 of 2"]
        assert (await team.clicks("Approve", by="Ana")).startswith("You approved r1: work on 50 issues begins.")


# GitHub moves between the plan and its approval ----------------------------------------------------------------------


async def test_a_new_issue_and_a_push_to_the_base_do_not_ask_again() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        await team.github("create_issue", title="New", labels=["ready"], by="ana")
        pushed = await team.github("push", branch="main", files={"x": "y\n"}, message="Meanwhile", by="ana")

        reply = await team.clicks("Approve", by="Ana")

        run = await team.run()
        assert reply.startswith("You approved r1")
        assert [task.issue for task in run.tasks] == [1]
        assert run.plan.base.sha == pushed["sha"]


# How it stands -------------------------------------------------------------------------------------------------------


async def test_status_answers_at_once_from_the_store() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")
        sent, now = len(team.requests), team.world.clock.now()

        reply = await team.says("/status", by="Chen")

        assert "r1" in reply
        assert "0/2 merged" in reply
        assert len(team.requests) == sent
        assert team.world.discord.view()["interactions"][-1]["answered_with"] == 4  # a message
        assert team.world.clock.now() - now < timedelta(seconds=60)


async def test_an_approval_that_comes_as_the_proposal_expires_is_too_late() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        expires = (await team.run()).expires_at
        team.world.clock.advance_to(expires)

        reply = await team.clicks("Approve", by="Ana")

        assert reply.startswith("r1 expired ")
        assert (await team.run()).status == "cancelled"
        assert await nothing_started(team)
