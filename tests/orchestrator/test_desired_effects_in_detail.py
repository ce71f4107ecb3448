"""Each effect, to the letter; and when it is due."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from builders import a_plan, a_plan_item, a_pull, a_task, after
from orchestrator.play import LEAD, Play, behind
from orchestrator.wanting import approved_run, on_github, on_show
from valine.orchestrator.decide.desired_effects import (
    GIVEN_UP,
    MILESTONES_KEPT,
    desired_effects,
    introduced,
    schedule,
    still_coming,
)
from valine.orchestrator.facts.rows import note_rows
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.policy import Policy, TaskPolicy
from valine.orchestrator.model.run import Milestone, Note, Pending, Posted, Run, Shipping
from valine.orchestrator.model.states import (
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

replace = msgspec.structs.replace

# --- Effects say exactly what must be so -----------------------------------------------------------------------------


def one(run: Run, kind: type[effects.Effect]) -> effects.Effect:
    return next(effect for effect in desired_effects(run) if isinstance(effect, kind))


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
        about=effects.WorkStarted(run=run.number, pull_request=PullNumber(7)),
    )


def test_the_thread_is_titled_for_people() -> None:
    play = Play()
    play.plan()
    play.step()

    assert one(play.run, effects.EnsureThread) == effects.EnsureThread(run=play.run.number)


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
        title="Issue 1 (#101)",
        message=f"Closes #1\n\nValine-Run: {play.run.uid}",
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
        run=play.run.number,
        round=2,
        notes=note_rows(play.run, second.issues),
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
    posted = {"milestone.opened": Posted(channel="t", message="", facts="", at=after(0))}

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

    run = schedule(on_show(shown), after(0))

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
    pending = {effect.key: failing for effect in desired_effects(run)}

    later = schedule(replace(run, pending=pending), after(hours * 3600))

    assert (later.wake_at is not None) is wakes


def test_exactly_as_many_lines_are_kept_as_may_be_and_a_shipped_round_is_one_that_stays() -> None:
    kinds = [MilestoneKind.SHIPPED, *[MilestoneKind.HELD] * MILESTONES_KEPT]
    lines = [Milestone(key=f"k.{n}", kind=kind, at=after(n)) for n, kind in enumerate(kinds)]
    posted = {f"milestone.k.{n}": Posted(channel="t", message="m", facts="s", at=after(n)) for n in range(len(kinds))}

    full = schedule(approved_run(milestones=tuple(lines[1:]), messages=posted), after(500))
    over = schedule(approved_run(milestones=tuple(lines), messages=posted), after(500))
    twice = schedule(approved_run(milestones=(*lines[1:], lines[0]), messages=posted), after(500))

    assert len(full.milestones) == MILESTONES_KEPT
    assert over.milestones[0].kind is MilestoneKind.SHIPPED
    assert [m.key for m in twice.milestones] == [m.key for m in (*lines[2:], lines[0])]
    assert set(posted) - set(twice.messages) == {"milestone.k.1"}
