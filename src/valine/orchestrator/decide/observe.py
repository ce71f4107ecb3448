"""What a refresh changes: observations are laid onto the tasks, and each task is judged anew.

A hint is only a reason to look. One that the last refresh already satisfies needs none; a refresh that is older than
the hint that caused it is repeated after 2, 5 and 15 seconds, since GitHub's GraphQL may lag its webhooks.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from valine.orchestrator.decide.assess import assess, awaited, waiting_checks
from valine.orchestrator.model.run import Hint, Milestone, Note, PullSeen, Run, Task, after_merges, announce
from valine.orchestrator.model.states import MilestoneKind, Stage, TaskState, Why

if TYPE_CHECKING:
    from collections.abc import Iterator

    from valine.orchestrator.model.events import HintReceived, WorldObserved
    from valine.orchestrator.model.observations import IssueSeen, WorkWorld

replace = msgspec.structs.replace

LAGGING = (timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15))
RECONCILE = {
    Stage.EXECUTING: timedelta(minutes=2),
    Stage.SHIPPING: timedelta(minutes=2),
    Stage.TRACKING: timedelta(minutes=15),
}
MERGEABLE_SOON = timedelta(seconds=3)


# What such webhooks tell changes no verdict: most are echoes of our own writes.
IDLE = {"labeled", "assigned", "unassigned", "milestoned", "demilestoned", "pinned", "locked", "unlocked"}


def concerns(run: Run, hint: Hint) -> bool:
    """Whether the hint may be about this run: one of its issues, pull requests, branches or heads, or its base.

    While pull requests are being opened our own writes would cause a refresh each: the refresh of the end sees it all.
    """
    event, _, action = hint.name.partition(".")
    if run.stage is Stage.EXECUTING or action in IDLE or event == "issue_comment":
        return False
    if run.stage is Stage.PROPOSED:
        return hint.issue is not None and hint.name.startswith("issues.") and _of_plan(run, hint)
    return bool(_concerned(run, hint)) or hint.branch == run.plan.base.branch


def _of_plan(run: Run, hint: Hint) -> bool:
    return any(item.issue == hint.issue for item in run.plan.items)


def _concerned(run: Run, hint: Hint) -> list[Task]:
    return [
        task
        for task in run.tasks
        if (not task.settled or awaited(run, task))
        and (
            hint.issue in {task.issue, task.pull_request} - {None}
            or (hint.branch is not None and hint.branch == task.branch)
            or (hint.head is not None and task.pull is not None and hint.head == task.pull.head)
        )
    ]


def satisfied(run: Run, hint: Hint) -> bool:
    """Whether what was last seen already contains what the hint saw.

    What it saw is compared where it can be (head, check, time of change); a hint that only says that something
    happened is satisfied by any refresh that began after it came.
    """
    known = [_task_satisfies(task, hint) for task in _concerned(run, hint)]
    if False in known:
        return False
    refreshed_since = run.refreshed_at is not None and hint.at <= run.refreshed_at
    return refreshed_since or (bool(known) and None not in known)


def _task_satisfies(task: Task, hint: Hint) -> bool | None:
    """Whether the task shows what the hint saw; None if that cannot be told from it."""
    pull, event = task.pull, hint.name.partition(".")[0]
    if event == "issues":
        return _issue_satisfies(task, hint.name)
    if pull is None:
        return None
    changed = hint.updated_at if event in {"pull_request", "pull_request_review"} else None
    if changed is not None and changed != pull.updated_at:
        return pull.updated_at > changed
    if event in {"push", "pull_request"} and hint.head is not None and hint.head != pull.head:
        return False
    if hint.check is not None and hint.state is not None and hint.head == pull.head:
        return _check_satisfies(task, hint.check, hint.state)
    # GitHub's times are whole seconds: of two changes in one, the refresh may have seen the first alone.
    return True if event == "push" and hint.head is not None else None


def _issue_satisfies(task: Task, name: str) -> bool | None:
    """Of an issue's time of change tasks keep nothing, but whether it is open."""
    desired_effects = {"issues.closed": False, "issues.reopened": True}.get(name, task.issue_open)
    return None if task.issue_open == desired_effects else False


