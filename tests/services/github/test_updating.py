"""Bringing a branch up to date: looked at before and after, and clean only if it is git's own merge."""

from __future__ import annotations

from typing import Any

import pytest

from builders import HEAD, TREE, a_base, a_plan, a_run, a_task
from services.github.forge_world import OddGitHub, ok, refusal_of
from services.github.things import BRANCH, OTHER, OURS, UPDATE_EFFECT, a_commit, a_rest_pull
from services.github.twin_world import TwinWorld
from valine.errors import Ambiguous
from valine.orchestrator.model.events import BranchUpdated
from valine.orchestrator.model.states import IssueNumber, Sha


async def _behind(world: TwinWorld) -> str:
    """The pull request is behind: the base's new head."""
    await world.opened()
    world.act("push", branch="main", files={"other.py": "x\n"}, by="bo")
    return str(world.view["branches"]["main"]["head"])


async def _clean_tree(world: TwinWorld) -> str:
    """What git's merge of both gives, as the refresh tells it."""
    task = a_task(world.issue, pull_request=world.pull["number"])
    run = a_run(plan=a_plan(base=a_base(branch="main")), tasks=(task,))
    (pull,) = (await world.forge.work_world(run)).pulls
    assert pull.test_merge is not None
    return pull.test_merge.tree


async def test_an_update_that_is_gits_own_merge_is_clean(world: TwinWorld) -> None:
    base = await _behind(world)
    effect = world.update_effect(base, await _clean_tree(world))

    result = await world.forge.perform(effect)
    again = await world.forge.perform(effect)

    assert result == BranchUpdated(issue=effect.issue, head=world.pull["head_sha"], clean=True)
    assert again == result


async def test_an_update_whose_answer_was_lost_is_found(world: TwinWorld) -> None:
    base = await _behind(world)
    effect = world.update_effect(base, await _clean_tree(world))
    world.fault("lost_answer", "*/update-branch", method="PUT")

    lost = await refusal_of(world.forge, effect)
    found = await world.forge.perform(effect)

    assert isinstance(lost, Ambiguous)
    assert found == BranchUpdated(issue=effect.issue, head=world.pull["head_sha"], clean=True)


async def test_a_base_that_moved_meanwhile_makes_it_unclean(world: TwinWorld) -> None:
    base = await _behind(world)
    effect = world.update_effect(base, await _clean_tree(world))
    world.act("push", branch="main", files={"third.py": "x\n"}, by="bo")

    result = await world.forge.perform(effect)

    assert result == BranchUpdated(issue=effect.issue, head=world.pull["head_sha"], clean=False)


async def test_a_push_meanwhile_makes_it_unclean_and_nothing_is_written(world: TwinWorld) -> None:
    base = await _behind(world)
    effect = world.update_effect(base, await _clean_tree(world))
    world.act("push", branch=BRANCH, files={"more.py": "x\n"}, by="ana")
    world.seen.clear()

    result = await world.forge.perform(effect)

    assert result == BranchUpdated(issue=effect.issue, head=world.pull["head_sha"], clean=False)
    assert all(seen.startswith("GET") for seen in world.seen)


async def test_a_branch_that_is_up_to_date_already_keeps_its_head(world: TwinWorld) -> None:
    await world.opened()

    effect = world.update_effect(HEAD, TREE)

    assert await world.forge.perform(effect) == BranchUpdated(issue=effect.issue, head=effect.head, clean=True)


async def test_an_update_that_conflicts_is_refused_in_githubs_words(world: TwinWorld) -> None:
    await world.opened()
    world.act("push", branch="main", files={"login.py": "something else\n"}, by="bo")

    refused = await refusal_of(world.forge, world.update_effect(HEAD, TREE))

    assert refused.failure.code == "invalid"
    assert "merge conflict" in refused.failure.detail


async def test_an_update_that_takes_long_is_waited_for_and_then_left_for_later(github: OddGitHub) -> None:
    github.says(ok(a_rest_pull()), ok({"message": "Updating pull request branch."}, 202), *[ok(a_rest_pull())] * 6)

    assert isinstance(await refusal_of(github.forge(), UPDATE_EFFECT), Ambiguous)
    assert github.clock.slept == [1] * 5


@pytest.mark.parametrize(
    ("commit", "clean"),
    [
        (a_commit(OTHER, TREE, OURS, HEAD), True),
        (a_commit(OTHER, OTHER, OURS, HEAD), False),
        (a_commit(OTHER, TREE, HEAD, OURS), False),
        (a_commit(OTHER, TREE, OURS), False),
    ],
)
async def test_clean_means_these_parents_and_this_tree(
    github: OddGitHub,
    commit: dict[str, Any],
    clean: bool,  # noqa: FBT001
) -> None:
    moved = a_rest_pull(head={"ref": BRANCH, "sha": OTHER})
    github.says(ok(a_rest_pull()), ok({}, 202), ok(a_rest_pull()), ok(moved), ok(commit))

    result = await github.forge().perform(UPDATE_EFFECT)

    assert result == BranchUpdated(issue=IssueNumber(41), head=Sha(OTHER), clean=clean)
