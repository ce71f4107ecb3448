"""What people do to a run under way changes exactly what they asked for, and they are told what came of it."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from builders import an_actor
from orchestrator.commands import MEMBER, ONE, WRITER, told
from orchestrator.play import CHECK, LEAD, Play
from valine.orchestrator import replies
from valine.orchestrator.model import events
from valine.orchestrator.model.decision import Answer, Decision, Nothing, Refusal
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Check, Pending
from valine.orchestrator.model.states import IssueNumber, MilestoneKind, Stage, TaskState, Why
from valine.orchestrator.replies import run_place

replace = msgspec.structs.replace
FOREIGN = an_actor("gil", platform="github")


def held(count: int = 2) -> Play:
    """Each task is held, since its check failed."""
    play = Play(count).tracked()
    play.finish(*range(1, count + 1), check="failed")
    play.settle()
    return play


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
    assert outcome.reply == replies.Retried(run=run_place(play.run), issues=(IssueNumber(2),))


def test_retrying_all_names_all_that_were_held() -> None:
    play = held(3)

    play.says(events.RetryRequested, run=ONE)

    assert told(play, MilestoneKind.RETRIED).issues == (1, 2, 3)


def test_retrying_a_task_that_is_not_there_says_which() -> None:
    play = held()
    before = play.run

    outcome = play.says(events.RetryRequested, run=ONE, issue=IssueNumber(9))

    assert outcome == Refusal(reply=replies.NoSuchTask(run=run_place(play.run), number=9))
    assert play.run == before


def test_who_may_not_retry_changes_nothing_that_is_held() -> None:
    play = held()
    before = play.run

    outcome = play.says(events.RetryRequested, run=ONE, by=MEMBER)

    assert outcome == Refusal(reply=replies.NotAllowed(action="retry", needs="manage_server"))
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
    assert (play.run.refresh_at, play.run.lag) == (play.now, 0)
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
    play.refresh()

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
    assert dropped.reply == replies.TaskDropped(run=run_place(play.run), issue=IssueNumber(1))
    assert unknown == Refusal(reply=replies.NoSuchTask(run=run_place(play.run), number=9))


def test_a_cancelled_round_of_shipping_approves_nothing_any_more() -> None:
    play = Play().tracked()
    play.finish(1, 2)
    play.confirm()

    play.says(events.CancelConfirmed, run=ONE, close_pull_requests=False)

    assert play.run.shipping is None


def test_a_run_that_is_over_heeds_no_refresh() -> None:
    play = Play().tracked()
    play.says(events.CancelConfirmed, run=ONE, close_pull_requests=False)
    play.forge.change(1, play.now, state="merged", merge_sha=play.forge.sha())

    assert play.refresh() == Nothing()
    gone = Failure(kind="permanent", code="not_found")
    assert play.decide(events.LookFailed(at=play.now, failure=gone), 1) == Nothing()


def test_status_is_the_runs_own_and_not_for_outsiders() -> None:
    play = Play().tracked()

    answered = play.says(events.StatusRequested, run=ONE, by=MEMBER)
    refused = play.says(events.StatusRequested, run=ONE, by=FOREIGN)

    assert answered == Answer(reply=replies.StatusOf.of((play.run,), play.run.repository))
    assert refused == Refusal(reply=replies.NotAllowed(action="status", needs="write"))


@pytest.mark.parametrize(("number", "known"), [(1, True), (2, True), (9, False), (101, False)])
def test_a_comment_on_an_issue_of_a_proposal_means_that_proposal(number: int, known: bool) -> None:  # noqa: FBT001
    play = Play()
    play.plan()

    outcome = play.says(events.StatusRequested, number=number, by=WRITER)

    assert isinstance(outcome, Answer) is known
    assert known or outcome == Refusal(reply=replies.InNoRun(number=number))


def test_a_proposal_has_nothing_to_retry_or_drop() -> None:
    play = Play()
    play.plan()

    for outcome in (
        play.says(events.RetryRequested, run=ONE),
        play.says(events.DropRequested, run=ONE, issue=IssueNumber(1)),
    ):
        assert outcome == Refusal(reply=replies.NotStarted(run=run_place(play.run)))


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

    assert status == Answer(reply=replies.StatusOf.of((play.run,), play.run.repository))
    assert (play.run.stage, play.runs[2].stage) == (Stage.TRACKING, Stage.DONE)


def test_a_proposal_alone_is_meant_by_everything() -> None:
    play = Play()
    play.plan()

    assert isinstance(play.says(events.CancelRequested), Answer)


def test_no_run_at_all_is_said_so() -> None:
    assert Play().says(events.StatusRequested) == Refusal(reply=replies.NoRun())


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
    play.refresh()
    play.now += timedelta(minutes=61)

    play.decide(events.Woken(at=play.now, run=ONE, uid=play.run.uid), 1)

    assert play.run.stage is Stage.TRACKING
    assert told(play, MilestoneKind.SHIPPED).at == play.now
