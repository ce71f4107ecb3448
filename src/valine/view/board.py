"""The board: how every task of a run stands, those that need somebody first. It says nothing that a look alone changes.

One message in the channel, edited in place; what does not fit there goes on in the thread.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from valine.orchestrator.model import Run, Task
from valine.orchestrator.replies.parts import task_row
from valine.orchestrator.states import RunStatus, Stage, TaskState
from valine.orchestrator.text import REMEMBERED, escape, stamp
from valine.view import links
from valine.view.components import (
    GREY,
    Entry,
    Json,
    Message,
    button,
    buttons,
    custom_id,
    entry,
    page_of,
    pages,
)
from valine.view.run_replies import counts, shut_out, stage
from valine.view.tasks import emoji, name, waits

if TYPE_CHECKING:
    from collections.abc import Iterator

ACTIVE, COMPLETED, CANCELLED, FAILED = 0x5865F2, 0x57F287, GREY, 0xED4245
LONGEST_TITLE = 80
BAR = 10
RELEASES_SHOWN = 3


def board_pages(run: Run) -> int:
    """How many messages the board takes."""
    return len(_pages(run))


def board_page(run: Run, page: int) -> Message:
    """The page (1 is the board in the channel). A page that the board has shrunk away from says so."""
    found = _pages(run)
    controls = _controls(run) if page == 1 else []
    return page_of(run, "board", page, found, heading=_heading(run, len(found)), controls=controls, color=_color(run))


def _pages(run: Run) -> list[list[Entry]]:
    return pages(_entries(run))


def _color(run: Run) -> int:
    return {RunStatus.COMPLETED: COMPLETED, RunStatus.CANCELLED: CANCELLED, RunStatus.FAILED: FAILED}.get(
        run.status, ACTIVE
    )


def bar(run: Run) -> str:
    """▰▰▰▱▱▱▱▱▱▱: what is merged of what was not dropped."""
    wanted = [task for task in run.tasks if task.state is not TaskState.DROPPED]
    merged = sum(task.state is TaskState.MERGED for task in wanted)
    full = merged * BAR // len(wanted) if wanted else 0
    return "▰" * full + "▱" * (BAR - full)


def _heading(run: Run, count: int) -> str:
    base = escape(run.plan.base.branch, 100)
    lines = [
        f"## Run {run.name} · {stage(status=run.status, stage=run.stage, approved=bool(run.approvals))}",
        f"{bar(run)} {counts(run.tasks)} · into {base}",
        *_footnotes(run),
    ]
    if count > 1:
        lines.append(f"The board has {count} pages; the others are in the thread.")
    return "\n".join(lines)


def _footnotes(run: Run) -> Iterator[str]:
    """Who is shipping, who ended it, what was released."""
    if run.shipping is not None:
        yield f"Shipping since {stamp(run.shipping.at)}, started by {name(run.shipping.by)}"
    if run.unreachable_since is not None and not run.final:
        yield shut_out(run.unreachable_since)
    if run.ended_at is not None:
        by = f" by {name(run.ended_by)}" if run.ended_by is not None else ""
        yield f"Ended {stamp(run.ended_at)}{by}"
    shown_releases = [(tag, url) for tag, url in run.releases.items() if url]
    for tag, url in shown_releases[-RELEASES_SHOWN:]:
        yield f"Released [{tag}]({url})"


def _controls(run: Run) -> list[Json]:
    if run.final:
        return []
    made = []
    if run.stage is Stage.TRACKING:
        made.append(button("Ship", custom_id(run, "ship"), "success"))
    made.append(button("Retry", custom_id(run, "retry")))
    made.append(button("Refresh", custom_id(run, "status")))
    made.append(button("Cancel", custom_id(run, "cancel"), "danger"))
    return buttons(made)


def _entries(run: Run) -> Iterator[Entry]:
    site = links.repository(run)
    if run.final:
        yield from (_line(site, task, final=True) for task in run.tasks)
        return
    attention = [task for task in run.tasks if task.state in {TaskState.HELD, TaskState.FAILED}]
    if attention:
        yield entry("**Needs somebody**")
        yield from (_line(site, task) for task in attention)
    rest = [task for task in run.tasks if task.state not in {TaskState.HELD, TaskState.FAILED}]
    if attention and rest:
        yield entry("\n**The others**")
    yield from (_line(site, task) for task in rest)


@functools.lru_cache(REMEMBERED)
def _line(site: str, task: Task, *, final: bool = False) -> Entry:
    pull = links.pull_request(site, task)
    arrow = f" → {pull}" if pull else ""
    title = escape(task.title, LONGEST_TITLE)
    sign = emoji(TaskState.DROPPED if final and not task.settled else task.state)
    return entry(f"{sign} {links.issue(site, task.issue)} {title}{arrow} · {_state(task, final=final)}")


def _state(task: Task, *, final: bool) -> str:
    if final and not task.settled:
        return "not shipped"
    if task.state is TaskState.MERGED:
        return "merged by hand" if task.merged_by_hand else "merged"
    edited = " · edited since it was approved" if task.edited and not task.settled else ""
    if task.settled:
        return str(task.state)
    if task.note is None and task.state is not TaskState.READY:
        return waits(task_row(task)) + edited
    reason = f": {waits(task_row(task))}" if task.note is not None else ""
    return f"{task.state}{reason}{edited}"
