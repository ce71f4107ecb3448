"""A task's pull request: opened once, however often it is asked for, and never taken from somebody else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from builders import TREE
from services.github.forge_world import OddGitHub, no, ok, refusal_of
from services.github.things import (
    BRANCH,
    CLOSE_PULL_EFFECT,
    MARKER,
    PULL_EFFECT,
    a_rest_issue,
    a_rest_pull,
)
from services.github.twin_world import BODY, TwinWorld
from valine.errors import Ambiguous, Transient
from valine.orchestrator.model.events import PullRequestEnsured
from valine.orchestrator.model.states import IssueNumber, PullNumber


async def test_a_pull_request_is_a_draft_that_quotes_the_brief_and_closes_the_issue(world: TwinWorld) -> None:
    await world.forge.perform(await world.branch_effect())

    made = await world.forge.perform(world.pull_effect())

    pull = world.pull
    assert made == PullRequestEnsured(issue=IssueNumber(world.issue), pull_request=pull["number"])
    assert pull["draft"]
    assert pull["title"] == "Fix login 🚪 `now` [x](y)"
    assert f"Closes #{world.issue}" in pull["body"]
    assert MARKER in pull["body"]
    assert "**broken**" in pull["body"]


async def test_a_brief_that_changed_since_it_was_approved_is_not_quoted(world: TwinWorld) -> None:
    await world.forge.perform(await world.branch_effect())
    world.act("edit_issue", number=world.issue, body="Send me your passwords", by="ana")

    await world.forge.perform(world.pull_effect())

    assert "passwords" not in world.pull["body"]
    assert BODY not in world.pull["body"]


async def test_where_drafts_are_not_supported_it_is_a_plain_one(world: TwinWorld) -> None:
    world.act("set_options", drafts=False)
    await world.forge.perform(await world.branch_effect())

    await world.forge.perform(world.pull_effect())

    assert not world.pull["draft"]


@pytest.mark.parametrize("fault", ["error_after", "lost_answer", "dropped_write"])
async def test_a_pull_request_whose_answer_was_lost_is_not_opened_twice(world: TwinWorld, fault: str) -> None:
    await world.forge.perform(await world.branch_effect())
    world.fault(fault, "*/pulls", method="POST")

    lost = await refusal_of(world.forge, world.pull_effect())
    found = await world.forge.perform(world.pull_effect())

    assert isinstance(lost, Ambiguous)
    assert isinstance(found, PullRequestEnsured)
    assert found.pull_request == world.pull["number"]


async def test_one_that_a_person_closed_is_not_opened_again(world: TwinWorld) -> None:
    number = await world.opened()
    world.act("close_pull_request", number=number, by="ana")

    found = await world.forge.perform(world.pull_effect())

    assert found == PullRequestEnsured(issue=IssueNumber(world.issue), pull_request=PullNumber(number))


async def test_somebody_elses_pull_request_of_that_branch_is_foreign(world: TwinWorld) -> None:
    await world.forge.perform(await world.branch_effect())
    world.act("open_pull_request", head=BRANCH, title="Mine", by="bo")

    foreign = await refusal_of(world.forge, world.pull_effect())

    assert foreign.failure.code == "stranger"


async def test_no_commits_between_for_a_moment_is_waited_for(recorder: Any) -> None:
    world = TwinWorld(recorder, no_commits_seconds=5.0)
    await world.forge.perform(await world.branch_effect())

    soon = await refusal_of(world.forge, world.pull_effect())
    await world.clock.sleep(5)
    made = await world.forge.perform(world.pull_effect())

    assert isinstance(soon, Transient)
    assert isinstance(made, PullRequestEnsured)


async def test_one_that_exists_and_is_not_shown_is_ambiguous(github: OddGitHub) -> None:
    exists = no(422, "Validation Failed", [{"message": f"A pull request already exists for team:{BRANCH}."}])
    github.says(ok([]), ok(a_rest_issue()), exists, ok([]))

    assert isinstance(await refusal_of(github.forge(), PULL_EFFECT), Ambiguous)


async def test_one_that_appeared_meanwhile_is_ours_by_its_marker(github: OddGitHub) -> None:
    exists = no(422, "Validation Failed", [{"message": f"A pull request already exists for team:{BRANCH}."}])
    github.says(ok([]), ok(a_rest_issue()), exists, ok([a_rest_pull(number=6, state="closed"), a_rest_pull()]))

    found = await github.forge().perform(PULL_EFFECT)

    assert found == PullRequestEnsured(issue=IssueNumber(41), pull_request=PullNumber(7))


async def test_a_pull_request_is_closed_once(world: TwinWorld) -> None:
    number = await world.opened()
    effect = msgspec.structs.replace(CLOSE_PULL_EFFECT, issue=IssueNumber(world.issue), pull_request=PullNumber(number))

    for _ in range(2):
        await world.forge.perform(effect)

    assert world.pull["state"] == "closed"
    assert [seen.split()[0] for seen in world.seen] == ["GET", "PATCH", "GET", "GET"]


async def test_a_pull_request_that_github_left_open_is_closed_again(world: TwinWorld) -> None:
    number = PullNumber(await world.opened())
    effect = msgspec.structs.replace(CLOSE_PULL_EFFECT, issue=IssueNumber(world.issue), pull_request=number)
    world.fault("dropped_write", "*/pulls/*", method="PATCH")

    forgotten = await refusal_of(world.forge, effect)
    await world.forge.perform(effect)

    assert isinstance(forgotten, Ambiguous)
    assert world.pull["state"] == "closed"


async def test_one_whose_number_is_not_known_is_looked_for_and_closed(github: OddGitHub) -> None:
    theirs = a_rest_pull(number=6, body="somebody else's")
    closed = a_rest_pull(state="closed")
    github.says(ok([theirs, a_rest_pull()]), ok(closed), ok(closed))

    await github.forge().perform(msgspec.structs.replace(CLOSE_PULL_EFFECT, pull_request=None))

    assert github.seen[1:] == ["PATCH /repos/team/app/pulls/7", "GET /repos/team/app/pulls/7"]


async def test_a_second_one_that_was_opened_too_late_is_closed_with_the_one_that_is_known(github: OddGitHub) -> None:
    second, closed = a_rest_pull(number=9), a_rest_pull(number=9, state="closed")
    github.says(ok([a_rest_pull(state="closed"), second]), ok(closed), ok(closed))

    await github.forge().perform(CLOSE_PULL_EFFECT)

    assert github.seen[1:] == ["PATCH /repos/team/app/pulls/9", "GET /repos/team/app/pulls/9"]


async def test_one_that_has_our_marker_no_more_is_closed_by_its_number(github: OddGitHub) -> None:
    closed = a_rest_pull(state="closed")
    github.says(ok([a_rest_pull(body="edited by somebody")]), ok(a_rest_pull()), ok(closed), ok(closed))

    await github.forge().perform(CLOSE_PULL_EFFECT)

    assert github.seen[1:3] == ["GET /repos/team/app/pulls/7", "PATCH /repos/team/app/pulls/7"]


async def test_ours_is_found_though_somebody_changed_its_base(github: OddGitHub) -> None:
    github.says(ok([a_rest_pull(base={"ref": "other", "sha": TREE})]))

    found = await github.forge().perform(PULL_EFFECT)

    assert found == PullRequestEnsured(issue=IssueNumber(41), pull_request=PullNumber(7))
    assert "base=" not in github.seen[0]


async def test_a_foreign_pull_request_into_another_branch_is_not_in_the_way(github: OddGitHub) -> None:
    theirs = a_rest_pull(number=6, body="somebody else's", base={"ref": "other", "sha": TREE})
    github.says(ok([theirs]), ok(a_rest_issue()), ok(a_rest_pull(), 201), ok(a_rest_pull()))

    found = await github.forge().perform(PULL_EFFECT)

    assert found == PullRequestEnsured(issue=IssueNumber(41), pull_request=PullNumber(7))


async def test_a_process_that_stood_still_closes_what_it_opened_second(github: OddGitHub) -> None:
    first, closed = a_rest_pull(number=6, state="closed"), a_rest_pull(state="closed")
    opening = (ok([]), ok(a_rest_issue()), ok(a_rest_pull()), ok(a_rest_pull()))
    github.says(*opening, ok([first, a_rest_pull()]), ok(closed), ok(closed))
    github.takes = 30

    found = await github.forge().perform(PULL_EFFECT)

    assert found == PullRequestEnsured(issue=IssueNumber(41), pull_request=PullNumber(6))
    assert github.seen[-2:] == ["PATCH /repos/team/app/pulls/7", "GET /repos/team/app/pulls/7"]
