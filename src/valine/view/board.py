"""The board: how every task of a run stands, those that need somebody first. It says nothing that a refresh alone
changes.

One message in the channel, edited in place; what does not fit there goes on in the thread.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from valine.orchestrator.facts.documents import Board, TaskRow
from valine.orchestrator.model.states import RunStatus, Stage, TaskState
from valine.orchestrator.text import REMEMBERED, escape, stamp
from valine.view import links
from valine.view.components import (
    GREY,
    Entry,
    Frame,
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
from valine.view.tasks import emoji, name, settled, waits

if TYPE_CHECKING:
    from collections.abc import Iterator

ACTIVE, COMPLETED, CANCELLED, FAILED = 0x5865F2, 0x57F287, GREY, 0xED4245
LONGEST_TITLE = 80
BAR = 10


def board(facts: Board) -> tuple[Message, ...]:
    """All pages of the board; the first is the one in the channel."""
    found = pages(_entries(facts))
    heading = _heading(facts, len(found))
    frame = Frame(run=facts.run, document="board", word="Board", heading=heading, color=_color(facts))
    controls = _controls(facts)
    return tuple(page_of(frame, page, found, controls if page == 1 else []) for page in range(1, len(found) + 1))


def _color(facts: Board) -> int:
    return {RunStatus.COMPLETED: COMPLETED, RunStatus.CANCELLED: CANCELLED, RunStatus.FAILED: FAILED}.get(
        facts.status, ACTIVE
    )


def bar(facts: Board) -> str:
    """▰▰▰▱▱▱▱▱▱▱: what is merged of what was not dropped."""
    wanted = [task for task in facts.rows if task.state is not TaskState.DROPPED]
    merged = sum(task.state is TaskState.MERGED for task in wanted)
    full = merged * BAR // len(wanted) if wanted else 0
    return "▰" * full + "▱" * (BAR - full)


def _heading(facts: Board, count: int) -> str:
    base = escape(facts.base, 100)
    lines = [
        f"## Run {facts.run.name} · {stage(status=facts.status, stage=facts.stage, approved=facts.approved)}",
        f"{bar(facts)} {counts(facts.rows)} · into {base}",
        *_footnotes(facts),
    ]
    if count > 1:
        lines.append(f"The board has {count} pages; the others are in the thread.")
    return "\n".join(lines)


def _footnotes(facts: Board) -> Iterator[str]:
    """Who is shipping, who ended it, what was released."""
    if facts.shipping_since is not None:
        yield f"Shipping since {stamp(facts.shipping_since)}, started by {name(facts.shipping_by)}"
    if facts.unreachable_since is not None:
        yield shut_out(facts.unreachable_since)
    if facts.ended_at is not None:
        by = f" by {name(facts.ended_by)}" if facts.ended_by is not None else ""
        yield f"Ended {stamp(facts.ended_at)}{by}"
    for tag, url in facts.releases:
        yield f"Released [{tag}]({url})"


def _controls(facts: Board) -> list[Json]:
    if facts.stage is Stage.DONE:
        return []
    made = []
    if facts.stage is Stage.TRACKING:
        made.append(button("Ship", custom_id(facts.run, "ship"), "success"))
    made.append(button("Retry", custom_id(facts.run, "retry")))
    made.append(button("Refresh", custom_id(facts.run, "status")))
    made.append(button("Cancel", custom_id(facts.run, "cancel"), "danger"))
    return buttons(made)


def _entries(facts: Board) -> Iterator[Entry]:
    site = facts.run.site
    if facts.stage is Stage.DONE:
        yield from (_line(site, task, final=True) for task in facts.rows)
        return
    attention = [task for task in facts.rows if task.state in {TaskState.HELD, TaskState.FAILED}]
    if attention:
        yield entry("**Needs somebody**")
        yield from (_line(site, task) for task in attention)
    rest = [task for task in facts.rows if task.state not in {TaskState.HELD, TaskState.FAILED}]
    if attention and rest:
        yield entry("\n**The others**")
    yield from (_line(site, task) for task in rest)


@functools.lru_cache(REMEMBERED)
def _line(site: str, task: TaskRow, *, final: bool = False) -> Entry:
    pull = links.pull_request(site, task)
    arrow = f" → {pull}" if pull else ""
    title = escape(task.title, LONGEST_TITLE)
    sign = emoji(TaskState.DROPPED if final and not settled(task) else task.state)
    return entry(f"{sign} {links.issue(site, task.issue)} {title}{arrow} · {_state(task, final=final)}")


def _state(task: TaskRow, *, final: bool) -> str:
    if final and not settled(task):
        return "not shipped"
    if task.state is TaskState.MERGED:
        return "merged by hand" if task.by_hand else "merged"
    edited = " · edited since it was approved" if task.edited and not settled(task) else ""
    if settled(task):
        return str(task.state)
    if task.why is None and task.state is not TaskState.READY:
        return waits(task) + edited
    reason = f": {waits(task)}" if task.why is not None else ""
    return f"{task.state}{reason}{edited}"
