"""What people do to a proposal; and a cancel that overtakes what was asked of GitHub."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from orchestrator.commands import EDIT, MEMBER, ONE, WRITER, is_shown_first, told
from orchestrator.play import LEAD, Play
from valine.orchestrator import replies
from valine.orchestrator.decide.desired_effects import desired_effects, schedule
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.decision import Decision, Nothing, Refresh, Refusal
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Note
from valine.orchestrator.model.states import IssueNumber, MilestoneKind, PullNumber, Step, TaskState, Why

replace = msgspec.structs.replace

# --- Proposals -------------------------------------------------------------------------------------------------------


def proposed(count: int = 2) -> Play:
    play = Play(count)
    play.plan()
    play.settle()
    return play


def test_who_may_not_plan_is_told_what_they_lack() -> None:
    outcome = Play().plan(by=WRITER)

    assert outcome == Refusal(reply=replies.NotAllowed(action="plan", needs="discord"))


def test_the_label_that_was_asked_for_is_the_one_that_is_looked_for() -> None:
    fields: dict[str, Any] = {"by": LEAD, "asked_at": Play().now, "at": Play().now}

    asked = Play().decide(events.PlanRequested(id="c", channel="x", label="bug", **fields))

    assert asked == Refresh(kind="plan", label="bug")


def test_an_approval_looks_for_the_label_of_its_plan() -> None:
    play = proposed()
    approval = events.PlanApproved(id="c", by=LEAD, asked_at=play.now, at=play.now, run=ONE)

    assert play.decide(approval, 1) == Refresh(kind="plan", label="ready", run=play.run)


def test_a_policy_that_cannot_be_read_is_quoted() -> None:
    outcome = Play(policy="[plan]\nlimt = 3").plan()

    problem = ".github/valine.toml: unknown key plan.limt; did you mean plan.limit?"
    assert outcome == Refusal(reply=replies.UnusablePolicy(problem=problem))


def test_a_plan_that_no_run_could_hold_is_refused_before_anything_is_posted() -> None:
    play = Play(1500)

    outcome = play.plan()

    assert outcome == Refusal(reply=replies.PlanTooBig(fits=359))
    assert play.runs == {}


@pytest.mark.parametrize("fields", [{"by": MEMBER}, {"revision": 7}, {"by": WRITER}])
def test_an_edit_of_something_else_or_by_somebody_else_changes_nothing(fields: dict[str, Any]) -> None:
    play = proposed()
    before = play.run

    outcome = play.says(events.PlanEdited, **(EDIT | fields))

    assert isinstance(outcome, Refusal)
    assert play.run == before


@pytest.mark.parametrize("fields", [{"by": MEMBER}, {"revision": 7}, {"revision": 1, "digest": "other"}])
def test_a_no_to_something_else_or_by_somebody_else_changes_nothing(fields: dict[str, Any]) -> None:
    play = proposed()
    before = play.run

    assert isinstance(play.says(events.PlanRejected, **({"run": ONE} | fields)), Refusal)
    assert play.run == before


def test_a_no_is_told_with_who_said_it_and_ends_all_refreshes() -> None:
    play = proposed()
    play.runs[1] = replace(play.run, refresh_at=play.now)

    play.says(events.PlanRejected, run=ONE)

    rejected = told(play, MilestoneKind.REJECTED)
    assert (rejected.by, rejected.at) == (LEAD, play.now)
    assert (play.run.ended_by, play.run.ended_at, play.run.refresh_at) == (LEAD, play.now, None)


def test_a_plan_whose_issues_are_gone_expires_now() -> None:
    play = proposed()
    play.forge.issues.clear()

    play.says(events.PlanApproved, run=ONE)

    assert (told(play, MilestoneKind.EXPIRED).at, play.run.ended_at) == (play.now, play.now)


def test_a_button_means_the_revision_on_it_however_early_it_was_shown() -> None:
    play = proposed()
    clicked = play.now - timedelta(hours=1)

    outcome = play.says(events.PlanApproved, run=ONE, revision=1, digest=play.run.plan.digest, asked_at=clicked)

    assert isinstance(outcome, Decision)


def test_a_plan_whose_card_still_shows_the_revision_before_is_not_approved() -> None:
    play = proposed()
    play.says(events.PlanEdited, run=ONE, revision=1, drop=(IssueNumber(1),))
    before = play.run

    outcome = play.says(events.PlanApproved, run=ONE)

    assert is_shown_first(play, outcome, before)


@pytest.mark.parametrize("message", ["", "gone"])
def test_a_plan_of_which_one_page_is_not_on_show_is_not_approved(message: str) -> None:
    play = proposed(60)
    stale = replace(play.run.messages["card.2"], message=message, facts="" if message else "as it was")
    before = schedule(replace(play.run, messages=play.run.messages | {"card.2": stale}), play.now)
    play.runs[1] = before

    assert is_shown_first(play, play.says(events.PlanApproved, run=ONE), before)


def test_what_is_approved_is_branched_from_where_the_base_is_now() -> None:
    play = proposed()
    world = play.forge.plan_world(play.now)
    moved = replace(world, base=replace(world.base, sha=play.forge.sha()))
    fields: dict[str, Any] = {"id": "c", "by": LEAD, "asked_at": play.now, "at": play.now, "run": ONE}

    play.decide(events.PlanApproved(found=moved, **fields), 1)

    assert play.run.plan.base == moved.base
    assert play.run.refresh_at == play.now + timedelta(minutes=2)
    assert isinstance(play.settle_until(effects.EnsureBranch), effects.EnsureBranch)


def test_a_refresh_that_finds_a_proposal_as_it_was_validates_it_again() -> None:
    play = proposed()
    play.runs[1] = replace(play.run, refresh_at=play.now, lag=3, unreachable_since=play.now)

    play.refresh()

    assert (play.run.refresh_at, play.run.lag, play.run.unreachable_since) == (None, 0, None)
    assert play.refresh() == Nothing()


def test_retrying_all_is_not_retrying_the_first_that_has_no_pull_request() -> None:
    play = Play(2)
    play.plan()
    play.approve()
    for key in ("branch:1", "branch:2"):
        play.decide(events.EffectFailed(at=play.now, key=key, failure=Failure(kind="permanent", code="stranger")), 1)
    assert {play.task(n).state for n in (1, 2)} == {TaskState.HELD}

    play.says(events.RetryRequested, run=ONE)

    assert told(play, MilestoneKind.RETRIED).issues == (1, 2)


# --- Cancelling while something is asked of GitHub -------------------------------------------------------------------


def cancelled_while_merging(*, close: bool = False) -> Play:
    play = Play(2).tracked()
    play.finish(1, 2)
    play.confirm()
    play.settle_until(effects.MergePullRequest)
    play.says(events.CancelConfirmed, run=ONE, close_pull_requests=close)
    return play


def looked_for(play: Play) -> list[effects.Effect]:
    return [effect for effect in desired_effects(play.run) if isinstance(effect, effects.FindMerged)]


def test_a_merge_that_may_have_been_asked_for_is_looked_for_after_a_cancel() -> None:
    play = cancelled_while_merging()

    assert [task.merge_asked for task in play.run.tasks] == [True, False]
    assert looked_for(play) == [effects.FindMerged(issue=play.task(1).issue, pull_request=PullNumber(101), base="main")]


def test_a_merge_that_came_about_or_did_not_is_looked_for_no_more() -> None:
    merged, not_merged = cancelled_while_merging(), cancelled_while_merging()
    merged.forge.change(1, merged.now, state="merged", merge_sha=merged.forge.sha())

    for play in (merged, not_merged):
        play.do(looked_for(play)[0])

    assert (merged.task(1).state, not_merged.task(1).state) == (TaskState.MERGED, TaskState.READY)
    assert not not_merged.task(1).merge_asked
    assert looked_for(merged) == looked_for(not_merged) == []


def test_a_merge_that_cannot_be_looked_for_is_let_go() -> None:
    play = cancelled_while_merging()
    play.runs[1] = replace(
        play.run, tasks=tuple(replace(task, refusal=Note(why=Why.REFUSED)) for task in play.run.tasks)
    )

    assert looked_for(play) == []


@pytest.mark.parametrize(
    ("task", "closed"),
    [
        ({"done": (), "pull_request": None}, True),  # after a restored backup nobody knows
        ({"done": (Step.BRANCH,), "pull_request": None}, True),  # one may be opened there by now
        ({"done": (), "pull_request": PullNumber(101)}, True),
        ({"done": (Step.BRANCH,), "pull_request": None, "adopted": True}, False),
    ],
)
def test_what_was_or_may_have_been_opened_is_closed(task: dict[str, Any], closed: bool) -> None:  # noqa: FBT001
    play = Play(1).tracked()
    play.says(events.CancelConfirmed, run=ONE, close_pull_requests=True)
    run = replace(play.run, tasks=(replace(play.task(1), **task),))

    assert any(isinstance(effect, effects.EnsurePullRequestClosed) for effect in desired_effects(run)) is closed
