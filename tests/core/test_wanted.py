"""What must be so is derived from the run, and its bookkeeping stays small however much happens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from builders import a_plan, a_plan_item, a_pull, a_run, a_task, after, an_approval, an_issue
from core.play import CHECK, LEAD, Play, behind
from valine.documents import MAX_DOCUMENT, encode
from valine.orchestrator import cards, effects, events, wording
from valine.orchestrator.model import Check, Milestone, Note, Pending, Posted, Run, Shipping
from valine.orchestrator.policy import Policy, TaskPolicy
from valine.orchestrator.states import (
    IssueNumber,
    Login,
    MilestoneKind,
    PullNumber,
    RunStatus,
    Stage,
    Step,
    TaskState,
    Why,
)
from valine.orchestrator.wanted import (
    BOARD_INTERVAL,
    CLOSING_GRACE,
    GIVEN_UP,
    MILESTONES_KEPT,
    introduced,
    schedule,
    still_coming,
    wanted,
)
from valine.orchestrator.world import Failure

replace = msgspec.structs.replace
DOWN = Failure(kind="transient", code="unreachable", detail="down")


def approved_run(**changes: Any) -> Run:
    items = (a_plan_item(41, assignees=(Login("ana"),)),)
    task = a_task(41, assignees=(Login("ana"),))
    given: dict[str, Any] = {
        "tasks": (task,),
        "status": RunStatus.IN_PROGRESS,
        "stage": Stage.EXECUTING,
        "plan": a_plan(*items),
    }
    return a_run(**({"approvals": (an_approval(),)} | given | changes))


def on_github(run: Run) -> list[str]:
    return [effect.key for effect in wanted(run) if not isinstance(effect, effects.EnsureMessage)]


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
        effect = next(e for e in wanted(approved_run(tasks=(task,))) if isinstance(e, effects.EnsureAssignees))
        numbers[own] = effect.numbers

    assert numbers == {False: (7, 41), True: (7,)}


def test_a_title_that_changed_on_github_changes_no_commit() -> None:
    run = approved_run()
    renamed = approved_run(tasks=(replace(run.tasks[0], title="Renamed"),))

    assert wanted(renamed)[-1] == wanted(run)[-1]
    assert isinstance(wanted(run)[-1], effects.EnsureBranch)


def test_nothing_is_wanted_on_github_of_a_proposal() -> None:
    play = Play()
    play.plan()

    assert [effect.key for effect in wanted(play.run)] == ["message:card"]


def test_the_thread_comes_after_its_card_and_before_what_is_in_it() -> None:
    play = Play()
    play.plan()
    order = []
    while play.run.pending:
        order.append(wanted(play.run)[0].key)
        play.step()

    assert order == ["message:card", "thread", "message:milestone.proposed"]


def test_a_message_is_edited_no_sooner_than_its_interval() -> None:
    play = Play().tracked()
    posted = play.run.messages["board"].at

    play.forge.change(1, play.now, draft=False, changed_files=1)
    play.look()

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


def test_after_a_merge_nothing_is_merged_before_a_look() -> None:
    play = Play(2).tracked()
    play.finish(1, 2)
    play.confirm()
    play.do(play.settle_until(effects.MergePullRequest))

    assert not any(isinstance(effect, effects.MergePullRequest) for effect in wanted(play.run))
    assert play.run.look_at == play.now


@pytest.mark.parametrize("close", [False, True])
def test_cancelling_takes_labels_off_and_closes_what_was_asked(close: bool) -> None:  # noqa: FBT001 - a parameter
    play = Play(1).tracked()

    play.says(events.CancelConfirmed, run=play.run.number, close_pull_requests=close)

    assert on_github(play.run) == ["unlabel:1", *(["close_pull_request:1"] if close else [])]


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
        due = next((e for e in wanted(run) if (run.pending[e.key].not_before or play.now) <= play.now), None)
        if isinstance(due, effects.EnsureMessage):
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
    play.look()
    play.settle(seconds=60)

    told = [e.key for _, e in play.log if isinstance(e, events.EffectSucceeded) and "milestone.held" in e.key]
    assert len(told) == len(set(told)) == len(issues)
    assert len(play.run.milestones) <= MILESTONES_KEPT
    assert not play.run.pending


def test_milestones_that_are_not_on_discord_are_never_forgotten() -> None:
    many = tuple(Milestone(key=f"held.{n}", kind=MilestoneKind.HELD, at=after(n)) for n in range(MILESTONES_KEPT + 20))
    posted = {f"milestone.held.{n}": Posted(channel="t", message="m", shown="s", at=after(n)) for n in range(0, 40, 2)}

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
    play.look()
    size = len(encode(play.run))
    held = [milestone for milestone in play.run.milestones if milestone.kind is MilestoneKind.HELD]
    shown = Posted(channel="1" * 19, message="2" * 19, shown="3" * 12, at=play.now)

    posted = schedule(replace(play.run, messages={f"milestone.{m.key}": shown for m in held[:-20]}), play.now)

    assert len(held) == 200
    assert size < MAX_DOCUMENT
    assert len(encode(posted)) < MAX_DOCUMENT
    assert play.run.requested_by == LEAD


def opened(count: int) -> Play:
    """That many tasks, their pull requests opened, without the steps in between."""
    play = Play(count)
    play.plan()
    play.settle()
    plan = play.run.plan
    play.says(events.PlanApproved, run=play.run.number, revision=1, digest=plan.digest)
    done = (Step.BRANCH, Step.PULL_REQUEST, Step.LABEL, Step.ASSIGN, Step.COMMENT)
    for task in play.run.tasks:
        play.forge.perform(pull_request(play, task.issue), play.now)
    tasks = tuple(replace(task, done=done, pull_request=PullNumber(100 + task.issue)) for task in play.run.tasks)
    play.runs[1] = replace(play.run, tasks=tasks)
    return play


def pull_request(play: Play, issue: IssueNumber) -> effects.EnsurePullRequest:
    return effects.EnsurePullRequest(
        issue=issue, uid=play.run.uid, run="r1", branch=f"b{issue}", base="main", title="t", body_hash="h"
    )


# --- Effects say exactly what must be so -----------------------------------------------------------------------------


def one(run: Run, kind: type[effects.Effect]) -> effects.Effect:
    return next(effect for effect in wanted(run) if isinstance(effect, kind))


def test_a_branch_begins_at_the_approved_base_at_the_time_of_the_approval() -> None:
    run = approved_run()

    assert one(run, effects.EnsureBranch) == effects.EnsureBranch(
        issue=IssueNumber(41),
        uid=run.uid,
        branch=run.tasks[0].branch,
        parent=run.plan.base.sha,
        tree=run.plan.base.tree,
        message="Start #41: Issue 41\n\nValine-Run: uid-1\n",
        date=run.approvals[-1].at,
    )


def test_a_pull_request_has_the_title_and_the_text_that_were_approved() -> None:
    task = a_task(41, title="Renamed", body_hash="other", done=(Step.BRANCH,))
    run = approved_run(tasks=(task,))

    assert one(run, effects.EnsurePullRequest) == effects.EnsurePullRequest(
        issue=task.issue,
        uid=run.uid,
        run="r1",
        branch=task.branch,
        base="main",
        title="Issue 41",
        body_hash="hash-41",
    )


def test_the_label_of_work_under_way_is_the_policys() -> None:
    policy = Policy(tasks=TaskPolicy(label="doing"))
    done = (Step.BRANCH, Step.PULL_REQUEST)
    plan = a_plan(a_plan_item(41), policy=policy)
    task = a_task(41, done=done, pull_request=PullNumber(7))
    dropped = replace(task, state=TaskState.DROPPED, done=(*done, Step.LABEL))

    put_on = one(approved_run(plan=plan, tasks=(task,)), effects.EnsureLabel)
    taken_off = one(approved_run(plan=plan, tasks=(dropped,)), effects.EnsureLabel)

    assert put_on == effects.EnsureLabel(issue=task.issue, label="doing", present=True)
    assert taken_off == effects.EnsureLabel(issue=task.issue, label="doing", present=False)


def test_the_comment_on_an_issue_is_found_again_by_its_marker() -> None:
    done = (Step.BRANCH, Step.PULL_REQUEST, Step.LABEL)
    run = approved_run(tasks=(a_task(41, done=done, pull_request=PullNumber(7)),))

    assert one(run, effects.EnsureComment) == effects.EnsureComment(
        issue=IssueNumber(41),
        number=41,
        name="started",
        marker="<!-- valine:started-41:uid-1 -->",
        body=wording.issue_comment(run, run.tasks[0]),
    )


def test_the_thread_is_titled_for_people() -> None:
    play = Play()
    play.plan()
    play.step()

    assert one(play.run, effects.EnsureThread) == effects.EnsureThread(title=wording.thread_title(play.run))


def test_a_merge_is_of_the_confirmed_head_into_the_plans_base_as_the_policy_says() -> None:
    play = Play(1, policy='[ship]\nmethod = "rebase"').tracked()
    play.finish(1)
    play.confirm()
    pull = play.task(1).pull
    assert pull is not None

    assert play.settle_until(effects.MergePullRequest) == effects.MergePullRequest(
        issue=play.task(1).issue,
        pull_request=PullNumber(101),
        head=pull.head,
        base="main",
        method="rebase",
        title=wording.merge_title(play.task(1)),
        message=wording.merge_message(play.run, play.task(1)),
    )


def test_an_update_must_give_githubs_own_test_merge() -> None:
    play = Play(1).tracked()
    play.finish(1)
    behind(play, 1)
    play.confirm()
    pull = play.forge.pulls[101]
    assert pull.test_merge is not None

    assert play.settle_until(effects.UpdateBranch) == effects.UpdateBranch(
        issue=play.task(1).issue,
        pull_request=PullNumber(101),
        head=pull.head,
        base=pull.test_merge.base,
        tree=pull.test_merge.tree,
    )


def test_a_branch_is_deleted_at_the_head_that_was_merged_and_only_if_it_is_ours_and_shipped() -> None:
    merged = a_task(41, state=TaskState.MERGED, pull=a_pull(state="merged"), issue_open=False)
    kept = [replace(merged, adopted=True), replace(merged, merged_by_hand=True), replace(merged, pull=None)]

    deleted = one(approved_run(tasks=(merged,)), effects.EnsureBranchDeleted)

    assert deleted == effects.EnsureBranchDeleted(issue=merged.issue, branch=merged.branch, head=a_pull().head)
    for task in kept:
        assert on_github(approved_run(tasks=(task,))) == []


def test_a_cancelled_pull_request_is_closed_by_its_number() -> None:
    play = Play(1).tracked()
    play.says(events.CancelConfirmed, run=play.run.number, close_pull_requests=True)
    task = play.task(1)

    assert one(play.run, effects.EnsurePullRequestClosed) == effects.EnsurePullRequestClosed(
        issue=task.issue, uid=play.run.uid, branch=task.branch, pull_request=task.pull_request
    )


def test_a_release_is_of_the_rounds_last_merge_with_its_notes() -> None:
    play = Play(2, policy="[ship]\nrelease = true").tracked()
    play.finish(1)
    play.confirm()
    play.settle()
    play.finish(2)
    play.confirm()
    play.settle_until(effects.EnsureRelease)
    second = [milestone for milestone in play.run.milestones if milestone.kind is MilestoneKind.SHIPPED][-1]
    merged = play.task(2).merged_sha
    assert merged is not None

    assert one(play.run, effects.EnsureRelease) == effects.EnsureRelease(
        uid=play.run.uid,
        tag="valine-r1.2",
        commit=merged,
        title=wording.release_title(play.run, second),
        body=wording.release_notes(play.run, second),
    )


def test_a_task_with_nobody_to_assign_is_introduced_without_that() -> None:
    steps = (Step.BRANCH, Step.PULL_REQUEST, Step.LABEL, Step.COMMENT)

    assert introduced(a_task(41, done=steps))
    assert not introduced(a_task(41, done=steps, assignees=(Login("ana"),)))
    assert introduced(a_task(41, done=(*steps, Step.ASSIGN), assignees=(Login("ana"),)))


def test_only_what_was_confirmed_and_seen_is_still_coming() -> None:
    shipping = Shipping(by=LEAD, at=after(0), round=1, heads={"42": a_pull().head})
    checking = a_task(41, state=TaskState.CHECKING, note=Note(why=Why.CHECKS), pull=a_pull())
    run = approved_run(tasks=(checking,), stage=Stage.SHIPPING, shipping=shipping)

    assert not still_coming(run)  # nobody confirmed it
    assert not still_coming(replace(run, shipping=None))
    assert not still_coming(replace(run, tasks=(replace(checking, pull=None),)))
    assert still_coming(replace(run, shipping=replace(shipping, heads={"41": a_pull().head})))


# --- When ------------------------------------------------------------------------------------------------------------


def test_a_line_in_the_thread_waits_for_nothing_though_it_was_posted_before() -> None:
    milestone = Milestone(key="opened", kind=MilestoneKind.OPENED, at=after(0))
    posted = {"milestone.opened": Posted(channel="t", message="", shown="", at=after(0))}

    run = schedule(approved_run(milestones=(milestone,), messages=posted, thread="t"), after(1))

    assert run.pending["message:milestone.opened"].not_before is None


@pytest.mark.parametrize(("quiet", "due"), [(None, 5), (after(3), 5), (after(60), 60)])
def test_an_issue_is_closed_after_its_grace_and_the_limit(quiet: Any, due: float) -> None:
    merged = a_task(41, state=TaskState.MERGED)

    run = schedule(approved_run(tasks=(merged,), quiet_until=quiet), after(0))

    assert run.pending["close:41"].not_before == after(due)


@pytest.mark.parametrize(("stage", "wakes"), [(Stage.TRACKING, True), (Stage.DONE, False)])
def test_a_check_that_may_take_too_long_wakes_a_run_that_is_not_over(stage: Stage, wakes: bool) -> None:  # noqa: FBT001
    checking = a_task(
        41,
        state=TaskState.CHECKING,
        note=Note(why=Why.CHECKS, detail="ci"),
        waiting_since=after(0),
        done=(Step.BRANCH, Step.PULL_REQUEST, Step.LABEL, Step.COMMENT),
        pull_request=PullNumber(7),
    )
    shown = approved_run(tasks=(checking,), stage=stage, thread="t")
    posted = {
        name: Posted(channel="t", message="m", shown=cards.render(shown, name).digest, at=after(0))
        for name in cards.names(shown)
    }

    run = schedule(replace(shown, messages=posted), after(0))

    assert run.wake_at == (after(3600) if wakes else None)


@pytest.mark.parametrize(
    ("attempts", "hours", "wakes"),
    [(GIVEN_UP, 24, True), (GIVEN_UP, 25, False), (GIVEN_UP - 1, 25, True)],
)
def test_a_run_that_is_over_lets_go_after_a_day_of_what_failed_often_enough(
    attempts: int,
    hours: int,
    wakes: bool,  # noqa: FBT001
) -> None:
    merged = a_task(41, state=TaskState.MERGED)
    run = approved_run(tasks=(merged,), stage=Stage.DONE, status=RunStatus.COMPLETED, ended_at=after(0))
    failing = Pending(since=after(0), attempts=attempts, not_before=after(90_000))
    pending = {effect.key: failing for effect in wanted(run)}

    later = schedule(replace(run, pending=pending), after(hours * 3600))

    assert (later.wake_at is not None) is wakes


def test_exactly_as_many_lines_are_kept_as_may_be_and_a_shipped_round_is_one_that_stays() -> None:
    kinds = [MilestoneKind.SHIPPED, *[MilestoneKind.HELD] * MILESTONES_KEPT]
    lines = [Milestone(key=f"k.{n}", kind=kind, at=after(n)) for n, kind in enumerate(kinds)]
    posted = {f"milestone.k.{n}": Posted(channel="t", message="m", shown="s", at=after(n)) for n in range(len(kinds))}

    full = schedule(approved_run(milestones=tuple(lines[1:]), messages=posted), after(500))
    over = schedule(approved_run(milestones=tuple(lines), messages=posted), after(500))
    twice = schedule(approved_run(milestones=(*lines[1:], lines[0]), messages=posted), after(500))

    assert len(full.milestones) == MILESTONES_KEPT
    assert over.milestones[0].kind is MilestoneKind.SHIPPED
    assert [m.key for m in twice.milestones] == [m.key for m in (*lines[2:], lines[0])]
    assert set(posted) - set(twice.messages) == {"milestone.k.1"}
