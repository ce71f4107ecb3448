"""/plan: which issues it takes, in which order, why each is in or out; and what is said when there is nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.stories import REPOSITORY, a_team, decoded

if TYPE_CHECKING:
    from acceptance.stories import Team

PLAN_QUERY = "query Plan"


def order(team: Team) -> list[int]:
    """The issues on the card, in their order."""
    return [int(number) for number in re.findall(r"^\d+\. #(\d+)", team.card(), re.MULTILINE)]


def reasons(team: Team) -> dict[int, str]:
    """What the card says of each issue that it leaves out."""
    found = re.findall(r"^• #(\d+) \(\S+\) [^:]*: (.*)$", team.card(), re.MULTILINE)
    return {int(number): said for number, said in found}


async def left_behind(team: Team) -> dict[str, Any]:
    """Everything that a plan could leave in the store and on Discord, where there is any of it."""
    record = await team.world.system.store.repository(REPOSITORY)
    messages = [message["text"] for message in team.channel()]
    found = {"active": record.active, "claims": record.claims, "messages": messages}
    started = {"next": record.next_number} if record.next_number != 1 else {}
    return {name: value for name, value in found.items() if value} | started


def the_token(team: Team) -> str:
    """The token that Valine has from GitHub."""
    token = team.world.system.settings.github_token
    assert token is not None
    return token.reveal()


def plan_requests(team: Team) -> int:
    """How many requests for a plan's issues were sent."""
    return sum(
        PLAN_QUERY in (decoded(body) or {}).get("query", "") for _, _, path, body in team.requests if "graphql" in path
    )


# What is taken, in which order, and why not --------------------------------------------------------------------------


async def test_a_plan_takes_the_labelled_issues_and_shows_them_on_a_card() -> None:
    issues: list[dict[str, Any]] = [
        {"title": "One"},
        {"title": "Two", "labels": ["later"]},
        {"title": "Three", "labels": ["ready", "bug"]},
    ]
    async with a_team(issues) as team:
        reply = await team.says("/plan", by="Ana")

        assert "r1 proposes 2 issues" in reply
        assert order(team) == [1, 3]
        assert "Two" not in team.card()
        assert "asked for by Ana" in team.card()
        assert team.thread() == ["📋 Ana asked for r1: 2 issues proposed."]
        assert team.rung() == set()


async def test_anybody_in_the_server_may_ask_for_a_plan() -> None:
    async with a_team(1) as team:
        await team.says("/plan", by="Chen")

        assert order(team) == [1]
        assert (await team.run()).requested_by.name == "Chen"


async def test_pull_requests_are_never_planned_as_issues() -> None:
    async with a_team(1) as team:
        await team.github("push", branch="mine", files={"a": "b\n"}, message="Mine", by="ana")
        made = await team.github("open_pull_request", head="mine", base="main", title="A pull request", by="ana")
        await team.github("add_label", number=made["number"], label="ready", by="ana")

        await team.says("/plan", by="Ana")

        assert order(team) == [1]
        assert "A pull request" not in team.card()


async def test_closed_issues_are_not_planned() -> None:
    async with a_team(2) as team:
        await team.github("close_issue", number=1, by="ana")

        await team.says("/plan", by="Ana")

        assert order(team) == [2]


async def test_a_label_can_be_asked_for_and_its_case_does_not_matter() -> None:
    async with a_team([{"title": "One"}, {"title": "Two", "labels": ["Next Up"]}]) as team:
        await team.says('/plan "label:next up"', by="Ana")

        assert order(team) == [2]


async def test_the_policys_own_label_is_the_default() -> None:
    policy = '[plan]\nlabel = "go"\n'
    async with a_team([{"title": "One"}, {"title": "Two", "labels": ["go"]}], policy=policy) as team:
        await team.says("/plan", by="Ana")

        assert order(team) == [2]
        assert plan_requests(team) == 2  # the policy is only known after the first


async def test_dependencies_come_first_then_priority_then_age() -> None:
    issues: list[dict[str, Any]] = [
        {"title": "Old", "created_at": "2026-01-01T00:00:00Z"},
        {"title": "Urgent", "labels": ["ready", "p0"], "created_at": "2026-03-01T00:00:00Z"},
        {"title": "Less urgent", "labels": ["ready", "p1"], "created_at": "2026-02-01T00:00:00Z"},
        {"title": "Needs the next", "labels": ["ready", "p0"], "blocked_by": [5], "created_at": "2026-04-01T00:00:00Z"},
        {"title": "Pulled forward", "created_at": "2026-05-01T00:00:00Z"},
        {"title": "Oldest", "created_at": "2025-01-01T00:00:00Z"},
    ]
    async with a_team(issues) as team:
        await team.says("/plan", by="Ana")

        assert order(team) == [2, 5, 4, 3, 6, 1]
        assert "after #5" in team.card()


