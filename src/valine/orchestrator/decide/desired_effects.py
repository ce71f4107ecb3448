"""What must be so now: the effects are derived from the run, so none can be forgotten and none is kept too long.

`schedule` is the last step of every decision: it carries over the bookkeeping of effects still wanted, and sets
the run's one alarm clock to the earliest of all that is due.
"""

from __future__ import annotations

import functools
import itertools
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from valine.orchestrator import naming
from valine.orchestrator.decide.assess import verdict_changes_at, waits_for
from valine.orchestrator.facts import display
from valine.orchestrator.facts.rows import note_rows
from valine.orchestrator.model.effects import (
    Effect,
    EnsureAssignees,
    EnsureBranch,
    EnsureBranchDeleted,
    EnsureComment,
    EnsureDocument,
    EnsureIssueClosed,
    EnsureLabel,
    EnsurePullRequest,
    EnsurePullRequestClosed,
    EnsureRelease,
    EnsureThread,
    FindMerged,
    MergePullRequest,
    UpdateBranch,
    WorkStarted,
)
from valine.orchestrator.model.run import Note, Pending, Run, Task
from valine.orchestrator.model.states import MilestoneKind, RunStatus, Stage, Step, TaskState, Why
from valine.orchestrator.remembering import Remembering

if TYPE_CHECKING:
    from collections.abc import Iterator

replace = msgspec.structs.replace

BOARD_INTERVAL = timedelta(seconds=3)
CLOSING_GRACE = timedelta(seconds=5)  # GitHub closes the issue of a merged pull request itself, a moment later
TIDYING = timedelta(hours=24)  # after which a finished run lets go of what still fails
GIVEN_UP = 14  # attempts
MILESTONES_KEPT = 100


def desired_effects(run: Run, render: int = 0) -> list[Effect]:
    """Everything that must be so and is not known to be, in the order in which it is best done.

    `render` is the version of the rendering in force: what an older one wrote is to be written again.
    """
    return [*_documents(run, render), *_task_steps(run), *_shipping(run), *_clean_up(run), *_releases(run)]


def schedule(run: Run, at: datetime, render: int = 0) -> Run:
    """The run with its pending effects and its alarm clock brought up to date."""
    run = _prune(run)
    effects = desired_effects(run, render)
    pending: dict[str, Pending] = {}
    outdated = set()
    for effect in effects:
        key = effect.key
        pending[key] = run.pending.get(key) or Pending(since=at, not_before=_first_due(run, effect, at))
        if isinstance(effect, EnsureDocument) and effect.outdated:
            outdated.add(key)
    waking = {key: entry for key, entry in pending.items() if key not in outdated} if outdated else pending
    return replace(run, pending=pending, wake_at=_wake_at(run, waking, at))


def _first_due(run: Run, effect: Effect, at: datetime) -> datetime | None:
    if isinstance(effect, EnsureDocument) and effect.document in run.messages and not display.is_line(effect.document):
        return max(at, run.messages[effect.document].at + BOARD_INTERVAL)
    if isinstance(effect, EnsureDocument | EnsureThread):
        return None
    if isinstance(effect, EnsureIssueClosed):
        return max(at + CLOSING_GRACE, run.quiet(at) or at)
    return run.quiet(at)


def _wake_at(run: Run, pending: dict[str, Pending], at: datetime) -> datetime | None:
    if run.ended_at is not None and at - run.ended_at > TIDYING:
        pending = {key: entry for key, entry in pending.items() if entry.attempts < GIVEN_UP}
    times = [entry.not_before or at for entry in pending.values()]
    if run.refresh_at is not None and not run.final:
        times.append(run.refresh_at)
    if not run.final:
        times += [time for task in run.tasks if (time := verdict_changes_at(run, task)) is not None]
    if run.stage is Stage.PROPOSED:
        times.append(run.expires_at)
    return min(times, default=None)


def _prune(run: Run) -> Run:
    """Forget the oldest milestones that are on Discord, so that a long run does not outgrow its item."""
    excess = len(run.milestones) - MILESTONES_KEPT
    if excess <= 0:
        return run
    old = [m for m in run.milestones[:excess] if f"milestone.{m.key}" in run.messages and not _needed(m.kind)]
    names = {f"milestone.{milestone.key}" for milestone in old}
    return replace(
        run,
        milestones=tuple(m for m in run.milestones if m not in old),
        messages={name: posted for name, posted in run.messages.items() if name not in names},
    )


