"""What becomes of effects: each result is noted once, each failure decides when it is tried again, or who is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, assert_never

import msgspec

from valine.orchestrator.decide.stale_results import holding, is_stale
from valine.orchestrator.facts.display import in_thread, is_begun, is_line
from valine.orchestrator.model import events
from valine.orchestrator.model.effects import on_github
from valine.orchestrator.model.run import Milestone, Note, Pending, Posted, Run, Task, after_merges, announce
from valine.orchestrator.model.states import IssueNumber, MilestoneKind, RunStatus, Stage, Step, TaskState, Why
from valine.orchestrator.naming import page_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from valine.orchestrator.model.events import EffectFailed, EffectSucceeded, Result
    from valine.orchestrator.model.observations import Failure

replace = msgspec.structs.replace

FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(minutes=5)
RETRY_AMBIGUOUS = timedelta(seconds=1)  # an ambiguous write is looked at, by performing it again, right away
TOKEN_RETRY = timedelta(minutes=1)
UPDATE_SETTLES = timedelta(seconds=5)
LIMITED = timedelta(minutes=1)  # as long as GitHub asks for at least, where it names no time
HOPELESS = 10  # attempts
CHAT_RETRY = timedelta(minutes=10)
GONE_FOR_GOOD = timedelta(hours=24)

# Steps that a task can do without: refused for good, they are told once and left.
SKIPPABLE = {
    "label": Step.LABEL,
    "unlabel": Step.UNLABEL,
    "assign": Step.ASSIGN,
    "comment": Step.COMMENT,
    "close": Step.ISSUE_CLOSED,
    "delete": Step.BRANCH_DELETED,
    "close_pull_request": Step.PULL_REQUEST_CLOSED,
}

# What a process that had lost its partition may do when it was undone already: then it is to be undone again.
UNDONE_BY = {Step.LABEL: Step.UNLABEL, Step.PULL_REQUEST: Step.PULL_REQUEST_CLOSED}

REFUSALS = {
    "moved": Why.HEAD_MOVED,
    "retargeted": Why.RETARGETED,
    "conflict": Why.CONFLICT,
    "rules": Why.RULES,
    "draft": Why.DRAFT,
    "closed": Why.CLOSED,
}


def succeeded(run: Run, event: EffectSucceeded) -> Run:
    """The run with the result noted, as far as it holds, and the effect no longer pending."""
    result = holding(run, event)
    if isinstance(result, events.MessageEnsured | events.PageWritten) and is_stale(run, event):
        return _noted(run, result, event.at)  # it is written again
    entry = run.pending.get(event.key)
    run = replace(run, pending={key: entry for key, entry in run.pending.items() if key != event.key})
    run = _noted(run, result, event.at) if result else run
    paged = isinstance(result, events.PageWritten | events.PageRemoved)
    if entry is None or not paged or not is_begun(run, event.key.partition(":")[2]):
        return run
    # The pages that are left follow at once; it is not wanted any more if there is none.
    at_once = replace(entry, attempts=0, not_before=None, trouble="")
    return replace(run, pending={**run.pending, event.key: at_once})


def _noted(run: Run, result: Result, at: datetime) -> Run:  # noqa: C901, PLR0911, PLR0912 - a line a result
    match result:
        case events.MessageEnsured():
            return replace(run, messages={**run.messages, result.name: result.posted})
        case events.PageWritten():
            return _written(run, result)
        case events.PageRemoved():
            return replace(run, messages=_reposted(run, {page_name(result.document, result.page)}, at))
        case events.ThreadEnsured():
            return replace(run, thread=result.thread)
        case events.BranchEnsured():
            return _done(run, result.issue, Step.BRANCH, start=result.start)
        case events.PullRequestEnsured():
            run = _done(run, result.issue, Step.PULL_REQUEST, pull_request=result.pull_request)
            return replace(run, refresh_at=at if run.stage is not Stage.EXECUTING else run.refresh_at)
        case events.LabelEnsured():
            return _done(run, result.issue, Step.LABEL if result.present else Step.UNLABEL)
        case events.AssigneesEnsured():
            return _assigned(run, result, at)
        case events.CommentEnsured():
            return _done(run, result.issue, Step.COMMENT)
        case events.BranchUpdated():
            return _updated(run, result, at)
        case events.Merged():
            return _merged(run, result, at)
        case events.MergeRefused():
            return _refused(run, result, at)
        case events.NotMerged():
            return with_task(run, result.issue, merge_asked=False)
        case events.IssueClosed():
            return _done(run, result.issue, Step.ISSUE_CLOSED, issue_open=False)
        case events.BranchDeleted():
            return _done(run, result.issue, Step.BRANCH_DELETED)
        case events.PullRequestClosed():
            return _done(run, result.issue, Step.PULL_REQUEST_CLOSED)
        case events.ReleaseEnsured():
            return replace(run, releases={**run.releases, result.tag: result.url})
        case _:
            assert_never(result)


def _written(run: Run, result: events.PageWritten) -> Run:
    """The run with the page noted, and those that show the same facts without having been written."""
    posted = result.posted
    messages = dict(run.messages)
    for unchanged in result.unchanged if posted.facts else ():
        name = page_name(result.document, unchanged.page)
        known = messages.get(name)
        if known is not None and known.facts and known.at == unchanged.at:  # else another process wrote it meanwhile
            messages[name] = replace(known, facts=posted.facts, pages=posted.pages, render=posted.render)
    return replace(run, messages={**messages, page_name(result.document, result.page): posted})


def with_task(run: Run, issue: int, **changes: object) -> Run:
    """The run with these fields of one task changed."""
    return replace(run, tasks=tuple(replace(task, **changes) if task.issue == issue else task for task in run.tasks))


def _done(run: Run, issue: int, step: Step, **changes: object) -> Run:
    task = run.task(issue)
    if task is None:
        return run
    done = _without(task, UNDONE_BY.get(step))
    return with_task(run, issue, done=done if step in done else (*done, step), **changes)


def _without(task: Task, step: Step | None) -> tuple[Step, ...]:
    return tuple(one for one in task.done if one is not step)


def _assigned(run: Run, result: events.AssigneesEnsured, at: datetime) -> Run:
    run = _done(run, result.issue, Step.ASSIGN, unassigned=result.dropped)
    if not result.dropped:
        return run
    note = Note(why=Why.REFUSED, detail=", ".join(result.dropped))
    milestone = Milestone(
        key=f"unassigned.{result.issue}", kind=MilestoneKind.UNASSIGNED, at=at, issues=(result.issue,), note=note
    )
    return announce(run, milestone)


def _updated(run: Run, result: events.BranchUpdated, at: datetime) -> Run:
    """Approval survives an update by ourselves, and only if it is git's clean merge of what was approved."""
    task = run.task(result.issue)
    unchanged = task is None or task.pull is None or task.pull.head == result.head
    if run.shipping is not None and result.clean and not unchanged:
        heads = {**run.shipping.heads, str(result.issue): result.head}
        run = replace(run, shipping=replace(run.shipping, heads=heads))
        run = with_task(run, result.issue, updated_to=result.head)
    # GitHub said that there was nothing to update, and yet it was behind: that takes a moment to become true.
    return replace(run, refreshed_at=None, refresh_at=at + UPDATE_SETTLES if unchanged else at)


