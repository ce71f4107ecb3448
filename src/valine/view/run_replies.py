"""What is said about a run under way: shipping, cancelling, retrying, dropping, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.orchestrator.decision import Button, Reply
from valine.orchestrator.model import Run, Task
from valine.orchestrator.states import Stage, TaskState
from valine.orchestrator.text import escape, numbers, plural, stamp
from valine.view import links
from valine.view.components import custom_id
from valine.view.plan_replies import where
from valine.view.tasks import name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

MOST_LINES = 12
MOST_HEADS = 150  # a number and a head each: more would not fit in a reply
MOST_RUNS = 20


def stage(run: Run) -> str:
    from valine.orchestrator.document_facts import board
    from valine.view.tasks import stage as _stage

    return _stage(board(run))


def counts(run: Run) -> str:
    from valine.orchestrator.document_facts import row_of
    from valine.view.tasks import counts as _counts

    return _counts([row_of(t) for t in run.tasks])


def preflight(run: Run, ready: Sequence[Task], waiting: Sequence[Task], heads: str) -> Reply:
    """What /ship would merge, and what not and why; the button carries the digest of exactly these heads."""
    base = escape(run.plan.base.branch, 100)
    opening = f"**{run.name}**: {plural(len(ready), 'pull request')} can be merged into {base}, in this order."
    held = [f"Not now: {plural(len(waiting), 'issue')}."] if waiting else []
    rule = "Nothing is merged before you confirm. If one is pushed to, you are asked again."
    lines = [opening, rule, *_ready_lines(run, ready), *held, *_waiting_lines(run, waiting)]
    label = f"Merge {plural(len(ready), 'pull request')}"
    return Reply(
        text="\n".join(lines),
        buttons=(Button(label=label, custom_id=custom_id(run, "confirm", heads), style="success"),),
    )


def _ready_lines(run: Run, ready: Sequence[Task]) -> Iterator[str]:
    if len(ready) > MOST_LINES:
        heads = len(ready) <= MOST_HEADS
        yield ", ".join(f"#{task.issue} `{_head(task)}`" if heads else f"#{task.issue}" for task in ready)
        return
    site = links.repository(run)
    for place, task in enumerate(ready, start=1):
        pull = links.pull_request(site, __import__("valine.orchestrator.document_facts", fromlist=["x"]).row_of(task))
        yield f"{place}. {links.issue(site, task.issue)} {escape(task.title, 60)} → {pull} at `{_head(task)}`"


def _head(task: Task) -> str:
    return task.pull.head[:7] if task.pull else "?"


def _waiting_lines(run: Run, waiting: Sequence[Task]) -> Iterator[str]:
    site = links.repository(run)
    for task in waiting[:MOST_LINES]:
        yield f"- {links.issue(site, task.issue)} {escape(task.title, 40)}: {waits(task)}"
    if len(waiting) > MOST_LINES:
        yield f"- and {numbers([task.issue for task in waiting[MOST_LINES:]], 60)}"


def waits(task: Task) -> str:
    from valine.orchestrator.document_facts import row_of
    from valine.view.tasks import waits as _waits

    return _waits(row_of(task))


def nothing_ready(run: Run) -> Reply:
    """Nothing can be merged now, and what each waits for."""
    waiting = [task for task in run.tasks if not task.settled]
    opening = f"Nothing of {run.name} can be merged now. Nothing was changed."
    return Reply(text="\n".join([opening, *_waiting_lines(run, waiting)]))


def ship_started(run: Run) -> Reply:
    """Merging begins."""
    count = len(run.shipping.heads) if run.shipping else 0
    return Reply(
        text=f"Shipping {plural(count, 'pull request')} of {run.name}. The board in <#{run.channel}> shows how it goes."
    )


def heads_moved(run: Run) -> Reply:
    """What was confirmed is not what is there."""
    return Reply(
        text=f"What can be merged in {run.name} has changed since you looked, so nothing was merged. Look again.",
        buttons=(Button(label="Look again", custom_id=custom_id(run, "ship"), style="primary"),),
    )


def already_shipping(run: Run) -> Reply:
    """One round at a time."""
    if run.shipping is None:
        return Reply(text=f"{run.name} is being shipped already. Nothing was changed.")
    return Reply(
        text=f"{name(run.shipping.by)} already started shipping {run.name}, {stamp(run.shipping.at)}. "
        f"Nothing was changed. See {where(run)}."
    )


def ship_not_possible(run: Run) -> Reply:
    """It is too early or too late."""
    if run.stage is Stage.PROPOSED:
        return Reply(text=f"{run.name} is not approved yet, so there is nothing to ship. Nothing was changed.")
    if run.stage is Stage.EXECUTING:
        return Reply(
            text=f"{run.name} is still opening its pull requests. Nothing was changed. Try again when that is done."
        )
    return Reply(text=f"{run.name} is over ({stage(run)}), so there is nothing to ship. Nothing was changed.")


def cancel_asked(run: Run) -> Reply:
    """What to do with the pull requests."""
    count = sum(task.pull_request is not None and not task.settled for task in run.tasks)
    if not run.approvals:
        stop = Button(label="Cancel it", custom_id=custom_id(run, "cancel-keep"), style="danger")
        return Reply(text=f"Cancel {run.name}? Nothing of it has started. Nothing has changed yet.", buttons=(stop,))
    pulls = f" It has {plural(count, 'open pull request')}." if count else ""
    keep = Button(label="Cancel, keep them open", custom_id=custom_id(run, "cancel-keep"), style="danger")
    close = Button(label="Cancel and close them", custom_id=custom_id(run, "cancel-close"), style="danger")
    return Reply(
        text=f"Cancel {run.name}?{pulls} What is merged stays merged; pull requests that were there before the run "
        "stay open either way. Nothing has changed yet.",
        buttons=(keep, close),
    )


def cancelled(run: Run) -> Reply:
    """It stopped."""
    if not run.approvals:
        return Reply(text=f"{run.name} is cancelled. Nothing was started.")
    fate = "Its pull requests are being closed" if run.close_pull_requests else "Its pull requests stay open"
    return Reply(text=f"{run.name} is cancelled. {fate}, and its issues are free for another plan.")


def already_over(run: Run) -> Reply:
    """Nothing can be done to a run that ended."""
    when = f" {stamp(run.ended_at)}" if run.ended_at else ""
    by = f" by {name(run.ended_by)}" if run.ended_by else ""
    return Reply(text=f"{run.name} is over: {stage(run)}{by}{when}. Nothing was changed.")


def retried(run: Run, issues: Collection[int]) -> Reply:
    """They are looked at and tried anew."""
    return Reply(
        text=f"Trying {numbers(issues) or 'what failed'} of {run.name} again. "
        f"The board in <#{run.channel}> shows what comes of it."
    )


def nothing_to_retry(run: Run) -> Reply:
    """Nothing is held or failing."""
    return Reply(text=f"Nothing of {run.name} is held, so there is nothing to retry. Nothing was changed.")


def task_dropped(run: Run, issue: int) -> Reply:
    """It is out, its pull request stays."""
    return Reply(
        text=f"Took #{issue} out of {run.name}. Its pull request stays as it is; the issue can be planned again."
    )


def not_started(run: Run) -> Reply:
    """Nothing can be retried or dropped of what did not begin."""
    return Reply(text=f"{run.name} is not approved yet, so nothing of it has started. Nothing was changed.")


def no_such_task(run: Run, number: int) -> Reply:
    """The run has no such issue."""
    return Reply(text=f"#{number} is not in {run.name}. Nothing was changed.")


def not_droppable(run: Run, task: Task) -> Reply:
    """It is merged, dropped or failed already, or being merged."""
    state = str(task.state) if task.settled else "being shipped"
    return Reply(text=f"#{task.issue} of {run.name} is {state}, so it cannot be dropped. Nothing was changed.")


def status(runs: Sequence[Run], repository: str) -> Reply:
    """How these runs stand, newest first."""
    if not runs:
        return Reply(text=f"No run is active in {escape(repository, 140)}. `/plan` proposes one.")
    newest = sorted(runs, key=lambda run: run.number, reverse=True)
    lines = [line for run in newest[:MOST_RUNS] for line in _status(run, alone=len(newest) == 1)]
    more = [f"and {len(newest) - MOST_RUNS:,} more"] if len(newest) > MOST_RUNS else []
    return Reply(text="\n".join([*lines, *more]))


def _status(run: Run, *, alone: bool) -> Iterator[str]:
    if run.tasks:
        yield f"**{run.name}** · {stage(run)} · {counts(run)} · board in <#{run.channel}>, thread {where(run)}"
    else:
        count = plural(len(run.plan.items), "issue")
        until = f" · expires {stamp(run.expires_at)}" if run.stage is Stage.PROPOSED else ""
        yield f"**{run.name}** · {stage(run)} · {count} labelled {escape(run.plan.label, 60)}{until} · {where(run)}"
    open_tasks = [task for task in run.tasks if not task.settled]
    held = [task for task in open_tasks if task.state is TaskState.HELD]
    yield from _waiting_lines(run, open_tasks if alone else held[:3])