def _needed(kind: MilestoneKind) -> bool:
    return kind is MilestoneKind.SHIPPED  # releases are derived from these


def _documents(run: Run, render: int) -> Iterator[Effect]:
    """Card first, for its thread; then the thread; then all that is not on show as it should be."""
    for document in display.documents(run):
        if run.thread is not None or (not display.in_thread(document) and not display.is_begun(run, document)):
            if not display.is_settled(run, document):
                yield EnsureDocument(document=document)
            elif display.is_outdated(run, document, render):
                yield EnsureDocument(document=document, outdated=True)
        if document == "card" and run.thread is None and display.pages(run, "card").get(1) is not None:
            yield EnsureThread(run=run.number)


def _task_steps(run: Run) -> Iterator[Effect]:
    if run.status is not RunStatus.IN_PROGRESS:
        return
    for task in run.tasks:
        if not task.settled and task.refusal is None:
            effect = _next_step(run, task)
            if effect is not None:
                yield effect


def _next_step(run: Run, task: Task) -> Effect | None:
    base, approved = run.plan.base, run.approvals[-1]
    if Step.BRANCH not in task.done:
        return EnsureBranch(
            issue=task.issue,
            uid=run.uid,
            branch=task.branch,
            parent=base.sha,
            tree=base.tree,
            message=naming.commit_message(task.issue, _planned_title(run, task), run.uid),
            date=approved.at,
        )
    if Step.PULL_REQUEST not in task.done:
        return EnsurePullRequest(
            issue=task.issue,
            uid=run.uid,
            run=run.name,
            branch=task.branch,
            base=base.branch,
            title=_planned_title(run, task),
            body_hash=next(item.body_hash for item in run.plan.items if item.issue == task.issue),
        )
    return _introduction(run, task)


def _introduction(run: Run, task: Task) -> Effect | None:
    """The steps that tell people of the pull request; it could be shipped without them."""
    if task.pull_request is None:
        return None
    if Step.LABEL not in task.done:
        return EnsureLabel(issue=task.issue, label=run.plan.policy.tasks.label, present=True)
    if Step.ASSIGN not in task.done and task.assignees:
        numbers = (task.pull_request,) if task.own_assignee else (task.pull_request, task.issue)
        return EnsureAssignees(issue=task.issue, numbers=numbers, logins=task.assignees)
    if Step.COMMENT not in task.done:
        return EnsureComment(
            issue=task.issue,
            number=task.issue,
            name="started",
            marker=naming.github_marker(run.uid, f"started-{task.issue}"),
            about=WorkStarted(run=run.number, pull_request=task.pull_request, adopted=task.adopted),
        )
    return None


def introduced(task: Task) -> bool:
    """Whether all steps of execution are done for this task."""
    steps = {Step.BRANCH, Step.PULL_REQUEST, Step.LABEL, Step.COMMENT} | ({Step.ASSIGN} if task.assignees else set())
    return steps <= set(task.done)


def _planned_title(run: Run, task: Task) -> str:
    """The title as it was approved: the issue's may have changed since, and a repeat must give the same commit."""
    return next(item.title for item in run.plan.items if item.issue == task.issue)


def next_to_ship(run: Run) -> Task | None:
    """The first task, in plan order, whose confirmed head is ready and waits for nothing."""
    heads = run.shipping.heads if run.shipping else {}
    for task in run.tasks:
        if task.state is not TaskState.READY or task.pull is None or waits_for(run, task):
            continue
        if task.pull.head == heads.get(str(task.issue)):
            return task
    return None


def still_coming(run: Run) -> bool:
    """Whether a confirmed task will become ready without anybody doing anything: checks end, GitHub computes."""
    heads = run.shipping.heads if run.shipping else {}
    for task in run.tasks:
        head = heads.get(str(task.issue))  # None: nobody confirmed it, and the round need not wait
        confirmed = head is not None and task.pull is not None and head in {task.pull.head, task.updated_to}
        coming = task.state is TaskState.CHECKING and task.note is not None
        if confirmed and coming and task.note != Note(why=Why.REVIEW_REQUIRED):  # that needs somebody
            return True
    return False