def _merged(run: Run, result: events.Merged, at: datetime) -> Run:
    merged_at = after_merges(run, at)
    run = with_task(run, result.issue, state=TaskState.MERGED, note=None, merged_sha=result.sha, merged_at=merged_at)
    # What was seen of the others was seen before the base moved.
    return replace(run, refreshed_at=None, refresh_at=at)


def _refused(run: Run, result: events.MergeRefused, at: datetime) -> Run:
    note = Note(why=REFUSALS[result.reason], detail=result.detail)
    return replace(with_task(run, result.issue, refusal=note), refreshed_at=None, refresh_at=at)


def failed(run: Run, event: EffectFailed) -> Run:
    """The run with the effect due again later, or its task held, or the step left out and told."""
    stale, entry = is_stale(run, event), run.pending.get(event.key)
    run = _invalidated(run, event)
    if entry is None:
        return run  # another process has done it
    failure = event.failure
    kind, github = event.key.partition(":")[0], on_github(event.key)
    if failure.code == "limited" and github:
        return _quietened(run, failure, event.at)
    # Not GitHub being away, but something that does not come about however often it is asked for.
    if github and entry.attempts >= HOPELESS and failure.code == "invalid":
        return _for_good(run, event.key, kind, failure, event.at)
    if failure.kind == "permanent" and failure.code != "unauthorized" and github:
        if not _shut_out(run, entry, failure):
            return _for_good(run, event.key, kind, failure, event.at)
        run = replace(run, refresh_at=min(run.refresh_at or event.at, event.at))
    if failure.code == "lost" and not github and not stale:
        run = _lost(run, event, event.at)
    later = replace(
        entry,
        attempts=entry.attempts + 1,
        not_before=_again(failure, entry.attempts, event.at),
        trouble=failure.detail or failure.code,
    )
    return replace(run, pending={**run.pending, event.key: later})


def _invalidated(run: Run, event: EffectFailed) -> Run:
    """What failed may have been done all the same: over what another process wrote, or after it was undone."""
    kind, _, about = event.key.partition(":")
    if kind == "message":
        return invalidate(run, {page_name(about, event.page)}, event.at)
    if kind in UNDONE_BY and (task := run.task(int(about))) is not None:
        return with_task(run, task.issue, done=_without(task, UNDONE_BY[Step(kind)]))
    return run


def invalidate(run: Run, names: Collection[str], at: datetime) -> Run:
    """The run with these messages, of those that are there, as ones of which nobody knows what they show."""
    messages = {
        name: replace(posted, facts="", at=at) if name in names and posted.message else posted
        for name, posted in run.messages.items()
    }
    return replace(run, messages=messages)


