from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from builders import after
from orchestrator.failing import executing, fails, failure, refresh_fails
from orchestrator.play import Play
from valine.orchestrator.decide.desired_effects import desired_effects
from valine.orchestrator.decide.effect_results import (
    CHAT_RETRY,
    FIRST_RETRY,
    HOPELESS,
    LAST_RETRY,
    RETRY_AMBIGUOUS,
    SKIPPABLE,
    TOKEN_RETRY,
)
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Milestone, Note, Pending
from valine.orchestrator.model.states import MilestoneKind, RunStatus, TaskState, Why

replace = msgspec.structs.replace


def waits(play: Play, key: str, why: Failure, times: int = 1) -> list[timedelta]:
    found = []
    for _ in range(times):
        entry = fails(play, key, why)
        assert entry is not None
        assert entry.not_before is not None
        found.append(entry.not_before - play.now)
        play.now = entry.not_before
    return found


def test_what_did_not_work_is_tried_again_later_and_later() -> None:
    found = waits(executing(), "branch:1", failure(), times=12)

    assert found[:4] == [FIRST_RETRY, FIRST_RETRY * 2, FIRST_RETRY * 4, FIRST_RETRY * 8]
    assert found[-1] == LAST_RETRY


def test_an_answer_that_was_lost_is_looked_for_at_once() -> None:
    found = waits(executing(), "branch:1", failure("ambiguous"), times=3)

    assert found == [RETRY_AMBIGUOUS, FIRST_RETRY * 2, FIRST_RETRY * 4]


def test_a_platform_says_when() -> None:
    play = executing()

    assert waits(play, "branch:1", failure(code="limited", retry_at=play.now + timedelta(hours=1))) == [
        timedelta(hours=1)
    ]
    assert waits(play, "branch:1", failure(code="limited", retry_at=play.now)) == [FIRST_RETRY]


def test_a_token_that_is_refused_is_tried_every_minute_and_holds_nobody() -> None:
    play = executing()

    assert waits(play, "branch:1", failure("permanent", "unauthorized"), times=3) == [TOKEN_RETRY] * 3
    assert play.task(1).state is TaskState.QUEUED


@pytest.mark.parametrize("code", ["invalid", "stranger"])
@pytest.mark.parametrize("effect", [effects.EnsureBranch, effects.EnsurePullRequest])
def test_a_step_that_is_needed_and_refused_for_good_holds_its_task_alone(effect: Any, code: str) -> None:
    play = executing()
    key = play.settle_until(effect).key
    issue = int(key.split(":")[1])

    fails(play, key, failure("permanent", code))
    play.settle()

    held = play.task(issue)
    assert (held.state, held.note.why if held.note else None) == (
        TaskState.HELD,
        Why.FOREIGN if code == "stranger" else Why.REFUSED,
    )
    assert key not in play.run.pending
    assert play.run.stage == "tracking"
    assert [m.issues for m in play.run.milestones if m.kind is MilestoneKind.HELD] == [(issue,)]


def test_a_held_step_goes_on_when_it_is_retried() -> None:
    play = executing()
    fails(play, "branch:1", failure("permanent", "stranger"))
    play.settle()

    play.says(events.RetryRequested, run=play.run.number)
    play.settle()

    assert play.task(1).pull_request == 101


@pytest.mark.parametrize("effect", [effects.EnsureLabel, effects.EnsureComment])
def test_a_step_that_tasks_can_do_without_is_left_out_and_told(effect: Any) -> None:
    play = executing()
    key = play.settle_until(effect).key

    fails(play, key, failure("permanent", "invalid"))
    play.settle()

    assert key not in play.run.pending
    assert play.task(int(key.split(":")[1])).state is TaskState.STARTED
    told = next(m for m in play.run.milestones if m.kind is MilestoneKind.SKIPPED)
    assert told.note is not None
    assert told.note.detail == "so it said"


def test_a_merge_that_is_refused_for_good_holds_its_task_and_ends_the_round() -> None:
    play = Play(2).tracked()
    play.finish(1, 2)
    play.confirm()
    key = play.settle_until(effects.MergePullRequest).key

    fails(play, key, failure("permanent", "invalid"))
    play.settle()

    assert play.task(1).state is TaskState.HELD
    assert play.task(2).state is TaskState.MERGED
    assert play.run.stage == "tracking"


def test_a_release_that_is_refused_is_not_wanted_any_more() -> None:
    play = Play(1, policy="[ship]\nrelease = true").tracked()
    play.finish(1)
    play.confirm()
    key = play.settle_until(effects.EnsureRelease).key

    fails(play, key, failure("permanent", "invalid"))

    assert not any(isinstance(effect, effects.EnsureRelease) for effect in desired_effects(play.run))
    assert play.run.status is RunStatus.COMPLETED


