"""Merging exactly one head: looked at before and after, never done twice."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.github.forge_world import OddGitHub, no, ok, refusal_of
from services.github.things import BRANCH, MERGE_EFFECT, OTHER, a_rest_pull
from services.github.twin_world import TwinWorld
from valine.errors import Ambiguous, Permanent, Transient
from valine.orchestrator.model.events import Merged, MergeRefused
from valine.orchestrator.model.states import IssueNumber, Sha


async def _reason(world: TwinWorld, effect: Any) -> str:
    result = await world.forge.perform(effect)
    assert isinstance(result, MergeRefused)
    return result.reason


@pytest.mark.parametrize("method", ["squash", "merge", "rebase"])
async def test_a_merge_names_the_commit_that_is_the_base_now(world: TwinWorld, method: str) -> None:
    await world.opened()

    result = await world.forge.perform(world.merge_effect(method=method))

    main = world.view["branches"]["main"]
    assert isinstance(result, Merged)
    assert result.sha == main["head"]
    assert world.pull["state"] == "merged"


@pytest.mark.parametrize("fault", ["error_after", "lost_answer"])
async def test_a_merge_whose_answer_was_lost_is_found_and_not_repeated(world: TwinWorld, fault: str) -> None:
    await world.opened()
    effect = world.merge_effect()
    world.fault(fault, "*/merge", method="PUT")

    lost = await refusal_of(world.forge, effect)
    found = await world.forge.perform(effect)

    assert isinstance(lost, Ambiguous)
    assert found == Merged(issue=effect.issue, sha=world.view["branches"]["main"]["head"])
    assert [seen.split()[0] for seen in world.seen].count("PUT") == 1


async def test_a_merge_that_github_forgot_is_ambiguous_and_done_the_next_time(world: TwinWorld) -> None:
    await world.opened()
    effect = world.merge_effect()
    world.fault("dropped_write", "*/merge", method="PUT")

    forgotten = await refusal_of(world.forge, effect)
    done = await world.forge.perform(effect)

    assert isinstance(forgotten, Ambiguous)
    assert isinstance(done, Merged)


async def test_a_head_that_moved_is_not_merged(world: TwinWorld) -> None:
    await world.opened()
    effect = world.merge_effect()
    world.act("push", branch=BRANCH, files={"more": "x"}, by="ana")

    assert await _reason(world, effect) == "moved"
    assert world.pull["state"] == "open"
    assert len(world.seen) == 1


async def test_a_draft_is_not_merged(world: TwinWorld) -> None:
    await world.opened(ready=False)

    assert await _reason(world, world.merge_effect()) == "draft"


async def test_a_closed_one_is_not_merged(world: TwinWorld) -> None:
    number = await world.opened()
    effect = world.merge_effect()
    world.act("close_pull_request", number=number, by="ana")

    assert await _reason(world, effect) == "closed"


async def test_one_that_was_merged_by_hand_is_merged(world: TwinWorld) -> None:
    number = await world.opened()
    effect = world.merge_effect()
    world.act("merge", number=number, by="bo")

    result = await world.forge.perform(effect)

    assert isinstance(result, Merged)
    assert result.sha == world.view["branches"]["main"]["head"]


@pytest.mark.parametrize("merged", [True, False])
async def test_one_that_leads_into_another_branch_is_not_merged(world: TwinWorld, merged: bool) -> None:  # noqa: FBT001
    number = await world.opened()
    effect = world.merge_effect()
    world.act("push", branch="release", files=None, by="bo")
    world.act("retarget", number=number, base="release", by="bo")
    if merged:
        world.act("merge", number=number, by="bo")

    result = await world.forge.perform(effect)

    assert isinstance(result, MergeRefused)
    assert (result.reason, result.detail) == ("retargeted", "release")


async def test_one_that_is_retargeted_while_it_is_merged_is_not_merged_here(github: OddGitHub) -> None:
    elsewhere = a_rest_pull(state="closed", merged=True, merge_commit_sha=OTHER, base={"ref": "release", "sha": OTHER})
    github.says(ok(a_rest_pull()), ok({"sha": OTHER, "merged": True, "message": "Merged"}), ok(elsewhere))

    result = await github.forge().perform(MERGE_EFFECT)

    assert isinstance(result, MergeRefused)
    assert result.reason == "retargeted"


async def test_a_conflict_is_told(world: TwinWorld) -> None:
    await world.opened()
    world.act("push", branch="main", files={"login.py": "something else\n"}, by="bo")

    assert await _reason(world, world.merge_effect()) == "conflict"


async def test_rules_are_told_in_githubs_words(world: TwinWorld) -> None:
    await world.opened()
    world.act("set_rules", required_checks=["build"])

    result = await world.forge.perform(world.merge_effect())

    assert isinstance(result, MergeRefused)
    assert result.reason == "rules"
    assert "build" in result.detail


async def test_a_method_that_is_not_allowed_is_a_rule(world: TwinWorld) -> None:
    await world.opened()
    world.act("set_options", merge_methods=["merge"])

    assert await _reason(world, world.merge_effect()) == "rules"


async def test_mergeability_that_is_being_computed_is_waited_for(recorder: Any) -> None:
    world = TwinWorld(recorder, mergeable_unknown_looks=1)
    await world.opened()

    soon = await refusal_of(world.forge, world.merge_effect())
    done = await world.forge.perform(world.merge_effect())

    assert isinstance(soon, Transient)
    assert soon.failure.retry_at is not None
    assert isinstance(done, Merged)


@pytest.mark.parametrize(
    "words", ["Base branch was modified. Review and try the merge again.", "Merge already in progress"]
)
async def test_a_base_that_moved_is_tried_again_soon(github: OddGitHub, words: str) -> None:
    github.says(ok(a_rest_pull()), no(405, words))

    assert isinstance(await refusal_of(github.forge(), MERGE_EFFECT), Transient)


@pytest.mark.parametrize(
    ("refusal", "then", "reason"),
    [
        (no(409, "Head branch was modified."), a_rest_pull(), "moved"),
        (no(409, "Head branch was modified."), a_rest_pull(head={"ref": BRANCH, "sha": OTHER}), "moved"),
        (no(405, "Pull Request is not mergeable"), a_rest_pull(mergeable=False), "conflict"),
        (no(405, "Merge conflict between base and head"), a_rest_pull(), "conflict"),
        (no(405, "Changes must be made through the merge queue"), a_rest_pull(), "rules"),
        (no(422, "Validation Failed"), a_rest_pull(draft=True), "draft"),
        (no(405, "Pull Request is not mergeable"), a_rest_pull(state="closed"), "closed"),
    ],
)
async def test_a_refusal_is_understood_by_looking(
    github: OddGitHub, refusal: Any, then: dict[str, Any], reason: str
) -> None:
    github.says(ok(a_rest_pull()), refusal, ok(then))

    result = await github.forge().perform(MERGE_EFFECT)

    assert isinstance(result, MergeRefused)
    assert result.reason == reason


async def test_a_refusal_because_it_is_merged_already_is_success(github: OddGitHub) -> None:
    merged = a_rest_pull(state="closed", merged=True, merge_commit_sha=OTHER)
    github.says(ok(a_rest_pull()), no(405, "Pull Request is not mergeable"), ok(merged))

    assert await github.forge().perform(MERGE_EFFECT) == Merged(issue=IssueNumber(41), sha=Sha(OTHER))


async def test_a_missing_permission_to_merge_is_permanent(github: OddGitHub) -> None:
    github.says(ok(a_rest_pull()), no(403, "Resource not accessible by integration"))

    refused = await refusal_of(github.forge(), MERGE_EFFECT)

    assert isinstance(refused, Permanent)
    assert refused.failure.code == "forbidden"


async def test_a_title_may_hold_anything(world: TwinWorld) -> None:
    await world.opened()
    effect = msgspec.structs.replace(world.merge_effect(), title="Ship 🚢 `x` @everyone")

    await world.forge.perform(effect)

    assert world.view["branches"]["main"]["log"][0]["message"].startswith("Ship 🚢 `x` @everyone")
