"""What people do to a run under way changes exactly what they asked for, and they are told what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from builders import an_actor
from core.play import CHECK, LEAD, Play
from valine.orchestrator import effects, events, wording
from valine.orchestrator.decision import Answer, Decision, Look, Nothing, Refusal
from valine.orchestrator.model import Check, Note, Pending
from valine.orchestrator.policy import Denied
from valine.orchestrator.states import IssueNumber, MilestoneKind, PullNumber, RunNumber, Stage, Step, TaskState, Why
from valine.orchestrator.wanted import wanted
from valine.orchestrator.world import Failure

if TYPE_CHECKING:
    from valine.orchestrator.model import Milestone

replace = msgspec.structs.replace
ONE, TWO = RunNumber(1), RunNumber(2)
MEMBER = an_actor("mia")
WRITER = an_actor("gus", platform="github", may_write=True)
STRANGER = an_actor("gil", platform="github")
EDIT: dict[str, Any] = {"run": ONE, "revision": 1, "drop": (IssueNumber(1),)}


def held(count: int = 2) -> Play:
    """Each task is held, since its check failed."""
    play = Play(count).tracked()
    play.finish(*range(1, count + 1), check="failed")
    play.settle()
    return play


def told(play: Play, kind: MilestoneKind) -> Milestone:
    return next(milestone for milestone in reversed(play.run.milestones) if milestone.kind is kind)


# --- Retrying --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [2, 102])
def test_retrying_one_task_by_either_number_leaves_the_others_as_they_are(number: int) -> None:
    play = held()
    refused = replace(play.task(1), refusal=play.task(1).note)
    play.runs[1] = replace(play.run, tasks=(refused, replace(play.task(2), refusal=play.task(2).note)))

    outcome = play.says(events.RetryRequested, run=ONE, issue=IssueNumber(number), id="github:team/app:77")

    milestone = told(play, MilestoneKind.RETRIED)
    assert (milestone.key, milestone.issues, milestone.by) == ("retried.77", (2,), LEAD)
    assert play.task(1).refusal == refused.refusal
    assert play.task(2).refusal is None
    assert isinstance(outcome, Decision)
    assert outcome.reply == wording.retried(play.run, (IssueNumber(2),))


def test_retrying_all_names_all_that_were_held() -> None:
    play = held(3)

    play.says(events.RetryRequested, run=ONE)

    assert told(play, MilestoneKind.RETRIED).issues == (1, 2, 3)


def test_retrying_a_task_that_is_not_there_says_which() -> None:
    play = held()
    before = play.run

    outcome = play.says(events.RetryRequested, run=ONE, issue=IssueNumber(9))

    assert outcome == Refusal(reply=wording.no_such_task(play.run, 9))
    assert play.run == before


def test_who_may_not_retry_changes_nothing_that_is_held() -> None:
    play = held()
    before = play.run

    outcome = play.says(events.RetryRequested, run=ONE, by=MEMBER)

    assert outcome == Refusal(reply=wording.denied(Denied(deed="retry", needs="manage_server")))
    assert play.run == before


def test_a_retry_makes_due_what_failed_and_nothing_else_and_looks_anew() -> None:
    play = Play(2)
    play.plan()
    play.approve()
    failing = Pending(since=play.now, attempts=3, not_before=play.now + timedelta(minutes=5), trouble="down")
    waiting = Pending(since=play.now, not_before=play.now + timedelta(minutes=1))
    pending = play.run.pending | {"branch:1": failing, "branch:2": waiting}
    play.runs[1] = replace(play.run, pending=pending, lag=2)

    play.says(events.RetryRequested, run=ONE)

    assert play.run.pending["branch:1"] == replace(failing, not_before=None)
    assert play.run.pending["branch:2"] == waiting
    assert (play.run.look_at, play.run.lag) == (play.now, 0)
    assert told(play, MilestoneKind.RETRIED).issues == ()


def test_a_retry_during_githubs_limit_waits_for_its_end_with_what_is_written_there() -> None:
    play = Play(1)
    play.plan()
    play.approve()
    failing = Pending(since=play.now, attempts=3, not_before=play.now + timedelta(minutes=90), trouble="down")
    until = play.now + timedelta(hours=1)
    pending = play.run.pending | {"branch:1": failing, "message:board": failing}
    play.runs[1] = replace(play.run, pending=pending, quiet_until=until)

    play.says(events.RetryRequested, run=ONE)

    assert play.run.pending["branch:1"].not_before == until
    assert play.run.pending["message:board"].not_before is None


def test_a_retry_still_expects_the_checks_that_are_there() -> None:
    play = Play(1).tracked()
    play.finish(1)
    others = (Check(key=CHECK, name="test", state="passed"), Check(key="app/ci/lint", name="lint", state="failed"))
    play.forge.change(1, play.now, checks=others)
    play.look()

    play.says(events.RetryRequested, run=ONE)

    assert play.task(1).known_checks == ("app/ci/lint", CHECK)


def test_a_retry_gives_checks_that_take_too_long_their_time_anew() -> None:
    play = Play(1).tracked()
    play.finish(1, check="pending")
    play.wait(hours=2)
    note = play.task(1).note
    assert note is not None
    assert note.why is Why.CHECKS_SLOW

    play.says(events.RetryRequested, run=ONE)

    assert play.task(1).state is TaskState.CHECKING
    assert play.task(1).waiting_since == play.now


# --- Dropping, cancelling, asking ------------------------------------------------------------------------------------


def test_dropping_says_which_task_or_which_is_none() -> None:
    play = Play().tracked()

    dropped = play.says(events.DropRequested, run=ONE, issue=IssueNumber(101))
    unknown = play.says(events.DropRequested, run=ONE, issue=IssueNumber(9))

    assert isinstance(dropped, Decision)
    assert dropped.reply == wording.task_dropped(play.run, 1)
    assert unknown == Refusal(reply=wording.no_such_task(play.run, 9))


def test_a_cancelled_round_of_shipping_approves_nothing_any_more() -> None:
    play = Play().tracked()
    play.finish(1, 2)
    play.confirm()

    play.says(events.CancelConfirmed, run=ONE, close_pull_requests=False)

    assert play.run.shipping is None


def test_a_run_that_is_over_heeds_no_look() -> None:
    play = Play().tracked()
    play.says(events.CancelConfirmed, run=ONE, close_pull_requests=False)
    play.forge.change(1, play.now, state="merged", merge_sha=play.forge.sha())

    assert play.look() == Nothing()
    gone = Failure(kind="permanent", code="not_found")
    assert play.decide(events.LookFailed(at=play.now, failure=gone), 1) == Nothing()


def test_status_is_the_runs_own_and_not_for_strangers() -> None:
    play = Play().tracked()

    answered = play.says(events.StatusRequested, run=ONE, by=MEMBER)
    refused = play.says(events.StatusRequested, run=ONE, by=STRANGER)

    assert answered == Answer(reply=wording.status((play.run,), play.run.repository))
    assert refused == Refusal(reply=wording.denied(Denied(deed="status", needs="write")))


@pytest.mark.parametrize(("number", "known"), [(1, True), (2, True), (9, False), (101, False)])
def test_a_comment_on_an_issue_of_a_proposal_means_that_proposal(number: int, known: bool) -> None:  # noqa: FBT001
    play = Play()
    play.plan()

    outcome = play.says(events.StatusRequested, number=number, by=WRITER)

    assert isinstance(outcome, Answer) is known
    assert known or outcome == Refusal(reply=wording.in_no_run(number))


def test_a_proposal_has_nothing_to_retry_or_drop() -> None:
    play = Play()
    play.plan()

    for outcome in (
        play.says(events.RetryRequested, run=ONE),
        play.says(events.DropRequested, run=ONE, issue=IssueNumber(1)),
    ):
        assert outcome == Refusal(reply=wording.not_started(play.run))


# --- Which run is meant ----------------------------------------------------------------------------------------------


def test_what_decides_a_plan_means_the_proposal_and_the_rest_means_the_run_under_way() -> None:
    play = Play(2)
    play.plan(limit=1)
    play.approve()
    play.settle()
    play.plan()
    play.settle(2)

    status = play.says(events.StatusRequested)
    play.says(events.PlanRejected)

    assert status == Answer(reply=wording.status((play.run,), play.run.repository))
    assert (play.run.stage, play.runs[2].stage) == (Stage.TRACKING, Stage.DONE)


def test_a_proposal_alone_is_meant_by_everything() -> None:
    play = Play()
    play.plan()

    assert isinstance(play.says(events.CancelRequested), Answer)


def test_no_run_at_all_is_said_so() -> None:
    assert Play().says(events.StatusRequested) == Refusal(reply=wording.no_run())


def test_each_run_keeps_its_own_claims() -> None:
    play = Play(2)
    play.plan(limit=1)
    play.approve()
    play.plan()
    play.approve(2)

    assert play.repository.claims == {"1": 1, "2": 2}


# --- Time ------------------------------------------------------------------------------------------------------------


def test_a_clock_that_rings_for_nothing_changes_nothing() -> None:
    play = Play().tracked()
    play.settle()

    assert play.decide(events.Woken(at=play.now, run=ONE, uid=play.run.uid), 1) == Nothing()


def test_time_alone_ends_a_round_whose_checks_take_too_long() -> None:
    play = Play(1).tracked()
    play.finish(1)
    play.confirm()
    play.forge.change(1, play.now, checks=(Check(key=CHECK, name="test", state="pending"),))
    play.look()
    play.now += timedelta(minutes=61)

    play.decide(events.Woken(at=play.now, run=ONE, uid=play.run.uid), 1)

    assert play.run.stage is Stage.TRACKING
    assert told(play, MilestoneKind.SHIPPED).at == play.now


# --- Proposals -------------------------------------------------------------------------------------------------------


def proposed(count: int = 2) -> Play:
    play = Play(count)
    play.plan()
    play.settle()
    return play


def test_who_may_not_plan_is_told_what_they_lack() -> None:
    outcome = Play().plan(by=WRITER)

    assert outcome == Refusal(reply=wording.denied(Denied(deed="plan", needs="discord")))


def test_the_label_that_was_asked_for_is_the_one_that_is_looked_for() -> None:
    fields: dict[str, Any] = {"by": LEAD, "asked_at": Play().now, "at": Play().now}

    asked = Play().decide(events.PlanRequested(id="c", channel="x", label="bug", **fields))

    assert asked == Look(kind="plan", label="bug")


def test_an_approval_looks_for_the_label_of_its_plan() -> None:
    play = proposed()
    approval = events.PlanApproved(id="c", by=LEAD, asked_at=play.now, at=play.now, run=ONE)

    assert play.decide(approval, 1) == Look(kind="plan", label="ready", run=play.run)


def test_a_policy_that_cannot_be_read_is_quoted() -> None:
    outcome = Play(policy="[plan]\nlimt = 3").plan()

    assert isinstance(outcome, Refusal)
    assert "plan.limt" in outcome.reply.text


def test_a_plan_that_no_run_could_hold_is_refused_before_anything_is_posted() -> None:
    play = Play(1500)

    outcome = play.plan()

    assert isinstance(outcome, Refusal)
    assert "`limit` 359" in outcome.reply.text
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


def test_a_no_is_told_with_who_said_it_and_ends_all_looks() -> None:
    play = proposed()
    play.runs[1] = replace(play.run, look_at=play.now)

    play.says(events.PlanRejected, run=ONE)

    rejected = told(play, MilestoneKind.REJECTED)
    assert (rejected.by, rejected.at) == (LEAD, play.now)
    assert (play.run.ended_by, play.run.ended_at, play.run.look_at) == (LEAD, play.now, None)


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

    outcome = play.says(events.PlanApproved, run=ONE)

    assert outcome == Refusal(reply=wording.not_shown_yet(play.run))


@pytest.mark.parametrize("message", ["", "gone"])
def test_a_plan_of_which_one_page_is_not_on_show_is_not_approved(message: str) -> None:
    play = proposed(60)
    stale = replace(play.run.messages["card.2"], message=message, shown="" if message else "as it was")
    play.runs[1] = replace(play.run, messages=play.run.messages | {"card.2": stale})

    assert isinstance(play.says(events.PlanApproved, run=ONE), Refusal)


def test_what_is_approved_is_branched_from_where_the_base_is_now() -> None:
    play = proposed()
    world = play.forge.plan_world(play.now)
    moved = replace(world, base=replace(world.base, sha=play.forge.sha()))
    fields: dict[str, Any] = {"id": "c", "by": LEAD, "asked_at": play.now, "at": play.now, "run": ONE}

    play.decide(events.PlanApproved(found=moved, **fields), 1)

    assert play.run.plan.base == moved.base
    assert play.run.look_at == play.now + timedelta(minutes=2)
    assert isinstance(play.settle_until(effects.EnsureBranch), effects.EnsureBranch)


def test_a_look_that_finds_a_proposal_as_it_was_ends_the_doubt_about_it() -> None:
    play = proposed()
    play.runs[1] = replace(play.run, look_at=play.now, lag=3, unreachable_since=play.now)

    play.look()

    assert (play.run.look_at, play.run.lag, play.run.unreachable_since) == (None, 0, None)
    assert play.look() == Nothing()


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
    return [effect for effect in wanted(play.run) if isinstance(effect, effects.FindMerged)]


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
        ({"done": (), "pull_request": None}, False),
        ({"done": (Step.BRANCH,), "pull_request": None}, True),  # one may be opened there by now
        ({"done": (), "pull_request": PullNumber(101)}, True),
        ({"done": (Step.BRANCH,), "pull_request": None, "adopted": True}, False),
    ],
)
def test_what_was_or_may_have_been_opened_is_closed(task: dict[str, Any], closed: bool) -> None:  # noqa: FBT001
    play = Play(1).tracked()
    play.says(events.CancelConfirmed, run=ONE, close_pull_requests=True)
    run = replace(play.run, tasks=(replace(play.task(1), **task),))

    assert any(isinstance(effect, effects.EnsurePullRequestClosed) for effect in wanted(run)) is closed