def _check_satisfies(task: Task, name: str, state: str) -> bool | None:
    """Whether the check was seen with that result. Several may go by one name: then it cannot be told whose it was.

    That one began cannot be told from how it ended: the hint may be late, or of a re-run.
    """
    seen = {check.state for check in task.pull.checks if check.name == name} if task.pull else set()
    seen |= {"passed"} if name in task.passed_names else set()
    if seen == {state}:
        return True
    return None if state in seen or (seen and state == "pending") else False


def difference(run: Run, world: WorkWorld) -> WorkWorld:
    """The same world without what the run already knows: what the history keeps."""
    tasks = {task.issue: task for task in run.tasks}
    pulls = {task.pull_request: task for task in run.tasks if task.pull_request is not None}
    return replace(
        world,
        issues=tuple(seen for seen in world.issues if seen.number in tasks and _news(tasks[seen.number], seen)),
        pulls=tuple(
            seen
            for seen in world.pulls
            if seen.number in pulls and _with_pull(pulls[seen.number], seen, world.began_at) != pulls[seen.number]
        ),
    )


def _news(task: Task, seen: IssueSeen) -> bool:
    return _with_issue(task, seen) != task


def observe(run: Run, event: WorldObserved) -> Run:
    """The run after a refresh of its work: tasks updated and judged, milestones for what people must know."""
    world, at = event.world, event.at
    before = run
    issues = {seen.number: seen for seen in world.issues}
    pulls = {seen.number: seen for seen in world.pulls}
    tasks = []
    for task in run.tasks:
        seen = issues.get(task.issue)
        new = _with_issue(task, seen) if seen else task
        pull = pulls.get(task.pull_request) if task.pull_request is not None else None
        new = _with_pull(new, pull, at) if pull else new
        tasks.append(_gone_or_back(new, gone=task.issue in world.missing))
    run = replace(
        run,
        tasks=tuple(tasks),
        required_checks=world.required_checks,
        refreshed_at=world.began_at,
        unreachable_since=None,
    )
    run = judge(run, at)
    for milestone in _news_of_issues(before, run, at):
        run = announce(run, milestone)
    return _next_refresh(run, at, event.hint)


def _gone_or_back(task: Task, *, gone: bool) -> Task:
    """An issue that was deleted or transferred holds its task; a missing pull request may only be too new."""
    gone_before = task.refusal is not None and task.refusal.why is Why.GONE
    if gone == gone_before or task.settled:
        return task
    return replace(task, refusal=Note(why=Why.GONE) if gone else None)


def judge(run: Run, at: datetime) -> Run:
    """The run with every task assessed, merges noted, and a milestone for each that has come to be held."""
    if run.final:
        return run
    run = replace(run, tasks=tuple(_waiting(run, task, at) for task in run.tasks))
    judged = replace(run, tasks=tuple(_noting_merge(run, assess(run, task, at), at) for task in run.tasks))
    # Once more where one waits for another: that depends on the other's verdict.
    tasks = (assess(judged, task, at) if task.depends_on else task for task in judged.tasks)
    judged = replace(judged, tasks=tuple(tasks))
    return _telling(judged, at)


def _waiting(run: Run, task: Task, at: datetime) -> Task:
    """The task with since when its checks are waited for: from the first that is to none that is."""
    if task.settled or task.pull is None:
        return task
    since = (task.waiting_since or at) if waiting_checks(run, task) else None
    return task if since == task.waiting_since else replace(task, waiting_since=since)


def _noting_merge(run: Run, task: Task, at: datetime) -> Task:
    if task.state is not TaskState.MERGED or task.merged_sha is not None or task.pull is None:
        return task
    ours = run.shipping is not None and str(task.issue) in run.shipping.heads
    return replace(task, merged_sha=task.pull.merge_sha, merged_at=after_merges(run, at), merged_by_hand=not ours)


def _telling(run: Run, at: datetime) -> Run:
    """The run with a line for each task that has come to be held: the same reason for the same head is told once.

    Tasks remember what was told of them, since a long run forgets its oldest lines.
    """
    told = {task.issue: key for task in run.tasks if (key := _held_for(task)) not in {None, task.announced}}
    for task in run.tasks:
        if task.issue in told:
            key = f"held.{task.issue}.{told[task.issue]}"
            run = announce(
                run, Milestone(key=key, kind=MilestoneKind.HELD, at=at, issues=(task.issue,), note=task.note)
            )
    if not told:
        return run
    tasks = (replace(task, announced=told[task.issue]) if task.issue in told else task for task in run.tasks)
    return replace(run, tasks=tuple(tasks))


