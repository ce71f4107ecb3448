"""The plan as a card: what is proposed, in which order, and why each issue is in or out; further pages in the thread.

The card depends on the plan and its decision alone: what happens to the work afterwards never edits it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from valine.orchestrator.model import Run
from valine.orchestrator.plan import LeftOut, PlanItem
from valine.orchestrator.states import MilestoneKind, Reason, RunStatus
from valine.orchestrator.text import REMEMBERED, escape, listed, numbers, plural, stamp
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
    options,
    page_of,
    pages,
    select,
)
from valine.view.tasks import heading, left_out, name

if TYPE_CHECKING:
    from collections.abc import Iterator

PENDING, APPROVED, ENDED = 0x5865F2, 0x57F287, GREY
LONGEST_TITLE = 100
LISTED_ONE_BY_ONE = 15
IN_A_LINE = 40


def plan_pages(run: Run) -> int:
    """How many messages the plan takes."""
    return len(_pages(run))


def plan_page(run: Run, page: int) -> Message:
    """The page (1 is the card itself). A page that the plan has shrunk away from says so."""
    found = _pages(run)
    open_page = run.status is RunStatus.PENDING and page <= len(found)
    controls = _controls(run, options(found[page - 1]), page) if open_page else []
    return page_of(run, "card", page, found, heading=_heading(run, len(found)), controls=controls, color=_color(run))


def _pages(run: Run) -> list[list[Entry]]:
    return pages(_entries(run))


def _color(run: Run) -> int:
    if run.status is RunStatus.PENDING:
        return PENDING
    return APPROVED if run.approvals else ENDED


def _heading(run: Run, count: int) -> str:
    plan = run.plan
    base, label = escape(plan.base.branch, 100), escape(plan.label, 60)
    limit = f", limit {plan.limit}" if plan.limit is not None else ""
    issues = plural(len(plan.items), "issue")
    more = f"\nThe plan has {count} pages; the others are in the thread." if count > 1 else ""
    return (
        f"## Plan {run.name}: {issues} into {base}\n"
        f"Label {label}{limit} · revision {plan.revision} · asked for by {name(run.requested_by)}\n"
        f"{_decision(run)}{more}"
    )


def _decision(run: Run) -> str:
    if run.status is RunStatus.PENDING:
        return f"Nothing starts before it is approved. Expires {stamp(run.expires_at)}."
    if run.approvals:
        last = run.approvals[-1]
        return f"✅ Approved by {name(last.by)} {stamp(last.at)}."
    when = f" {stamp(run.ended_at)}" if run.ended_at else ""
    if run.ended_by is not None:
        deed = "Rejected" if any(m.kind is MilestoneKind.REJECTED for m in run.milestones) else "Cancelled"
        return f"🚫 {deed} by {name(run.ended_by)}{when}. Nothing was started."
    if run.ended_at is not None and run.ended_at < run.expires_at:
        return f"⌛ Ended{when}: nothing of it was left to do. Nothing was started."
    return f"⌛ Expired{when}. Nothing was started."


def _controls(run: Run, choices: list[tuple[str, str]], page: int) -> Iterator[Json]:
    plan = run.plan
    if choices:
        yield select(custom_id(run, "drop", plan.revision), "Take issues out of the plan", choices)
    if page == 1:
        yield from buttons(
            [
                button("Approve", custom_id(run, "approve", plan.revision, plan.digest), "success"),
                button("Reject", custom_id(run, "reject", plan.revision, plan.digest), "danger"),
            ]
        )


def _entries(run: Run) -> Iterator[Entry]:
    site, priorities = links.repository(run), run.plan.policy.plan.priorities
    for place, item in enumerate(run.plan.items, start=1):
        yield _item(site, priorities, place, item)
    for reason in Reason:
        group = [out for out in run.plan.left_out if out.reason is reason]
        if group:
            yield entry(f"\n**{heading(reason)}: {plural(len(group), 'issue')}**")
            yield from _left_out(site, group)


@functools.lru_cache(REMEMBERED)
def _item(site: str, priorities: tuple[str, ...], place: int, item: PlanItem) -> Entry:
    parts = [f"{place}. {links.issue(site, item.issue)} {escape(item.title, LONGEST_TITLE)}"]
    if item.priority is not None and item.priority < len(priorities):
        parts.append(escape(priorities[item.priority], 30))
    if item.depends_on:
        parts.append(f"after {numbers(item.depends_on, 8)}")
    if item.assignees:
        parts.append(listed((escape(login, 40) for login in item.assignees), 3))
    if item.adopts is not None:
        parts.append(f"continues {links.pull(site, item.adopts.number)}")
    return entry(" · ".join(parts), (str(item.issue), f"#{item.issue} {item.title}"))


def _left_out(site: str, group: list[LeftOut]) -> Iterator[Entry]:
    """One by one while they are few, with the particulars; else their numbers."""
    if len(group) <= LISTED_ONE_BY_ONE:
        for out in group:
            yield entry(f"- {links.issue(site, out.issue)} {escape(out.title, 80)}: {left_out(out)}")
        return
    for at in range(0, len(group), IN_A_LINE):
        yield entry(" ".join(_brief(out) for out in group[at : at + IN_A_LINE]))


def _brief(out: LeftOut) -> str:
    by = [*(f"#{number}" for number in out.by), *(escape(other, 60) for other in out.elsewhere)]
    if out.run is not None:
        by.append(f"r{out.run}")
    return f"#{out.issue} ({', '.join(by[:3])})" if by else f"#{out.issue}"
