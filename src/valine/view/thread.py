"""What is worth a line in a run's thread, and who is rung for it: nobody, unless somebody must do something."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from valine.orchestrator.model import Milestone, Note, Run
from valine.orchestrator.replies.parts import note_rows, owners, task_row
from valine.orchestrator.states import MilestoneKind
from valine.orchestrator.text import escape, numbers, plural, size
from valine.view.github import by_milestone, note
from valine.view.tasks import name, why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from valine.orchestrator.states import IssueNumber

MOST_RUNG = 10
MOST_NOTES = 1_300  # with the line above them and the marker below a message has no more than 2000 characters


def milestone(run: Run, m: Milestone) -> str:  # noqa: C901, PLR0911, PLR0912 - one sentence for each kind
    """The line: what happened, by whom, to which issues, and whom it is for."""
    who, issues = name(m.by), numbers(m.issues)
    match m.kind:
        case MilestoneKind.PROPOSED:
            return f"📋 {who} asked for {run.name}: {plural(len(m.issues) or len(run.plan.items), 'issue')} proposed."
        case MilestoneKind.REVISED:
            return f"✏️ {who} changed the plan: revision {m.round} waits for approval."
        case MilestoneKind.APPROVED:
            return f"✅ {who} approved revision {m.round} of {run.name}."
        case MilestoneKind.OPENED:
            return f"🌱 {plural(len(m.issues), 'pull request')} opened, for {issues or 'no issue'}."
        case MilestoneKind.HELD:
            return _held(run, m)
        case MilestoneKind.EDITED:
            return f"📝 {issues} was edited after it was approved: the work goes on, look at what changed."
        case MilestoneKind.UNASSIGNED:
            people = _words(m.note) or "somebody"
            return f"👤 GitHub did not assign {people} to {issues}: they lack access to the repository."
        case MilestoneKind.SKIPPED:
            words = _words(m.note)
            step = f"a step for {issues}" if issues else "the release"
            return f"⚠️ GitHub refused {step}{f' ({words})' if words else ''}. The work goes on without it."
        case MilestoneKind.SHIPPING:
            return f"🚢 {who} ships {issues or 'nothing'}."
        case MilestoneKind.SHIPPED:
            return _shipped(run, m)
        case MilestoneKind.COMPLETED:
            return f"🏁 {run.name} is complete: {issues or 'nothing'} merged.{_notes(run, _untold(run, m))}"
        case MilestoneKind.REJECTED:
            return f"🚫 {who} rejected {run.name}. Nothing was started."
        case MilestoneKind.EXPIRED:
            return f"⌛ {run.name} ended without approval. Nothing was started."
        case MilestoneKind.CANCELLED:
            if not run.approvals:
                return f"🛑 {who} cancelled {run.name}. Nothing was started."
            fate = "Its pull requests are closed." if run.close_pull_requests else "Its pull requests stay open."
            return f"🛑 {who} cancelled {run.name}. {fate}"
        case MilestoneKind.DROPPED:
            return f"🗑️ {who} took {issues} out of {run.name}."
        case MilestoneKind.RETRIED:
            return f"🔁 {who} asked for another try of {issues or 'what failed'}."
        case MilestoneKind.FAILED:
            words = _words(m.note)
            said = f" ({words})" if words else ""
            return f"❌ {run.name} failed: the repository could not be reached for a day{said}."
        case _:
            assert_never(m.kind)


def _held(run: Run, m: Milestone) -> str:
    tasks = [task for task in map(run.task, m.issues) if task is not None]
    reason = why(task_row(tasks[0], m.note)) if m.note is not None and tasks else "somebody should look"
    people = " ".join(f"<@{person}>" for person in rung(run, m))
    return f"⏸️ {numbers(m.issues)} is held: {reason}. {people}".rstrip()


def _shipped(run: Run, m: Milestone) -> str:
    if not m.issues:
        return "🚢 This round merged nothing. The board tells why."
    left = [task for task in run.tasks if not task.settled and task.issue not in m.issues]
    rest = f" {plural(len(left), 'issue')} left." if left else ""
    return f"🚢 Merged {numbers(m.issues)}.{rest}{_notes(run, m.issues)}"


def _untold(run: Run, m: Milestone) -> tuple[IssueNumber, ...]:
    """All that was merged, unless the one round that did it has just told it."""
    rounds = [told.issues for told in run.milestones if told.kind is MilestoneKind.SHIPPED and told.issues]
    return () if rounds == [m.issues] else m.issues


def _notes(run: Run, issues: Sequence[IssueNumber]) -> str:
    """The lines of the release notes, as many as a message holds."""
    lines: list[str] = []
    groups = by_milestone(note_rows(run, issues))
    for title, rows in groups.items():
        heading = escape(title, 100) if title else "Other changes"
        lines += [f"**{heading}**"] if title or len(groups) > 1 else []
        lines += [note(row, escape) for row in rows]
    kept = list(lines)
    while size("\n".join(kept)) > MOST_NOTES:
        kept.pop()
    more = sum(line.startswith("- ") for line in lines[len(kept) :])
    return "".join(f"\n{line}" for line in [*kept, *([f"- and {more:,} more"] if more else [])])


def _words(note: Note | None) -> str:
    return escape(note.detail, 300) if note is not None else ""


def rung(run: Run, m: Milestone) -> tuple[str, ...]:
    """The Discord ids of those who must do something now, as far as the policy knows them."""
    if m.kind is not MilestoneKind.HELD:
        return ()
    known = {login.casefold(): person for login, person in run.plan.policy.people.items()}
    logins = (login.casefold() for task in map(run.task, m.issues) if task for login in owners(task))
    return tuple(dict.fromkeys(known[login] for login in logins if login in known))[:MOST_RUNG]
