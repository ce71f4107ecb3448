"""What is worth a line in a run's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from valine.orchestrator import naming
from valine.orchestrator.model.states import MilestoneKind
from valine.orchestrator.text import escape, numbers, plural, size
from valine.view.components import clip, said
from valine.view.github import by_milestone, note
from valine.view.tasks import name, why

if TYPE_CHECKING:
    from valine.orchestrator.facts.documents import ThreadLine
    from valine.view.components import Message

MOST_NOTES = 1_300  # with the line above them and the marker below a message has no more than 2000 characters


def thread_line(facts: ThreadLine) -> Message:
    """The line as a message; only those who must act are notified."""
    content = f"{clip(sentence(facts), 1_700)}\n-# {naming.marker(facts.run, f'milestone.{facts.key}')}"
    return said(content, facts.mention)


def sentence(m: ThreadLine) -> str:  # noqa: C901, PLR0911, PLR0912 - one sentence for each kind
    """The line: what happened, by whom, to which issues, and whom it is for."""
    who, issues = name(m.by), numbers(m.issues)
    match m.kind:
        case MilestoneKind.PROPOSED:
            return f"📋 {who} asked for {m.run.name}: {plural(m.count, 'issue')} proposed."
        case MilestoneKind.REVISED:
            return f"✏️ {who} changed the plan: revision {m.revision} waits for approval."
        case MilestoneKind.APPROVED:
            return f"✅ {who} approved revision {m.revision} of {m.run.name}."
        case MilestoneKind.OPENED:
            return f"🌱 {plural(len(m.issues), 'pull request')} opened, for {issues or 'no issue'}."
        case MilestoneKind.HELD:
            return _held(m)
        case MilestoneKind.EDITED:
            return f"📝 {issues} was edited after it was approved: the work goes on, look at what changed."
        case MilestoneKind.UNASSIGNED:
            people = escape(m.detail, 300) or "somebody"
            return f"👤 GitHub did not assign {people} to {issues}: they lack access to the repository."
        case MilestoneKind.SKIPPED:
            words = escape(m.detail, 300)
            step = f"a step for {issues}" if issues else "the release"
            return f"⚠️ GitHub refused {step}{f' ({words})' if words else ''}. The work goes on without it."
        case MilestoneKind.SHIPPING:
            return f"🚢 {who} ships {issues or 'nothing'}."
        case MilestoneKind.SHIPPED:
            return _shipped(m)
        case MilestoneKind.COMPLETED:
            return f"🏁 {m.run.name} is complete: {issues or 'nothing'} merged.{_notes(m)}"
        case MilestoneKind.REJECTED:
            return f"🚫 {who} rejected {m.run.name}. Nothing was started."
        case MilestoneKind.EXPIRED:
            return f"⌛ {m.run.name} ended without approval. Nothing was started."
        case MilestoneKind.CANCELLED:
            if not m.started:
                return f"🛑 {who} cancelled {m.run.name}. Nothing was started."
            fate = "Its pull requests are closed." if m.closes else "Its pull requests stay open."
            return f"🛑 {who} cancelled {m.run.name}. {fate}"
        case MilestoneKind.DROPPED:
            return f"🗑️ {who} took {issues} out of {m.run.name}."
        case MilestoneKind.RETRIED:
            return f"🔁 {who} asked for another try of {issues or 'what failed'}."
        case MilestoneKind.FAILED:
            words = escape(m.detail, 300)
            said = f" ({words})" if words else ""
            return f"❌ {m.run.name} failed: the repository could not be reached for a day{said}."
        case _:
            assert_never(m.kind)


def _held(m: ThreadLine) -> str:
    reason = why(m.held) if m.held is not None else "somebody should look"
    people = " ".join(f"<@{person}>" for person in m.mention)
    return f"⏸️ {numbers(m.issues)} is held: {reason}. {people}".rstrip()


def _shipped(m: ThreadLine) -> str:
    if not m.issues:
        return "🚢 This round merged nothing. The board tells why."
    rest = f" {plural(m.count, 'issue')} left." if m.count else ""
    return f"🚢 Merged {numbers(m.issues)}.{rest}{_notes(m)}"


def _notes(m: ThreadLine) -> str:
    """The lines of the release notes, as many as a message holds."""
    lines: list[str] = []
    groups = by_milestone(m.notes)
    for title, rows in groups.items():
        heading = escape(title, 100) if title else "Other changes"
        lines += [f"**{heading}**"] if title or len(groups) > 1 else []
        lines += [note(row, escape) for row in rows]
    kept = list(lines)
    while size("\n".join(kept)) > MOST_NOTES:
        kept.pop()
    more = sum(line.startswith("- ") for line in lines[len(kept) :])
    return "".join(f"\n{line}" for line in [*kept, *([f"- and {more:,} more"] if more else [])])
