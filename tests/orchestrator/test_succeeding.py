"""What becomes of a run when an effect succeeds, or what it put up is deleted."""

from datetime import timedelta

import msgspec
import pytest

from builders import an_issue
from orchestrator.failing import executing, failure, refresh_fails
from orchestrator.play import Play
from valine.orchestrator.decide.effect_results import (
    CHAT_RETRY,
    FIRST_RETRY,
    LAST_RETRY,
    UPDATE_SETTLES,
    failed,
    succeeded,
)
from valine.orchestrator.decide.ship_commands import merged_in_order
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Milestone, Note, Pending, Run
from valine.orchestrator.model.states import (
    IssueNumber,
    Login,
    MilestoneKind,
    PullNumber,
    Sha,
    Stage,
    Step,
    TaskState,
    Why,
)

replace = msgspec.structs.replace

# --- What succeeded --------------------------------------------------------------------------------------------------


def test_whom_github_did_not_assign_is_told_and_nobody_else() -> None:
    play = Play((an_issue(1, assignees=(Login("ana"), Login("ben"))), an_issue(2, assignees=(Login("ana"),))))
    play.tracked()

    assert [m.issues for m in play.run.milestones if m.kind is MilestoneKind.UNASSIGNED] == [(1,)]
    assert (play.task(1).unassigned, play.task(2).unassigned) == (("ben",), ())


def test_a_pull_request_opened_late_is_looked_at_and_one_of_many_waits_for_the_look_at_the_end() -> None:
    play = executing()
    due = play.run.refresh_at
    play.settle_until(effects.EnsurePullRequest)
    opened = events.PullRequestEnsured(issue=play.task(1).issue, pull_request=PullNumber(101))
    late = replace(play.run, stage=Stage.TRACKING, refresh_at=None)

    first = succeeded(play.run, events.EffectSucceeded(at=play.now, key="pull_request:1", result=opened))
    last = succeeded(late, events.EffectSucceeded(at=play.now, key="pull_request:1", result=opened))

    assert (first.refresh_at, last.refresh_at) == (due, play.now)


def test_a_closed_issue_is_known_to_be_closed() -> None:
    play = Play(1).tracked()
    play.finish(1)
    play.confirm()
    play.do(play.settle_until(effects.EnsureIssueClosed))

    assert not play.task(1).issue_open
    assert Step.ISSUE_CLOSED in play.task(1).done


def test_a_step_done_twice_is_noted_once() -> None:
    play = executing()
    effect = play.settle_until(effects.EnsureBranch)
    result = play.result(effect, 1)
    for _ in range(2):
        play.decide(events.EffectSucceeded(at=play.now, key=effect.key, result=result), 1)

    assert play.task(1).done == (Step.BRANCH,)


def test_a_merge_takes_away_what_the_task_was_held_for() -> None:
    play = Play(1).tracked()
    noted = replace(play.task(1), note=Note(why=Why.RULES))
    merged = events.Merged(issue=noted.issue, sha=play.forge.sha())

    run = succeeded(replace(play.run, tasks=(noted,)), events.EffectSucceeded(at=play.now, key="x", result=merged))

    assert (run.tasks[0].state, run.tasks[0].note, run.tasks[0].merged_at) == (TaskState.MERGED, None, play.now)


def test_merges_keep_the_order_in_which_they_are_noted_whatever_the_clocks_say() -> None:
    play = Play(2).tracked()
    fast = play.now + timedelta(minutes=15)
    first = events.Merged(issue=play.task(1).issue, sha=Sha("1" * 40))
    second = events.Merged(issue=play.task(2).issue, sha=Sha("2" * 40))

    run = succeeded(play.run, events.EffectSucceeded(at=fast, key="x", result=first))
    run = succeeded(run, events.EffectSucceeded(at=play.now, key="x", result=second))
    again = succeeded(run, events.EffectSucceeded(at=fast + timedelta(hours=1), key="x", result=first))

    assert merged_in_order(run.tasks) == merged_in_order(again.tasks) == (1, 2)
    assert again.tasks == run.tasks


@pytest.mark.parametrize("changed", [False, True])
def test_a_branch_that_needed_no_update_is_given_a_moment_and_an_updated_one_is_looked_at(changed: bool) -> None:  # noqa: FBT001
    play = Play(1).tracked()
    play.finish(1)
    pull = play.task(1).pull
    assert pull is not None
    result = events.BranchUpdated(issue=play.task(1).issue, head=play.forge.sha() if changed else pull.head, clean=True)

    run = succeeded(play.run, events.EffectSucceeded(at=play.now, key="x", result=result))

    assert run.refreshed_at is None
    assert run.refresh_at == (play.now if changed else play.now + UPDATE_SETTLES)


@pytest.mark.parametrize("issue", [1, 9])
def test_an_update_of_what_was_never_seen_approves_nothing(issue: int) -> None:
    play = Play(1).tracked()
    play.finish(1)
    play.confirm()
    play.runs[1] = replace(play.run, tasks=(replace(play.task(1), pull=None),))
    result = events.BranchUpdated(issue=IssueNumber(issue), head=play.forge.sha(), clean=True)

    run = succeeded(play.run, events.EffectSucceeded(at=play.now, key="x", result=result))

    assert run.shipping == play.run.shipping
    assert run.refresh_at == play.now + UPDATE_SETTLES


# --- Messages that were deleted --------------------------------------------------------------------------------------