async def test_words_in_the_body_are_a_hint_of_dependency() -> None:
    issues: list[dict[str, Any]] = [
        {"title": "Later", "body": "Depends on #2, and blocked by #3."},
        {"title": "Sooner", "body": "> depends on #1\n\n`depends on #1`"},
        {"title": "Elsewhere", "body": "Depends on #99 and on other/repo#1."},
    ]
    async with a_team(issues) as team:
        await team.says("/plan", by="Ana")

        assert order(team) == [2, 3, 1]
        assert reasons(team) == {}


async def test_the_policy_names_other_priorities() -> None:
    policy = '[plan]\npriorities = ["now", "soon"]\n'
    issues: list[dict[str, Any]] = [
        {"title": "A", "labels": ["ready", "p0"]},
        {"title": "B", "labels": ["ready", "Soon"]},
    ]
    async with a_team(issues, policy=policy) as team:
        await team.says("/plan", by="Ana")

        assert order(team) == [2, 1]


async def test_a_limit_takes_the_most_urgent_and_names_the_rest() -> None:
    issues: list[dict[str, Any]] = [{"title": "A"}, {"title": "B", "labels": ["ready", "p0"]}, {"title": "C"}]
    async with a_team(issues) as team:
        reply = await team.says("/plan limit:1", by="Ana")

        assert "1 issue, 2 left out" in reply
        assert order(team) == [2]
        assert reasons(team) == {1: "it is beyond the limit", 3: "it is beyond the limit"}


async def test_a_limit_never_separates_an_issue_from_what_it_needs() -> None:
    issues: list[dict[str, Any]] = [
        {"title": "A", "labels": ["ready", "p0"], "blocked_by": [2]},
        {"title": "B"},
        {"title": "C"},
    ]
    async with a_team(issues) as team:
        await team.says("/plan limit:2", by="Ana")

        assert order(team) == [2, 1]


async def test_issues_in_a_circle_and_those_behind_it_are_left_out_with_the_circle() -> None:
    issues: list[dict[str, Any]] = [
        {"title": "A", "blocked_by": [2]},
        {"title": "B", "blocked_by": [1]},
        {"title": "Behind", "blocked_by": [2]},
        {"title": "Free"},
    ]
    async with a_team(issues) as team:
        await team.says("/plan", by="Ana")

        assert order(team) == [4]
        assert reasons(team) == {
            1: "it and #2 depend on each other",
            2: "it and #1 depend on each other",
            3: "it waits for #2, still open and not in this plan",
        }


async def test_a_blocker_outside_the_plan_leaves_its_dependants_out() -> None:
    issues: list[dict[str, Any]] = [
        {"title": "Not labelled", "labels": []},
        {"title": "Blocked", "blocked_by": [1]},
        {"title": "Behind it", "blocked_by": [2]},
        {"title": "Free"},
    ]
    async with a_team(issues) as team:
        await team.says("/plan", by="Ana")

        assert order(team) == [4]
        assert reasons(team) == {
            2: "it waits for #1, still open and not in this plan",
            3: "it waits for #2, still open and not in this plan",
        }


async def test_a_closed_blocker_blocks_nothing() -> None:
    async with a_team([{"title": "Done"}, {"title": "Next", "blocked_by": [1]}]) as team:
        await team.github("close_issue", number=1, by="ana")

        await team.says("/plan", by="Ana")

        assert order(team) == [2]


async def test_issues_of_an_active_run_are_left_out_with_its_name() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")
        await team.github("create_issue", title="A new one", labels=["ready"], by="ana")

        await team.says("/plan", by="Ben")

        run = await team.run(2)
        assert [item.issue for item in run.plan.items] == [5]
        assert reasons(team) == {1: "r1 is already working on it", 2: "r1 is already working on it"}


async def test_when_every_issue_is_taken_the_plan_says_so_and_leaves_nothing_behind() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")
        posted = len(team.channel())

        reply = await team.says("/plan", by="Ben")

        assert "None of the 2 issues with the label ready can be planned. Nothing was changed." in reply
        assert "#1 Issue number 1: r1 is already working on it" in reply
        record = await team.world.system.store.repository(REPOSITORY)
        assert record.next_number == 2
        assert len(team.channel()) == posted


