"""A task's branch: made once, however often it is asked for, and never taken from somebody else."""

from __future__ import annotations

import msgspec
import pytest

from services.github.forge_world import OddGitHub, no, ok, refusal_of
from services.github.things import (
    BRANCH,
    BRANCH_EFFECT,
    DELETE_EFFECT,
    a_commit,
    a_ref,
)
from services.github.twin_world import TwinWorld
from valine.errors import Ambiguous, Permanent, Transient
from valine.orchestrator.model.effects import EnsureBranchDeleted
from valine.orchestrator.model.events import BranchDeleted, BranchEnsured
from valine.orchestrator.model.states import IssueNumber, Sha


async def test_a_branch_starts_with_one_commit_of_ours(world: TwinWorld) -> None:
    effect = await world.branch_effect()

    made = await world.forge.perform(effect)

    first, *_ = world.view["branches"][BRANCH]["log"]
    assert made == BranchEnsured(issue=IssueNumber(world.issue), start=first["sha"])
    assert first["author"] == "Valine"
    assert first["message"] == effect.message
    assert first["parents"] == [effect.parent]


async def test_a_branch_that_is_asked_for_again_is_the_same_even_after_a_push(world: TwinWorld) -> None:
    effect = await world.branch_effect()
    first = await world.forge.perform(effect)

    again = await world.forge.perform(effect)
    world.act("push", branch=BRANCH, files={"a": "b"}, by="ana")
    after_push = await world.forge.perform(effect)

    assert first == again == after_push


@pytest.mark.parametrize("fault", ["error_after", "lost_answer"])
async def test_a_branch_whose_answer_was_lost_is_found(world: TwinWorld, fault: str) -> None:
    effect = await world.branch_effect()
    world.fault(fault, "*/git/refs", method="POST")

    lost = await refusal_of(world.forge, effect)
    found = await world.forge.perform(effect)

    assert isinstance(lost, Ambiguous)
    assert isinstance(found, BranchEnsured)


async def test_a_branch_that_github_forgot_is_ambiguous_and_made_the_next_time(world: TwinWorld) -> None:
    effect = await world.branch_effect()
    world.fault("dropped_write", "*/git/refs", method="POST")

    forgotten = await refusal_of(world.forge, effect)
    made = await world.forge.perform(effect)

    assert isinstance(forgotten, Ambiguous)
    assert isinstance(made, BranchEnsured)


async def test_a_branch_of_that_name_without_our_commit_is_foreign(world: TwinWorld) -> None:
    effect = await world.branch_effect()
    world.act("push", branch=BRANCH, files={"a": "b"}, by="bo", from_="main")

    foreign = await refusal_of(world.forge, effect)

    assert isinstance(foreign, Permanent)
    assert foreign.failure.code == "stranger"
    assert BRANCH in foreign.failure.detail


async def test_a_commit_that_has_not_arrived_everywhere_is_waited_for(github: OddGitHub) -> None:
    github.says(ok(a_commit(), 201), no(422, "Object does not exist"))

    soon = await refusal_of(github.forge(), BRANCH_EFFECT)

    assert isinstance(soon, Transient)
    assert soon.failure.retry_at is not None


async def test_a_branch_that_exists_and_is_not_shown_is_ambiguous(github: OddGitHub) -> None:
    github.says(ok(a_commit(), 201), no(422, "Reference already exists"), no(404, "Not Found"))

    assert isinstance(await refusal_of(github.forge(), BRANCH_EFFECT), Ambiguous)


async def test_a_branch_that_the_rules_forbid_is_refused_in_githubs_words(github: OddGitHub) -> None:
    github.says(ok(a_commit(), 201), no(422, "Repository rule violations found"))

    refused = await refusal_of(github.forge(), BRANCH_EFFECT)

    assert (refused.failure.code, refused.failure.detail) == ("invalid", "Repository rule violations found")


async def test_a_branch_is_deleted_and_stays_deleted(world: TwinWorld) -> None:
    made = await world.forge.perform(await world.branch_effect())
    assert isinstance(made, BranchEnsured)
    effect = EnsureBranchDeleted(issue=made.issue, branch=BRANCH, head=made.start)

    results = [await world.forge.perform(effect) for _ in range(2)]

    assert results == [BranchDeleted(issue=made.issue)] * 2
    assert BRANCH not in world.view["branches"]


async def test_a_branch_that_was_pushed_to_is_kept(world: TwinWorld) -> None:
    made = await world.forge.perform(await world.branch_effect())
    assert isinstance(made, BranchEnsured)
    world.act("push", branch=BRANCH, files={"a": "b"}, by="ana")

    result = await world.forge.perform(EnsureBranchDeleted(issue=made.issue, branch=BRANCH, head=made.start))

    assert result == BranchDeleted(issue=made.issue, kept=True)
    assert BRANCH in world.view["branches"]


async def test_the_default_branch_is_never_deleted_for_a_forks_branch_of_that_name(world: TwinWorld) -> None:
    head = world.view["branches"]["main"]["head"]

    result = await world.forge.perform(
        EnsureBranchDeleted(issue=IssueNumber(world.issue), branch="bo:main", head=Sha(head))
    )

    assert result == BranchDeleted(issue=IssueNumber(world.issue))
    assert world.view["branches"]["main"]["head"] == head


async def test_a_branch_that_was_deleted_meanwhile_is_as_good(github: OddGitHub) -> None:
    github.says(ok(a_ref()), no(422, "Reference does not exist"), ok(a_ref()), no(422, "Cannot delete this branch"))

    assert await github.forge().perform(DELETE_EFFECT) == BranchDeleted(issue=IssueNumber(41))
    assert (await refusal_of(github.forge(), DELETE_EFFECT)).failure.code == "invalid"


async def test_odd_branch_names_are_quoted_but_for_their_slashes(github: OddGitHub) -> None:
    github.says(no(404, "Not Found"), ok({}), no(404, "Not Found"))

    await github.forge().perform(msgspec.structs.replace(DELETE_EFFECT, branch="a/b#c%41/ü&d"))

    ref = "GET /repos/team/app/git/ref/heads/a/b%23c%2541/%C3%BC%26d"
    assert github.seen == [ref, "GET /repos/team/app", ref]


async def test_who_was_shut_out_does_not_take_a_branch_for_deleted(github: OddGitHub) -> None:
    for answers in ([no(404), no(404)], [ok(a_ref()), no(404), no(404), no(404)]):
        github.says(*answers)

        assert (await refusal_of(github.forge(), DELETE_EFFECT)).failure.code == "not_found"


async def test_a_branch_that_is_shown_to_who_is_let_in_again_was_not_deleted(github: OddGitHub) -> None:
    github.says(ok(a_ref()), no(404), no(404), ok({}), ok(a_ref()))

    assert (await refusal_of(github.forge(), DELETE_EFFECT)).failure.kind == "ambiguous"


async def test_a_branch_that_is_still_there_was_not_deleted(github: OddGitHub) -> None:
    github.says(ok(a_ref()), ok(None, 204), ok(a_ref()))

    assert (await refusal_of(github.forge(), DELETE_EFFECT)).failure.kind == "ambiguous"
