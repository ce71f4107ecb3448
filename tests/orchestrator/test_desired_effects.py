"""What must be so is derived from the run, and its bookkeeping stays small however much happens."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from builders import a_task, after, an_issue
from orchestrator.play import CHECK, LEAD, Play, behind
from orchestrator.wanting import approved_run, on_github, opened
from valine.documents import MAX_DOCUMENT, encode
from valine.orchestrator.decide.desired_effects import (
    BOARD_INTERVAL,
    CLOSING_GRACE,
    GIVEN_UP,
    MILESTONES_KEPT,
    desired_effects,
    schedule,
)
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Check, Milestone, Pending, Posted
from valine.orchestrator.model.states import IssueNumber, Login, MilestoneKind, PullNumber, RunStatus, Stage, Step

replace = msgspec.structs.replace
DOWN = Failure(kind="transient", code="unreachable", detail="down")


def test_the_steps_of_a_task_come_one_by_one() -> None:
    steps = [Step.BRANCH, Step.PULL_REQUEST, Step.LABEL, Step.ASSIGN, Step.COMMENT]
    found = []
    for count in range(len(steps) + 1):
        pull = PullNumber(7) if count >= 2 else None
        run = approved_run(tasks=(a_task(41, assignees=(Login("ana"),), done=tuple(steps[:count]), pull_request=pull),))
        found += on_github(run) or ["nothing"]

    assert found == ["branch:41", "pull_request:41", "label:41", "assign:41", "comment:41:started", "nothing"]


def test_the_issue_is_assigned_too_unless_it_had_somebody() -> None:
    done = (Step.BRANCH, Step.PULL_REQUEST, Step.LABEL)
    numbers = {}
    for own in (False, True):
        task = a_task(41, assignees=(Login("ana"),), own_assignee=own, done=done, pull_request=PullNumber(7))
        effect = next(e for e in desired_effects(approved_run(tasks=(task,))) if isinstance(e, effects.EnsureAssignees))
        numbers[own] = effect.numbers

    assert numbers == {False: (7, 41), True: (7,)}


def test_a_title_that_changed_on_github_changes_no_commit() -> None:
    run = approved_run()
    renamed = approved_run(tasks=(replace(run.tasks[0], title="Renamed"),))

    assert desired_effects(renamed)[-1] == desired_effects(run)[-1]
    assert isinstance(desired_effects(run)[-1], effects.EnsureBranch)


def test_no_effect_on_github_is_desired_of_a_proposal() -> None:
    play = Play()
    play.plan()

    assert [effect.key for effect in desired_effects(play.run)] == ["message:card"]


def test_the_thread_comes_after_its_card_and_before_what_is_in_it() -> None:
    play = Play()
    play.plan()
    order = []
    while play.run.pending:
        order.append(desired_effects(play.run)[0].key)
        play.step()

    assert order == ["message:card", "thread", "message:milestone.proposed"]


def test_a_message_is_edited_no_sooner_than_its_interval() -> None:
    play = Play().tracked()
    posted = play.run.messages["board"].at

    play.forge.change(1, play.now, draft=False, changed_files=1)
    play.refresh()

    assert play.run.pending["message:board"].not_before == max(play.now, posted + BOARD_INTERVAL)


def test_github_gets_a_moment_to_close_the_issue_itself() -> None:
    play = Play(1).tracked()
    play.finish(1)
    play.confirm()
    merge = play.settle_until(effects.MergePullRequest)
    play.do(merge)

    assert play.run.pending["close:1"].not_before == play.now + CLOSING_GRACE


def test_a_branch_that_is_behind_is_updated_before_it_is_merged_and_stays_approved() -> None:
    play = Play(1).tracked()
    play.finish(1)
    behind(play, 1)
    play.confirm()

    assert isinstance(play.settle_until(effects.UpdateBranch), effects.UpdateBranch)
    play.step()
    play.settle()

    assert play.run.status is RunStatus.COMPLETED


def test_dependencies_are_merged_first() -> None:
    issues = (an_issue(1), an_issue(2, mentions=(IssueNumber(1),)), an_issue(3, mentions=(IssueNumber(2),)))
    play = Play(issues).tracked()
    play.finish(1, 2, 3)
    play.confirm()
    play.settle()

    merged = [e.key for _, e in play.log if isinstance(e, events.EffectSucceeded) and e.key.startswith("merge:")]
    assert [key.split(":")[1] for key in merged] == ["1", "2", "3"]


def test_after_a_merge_nothing_is_merged_before_a_refresh() -> None:
    play = Play(2).tracked()
    play.finish(1, 2)
    play.confirm()
    play.do(play.settle_until(effects.MergePullRequest))

    assert not any(isinstance(effect, effects.MergePullRequest) for effect in desired_effects(play.run))
    assert play.run.refresh_at == play.now


@pytest.mark.parametrize("close", [False, True])
def test_cancelling_takes_labels_off_and_closes_what_was_asked(close: bool) -> None:  # noqa: FBT001 - a parameter
    play = Play(1).tracked()

    play.says(events.CancelConfirmed, run=play.run.number, close_pull_requests=close)

    assert on_github(play.run) == ["unlabel:1", *(["close_pull_request:1"] if close else [])]


@pytest.mark.parametrize(("known", "desired_effects"), [(True, ["unlabel:1"]), (False, [])])
def test_a_label_that_nobody_heard_was_put_on_is_taken_off(known: bool, desired_effects: list[str]) -> None:  # noqa: FBT001
    play = Play(1).tracked()
    number = play.task(1).pull_request if known else None
    play.runs[1] = replace(play.run, tasks=(replace(play.task(1), done=(), pull_request=number),))

    play.says(events.CancelConfirmed, run=play.run.number, close_pull_requests=False)

    assert on_github(play.run) == desired_effects


def test_a_finished_run_lets_go_of_what_never_works() -> None:
    play = Play(1).tracked()
    play.says(events.CancelConfirmed, run=play.run.number, close_pull_requests=False)
    play.settle()
    play.runs[1] = replace(play.run, tasks=(replace(play.task(1), done=(Step.LABEL,)),))
    play.decide(events.EffectFailed(at=play.now, key="none", failure=DOWN), 1)
    for _ in range(GIVEN_UP):
        assert play.run.wake_at is not None
        play.now += timedelta(minutes=10)
        play.decide(events.EffectFailed(at=play.now, key="unlabel:1", failure=DOWN), 1)
    assert play.run.wake_at is not None  # a platform that is down for an hour is not given up

    play.now += timedelta(hours=24)
    play.decide(events.EffectFailed(at=play.now, key="unlabel:1", failure=DOWN), 1)

    assert play.run.wake_at is None


def test_one_effect_that_keeps_failing_does_not_hold_up_the_others() -> None:
    """The card cannot be posted, and the work is done all the same."""
    play = Play(2)
    play.plan()
    play.approve()
    play.runs[1] = replace(play.run, messages={})
    for _ in range(60):
        run = play.run
        play.now = max(play.now, run.wake_at or play.now)
        due = next((e for e in desired_effects(run) if (run.pending[e.key].not_before or play.now) <= play.now), None)
        if isinstance(due, effects.EnsureDocument):
            play.decide(events.EffectFailed(at=play.now, key=due.key, failure=DOWN), 1)
        else:
            play.step()

    assert play.run.stage is Stage.TRACKING
    assert {number - 100 for number in play.forge.pulls} == {1, 2}


def test_what_many_tasks_are_held_for_is_told_once() -> None:
    """More lines than are kept: those that are forgotten must not be told again."""
    play = opened(MILESTONES_KEPT + 10)
    issues = range(1, MILESTONES_KEPT + 11)
    play.finish(*issues, check="failed")

    play.settle(seconds=60)
    play.refresh()
    play.settle(seconds=60)

    told = [e.key for _, e in play.log if isinstance(e, events.EffectSucceeded) and "milestone.held" in e.key]
    assert len(told) == len(set(told)) == len(issues)
    assert len(play.run.milestones) <= MILESTONES_KEPT
    assert not play.run.pending


def test_milestones_that_are_not_on_discord_are_never_forgotten() -> None:
    many = tuple(Milestone(key=f"held.{n}", kind=MilestoneKind.HELD, at=after(n)) for n in range(MILESTONES_KEPT + 20))
    posted = {f"milestone.held.{n}": Posted(channel="t", message="m", facts="s", at=after(n)) for n in range(0, 40, 2)}

    run = schedule(approved_run(milestones=many, messages=posted), after(500))

    left = {milestone.key for milestone in run.milestones}
    assert left == {milestone.key for milestone in many} - {f"held.{n}" for n in range(0, 20, 2)}


def test_the_bookkeeping_of_what_is_still_wanted_is_kept() -> None:
    entry = Pending(since=after(-60), attempts=3, not_before=after(30), trouble="down")
    run = approved_run(pending={"branch:41": entry, "label:99": entry})

    scheduled = schedule(run, after(0))

    assert scheduled.pending["branch:41"] == entry
    assert "label:99" not in scheduled.pending


def test_250_tasks_fit_into_a_document_whatever_becomes_of_them() -> None:
    # A team's usual checks; see LARGEST_TASK in planner.py for what is reckoned with.
    play = opened(250)
    checks = tuple(Check(key=f"github-actions/ci/job {n}", state="passed") for n in range(4))
    for issue in range(1, 251):
        mine = (*checks, Check(key=CHECK, name="test", state="failed" if issue % 5 else "passed"))
        play.forge.change(issue, play.now, draft=False, changed_files=3, checks=mine, merge_state="CLEAN")
    play.refresh()
    size = len(encode(play.run))
    held = [milestone for milestone in play.run.milestones if milestone.kind is MilestoneKind.HELD]
    shown = Posted(channel="1" * 19, message="2" * 19, facts="3" * 12, at=play.now)

    posted = schedule(replace(play.run, messages={f"milestone.{m.key}": shown for m in held[:-20]}), play.now)

    assert len(held) == 200
    assert size < MAX_DOCUMENT
    assert len(encode(posted)) < MAX_DOCUMENT
    assert play.run.requested_by == LEAD
