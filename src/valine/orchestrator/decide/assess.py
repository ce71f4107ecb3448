"""Where a task stands, judged from what was last seen of it and nothing else: the same sight, the same verdict."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from valine.orchestrator.model.run import Note, Run, Task
from valine.orchestrator.model.states import Step, TaskState, Why

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from valine.orchestrator.model.run import PullSeen

# A check suite takes a moment to appear after a push: until then "no checks" is not yet a fact.
CHECKS_APPEAR = timedelta(minutes=2)

Verdict = tuple[TaskState, Note | None]


def assess(run: Run, task: Task, at: datetime) -> Task:
    """The task with the state and note that the last refresh gives it. Settled tasks stay as they are."""
    if task.settled:
        return task
    state, note = _verdict(run, task, at)
    if (state, note) == (task.state, task.note):
        return task  # the same object: what is remembered of it stays
    return msgspec.structs.replace(task, state=state, note=note)


def waits_for(run: Run, task: Task) -> tuple[int, ...]:
    """The issues that must be merged before this task: dependencies whose issue is still open."""
    found = (run.task(issue) for issue in task.depends_on)
    return tuple(other.issue for other in found if other and other.state is not TaskState.MERGED and other.issue_open)


def awaited(run: Run, task: Task) -> bool:
    """Whether others wait for an issue that was dropped: they may go on once it is closed elsewhere."""
    waiting = (other for other in run.tasks if not other.settled)
    return task.state is TaskState.DROPPED and any(task.issue in other.depends_on for other in waiting)


def _verdict(run: Run, task: Task, at: datetime) -> Verdict:
    if task.pull is None:
        return _before_first_sight(task)
    if task.pull.state == "merged":
        return _merged(run, task.pull)
    for obstacle in _obstacles(run, task, task.pull, at):
        return obstacle
    blockers = waits_for(run, task)
    return TaskState.READY, Note(why=Why.DEPENDENCY, by=blockers) if blockers else None


def _merged(run: Run, pull: PullSeen) -> Verdict:
    """Merged is what is in the run's base: in any other branch it is of no use to those that wait for it."""
    if pull.base == run.plan.base.branch:
        return TaskState.MERGED, None
    return TaskState.HELD, Note(why=Why.RETARGETED, detail=pull.base)


def _before_first_sight(task: Task) -> Verdict:
    if task.refusal is not None:
        return TaskState.HELD, task.refusal
    return (TaskState.STARTED if Step.BRANCH in task.done else TaskState.QUEUED), None


def _obstacles(run: Run, task: Task, pull: PullSeen, at: datetime) -> Iterator[Verdict]:  # noqa: C901 - a list
    """What keeps the pull request from being merged, the most telling first."""
    yield from _foreign(run, task, pull)
    if task.updated_to is not None:  # GraphQL may lag our own write: what it shows is what we replaced
        yield TaskState.CHECKING, Note(why=Why.MERGEABLE)
    if pull.draft:
        yield TaskState.STARTED, Note(why=Why.DRAFT)
    if pull.changed_files == 0:
        yield TaskState.HELD, Note(why=Why.EMPTY)
    if pull.mergeable == "no" or pull.merge_state == "DIRTY":
        yield TaskState.HELD, Note(why=Why.CONFLICT)
    if pull.review == "changes_requested":
        yield TaskState.HELD, Note(why=Why.CHANGES_REQUESTED)
    if run.shipping and run.shipping.heads.get(str(task.issue), pull.head) != pull.head:
        yield TaskState.HELD, Note(why=Why.HEAD_MOVED)
    yield from _checks(run, task, pull, at)
    if pull.review == "required":
        yield TaskState.CHECKING, Note(why=Why.REVIEW_REQUIRED)
    if task.refusal is not None:
        yield TaskState.HELD, task.refusal
    if pull.mergeable == "unknown":
        yield TaskState.CHECKING, Note(why=Why.MERGEABLE)
    if pull.merge_state == "BLOCKED":
        yield TaskState.HELD, Note(why=Why.RULES)


def _foreign(run: Run, task: Task, pull: PullSeen) -> Iterator[Verdict]:
    if pull.state == "closed":
        yield TaskState.HELD, Note(why=Why.CLOSED)
    if not task.issue_open:
        yield TaskState.HELD, Note(why=Why.ISSUE_CLOSED)
    if pull.base != run.plan.base.branch:
        yield TaskState.HELD, Note(why=Why.RETARGETED, detail=pull.base)
    if task.refusal is not None and task.refusal.why in {Why.FOREIGN, Why.GONE}:
        yield TaskState.HELD, task.refusal


def _checks(run: Run, task: Task, pull: PullSeen, at: datetime) -> Iterator[Verdict]:
    failed = sorted(check.key for check in pull.checks if check.state == "failed")
    if failed:
        yield TaskState.HELD, Note(why=Why.CHECKS_FAILED, detail=", ".join(failed))
    waiting = waiting_checks(run, task)
    if waiting:
        age = at - (task.waiting_since or at)
        slow = age >= timedelta(minutes=run.plan.policy.ship.checks_minutes)
        state, why = (TaskState.HELD, Why.CHECKS_SLOW) if slow else (TaskState.CHECKING, Why.CHECKS)
        yield state, Note(why=why, detail=", ".join(waiting))
    elif not task.passed_checks and run.plan.policy.ship.checks != "none":
        if at - (task.head_since or at) < CHECKS_APPEAR:
            yield TaskState.CHECKING, Note(why=Why.CHECKS)
        yield TaskState.HELD, Note(why=Why.NO_CHECKS)


def verdict_changes_at(run: Run, task: Task) -> datetime | None:
    """When time alone will change the verdict: checks that did not appear, or do not end."""
    if task.state is not TaskState.CHECKING or task.note is None or task.note.why is not Why.CHECKS:
        return None
    if task.note.detail:
        longest = timedelta(minutes=run.plan.policy.ship.checks_minutes)
        return task.waiting_since + longest if task.waiting_since else None
    return task.head_since + CHECKS_APPEAR if task.head_since else None


def waiting_checks(run: Run, task: Task) -> list[str]:
    """The checks that must still end on this head, by key: those that are pending, and those that are missing."""
    pending = {check.key for check in task.pull.checks if check.state == "pending"} if task.pull else set()
    waiting = pending | missing_checks(run, task)
    return sorted(waiting) if waiting else []


def missing_checks(run: Run, task: Task) -> set[str]:
    """Checks that are required, or were seen on this pull request before, and are not there now: they are pending.

    A required check is known by its name (context) alone, one that was seen by app, workflow and name.
    """
    if not run.required_checks and task.known_checks == task.passed_checks:
        return set()  # nearly always, and this is asked of each task after each event
    present = set(task.passed_checks) | ({check.key for check in task.pull.checks} if task.pull else set())
    names = set(task.passed_names) | ({check.name for check in task.pull.checks} if task.pull else set())
    return (set(task.known_checks) - present) | (set(run.required_checks) - names)