def _held_for(task: Task) -> str | None:
    if task.state is not TaskState.HELD or task.note is None:
        return None
    head = task.pull.head[:7] if task.pull else "start"
    # Retargeted is another matter once it is merged there.
    return f"{task.note.why}.{head}" + (".merged" if task.pull and task.pull.state == "merged" else "")


def _news_of_issues(before: Run, after: Run, at: datetime) -> Iterator[Milestone]:
    for old, new in zip(before.tasks, after.tasks, strict=True):
        if new.body_hash != old.body_hash:
            key = f"edited.{new.issue}.{new.body_hash}"
            yield Milestone(key=key, kind=MilestoneKind.EDITED, at=at, issues=(new.issue,))


def _with_issue(task: Task, seen: IssueSeen) -> Task:
    if (seen.title, seen.body_hash, seen.open) == (task.title, task.body_hash, task.issue_open):
        return task  # the same object: what is remembered of it stays
    edited = task.edited or seen.body_hash != task.body_hash or seen.title != task.title
    return replace(task, title=seen.title, body_hash=seen.body_hash, issue_open=seen.open, edited=edited)


def _with_pull(task: Task, seen: PullSeen, at: datetime) -> Task:
    """The task with what its pull request shows now; checks that passed are kept by name only."""
    ended_well = [check for check in seen.checks if check.state == "passed"]
    passed = tuple(sorted([check.key for check in ended_well]))
    names = tuple(sorted({check.name for check in ended_well}))
    known = tuple(sorted({*task.known_checks, *[check.key for check in seen.checks]}))
    kept = replace(seen, checks=tuple([check for check in seen.checks if check.state != "passed"]))
    if (kept, passed, names, known) == (task.pull, task.passed_checks, task.passed_names, task.known_checks):
        return task  # the same object: what is remembered of it stays
    moved = task.pull is None or task.pull.head != seen.head
    begun = moved or (task.pull is not None and task.pull.draft != seen.draft)
    awaited_update = task.updated_to if not moved else None
    return replace(
        task,
        pull=kept,
        passed_checks=passed,
        passed_names=names,
        known_checks=known,
        head_since=at if begun else task.head_since,
        waiting_since=None if begun else task.waiting_since,
        # What GitHub refused, it refused for that head; a change may have removed the cause.
        refusal=None if moved or _may_pass_now(task, seen) else task.refusal,
        updated_to=awaited_update,
    )


def _may_pass_now(task: Task, seen: PullSeen) -> bool:
    return task.pull is not None and task.pull.updated_at != seen.updated_at


def _next_refresh(run: Run, at: datetime, hint: HintReceived | None) -> Run:
    """When to look again: soon if this refresh was older than a hint or GitHub is computing, else at leisure."""
    unmet = [one for one in (hint, run.unmet_hint) if one is not None and not satisfied(run, one)]
    run = replace(run, unmet_hint=_plain(unmet[0]) if unmet else None, lag=0 if hint in unmet else run.lag)
    if (unmet or any(map(_unseen, run.tasks))) and run.lag < len(LAGGING):
        return replace(run, lag=run.lag + 1, refresh_at=at + LAGGING[run.lag])
    computing = any(task.note is not None and task.note.why is Why.MERGEABLE for task in run.tasks)
    if computing and run.lag < len(LAGGING):
        return replace(run, lag=run.lag + 1, refresh_at=at + MERGEABLE_SOON)
    interval = RECONCILE.get(run.stage)
    return replace(run, lag=0, unmet_hint=None, refresh_at=at + interval if interval else None)


def _unseen(task: Task) -> bool:
    """Whether its pull request was opened a moment ago, and GraphQL does not know it yet."""
    return task.pull_request is not None and task.pull is None and not task.settled


def _plain(hint: Hint) -> Hint:
    return Hint(**{name: getattr(hint, name) for name in Hint.__struct_fields__})