async def test_several_pull_requests_that_close_an_issue_leave_it_out() -> None:
    async with a_team(2) as team:
        for name in ("one", "two"):
            await team.github("push", branch=name, files={name: "x\n"}, message="x", by="ana")
            await team.github("open_pull_request", head=name, base="main", title=name, body="Closes #1", by="ana")

        await team.says("/plan", by="Ana")

        assert order(team) == [2]
        assert reasons(team) == {1: "several open pull requests close it: #3 and #4"}


# A pull request that is there already --------------------------------------------------------------------------------


async def an_adopted_issue(team: Team) -> None:
    """Dora has a branch and a pull request that closes #1."""
    await team.github("push", branch="doras-work", files={"dora.md": "Mine\n"}, message="Mine", by="dora")
    await team.github(
        "open_pull_request", head="doras-work", base="main", title="Mine", body="Closes #1", by="dora", draft=False
    )


async def test_an_issue_with_a_pull_request_is_adopted_and_not_doubled() -> None:
    async with a_team([{"title": "One", "assignees": ["dora"]}]) as team:
        await an_adopted_issue(team)

        await team.says("/plan", by="Ana")
        assert "continues #2" in team.card()
        await team.clicks("Approve", by="Ana")

        shown = team.repository()
        assert sorted(shown["branches"]) == ["doras-work", "main"]
        assert [pull["number"] for pull in shown["pull_requests"]] == [2]
        assert shown["pull_requests"][0]["assignees"] == ["dora"]
        assert shown["issues"][0]["labels"] == ["ready", "in-progress"]
        assert [comment["number"] for comment in shown["comments"]] == [1]
        assert "#2" in shown["comments"][0]["body"]
        assert "#1 (https://github.test/acme/rocket/issues/1) One → #2" in team.board()


async def test_an_adopted_pull_request_ships_and_its_branch_is_left_alone() -> None:
    async with a_team(1) as team:
        await an_adopted_issue(team)
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")
        await team.github("set_check", name="test", number=2, status="completed", conclusion="success", workflow="ci")

        await team.ships(by="Ana")

        assert await team.states() == {1: "merged"}
        shown = team.repository()
        assert shown["issues"][0]["state"] == "closed"
        assert "doras-work" in shown["branches"]


async def test_a_draft_in_a_fork_is_adopted_and_its_branch_is_not_taken_for_ours() -> None:
    async with a_team(1) as team:
        await team.github("add_member", login="eve", role="read")
        await team.github("push", branch="main", fork="eve", files={"eve.md": "Hers\n"}, message="Hers", by="eve")
        await team.github("open_pull_request", head="eve:main", base="main", title="x", body="Fixes #1", by="eve")

        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")

        task = await team.task(1)
        assert task.adopted
        assert task.branch == "eve:main"
        assert len(team.repository()["pull_requests"]) == 1


# Links ---------------------------------------------------------------------------------------------------------------


async def test_links_lead_to_the_githubs_own_address_before_any_pull_request_is_seen() -> None:
    async with a_team(
        [{"title": "One"}, {"title": "Out", "blocked_by": [1, 3]}, {"title": "No", "labels": []}]
    ) as team:
        await team.says("/plan", by="Ana")

        assert "1. #1 (https://github.test/acme/rocket/issues/1) One" in team.card()
        assert "• #2 (https://github.test/acme/rocket/issues/2) Out" in team.card()
        assert "github.com" not in team.card()


# When there is nothing, or no way to know ----------------------------------------------------------------------------


async def test_no_issue_with_the_label_is_said_and_leaves_nothing_behind() -> None:
    async with a_team(0) as team:
        reply = await team.says("/plan", by="Ana")

        assert reply == (
            "No open issue of acme/rocket carries the label ready. Nothing was changed. Label some, then /plan again."
        )
        assert await left_behind(team) == {}


async def test_a_repository_that_is_gone_is_said_and_leaves_nothing_behind() -> None:
    async with a_team(1) as team:
        await team.github("delete_repository")

        reply = await team.says("/plan", by="Ana")

        assert reply.startswith("GitHub knows no repository acme/rocket, or hides it from me. Nothing was changed.")
        assert await left_behind(team) == {}


async def test_a_revoked_token_is_said_and_leaves_nothing_behind() -> None:
    async with a_team(1) as team:
        await team.github("revoke_token", token=the_token(team))

        reply = await team.says("/plan", by="Ana")

        assert reply.startswith("GitHub does not let me into acme/rocket (GitHub answered 401: Bad credentials)")
        assert "Nothing was changed." in reply
        assert await left_behind(team) == {}


