"""From the card to a yes or no: editing, approving exactly what was seen, rejecting, expiring, asking how it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.stories import REPOSITORY, a_team

if TYPE_CHECKING:
    from acceptance.stories import Team


async def nothing_started(team: Team) -> bool:
    """Whether GitHub was not written to and nothing is claimed."""
    record = await team.world.system.store.repository(REPOSITORY)
    writes = [r for r in team.requests if r[0] == "github" and r[1] != "GET" and not r[2].endswith("/graphql")]
    return not writes and record.claims == {}


# Editing -------------------------------------------------------------------------------------------------------------


async def test_an_edit_makes_a_new_revision_on_the_same_card() -> None:
    async with a_team(3) as team:
        await team.says("/plan", by="Ana")
        card = team.channel()[0]["id"]

        reply = await team.drops(2, by="Ben")

        assert "Took #2 out of r1" in reply
        assert "Revision 2 has 2 issues and needs its own approval." in reply
        assert [message["id"] for message in team.channel()] == [card]
        assert "revision 2" in team.card()
        assert (
            "#2 (https://github.test/acme/rocket/issues/2) Issue number 2: it was taken out of this plan" in team.card()
        )
        assert team.thread()[-1] == "✏️ Ben changed the plan: revision 2 waits for approval."
        assert await nothing_started(team)


async def test_taking_an_issue_out_takes_its_dependants_out() -> None:
    async with a_team([{"title": "A"}, {"title": "B", "blocked_by": [1]}, {"title": "C"}]) as team:
        await team.says("/plan", by="Ana")

        await team.drops(1, by="Ana")

        assert [item.issue for item in (await team.run()).plan.items] == [3]


async def test_taking_everything_out_is_refused() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")

        reply = await team.drops(1, 2, by="Ana")

        assert reply.startswith("That would leave nothing in r1. Nothing was changed.")
        assert (await team.run()).plan.revision == 1


async def test_editing_takes_the_same_permission_as_approving() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Chen")

        reply = await team.drops(1, by="Chen")

        assert reply == "To change a plan, you need the permission Manage Server. Nothing was changed."
        assert (await team.run()).plan.revision == 1


async def test_the_select_of_an_earlier_revision_is_refused() -> None:
    async with a_team(3) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("select", by="Ana", values=["1"])
        team.world.on_discord("select", by="Ben", values=["2"])  # Ben's client still shows revision 1
        await team.world.settle()

        assert team.reply("Ben").startswith("That was an earlier version of r1. Nothing was changed. Revision 2 is in")
        assert [item.issue for item in (await team.run()).plan.items] == [2, 3]


async def test_the_button_of_an_earlier_revision_is_refused() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("select", by="Ana", values=["1"])
        team.world.on_discord("click", by="Ben", label="Approve")
        await team.world.settle()

        assert team.reply("Ben").startswith("That was an earlier version of r1. Nothing was changed.")
        assert (await team.run()).stage == "proposed"
        assert await nothing_started(team)


async def test_rejecting_an_earlier_revision_is_refused() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("select", by="Ana", values=["1"])
        team.world.on_discord("click", by="Ben", label="Reject")
        await team.world.settle()

        assert team.reply("Ben").startswith("That was an earlier version of r1.")
        assert (await team.run()).stage == "proposed"


# Approving -----------------------------------------------------------------------------------------------------------


async def test_an_approval_claims_the_issues_and_starts_the_work() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")

        reply = await team.clicks("Approve", by="Ben")

        assert reply.startswith("You approved r1: work on 2 issues begins.")
        assert "✅ Approved by Ben" in team.card()
        assert "[Approve]" not in team.card()
        record = await team.world.system.store.repository(REPOSITORY)
        assert record.claims == {"1": 1, "2": 1}
        assert await team.states() == {1: "started", 2: "started"}
        assert team.thread()[1] == "✅ Ben approved revision 1 of r1."


async def test_approving_takes_manage_server_whether_clicked_or_typed() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Chen")

        clicked = await team.clicks("Approve", by="Chen")
        typed = await team.says("/approve r1", by="Chen")

        assert clicked == typed == "To approve a plan, you need the permission Manage Server. Nothing was changed."
        assert await nothing_started(team)


async def test_a_permission_that_was_taken_away_since_the_card_counts_no_more() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("set_roles", member="Ana", roles=[])

        reply = await team.clicks("Approve", by="Ana")

        assert "you need the permission Manage Server" in reply
        assert await nothing_started(team)


async def test_a_second_approval_is_told_who_did_it_and_when() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")
        await team.wait(minutes=5)

        reply = await team.says("/approve r1", by="Ben")

        assert reply.startswith("Ana already approved r1, 2026-11-23 09:0")
        assert "Nothing was changed." in reply
        assert len((await team.run()).approvals) == 1


async def test_two_approvals_at_once_make_one() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("click", by="Ana", label="Approve")
        team.world.on_discord("click", by="Ben", label="Approve")
        await team.world.settle()

        assert team.reply("Ana").startswith("You approved r1")
        assert team.reply("Ben").startswith("Ana already approved r1, ")
        assert len(team.repository()["pull_requests"]) == 2


async def test_an_approval_and_a_rejection_at_once_are_one_or_the_other() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("click", by="Ben", label="Reject")
        team.world.on_discord("click", by="Ana", label="Approve")
        await team.world.settle()

        assert team.reply("Ben") == "You rejected r1. Nothing was started. /plan makes a new one."
        assert team.reply("Ana").startswith("r1 was ended by Ben")
        assert await nothing_started(team)


async def test_a_typed_approval_means_the_one_proposal_there_is() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")

        reply = await team.says("/approve", by="Ana")

        assert reply.startswith("You approved r1")


async def test_a_typed_approval_is_refused_while_the_card_shows_an_earlier_revision() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("select", by="Ana", values=["1"])
        team.world.on_discord("command", by="Ben", name="approve", options={"run": "r1"})
        await team.world.settle()

        assert team.reply("Ben").startswith("Revision 2 of r1 was not fully shown when you approved.")
        assert await nothing_started(team)


async def test_a_typed_approval_is_refused_while_no_card_could_be_posted() -> None:
    async with a_team(1) as team:
        team.world.on_discord("throw_fault", kind="error_before", method="POST", route="/channels/*", times=-1)
        await team.says("/plan", by="Ana")

        reply = await team.says("/approve r1", by="Ben")

        assert reply.startswith("Revision 1 of r1 was not fully shown when you approved.")
        assert await nothing_started(team)
        team.world.on_discord("clear_faults")
        await team.wait(minutes=10)
        assert (await team.says("/approve r1", by="Ben")).startswith("You approved r1")
        assert len(team.channel()) == 2  # one card, one board


async def test_a_suggestion_for_approve_carries_its_revision_and_becomes_stale_with_it() -> None:
    async with a_team(3) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("autocomplete", by="Ben", name="approve", option="run", text="r")
        await team.world.settle()
        choice = team.world.discord.view()["interactions"][-1]["choices"][0]
        await team.drops(1, by="Ana")

        team.world.on_discord("command", by="Ben", name="approve", options={"run": choice["value"]})
        await team.world.settle()

        run = await team.run()
        assert choice["name"] == "r1 · ready · 3 issues · waits for approval"
        assert choice["value"].startswith("r1@1.")
        assert team.reply("Ben").startswith("That was an earlier version of r1.")
        assert run.stage == "proposed"


async def test_a_suggestion_for_approve_approves_what_it_showed() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("autocomplete", by="Ben", name="approve", option="run")
        await team.world.settle()
        choice = team.world.discord.view()["interactions"][-1]["choices"][0]

        team.world.on_discord("command", by="Ben", name="approve", options={"run": choice["value"]})
        await team.world.settle()

        assert team.reply("Ben").startswith("You approved r1")


async def test_suggestions_offer_only_what_the_command_can_do() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")
        offered = {}
        for name in ("approve", "ship", "status"):
            team.world.on_discord("autocomplete", by="Ben", name=name, option="run")
            await team.world.settle()
            offered[name] = [choice["value"] for choice in team.world.discord.view()["interactions"][-1]["choices"]]

        assert offered == {"approve": [], "ship": ["r1"], "status": ["r1"]}


async def test_approving_what_does_not_exist_is_no_such_run() -> None:
    async with a_team(1) as team:
        unknown = await team.says("/approve r7", by="Ana")
        nothing = await team.says("/approve", by="Ana")
        odd = await team.says("/approve soon", by="Ana")

        assert unknown == "There is no such run: r7. Nothing was changed. /status lists those there are."
        assert nothing == "There is no run at the moment. /plan proposes one."
        assert odd.startswith("That is not the name of a run. Nothing was changed.")


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("edit_issue", {"title": "Another title"}), "#1: another title"),
        (("edit_issue", {"body": "Another body"}), "#1: another description"),
        (("close_issue", {}), "#1 is out: it was closed"),
        (("remove_label", {"label": "ready"}), "#1 is out: it was closed"),
        (("edit_issue", {"blocked_by": [3]}), "#1 is out: it waits for #3, still open and not in this plan"),
        (("assign", {"login": "ben"}), "#1: now given to ben"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
async def test_an_approval_of_what_has_changed_on_github_is_asked_again(
    change: tuple[str, dict[str, Any]], said: str
) -> None:
    async with a_team([{"title": "One"}, {"title": "Two"}, {"title": "Three", "labels": []}]) as team:
        await team.says("/plan", by="Ana")
        team.world.on_github("throw_fault", kind="webhook_dropped", times=-1)
        action, arguments = change
        await team.github(action, number=1, **arguments)

        reply = await team.clicks("Approve", by="Ana")

        assert "GitHub has changed since r1 was proposed, so it was not approved. Revision 2 is in #shipping" in reply
        assert said in reply
        assert await nothing_started(team)
        assert "revision 2" in team.card()

        assert (await team.clicks("Approve", by="Ana")).startswith("You approved r1")


async def test_a_webhook_that_says_so_brings_the_card_up_to_date() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")

        await team.github("edit_issue", number=1, title="Another title", by="ana")

        assert "Another title" in team.card()
        assert "revision 2" in team.card()
        assert team.thread()[-1] == "✏️ Valine changed the plan: revision 2 waits for approval."


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


async def test_a_plan_whose_issues_are_all_gone_is_over() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")

        await team.github("close_issue", number=1, by="ana")

        run = await team.run()
        assert run.status == "cancelled"
        assert "Ended" in team.card()
        assert team.thread()[-1] == "⌛ r1 ended without approval. Nothing was started."


async def test_an_approval_while_github_is_down_changes_nothing_and_works_later() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        team.world.on_github("throw_fault", kind="error_before", route="/graphql", times=-1)

        reply = await team.clicks("Approve", by="Ana")

        assert reply.startswith("GitHub is not answering")
        assert (await team.run()).stage == "proposed"
        team.world.on_github("clear_faults")
        assert (await team.clicks("Approve", by="Ana")).startswith("You approved r1")


async def test_an_issue_that_another_run_took_meanwhile_asks_again() -> None:
    """Two proposals never overlap; what is claimed after a proposal was made is seen at its approval."""
    async with a_team([{"title": "A"}, {"title": "B", "labels": ["ready", "other"]}]) as team:
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")
        reply = await team.says("/plan other", by="Ben")

        assert "#2 B: r1 is already working on it" in reply


# No, and too late ----------------------------------------------------------------------------------------------------


async def test_a_rejection_ends_it_and_a_new_plan_can_be_made() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")

        reply = await team.clicks("Reject", by="Ben")

        assert reply == "You rejected r1. Nothing was started. /plan makes a new one."
        assert "🚫 Rejected by Ben" in team.card()
        assert "[Approve]" not in team.card()
        assert team.thread()[-1] == "🚫 Ben rejected r1. Nothing was started."
        assert (await team.run()).status == "cancelled"
        assert "r2 proposes 1 issue" in await team.says("/plan", by="Ana")


async def test_rejecting_takes_permission() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")

        reply = await team.clicks("Reject", by="Chen")

        assert reply == "To reject a plan, you need the permission Manage Server. Nothing was changed."
        assert (await team.run()).stage == "proposed"


async def test_a_proposal_expires_after_a_day() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        await team.wait(hours=23, minutes=59)
        assert (await team.run()).stage == "proposed"

        await team.wait(minutes=2)

        assert (await team.run()).status == "cancelled"
        assert "⌛ Expired" in team.card()
        assert "[Approve]" not in team.card()
        assert team.thread()[-1] == "⌛ r1 ended without approval. Nothing was started."


async def test_the_policy_says_how_long_a_proposal_lasts() -> None:
    async with a_team(1, policy="[plan]\nexpires_hours = 2\n") as team:
        await team.says("/plan", by="Ana")

        await team.wait(hours=2, minutes=1)

        assert (await team.run()).status == "cancelled"


@pytest.mark.parametrize("end", ["reject", "expire", "ship"])
async def test_approving_what_is_over_is_refused_and_changes_nothing(end: str) -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        if end == "reject":
            await team.clicks("Reject", by="Ben")
        elif end == "expire":
            await team.wait(hours=25)
        else:
            await team.clicks("Approve", by="Ana")
            await team.finishes(await team.task(1))
            await team.ships(by="Ana")
            await team.wait(minutes=5)
        before = await team.run()

        reply = await team.says("/approve r1", by="Ben")

        words = {"reject": "r1 was ended by Ben", "expire": "r1 expired ", "ship": "Ana already approved r1"}
        assert reply.startswith(words[end])
        assert "Nothing was changed." in reply
        assert await team.run() == before


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


async def test_status_without_a_run_lists_the_active_ones_newest_first() -> None:
    async with a_team([{"title": "A"}, {"title": "B", "labels": ["other"]}]) as team:
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")
        await team.says("/plan other", by="Ana")

        reply = await team.says("/status", by="Ben")

        assert 0 <= reply.index("r2") < reply.index("r1")


async def test_status_of_one_run_works_when_it_is_over_too() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        await team.clicks("Reject", by="Ana")

        one = await team.says("/status r1", by="Ben")
        every = await team.says("/status", by="Ben")
        unknown = await team.says("/status r9", by="Ben")

        assert "r1" in one
        assert "r1" not in every
        assert unknown.startswith("There is no such run: r9.")


async def test_a_pull_request_that_appears_after_the_plan_is_shown_before_it_is_adopted() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        await team.github("push", branch="mine", files={"a": "b\n"}, message="Mine", by="dora")
        await team.github("open_pull_request", head="mine", base="main", title="x", body="Closes #1", by="dora")

        reply = await team.clicks("Approve", by="Ana")

        assert "#1: another pull request, or new commits in it" in reply
        assert "continues #2" in team.card()
        await team.clicks("Approve", by="Ana")
        assert sorted(team.repository()["branches"]) == ["main", "mine"]


async def test_an_approval_that_comes_as_the_proposal_expires_is_too_late() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Ana")
        expires = (await team.run()).expires_at
        team.world.clock.advance_to(expires)

        reply = await team.clicks("Approve", by="Ana")

        assert reply.startswith("r1 expired ")
        assert (await team.run()).status == "cancelled"
        assert await nothing_started(team)


async def test_a_typed_approval_must_name_the_run_if_several_could_be_meant() -> None:
    async with a_team([{"title": "A"}, {"title": "B", "labels": ["other"]}]) as team:
        await team.starts()
        await team.says("/plan other", by="Ana")
        await team.clicks("Approve", by="Ana")

        reply = await team.says("/approve", by="Ben")

        assert reply.startswith("Which run do you mean, r1 or r2? Nothing was changed.")


async def test_somebody_changes_an_issue_in_the_very_moment_of_approval() -> None:
    """The look of the approval is what counts: what it sees is approved, or asked again."""
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        team.meanwhile(
            "POST", "/graphql", lambda: team.world.on_github("edit_issue", number=1, title="Other", by="ana")
        )

        reply = await team.clicks("Approve", by="Ana")

        assert "so it was not approved" in reply
        assert await nothing_started(team)


async def test_somebody_edits_the_plan_while_an_approval_looks_at_github() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        team.meanwhile("POST", "/graphql", lambda: team.world.on_discord("select", by="Ben", values=["1"]))

        reply = await team.clicks("Approve", by="Ana")

        assert reply.startswith("You approved r1")
        assert team.reply("Ben").startswith("r1 is already under way.")
        assert [task.issue for task in (await team.run()).tasks] == [1, 2]
