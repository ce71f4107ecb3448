"""What is said about a run under way: shipping, cancelling, retrying, dropping, and how it stands."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, assert_never

from valine.orchestrator import replies
from valine.orchestrator.model.states import RunStatus, Stage, TaskState
from valine.orchestrator.text import escape, numbers, plural, stamp
from valine.view import links
from valine.view.plan_replies import where
from valine.view.tasks import name, waits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from valine.orchestrator.facts.documents import TaskRow
    from valine.orchestrator.replies.parts import ReadyRow, Standing, Waiting

MOST_LINES = 12
MOST_HEADS = 150  # a number and a head each: more would not fit in a reply
MOST_HELD = 3  # of each of several runs
MOST_RUNS = 20


def words(reply: replies.RunReply) -> str:  # noqa: C901, PLR0911, PLR0912 - a line a reply
    """The reply as Discord markdown."""
    match reply:
        case replies.Preflight():
            return preflight(reply)
        case replies.NothingReady():
            return nothing_ready(reply)
        case replies.ShipStarted():
            return ship_started(reply)
        case replies.HeadsMoved():
            return heads_moved(reply)
        case replies.AlreadyShipping():
            return already_shipping(reply)
        case replies.ShipNotPossible():
            return ship_not_possible(reply)
        case replies.CancelAsked():
            return cancel_asked(reply)
        case replies.Cancelled():
            return cancelled(reply)
        case replies.AlreadyOver():
            return already_over(reply)
        case replies.Retried():
            return retried(reply)
        case replies.NothingToRetry():
            return f"Nothing of {reply.run.name} is held, so there is nothing to retry. Nothing was changed."
        case replies.TaskDropped():
            return task_dropped(reply)
        case replies.NotStarted():
            return f"{reply.run.name} is not approved yet, so nothing of it has started. Nothing was changed."
        case replies.NoSuchTask():
            return f"#{reply.number} is not in {reply.run.name}. Nothing was changed."
        case replies.NotDroppable():
            return not_droppable(reply)
        case replies.StatusOf():
            return status(reply)
        case _:
            assert_never(reply)


def shut_out(since: datetime) -> str:
    """What the board says while the repository, or the permission to work in it, is gone."""
    return f"GitHub has not let me in since {stamp(since)}: I wait, and give up after 24 hours"


def stage(*, status: RunStatus, stage: Stage, approved: bool) -> str:
    """What the run is busy with, in a word or two."""
    if stage is not Stage.DONE:
        return {
            Stage.PROPOSED: "proposed",
            Stage.EXECUTING: "opening pull requests",
            Stage.TRACKING: "tracking",
            Stage.SHIPPING: "shipping",
        }[stage]
    if status is RunStatus.CANCELLED and not approved:
        return "not approved"
    return str(status)


def counts(rows: Iterable[TaskRow]) -> str:
    """3/8 merged · 1 held · 2 ready. Dropped tasks are counted apart."""
    return counted(Counter(row.state for row in rows))


def counted(states: Mapping[TaskState, int]) -> str:
    """The same, where it is known how many tasks there are of each state."""
    named = (TaskState.HELD, TaskState.READY, TaskState.DROPPED, TaskState.FAILED)
    wanted = sum(states.values()) - states.get(TaskState.DROPPED, 0)
    merged = f"{states.get(TaskState.MERGED, 0)}/{wanted} merged"
    return " · ".join([merged, *(f"{states[state]} {state}" for state in named if states.get(state))])


def preflight(reply: replies.Preflight) -> str:
    """What /ship would merge, and what not and why."""
    base, ready = escape(reply.base, 100), plural(len(reply.ready), "pull request")
    opening = f"**{reply.run.name}**: {ready} can be merged into {base}, in this order."
    held = [f"Not now: {plural(reply.waiting.count, 'issue')}."] if reply.waiting.count else []
    rule = "Nothing is merged before you confirm. If one is pushed to, you are asked again."
    site = reply.run.site
    lines = [opening, rule, *_ready_lines(site, reply.ready), *held, *_waiting_lines(site, reply.waiting)]
    return "\n".join(lines)


def _ready_lines(site: str, ready: Sequence[ReadyRow]) -> Iterator[str]:
    if len(ready) > MOST_LINES:
        heads = len(ready) <= MOST_HEADS
        yield ", ".join(f"#{row.issue} `{_head(row)}`" if heads else f"#{row.issue}" for row in ready)
        return
    for place, row in enumerate(ready, start=1):
        pull = links.pull_link(site, row.pull, row.url)
        yield f"{place}. {links.issue(site, row.issue)} {escape(row.title, 60)} → {pull} at `{_head(row)}`"


def _head(row: ReadyRow) -> str:
    return row.head[:7] if row.head else "?"


def _waiting_lines(site: str, waiting: Waiting) -> Iterator[str]:
    for row in waiting.rows[:MOST_LINES]:
        yield _waiting_line(site, row)
    rest = [*(row.issue for row in waiting.rows[MOST_LINES:]), *waiting.others]
    if rest:
        yield f"- and {numbers(rest, 60)}"


def _waiting_line(site: str, row: TaskRow) -> str:
    return f"- {links.issue(site, row.issue)} {escape(row.title, 40)}: {waits(row)}"


def nothing_ready(reply: replies.NothingReady) -> str:
    """Nothing can be merged now, and what each waits for."""
    opening = f"Nothing of {reply.run.name} can be merged now. Nothing was changed."
    return "\n".join([opening, *_waiting_lines(reply.run.site, reply.waiting)])


def ship_started(reply: replies.ShipStarted) -> str:
    """Merging begins."""
    return (
        f"Shipping {plural(reply.pulls, 'pull request')} of {reply.run.name}. "
        f"The board in <#{reply.run.channel}> shows how it goes."
    )


def heads_moved(reply: replies.HeadsMoved) -> str:
    """What was confirmed is not what is there."""
    return f"What can be merged in {reply.run.name} has changed since you looked, so nothing was merged. Look again."


def already_shipping(reply: replies.AlreadyShipping) -> str:
    """One round at a time."""
    if reply.at is None:
        return f"{reply.run.name} is being shipped already. Nothing was changed."
    return (
        f"{name(reply.by)} already started shipping {reply.run.name}, {stamp(reply.at)}. "
        f"Nothing was changed. See {where(reply.run)}."
    )


def ship_not_possible(reply: replies.ShipNotPossible) -> str:
    """It is too early or too late."""
    run = reply.run.name
    if reply.stage is Stage.PROPOSED:
        return f"{run} is not approved yet, so there is nothing to ship. Nothing was changed."
    if reply.stage is Stage.EXECUTING:
        return f"{run} is still opening its pull requests. Nothing was changed. Try again when that is done."
    state = stage(status=reply.status, stage=reply.stage, approved=reply.approved)
    return f"{run} is over ({state}), so there is nothing to ship. Nothing was changed."


def cancel_asked(reply: replies.CancelAsked) -> str:
    """What to do with the pull requests."""
    if not reply.approved:
        return f"Cancel {reply.run.name}? Nothing of it has started. Nothing has changed yet."
    pulls = f" It has {plural(reply.pulls, 'open pull request')}." if reply.pulls else ""
    return (
        f"Cancel {reply.run.name}?{pulls} What is merged stays merged; pull requests that were there before the run "
        "stay open either way. Nothing has changed yet."
    )


def cancelled(reply: replies.Cancelled) -> str:
    """It stopped."""
    if not reply.approved:
        return f"{reply.run.name} is cancelled. Nothing was started."
    fate = "Its pull requests are being closed" if reply.closes else "Its pull requests stay open"
    return f"{reply.run.name} is cancelled. {fate}, and its issues are free for another plan."


def already_over(reply: replies.AlreadyOver) -> str:
    """Nothing can be done to a run that ended."""
    when = f" {stamp(reply.at)}" if reply.at else ""
    by = f" by {name(reply.by)}" if reply.ended else ""
    state = stage(status=reply.status, stage=reply.stage, approved=reply.approved)
    return f"{reply.run.name} is over: {state}{by}{when}. Nothing was changed."


def retried(reply: replies.Retried) -> str:
    """They are looked at and tried anew."""
    return (
        f"Trying {numbers(reply.issues) or 'what failed'} of {reply.run.name} again. "
        f"The board in <#{reply.run.channel}> shows what comes of it."
    )


def task_dropped(reply: replies.TaskDropped) -> str:
    """It is out, its pull request stays."""
    return (
        f"Took #{reply.issue} out of {reply.run.name}. Its pull request stays as it is; the issue can be planned again."
    )


def not_droppable(reply: replies.NotDroppable) -> str:
    """It is merged, dropped or failed already, or being merged."""
    state = str(reply.state) if reply.state is not None else "being shipped"
    return f"#{reply.issue} of {reply.run.name} is {state}, so it cannot be dropped. Nothing was changed."


def status(reply: replies.StatusOf) -> str:
    """How these runs stand, newest first."""
    runs = reply.runs
    if not runs:
        return f"No run is active in {escape(reply.repository, 140)}. `/plan` proposes one."
    lines = [line for one in runs[:MOST_RUNS] for line in _status(one, alone=len(runs) == 1)]
    more = [f"and {len(runs) - MOST_RUNS:,} more"] if len(runs) > MOST_RUNS else []
    return "\n".join([*lines, *more])


def _status(one: Standing, *, alone: bool) -> Iterator[str]:
    run = one.run
    state = stage(status=one.status, stage=one.stage, approved=one.approved)
    if one.states:
        yield f"**{run.name}** · {state} · {counted(one.states)} · board in <#{run.channel}>, thread {where(run)}"
    else:
        count = plural(one.issues, "issue")
        until = f" · expires {stamp(one.expires_at)}" if one.expires_at is not None else ""
        yield f"**{run.name}** · {state} · {count} labelled {escape(one.label, 60)}{until} · {where(run)}"
    if alone:
        yield from _waiting_lines(run.site, one.waiting)
    else:
        yield from (_waiting_line(run.site, row) for row in one.waiting.rows[:MOST_HELD])