async def test_missing_permissions_are_said_and_leave_nothing_behind() -> None:
    async with a_team(1) as team:
        team.world.on_github("throw_fault", kind="error_before", route="/graphql", status=403, times=-1)

        reply = await team.says("/plan", by="Ana")

        assert reply.startswith("GitHub does not let me into acme/rocket")
        assert await left_behind(team) == {}


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error_before", "status": 500},
        {"kind": "error_before", "status": 502},
        {"kind": "error_before", "status": 503},
        {"kind": "unreachable"},
        {"kind": "lost_answer"},
        {"kind": "rate_limited", "seconds": 900},
        {"kind": "secondary_limit"},
        {"kind": "graphql_limit"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
async def test_a_github_that_is_down_is_said_and_leaves_nothing_behind(fault: dict[str, Any]) -> None:
    async with a_team(1) as team:
        team.world.on_github("throw_fault", route="/graphql", times=-1, **fault)

        reply = await team.says("/plan", by="Ana")

        assert reply.startswith("GitHub is not answering (")
        assert "Nothing was changed. Please try again in a few minutes." in reply
        assert await left_behind(team) == {}
        assert plan_requests(team) == 1

        team.world.on_github("clear_faults")
        await team.says("/plan", by="Ana")
        assert order(team) == [1]
        assert (await team.run()).name == "r1"


async def test_github_that_fails_on_the_second_page_leaves_nothing_behind() -> None:
    async with a_team(101) as team:
        team.meanwhile("POST", "/graphql", list)
        team.meanwhile("POST", "/graphql", lambda: team.world.on_github("throw_fault", kind="unreachable"))

        reply = await team.says("/plan", by="Ana")

        assert reply.startswith("GitHub is not answering")
        assert plan_requests(team) == 2
        assert await left_behind(team) == {}


# The same thing twice ------------------------------------------------------------------------------------------------


async def test_the_same_interaction_delivered_again_makes_one_run_and_one_card() -> None:
    async with a_team(1) as team:
        sent = team.world.on_discord("command", by="Ana", name="plan", options={})
        await team.world.settle()

        team.world.on_discord("redeliver", delivery=sent["delivery"])
        await team.world.settle()

        assert len(team.channel()) == 1
        assert (await team.world.system.store.repository(REPOSITORY)).next_number == 2
        assert plan_requests(team) == 1


async def test_a_second_plan_while_one_is_proposed_links_to_it() -> None:
    async with a_team(2) as team:
        await team.says("/plan", by="Ana")

        reply = await team.says("/plan", by="Ben")

        assert "r1 is already proposed by Ana: see #Run r1. Nothing was changed." in reply
        assert len(team.channel()) == 1
        assert plan_requests(team) == 1


async def test_two_people_who_plan_at_once_get_one_proposal() -> None:
    async with a_team(2) as team:
        team.world.on_discord("command", by="Ana", name="plan", options={})
        team.world.on_discord("command", by="Ben", name="plan", options={})
        await team.world.settle()

        assert "r1 proposes 2 issues" in team.reply("Ana")
        assert "r1 is already proposed by Ana" in team.reply("Ben")
        assert len(team.channel()) == 1


# The policy file -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ('[plan]\nlable = "ready"\n', ".github/valine.toml: unknown key plan.lable; did you mean plan.label?"),
        ("[plam]\n", ".github/valine.toml: unknown key plam; did you mean plan?"),
        (
            '[plan]\nlimit = "ten"\n',
            '.github/valine.toml: plan.limit must be a whole number from 1 to 250, not "ten"',
        ),
        ("[plan]\nlimit = 0\n", ".github/valine.toml: plan.limit must be a whole number from 1 to 250, not 0"),
        (
            '[ship]\nmethod = "octopus"\n',
            '.github/valine.toml: ship.method must be "merge", "squash" or "rebase", not "octopus"',
        ),
        ("plan = 3\n", ".github/valine.toml: plan must be a table, [plan], not 3"),
        ("[plan\n", ".github/valine.toml is not valid TOML: "),
    ],
)
async def test_a_policy_that_cannot_be_obeyed_refuses_the_plan_and_says_why(policy: str, said: str) -> None:
    async with a_team(1, policy=policy) as team:
        reply = await team.says("/plan", by="Ana")

        assert reply.startswith(said)
        assert "Nothing was changed." in reply
        assert await left_behind(team) == {}


# Many, few, and odd --------------------------------------------------------------------------------------------------


async def test_two_hundred_and_fifty_issues_are_all_shown_over_the_pages_of_the_card() -> None:
    async with a_team(250) as team:
        await team.says("/plan", by="Ana")

        thread = team.channel()[0]["thread"]["messages"]
        pages = [team.card(), *(m["text"] for m in thread if "· card." in m["text"])]
        listed = [int(number) for page in pages for number in re.findall(r"^\d+\. #(\d+)", page, re.MULTILINE)]
        assert listed == list(range(1, 251))
        assert plan_requests(team) == 3  # the budget: a request a hundred issues
        assert len([r for r in team.requests if r[0] == "github"]) == 3
        # The commands are registered, the deferral completed; thread, milestone and ten pages are posted.
        assert len([r for r in team.requests if r[0] == "discord"]) == 14


