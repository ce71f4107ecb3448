"""The plan as a card: what is proposed, in which order, and why each issue is in or out; further pages in the thread.

The card depends on the plan and its decision alone: what happens to the work afterwards never edits it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, assert_never

from valine.orchestrator.facts.documents import LeftOutRow, PlanCard, PlanRow
from valine.orchestrator.model.states import Reason
from valine.orchestrator.text import REMEMBERED, escape, listed, numbers, plural, stamp
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


def plan_card(facts: PlanCard) -> tuple[Message, ...]:
    """All pages of the plan; the first is the card itself."""
    found = pages(_entries(facts))
    heading = _heading(facts, len(found))
    frame = Frame(run=facts.run, document="card", word="Plan", heading=heading, color=_color(facts))
    return tuple(
        page_of(frame, page, found, _controls(facts, options(entries), page)) for page, entries in enumerate(found, 1)
    )


def _color(facts: PlanCard) -> int:
    return {"open": PENDING, "approved": APPROVED}.get(facts.decision, ENDED)


def _heading(facts: PlanCard, count: int) -> str:
    base, label = escape(facts.base, 100), escape(facts.label, 60)
    limit = f", limit {facts.limit}" if facts.limit is not None else ""
    issues = plural(len(facts.rows), "issue")
    more = f"\nThe plan has {count} pages; the others are in the thread." if count > 1 else ""
    return (
        f"## Plan {facts.run.name}: {issues} into {base}\n"
        f"Label {label}{limit} · revision {facts.revision} · asked for by {name(facts.requested_by)}\n"
        f"{_decision(facts)}{more}"
    )


def _decision(facts: PlanCard) -> str:
    when = f" {stamp(facts.decided_at)}" if facts.decided_at else ""
    match facts.decision:
        case "open":
            expires = f" Expires {stamp(facts.expires_at)}." if facts.expires_at else ""
            return f"Nothing starts before it is approved.{expires}"
        case "approved":
            return f"✅ Approved by {name(facts.decided_by)}{when}."
        case "rejected" | "cancelled":
            return f"🚫 {facts.decision.capitalize()} by {name(facts.decided_by)}{when}. Nothing was started."
        case "nothing_left":
            return f"⌛ Ended{when}: nothing of it was left to do. Nothing was started."
        case "expired":
            return f"⌛ Expired{when}. Nothing was started."
        case _:
            assert_never(facts.decision)


def _controls(facts: PlanCard, choices: list[tuple[str, str]], page: int) -> Iterator[Json]:
    if facts.decision != "open":
        return
    if choices:
        identity = custom_id(facts.run, "drop", facts.revision)
        yield select(identity, "Take issues out of the plan", choices)
    if page == 1:
        yield from buttons(
            [
                button("Approve", custom_id(facts.run, "approve", facts.revision, facts.digest), "success"),
                button("Reject", custom_id(facts.run, "reject", facts.revision, facts.digest), "danger"),
            ]
        )


def _entries(facts: PlanCard) -> Iterator[Entry]:
    site = facts.run.site
    for place, row in enumerate(facts.rows, start=1):
        yield _item(site, place, row)
    for reason in Reason:
        group = [out for out in facts.left_out if out.reason is reason]
        if group:
            yield entry(f"\n**{heading(reason)}: {plural(len(group), 'issue')}**")
            yield from _left_out(site, group)


@functools.lru_cache(REMEMBERED)
def _item(site: str, place: int, row: PlanRow) -> Entry:
    parts = [f"{place}. {links.issue(site, row.issue)} {escape(row.title, LONGEST_TITLE)}"]
    if row.priority:
        parts.append(escape(row.priority, 30))
    if row.depends_on:
        parts.append(f"after {numbers(row.depends_on, 8)}")
    if row.assignees:
        parts.append(listed((escape(login, 40) for login in row.assignees), 3))
    if row.adopts is not None:
        parts.append(f"continues {links.pull(site, row.adopts)}")
    return entry(" · ".join(parts), (str(row.issue), f"#{row.issue} {row.title}"))


def _left_out(site: str, group: list[LeftOutRow]) -> Iterator[Entry]:
    """One by one while they are few, with the particulars; else their numbers."""
    if len(group) <= LISTED_ONE_BY_ONE:
        for out in group:
            yield entry(f"- {links.issue(site, out.issue)} {escape(out.title, 80)}: {left_out(out)}")
        return
    for at in range(0, len(group), IN_A_LINE):
        yield entry(" ".join(_brief(out) for out in group[at : at + IN_A_LINE]))


def _brief(out: LeftOutRow) -> str:
    by = [*(f"#{number}" for number in out.by), *(escape(other, 60) for other in out.elsewhere)]
    if out.run is not None:
        by.append(f"r{out.run}")
    return f"#{out.issue} ({', '.join(by[:3])})" if by else f"#{out.issue}"