def lost(play: Play, key: str, detail: str = "", page: int = 1) -> Run:
    """The run after Discord said that what the effect (that page of it) needs is not there."""
    play.runs[1] = replace(play.run, pending={**play.run.pending, key: Pending(since=play.now)})
    why = Failure(kind="permanent", code="lost", detail=detail)
    return failed(play.run, events.EffectFailed(at=play.now, key=key, failure=why, page=page))


def gone(run: Run) -> set[str]:
    return {name for name, posted in run.messages.items() if not posted.message}


def test_a_lost_message_is_posted_anew_and_no_other() -> None:
    play = Play().tracked()
    before = play.run.messages["board"]
    play.now += timedelta(minutes=1)

    run = lost(play, "message:board")

    assert gone(run) == {"board"}
    anew = replace(before, message="", facts="", at=play.now, generation=before.generation + 1)
    assert run.messages["board"] == anew
    assert run.thread == play.run.thread


def test_a_thread_that_cannot_be_had_is_started_anew_from_a_new_card() -> None:
    play = Play().tracked()

    run = lost(play, "thread")

    assert run.thread is None
    assert gone(run) == {"card"}


def test_with_a_lost_thread_goes_what_was_in_it_but_what_was_said_is_said() -> None:
    play = Play(60)
    play.plan()
    play.settle()
    thread = play.run.thread
    assert thread is not None
    inside = {n: replace(p, channel=thread) for n, p in play.run.messages.items() if n != "card"}
    play.runs[1] = replace(play.run, messages=play.run.messages | inside)

    run = lost(play, "message:card", "channel", page=2)

    assert run.thread is None
    assert gone(run) == {name for name in inside if name.startswith("card.")}
    assert run.pending["thread"] == Pending(since=play.now, not_before=play.now + FIRST_RETRY)


@pytest.mark.parametrize(("key", "page", "detail"), [("message:board", 1, "channel"), ("message:card", 2, "message")])
def test_a_lost_channel_loses_no_thread_and_a_lost_message_neither(key: str, page: int, detail: str) -> None:
    play = Play(60)
    play.plan()
    play.settle()
    play.says(events.PlanApproved, run=play.run.number)
    play.settle(seconds=0)

    assert lost(play, key, detail, page).thread == play.run.thread


def test_a_message_lost_again_and_again_is_posted_anew_now_and_then() -> None:
    play, found = Play().tracked(), []
    play.runs[1] = replace(play.run, pending={**play.run.pending, "message:board": Pending(since=play.now)})
    for _ in range(4):
        run = failed(
            play.run, events.EffectFailed(at=play.now, key="message:board", failure=failure("permanent", "lost"))
        )
        later = run.pending["message:board"].not_before
        assert later is not None
        found.append(later - play.now)
        play.runs[1] = run

    assert found == [FIRST_RETRY, FIRST_RETRY, FIRST_RETRY, CHAT_RETRY]


# --- Looks, one after another ----------------------------------------------------------------------------------------


def test_refreshes_that_bring_nothing_are_repeated_later_and_later_up_to_two_minutes() -> None:
    play, found = Play().tracked(), []
    for _ in range(8):
        run = refresh_fails(play, failure())
        assert run.refresh_at is not None
        found.append((run.refresh_at - play.now).total_seconds())

    assert found == [4, 8, 16, 32, 64, 120, 120, 120]


def test_a_refresh_is_repeated_when_github_says_but_not_at_once() -> None:
    play = Play().tracked()

    assert refresh_fails(play, failure(retry_at=play.now + timedelta(hours=1))).refresh_at == play.now + timedelta(
        hours=1
    )
    assert refresh_fails(play, failure(retry_at=play.now - timedelta(hours=1))).refresh_at == play.now + FIRST_RETRY


def test_without_access_a_refresh_is_repeated_every_five_minutes() -> None:
    play = Play().tracked()

    run = refresh_fails(play, failure("permanent", "forbidden"))

    assert (run.refresh_at, run.unreachable_since) == (play.now + LAST_RETRY, play.now)


def test_a_run_that_failed_is_over_and_says_why_and_keeps_what_was_merged() -> None:
    play = Play(2).tracked()
    play.finish(1, 2)
    play.confirm()
    play.do(play.settle_until(effects.MergePullRequest))
    refresh_fails(play, failure("permanent", "not_found"))
    play.now += timedelta(hours=24)

    run = refresh_fails(play, failure("permanent", "not_found"))

    assert (run.ended_at, run.refresh_at, run.shipping) == (play.now, None, None)
    assert [task.state for task in run.tasks] == [TaskState.MERGED, TaskState.FAILED]
    note = Note(why=Why.REFUSED, detail="so it said")
    assert run.milestones[-1] == Milestone(key="failed", kind=MilestoneKind.FAILED, at=play.now, note=note)


def test_a_message_that_is_on_show_but_not_as_it_should_be_now_is_wanted_afresh() -> None:
    play = Play().tracked()
    failing = Pending(since=play.now, attempts=3, not_before=play.now, trouble="down")
    play.runs[1] = replace(play.run, pending=play.run.pending | {"message:board": failing})
    shown = replace(play.run.messages["board"], facts="as it was", at=play.now)

    result = events.PageWritten(document="board", page=1, posted=shown)
    play.decide(events.EffectSucceeded(at=play.now, key="message:board", result=result), 1)

    assert play.run.pending["message:board"].attempts == 0