def _quietened(run: Run, failure: Failure, at: datetime) -> Run:
    """A limit is GitHub's word on all writes, and nobody's failed attempt: every effect there waits for its end."""
    until = max(failure.retry_at or at + LIMITED, at + FIRST_RETRY)
    pending = {
        key: replace(entry, not_before=max(entry.not_before or until, until), trouble=failure.detail or failure.code)
        if on_github(key)
        else entry
        for key, entry in run.pending.items()
    }
    return replace(run, quiet_until=until, pending=pending)


def _shut_out(run: Run, entry: Pending, failure: Failure) -> bool:
    """Whether it may be that nothing at all may be done in the repository: a refresh after the first refusal tells."""
    if failure.code not in {"forbidden", "not_found"}:
        return False
    refreshed = run.refreshed_at is not None and run.refreshed_at > entry.since and run.unreachable_since is None
    return entry.attempts == 0 or not refreshed


def _again(failure: Failure, attempts: int, at: datetime) -> datetime:
    backoff = min(FIRST_RETRY * (1 << min(attempts, 10)), LAST_RETRY)
    if failure.kind == "ambiguous":
        return max(failure.retry_at or at, at + (RETRY_AMBIGUOUS if attempts == 0 else backoff))
    if failure.code == "unauthorized" or (failure.code in {"forbidden", "not_found"} and attempts == 0):
        return at + TOKEN_RETRY
    if (
        failure.kind == "permanent"
    ):  # of Discord: a message that is gone is posted anew, else somebody must remove the cause
        return at + (FIRST_RETRY if failure.code == "lost" and attempts < 3 else CHAT_RETRY)  # noqa: PLR2004
    if failure.retry_at is None:
        return at + backoff
    return max(failure.retry_at, at + (backoff if failure.code == "invalid" else FIRST_RETRY))


def _for_good(run: Run, key: str, kind: str, failure: Failure, at: datetime) -> Run:
    """The run that does not want this effect any more: its task is held, or it is told once and left."""
    note = Note(why=Why.FOREIGN if failure.code == "stranger" else Why.REFUSED, detail=failure.detail)
    if kind == "release":
        tag = key.partition(":")[2]
        untold = replace(run, releases={**run.releases, tag: ""})
        return announce(untold, Milestone(key=f"skipped.release.{tag}", kind=MilestoneKind.SKIPPED, at=at, note=note))
    issue = int(key.split(":")[1])
    if kind in SKIPPABLE:
        milestone = Milestone(
            key=f"skipped.{kind}.{issue}", kind=MilestoneKind.SKIPPED, at=at, issues=_known(run, issue), note=note
        )
        return _done(announce(run, milestone), issue, SKIPPABLE[kind])
    return with_task(run, issue, refusal=note)


def _known(run: Run, issue: int) -> tuple[IssueNumber, ...]:
    task = run.task(issue)
    return (task.issue,) if task else ()


def _lost(run: Run, event: EffectFailed, at: datetime) -> Run:
    """A message that somebody deleted is posted anew, as another generation; a deleted thread is started anew."""
    name = page_name(event.key.partition(":")[2], event.page)
    if event.key == "thread":  # its card is gone, or can have no other thread
        return replace(run, thread=None, messages=_reposted(run, {"card"}, at))
    known = run.messages.get(name)
    strayed = known is not None and bool(known.message) and known.channel != run.thread  # in a thread before this one
    if event.failure.detail != "channel" or not in_thread(name) or strayed:
        return replace(run, messages=_reposted(run, {name}, at))
    went_along = {other for other, posted in run.messages.items() if posted.channel == run.thread}
    again = {**run.pending, "thread": Pending(since=at, not_before=at + FIRST_RETRY)}
    return replace(run, thread=None, messages=_reposted(run, went_along, at), pending=again)


def _reposted(run: Run, names: Collection[str], at: datetime) -> dict[str, Posted]:
    """The messages, these as not on Discord any more; but what milestones said is said."""
    return {
        name: replace(posted, message="", facts="", at=at, generation=posted.generation + 1)
        if name in names and not is_line(name)
        else posted
        for name, posted in run.messages.items()
    }


def refresh_failed(run: Run, failure: Failure, at: datetime) -> Run:
    """The run after a refresh that brought nothing: looked again later, failed after a day without access."""
    lag = run.lag + 1
    again = failure.retry_at or at + min(FIRST_RETRY * 2 ** min(lag, 10), timedelta(minutes=2))
    run = replace(run, lag=lag, refresh_at=max(again, at + FIRST_RETRY))
    if failure.kind != "permanent":
        return run
    since = run.unreachable_since or at
    run = replace(run, unreachable_since=since, refresh_at=at + LAST_RETRY)
    if at - since < GONE_FOR_GOOD or run.status is not RunStatus.IN_PROGRESS:
        return run
    milestone = Milestone(
        key="failed", kind=MilestoneKind.FAILED, at=at, note=Note(why=Why.REFUSED, detail=failure.detail)
    )
    tasks = tuple(task if task.settled else replace(task, state=TaskState.FAILED) for task in run.tasks)
    run = replace(
        run, status=RunStatus.FAILED, stage=Stage.DONE, ended_at=at, refresh_at=None, shipping=None, tasks=tasks
    )
    return announce(run, milestone)
