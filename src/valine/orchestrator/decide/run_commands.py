"""What people do to a run under way: cancel it, retry what is held, drop a task, ask how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from valine.orchestrator import replies
from valine.orchestrator.decide.effect_results import with_task
from valine.orchestrator.decide.observe import judge
from valine.orchestrator.model.decision import Answer, Decision, Refusal
from valine.orchestrator.model.effects import on_github
from valine.orchestrator.model.policy import Action, authorize
from valine.orchestrator.model.run import Milestone, Run, announce
from valine.orchestrator.model.states import MilestoneKind, RunStatus, Stage, TaskState
from valine.orchestrator.replies import run_place

if TYPE_CHECKING:
    from valine.orchestrator.model.decision import Outcome, State
    from valine.orchestrator.model.events import (
        CancelConfirmed,
        CancelRequested,
        DropRequested,
        RetryRequested,
        StatusRequested,
    )
    from valine.orchestrator.model.plan import Actor
    from valine.orchestrator.model.run import Task

replace = msgspec.structs.replace


def _barred(run: Run, by: Actor, action: Action) -> Refusal | None:
    """Why this person may not do that to this run, if so: they lack the permission, or it is over."""
    denial = authorize(by, action, run.plan.policy)
    if denial is not None:
        return Refusal(reply=replies.NotAllowed.of(denial))
    return Refusal(reply=replies.AlreadyOver.of(run)) if run.final else None


def cancel_requested(run: Run, event: CancelRequested) -> Outcome:
    """The Cancel button: what shall become of the pull requests?"""
    refusal = _barred(run, event.by, "cancel")
    if refusal is not None:
        return refusal
    return Answer(reply=replies.CancelAsked.of(run))


def cancel_confirmed(state: State, run: Run, event: CancelConfirmed) -> Outcome:
    """The run stops: nothing more is opened or merged, its claims are free, its pull requests closed if asked."""
    refusal = _barred(run, event.by, "cancel")
    if refusal is not None:
        return refusal
    tasks = tuple(replace(task, merge_asked=True) if _may_be_merged(run, task) else task for task in run.tasks)
    run = replace(
        run,
        status=RunStatus.CANCELLED,
        stage=Stage.DONE,
        tasks=tasks,
        ended_by=event.by,
        ended_at=event.at,
        refresh_at=None,
        shipping=None,
        close_pull_requests=event.close_pull_requests,
    )
    run = announce(run, Milestone(key="cancelled", kind=MilestoneKind.CANCELLED, at=event.at, by=event.by))
    return Decision(run=run, repository=state.repository, reply=replies.Cancelled.of(run))


def retry_requested(state: State, run: Run, event: RetryRequested) -> Outcome:
    """What is held or failing is tried again, within GitHub's limits; checks that no longer exist are forgotten."""
    refusal = _barred(run, event.by, "retry")
    if refusal is not None:
        return refusal
    if run.stage is Stage.PROPOSED:
        return Refusal(reply=replies.NotStarted(run=run_place(run)))
    task = find_task(run, event.issue) if event.issue is not None else None
    if event.issue is not None and task is None:
        return Refusal(reply=replies.NoSuchTask(run=run_place(run), number=event.issue))
    chosen = [task] if task else list(run.tasks)
    held = tuple(task.issue for task in chosen if task.state in {TaskState.HELD, TaskState.CHECKING})
    troubled = {key for key, entry in run.pending.items() if entry.attempts}
    if not held and not troubled:
        return Refusal(reply=replies.NothingToRetry(run=run_place(run)))
    for issue in held:
        run = _unheld(run, issue)
    pending = {
        key: replace(entry, not_before=run.quiet(event.at) if on_github(key) else None) if key in troubled else entry
        for key, entry in run.pending.items()
    }
    run = judge(replace(run, pending=pending, refresh_at=event.at, lag=0), event.at)
    milestone = Milestone(
        key=f"retried.{event.id.rpartition(':')[2]}",
        kind=MilestoneKind.RETRIED,
        at=event.at,
        by=event.by,
        issues=held,
    )
    run = announce(run, milestone)
    return Decision(run=run, repository=state.repository, reply=replies.Retried(run=run_place(run), issues=held))


def _unheld(run: Run, issue: int) -> Run:
    task = run.task(issue)
    if task is None:
        return run
    present = (*task.passed_checks, *(check.key for check in task.pull.checks)) if task.pull else ()
    return with_task(run, issue, refusal=None, waiting_since=None, known_checks=tuple(sorted(present)))


def drop_requested(state: State, run: Run, event: DropRequested) -> Outcome:
    """One task leaves the run and gives up its claim; its pull request is left to people."""
    refusal = _barred(run, event.by, "drop")
    if refusal is not None:
        return refusal
    if run.stage is Stage.PROPOSED:
        return Refusal(reply=replies.NotStarted(run=run_place(run)))
    task = find_task(run, event.issue)
    if task is None:
        return Refusal(reply=replies.NoSuchTask(run=run_place(run), number=event.issue))
    if task.settled or _may_be_merged(run, task):
        return Refusal(reply=replies.NotDroppable.of(run, task))
    run = judge(with_task(run, task.issue, state=TaskState.DROPPED, note=None), event.at)
    milestone = Milestone(
        key=f"dropped.{task.issue}", kind=MilestoneKind.DROPPED, at=event.at, by=event.by, issues=(task.issue,)
    )
    run = announce(run, milestone)
    reply = replies.TaskDropped(run=run_place(run), issue=task.issue)
    return Decision(run=run, repository=state.repository, reply=reply)


def _may_be_merged(run: Run, task: Task) -> bool:
    """Whether its merge is under way: it may have been asked of GitHub, with nothing known of what came of it."""
    return any(key.startswith(f"merge:{task.issue}:") for key in run.pending)


def status_requested(run: Run, event: StatusRequested) -> Outcome:
    """How the run stands."""
    denial = authorize(event.by, "status", run.plan.policy)
    if denial is not None:
        return Refusal(reply=replies.NotAllowed.of(denial))
    return Answer(reply=replies.StatusOf.of((run,), run.repository))


def is_about(run: Run, number: int) -> bool:
    """Whether the issue or pull request of that number is one of the run's, or of its plan while it is proposed."""
    planned = run.stage is Stage.PROPOSED and any(item.issue == number for item in run.plan.items)
    return planned or find_task(run, number) is not None


def find_task(run: Run, number: int) -> Task | None:
    """The task of that issue or pull request number."""
    return next((task for task in run.tasks if number in {task.issue, task.pull_request}), None)