@pytest.mark.parametrize("reason", ["moved", "conflict", "rules", "draft", "closed", "retargeted"])
def test_a_refused_merge_holds_its_task_and_is_looked_at(reason: Any) -> None:
    play = Play(1).tracked()
    play.finish(1)
    play.confirm()
    effect = play.settle_until(effects.MergePullRequest)
    result = events.MergeRefused(issue=play.task(1).issue, reason=reason, detail="no")

    play.decide(events.EffectSucceeded(at=play.now, key=effect.key, result=result), 1)

    assert play.task(1).state is TaskState.HELD
    assert play.run.refresh_at == play.now


def test_a_message_that_was_deleted_is_posted_anew() -> None:
    play = Play().tracked()
    play.runs[1] = play.run
    play.forge.change(1, play.now, draft=False, changed_files=1)
    play.refresh()

    assert waits(play, "message:board", failure("permanent", "lost")) == [FIRST_RETRY]
    posted = play.run.messages["board"]
    assert (posted.message, posted.generation) == ("", 1)
    play.settle()
    assert play.run.messages["board"].generation == 1


def test_a_channel_that_may_not_be_written_to_is_tried_now_and_then_for_ever() -> None:
    play = Play()
    play.plan()

    found = waits(play, "message:card", failure("permanent", "invalid"), times=3)

    assert found == [CHAT_RETRY] * 3


def test_a_failure_of_what_is_not_wanted_any_more_changes_nothing() -> None:
    play = Play().tracked()
    before = play.run

    fails(play, "branch:1", failure("permanent"))

    assert (play.run.tasks, play.run.pending) == (before.tasks, before.pending)


def test_a_message_that_another_process_put_up_is_put_right_after_a_late_failure() -> None:
    play = Play().tracked()
    assert "message:card" not in play.run.pending

    fails(play, "message:card", failure("ambiguous"))

    assert play.run.messages["card"].facts == ""
    assert "message:card" in play.run.pending


def test_a_late_failure_of_a_message_that_was_never_put_up_changes_nothing() -> None:
    play = Play().tracked()
    before = play.run

    fails(play, "message:nothing", failure("ambiguous"))

    assert (play.run.messages, play.run.pending) == (before.messages, before.pending)


# --- Looks that bring nothing ----------------------------------------------------------------------------------------


def test_github_down_fails_no_run_however_long() -> None:
    play = Play().tracked()
    for _ in range(30):
        run = refresh_fails(play, failure())
        assert run.refresh_at is not None
        assert run.refresh_at > play.now
        play.now += timedelta(hours=24)

    assert play.run.status is RunStatus.IN_PROGRESS


def test_a_run_fails_after_a_day_without_access_and_gives_up_its_claims() -> None:
    play = Play().tracked()
    gone = failure("permanent", "not_found")

    refresh_fails(play, gone)
    play.now += timedelta(hours=23, minutes=59)
    assert refresh_fails(play, gone).status is RunStatus.IN_PROGRESS
    play.now += timedelta(minutes=1)
    assert refresh_fails(play, gone).status is RunStatus.FAILED

    assert play.repository.claims == {}
    assert {task.state for task in play.run.tasks} == {TaskState.FAILED}


def test_access_that_came_back_in_between_starts_the_day_anew() -> None:
    play = Play().tracked()
    gone = failure("permanent", "not_found")

    refresh_fails(play, gone)
    play.now += timedelta(hours=23)
    play.refresh()
    play.now += timedelta(hours=23)

    assert refresh_fails(play, gone).status is RunStatus.IN_PROGRESS
    assert after(0) < play.now


# --- What is refused -------------------------------------------------------------------------------------------------


def test_a_success_ends_its_own_effect_and_no_other() -> None:
    play = executing()
    waiting = Pending(since=play.now, attempts=2, not_before=play.now + timedelta(minutes=4), trouble="down")
    play.runs[1] = replace(play.run, pending=play.run.pending | {"branch:2": waiting})

    play.do(play.settle_until(effects.EnsureBranch))

    assert "branch:1" not in play.run.pending
    assert play.run.pending["branch:2"] == waiting


def test_what_is_refused_for_good_leaves_the_bookkeeping_of_the_others() -> None:
    play = executing()
    waiting = Pending(since=play.now, attempts=2, not_before=play.now + timedelta(minutes=4), trouble="down")
    play.runs[1] = replace(play.run, pending=play.run.pending | {"branch:2": waiting})

    fails(play, "branch:1", failure("permanent", "invalid"))

    assert "branch:1" not in play.run.pending
    assert play.run.pending["branch:2"] == waiting


