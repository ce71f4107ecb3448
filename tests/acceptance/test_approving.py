"""Approvals that need a look or a hand inside Valine; the rest is in scenarios/approving."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from acceptance.stories import REPOSITORY, a_team

if TYPE_CHECKING:
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