async def test_a_plan_of_ten_issues_costs_one_request_to_github() -> None:
    async with a_team(10) as team:
        await team.says("/plan", by="Ana")

        assert [(r[0], r[1]) for r in team.requests if r[0] == "github"] == [("github", "POST")]
        # The commands are registered, the deferral completed; card, thread and milestone are posted.
        assert sorted(r[1] for r in team.requests if r[0] == "discord") == ["PATCH", "POST", "POST", "POST", "PUT"]


TITLES = (
    "x" * 256,
    "@everyone @here <@&123456789012345678> look",
    "<@123456789012345678> **bold** `code` [link](https://evil.test) ~~no~~ ||spoiler||",
    "# heading\n- list\n> quote",
    "🚀" * 130,
    "עברית \u202e right to left \u2067 مرحبا",
    "</plan:1> <t:0:R> :smile: https://evil.test",
    "\u0000\u200b\u2028 ",
)


async def test_odd_titles_are_shown_as_they_are_and_ring_nobody() -> None:
    async with a_team([{"title": title} for title in TITLES]) as team:
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")

        assert team.rung() == set()
        assert "**bold**" in team.card()
        assert "[link](https" in team.card()
        assert len((await team.run()).tasks) == len(TITLES)
        assert "\u202e" not in team.card()
        assert len(team.repository()["pull_requests"]) == len(TITLES)


async def test_a_limit_beyond_the_number_of_issues_takes_them_all() -> None:
    async with a_team(2) as team:
        await team.says("/plan limit:250", by="Ana")

        assert order(team) == [1, 2]
        assert reasons(team) == {}


async def test_a_plan_asked_for_in_a_thread_has_its_card_in_the_channel() -> None:
    async with a_team([{"title": "A"}, {"title": "B", "labels": ["other"]}]) as team:
        await team.starts()
        thread = (await team.run()).thread

        team.world.on_discord("command", by="Ana", name="plan", options={"label": "other"}, channel=thread)
        await team.world.settle()

        assert "Plan r2: 1 issue" in team.card()
        assert (await team.run(2)).thread != thread


async def test_an_archived_repository_is_said_and_leaves_nothing_behind() -> None:
    async with a_team(1) as team:
        await team.github("archive")

        reply = await team.says("/plan", by="Ana")

        assert "acme/rocket is archived: nobody can write to it" in reply
        assert await left_behind(team) == {}


async def test_a_private_repository_that_the_token_may_not_see_is_like_none() -> None:
    async with a_team(1, private=True) as team:
        await team.github("remove_member", login="valine-bot")

        reply = await team.says("/plan", by="Ana")

        assert reply.startswith("GitHub knows no repository acme/rocket, or hides it from me.")
        assert await left_behind(team) == {}


async def test_an_empty_policy_file_means_the_defaults() -> None:
    async with a_team(1, policy="") as team:
        await team.says("/plan", by="Ana")

        assert order(team) == [1]


async def test_the_same_plan_asked_again_after_a_refusal_looks_again() -> None:
    async with a_team(0) as team:
        await team.says("/plan", by="Ana")
        await team.github("create_issue", title="Here it is", labels=["ready"], by="ana")

        await team.says("/plan", by="Ana")

        assert order(team) == [1]
        assert (await team.run()).name == "r1"


async def test_a_label_of_other_peoples_words_rings_nobody() -> None:
    async with a_team(1) as team:
        reply = await team.says('/plan "label:@everyone <@123456789012345678>"', by="Chen")

        assert "carries the label @\u200beveryone <@\u200b123456789012345678>." in reply
        assert team.rung() == set()
        assert await left_behind(team) == {}


async def test_what_the_issues_own_people_and_the_policys_take_turns_at_is_on_the_card() -> None:
    policy = '[tasks]\nassignees = ["ana", "ben"]\n'
    issues: list[dict[str, Any]] = [
        {"title": "A"},
        {"title": "B", "assignees": ["dora"]},
        {"title": "C"},
        {"title": "D"},
    ]
    async with a_team(issues, policy=policy) as team:
        await team.says("/plan", by="Ana")

        run = await team.run()
        assert [item.assignees for item in run.plan.items] == [("ana",), ("dora",), ("ben",), ("ana",)]
        assert "B · dora" in team.card()