@pytest.mark.parametrize(("attempts", "held"), [(HOPELESS - 1, False), (HOPELESS, True)])
def test_what_github_finds_invalid_ten_times_is_hopeless(attempts: int, held: bool) -> None:  # noqa: FBT001
    play = executing()
    entry = replace(play.run.pending["branch:1"], attempts=attempts)
    play.runs[1] = replace(play.run, pending=play.run.pending | {"branch:1": entry})

    fails(play, "branch:1", failure("transient", "invalid"))

    assert (play.task(1).state is TaskState.HELD) is held
    assert ("branch:1" in play.run.pending) is not held


def test_what_is_down_is_not_hopeless_however_often_it_failed() -> None:
    play = executing()
    entry = replace(play.run.pending["branch:1"], attempts=HOPELESS + 5)
    play.runs[1] = replace(play.run, pending=play.run.pending | {"branch:1": entry})

    fails(play, "branch:1", failure())

    assert play.task(1).state is TaskState.QUEUED


@pytest.mark.parametrize("code", ["forbidden", "not_found"])
def test_a_first_no_to_everything_is_tried_again_after_a_refresh_and_then_holds(code: str) -> None:
    play = executing()

    assert waits(play, "branch:1", failure("permanent", code)) == [TOKEN_RETRY]
    assert play.task(1).state is TaskState.QUEUED
    assert play.run.refresh_at is not None
    assert play.run.refresh_at < play.now
    play.refresh()
    fails(play, "branch:1", failure("permanent", code))

    assert play.task(1).state is TaskState.HELD


@pytest.mark.parametrize("code", ["forbidden", "not_found"])
def test_a_platform_that_says_no_for_a_moment_is_asked_again_in_a_minute(code: str) -> None:
    assert waits(executing(), "branch:1", failure("transient", code), times=3) == [
        TOKEN_RETRY,
        FIRST_RETRY * 2,
        FIRST_RETRY * 4,
    ]


def test_a_failure_without_words_is_named_by_its_code() -> None:
    play = executing()

    entry = fails(play, "branch:1", Failure(kind="transient", code="unreachable"))
    assert entry is not None
    assert entry.trouble == "unreachable"
    entry = fails(play, "branch:1", failure())
    assert entry is not None
    assert entry.trouble == "so it said"


@pytest.mark.parametrize("effect", [effects.EnsureLabel, effects.EnsureComment])
def test_a_step_left_out_is_told_once_with_its_issue_and_githubs_words(effect: Any) -> None:
    play = executing()
    key = play.settle_until(effect).key
    kind, issue = key.split(":")[0], int(key.split(":")[1])

    fails(play, key, failure("permanent", "invalid"))

    told = [m for m in play.run.milestones if m.kind is MilestoneKind.SKIPPED]
    note = Note(why=Why.REFUSED, detail="so it said")
    skipped = Milestone(
        key=f"skipped.{kind}.{issue}",
        kind=MilestoneKind.SKIPPED,
        at=play.now,
        issues=(play.task(issue).issue,),
        note=note,
    )
    assert told == [skipped]
    assert SKIPPABLE[kind] in play.task(issue).done


def test_a_release_left_out_is_told_once_with_githubs_words() -> None:
    play = Play(1, policy="[ship]\nrelease = true").tracked()
    play.finish(1)
    play.confirm()
    key = play.settle_until(effects.EnsureRelease).key

    fails(play, key, failure("permanent", "invalid"))

    told = next(m for m in play.run.milestones if m.kind is MilestoneKind.SKIPPED)
    note = Note(why=Why.REFUSED, detail="so it said")
    assert told == Milestone(key="skipped.release.valine-r1", kind=MilestoneKind.SKIPPED, at=play.now, note=note)
    assert play.run.releases == {"valine-r1": ""}


def test_a_refused_merge_is_held_with_githubs_words_and_nothing_is_merged_before_a_refresh() -> None:
    play = Play(2).tracked()
    play.finish(1, 2)
    play.confirm()
    effect = play.settle_until(effects.MergePullRequest)
    result = events.MergeRefused(issue=play.task(1).issue, reason="rules", detail="queue")

    play.decide(events.EffectSucceeded(at=play.now, key=effect.key, result=result), 1)

    assert play.task(1).note == Note(why=Why.RULES, detail="queue")
    assert play.run.refreshed_at is None
    assert not any(isinstance(one, effects.MergePullRequest) for one in desired_effects(play.run))