def _shipping(run: Run) -> Iterator[Effect]:
    task = next_to_ship(run)
    # After a merge nothing is known of the others until they are looked at (refreshed_at is None).
    if task is None or task.pull is None or run.stage is not Stage.SHIPPING or run.refreshed_at is None:
        return
    pull = task.pull
    # GitHub says BEHIND only where branches must be up to date, also to a token that may not read that rule.
    if pull.merge_state == "BEHIND" and pull.test_merge is not None:
        if still_coming(run):
            return  # its merge would put this one behind again: one at a time, or checks run for nothing
        yield UpdateBranch(
            issue=task.issue,
            pull_request=pull.number,
            head=pull.head,
            base=pull.test_merge.base,
            tree=pull.test_merge.tree,
        )
    else:
        yield MergePullRequest(
            issue=task.issue,
            pull_request=pull.number,
            head=pull.head,
            base=run.plan.base.branch,
            method=run.plan.policy.ship.method,
            title=naming.merge_title(task.issue, task.title, task.pull_request),
            message=naming.merge_message(task.issue, run.uid),
        )


def _clean_up(run: Run) -> tuple[Effect, ...]:
    """What a merged, dropped or cancelled task leaves to tidy."""
    label = run.plan.policy.tasks.label
    over = _tidying_with(label)(run.tasks)
    if run.status is not RunStatus.CANCELLED:
        return over
    stopped = (task for task in run.tasks if not task.settled)
    return (*over, *(e for task in stopped for e in (*_unlabelled(task, label), *_after_cancelling(run, task))))


@functools.lru_cache(8)
def _tidying_with(label: str) -> Remembering[tuple[Task, ...], tuple[Effect, ...]]:
    """What merged and dropped tasks leave: of a large run that is much, and asked again and again."""

    def of_one(task: Task) -> tuple[Effect, ...]:
        merged = _after_merge(task) if task.state is TaskState.MERGED else ()
        return (*merged, *_unlabelled(task, label))

    remembered = Remembering(of_one)

    def of_all(tasks: tuple[Task, ...]) -> tuple[Effect, ...]:
        over = [task for task in tasks if task.state in {TaskState.MERGED, TaskState.DROPPED}]
        return tuple(itertools.chain.from_iterable(remembered.each(over)))

    return Remembering(of_all, most=64)


def _unlabelled(task: Task, label: str) -> Iterator[Effect]:
    # Once there is a pull request the label may be on, though nobody heard so.
    labelled = Step.LABEL in task.done or task.pull_request is not None
    if labelled and Step.UNLABEL not in task.done:
        yield EnsureLabel(issue=task.issue, label=label, present=False)


def _after_cancelling(run: Run, task: Task) -> Iterator[Effect]:
    """What was asked of GitHub when the run was cancelled may have come about, answered for or not."""
    if task.merge_asked and task.pull_request is not None and task.refusal is None:
        yield FindMerged(issue=task.issue, pull_request=task.pull_request, base=run.plan.base.branch)
    # A restored backup may not know yet that a pull request was opened: it is looked for.
    if run.close_pull_requests and not task.adopted and Step.PULL_REQUEST_CLOSED not in task.done:
        yield EnsurePullRequestClosed(issue=task.issue, uid=run.uid, branch=task.branch, pull_request=task.pull_request)


def _after_merge(task: Task) -> Iterator[Effect]:
    if Step.ISSUE_CLOSED not in task.done and task.issue_open:
        yield EnsureIssueClosed(issue=task.issue)
    merged_head = task.pull.head if task.pull else None
    ours = not task.adopted and not task.merged_by_hand
    if Step.BRANCH_DELETED not in task.done and ours and merged_head is not None:
        yield EnsureBranchDeleted(issue=task.issue, branch=task.branch, head=merged_head)


def _releases(run: Run) -> Iterator[Effect]:
    if not run.plan.policy.ship.release:
        return
    for milestone in run.milestones:
        if milestone.kind is not MilestoneKind.SHIPPED or not milestone.issues:
            continue
        tag = naming.release_tag(run, milestone.round)
        last = run.task(milestone.issues[-1])
        if tag not in run.releases and last is not None and last.merged_sha is not None:
            yield EnsureRelease(
                uid=run.uid,
                tag=tag,
                commit=last.merged_sha,
                run=run.number,
                round=milestone.round,
                notes=note_rows(run, milestone.issues),
            )
