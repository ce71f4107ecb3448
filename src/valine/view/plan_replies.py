"""What is said about a plan, from its proposal to its approval or its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from valine.orchestrator import replies
from valine.orchestrator.model.states import RunStatus, Stage
from valine.orchestrator.text import escape, listed, numbers, plural, stamp
from valine.view.tasks import left_out, name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from valine.orchestrator.replies.parts import ItemChange, PlanChanges, RunPlace

MOST_REASONS = 15


def words(reply: replies.PlanReply) -> str:  # noqa: C901, PLR0911, PLR0912 - a line a reply
    """The reply as Discord markdown."""
    match reply:
        case replies.Planned():
            return planned(reply)
        case replies.AlreadyProposed():
            return already_proposed(reply)
        case replies.NoIssues():
            return no_issues(reply)
        case replies.NothingToPlan():
            return nothing_to_plan(reply)
        case replies.PlanTooBig():
            return plan_too_big(reply)
        case replies.NotInPlan():
            return not_in_plan(reply)
        case replies.DroppedItems():
            return dropped_items(reply)
        case replies.NothingLeft():
            return nothing_left(reply)
        case replies.RevisionMoved():
            return revision_moved(reply)
        case replies.NotShownYet():
            return not_shown_yet(reply)
        case replies.PlanChanged():
            return plan_changed(reply)
        case replies.Approved():
            return approved(reply)
        case replies.AlreadyApproved():
            return already_approved(reply)
        case replies.NotPending():
            return not_pending(reply)
        case replies.Rejected():
            return f"You rejected {reply.run.name}. Nothing was started. `/plan` makes a new one."
        case replies.WhichRun():
            return which_run(reply)
        case replies.OtherRun():
            return other_run(reply)
        case _:
            assert_never(reply)


def where(run: RunPlace) -> str:
    """The run's thread, or its channel while it has none."""
    return f"<#{run.thread or run.channel}>"


def planned(reply: replies.Planned) -> str:
    """A proposal was made."""
    out = f", {reply.left_out:,} left out" if reply.left_out else ""
    return (
        f"{reply.run.name} proposes {plural(reply.issues, 'issue')}{out}: see <#{reply.run.channel}>. "
        "Nothing starts before it is approved."
    )


def already_proposed(reply: replies.AlreadyProposed) -> str:
    """There is an open proposal, and there is one at a time."""
    return (
        f"{reply.run.name} is already proposed by {name(reply.by)}: see {where(reply.run)}. Nothing was changed. "
        "Approve or reject it first."
    )


def no_issues(reply: replies.NoIssues) -> str:
    """Nothing carries the label."""
    return (
        f"No open issue of {escape(reply.repository, 140)} carries the label {escape(reply.label, 60)}. "
        "Nothing was changed. Label some, then `/plan` again."
    )


def nothing_to_plan(reply: replies.NothingToPlan) -> str:
    """Every issue is left out."""
    count, shown = reply.count, reply.left_out[:MOST_REASONS]
    lines = [f"#{out.issue} {escape(out.title, 60)}: {left_out(out)}" for out in shown]
    more = [f"and {count - len(shown):,} more"] if count > len(shown) else []
    said = "The one issue" if count == 1 else f"None of the {count:,} issues"
    verdict = "cannot" if count == 1 else "can"
    opening = f"{said} with the label {escape(reply.label, 60)} {verdict} be planned. Nothing was changed."
    return "\n".join([opening, *lines, *more])


def plan_too_big(reply: replies.PlanTooBig) -> str:
    """More than a run can store."""
    if not reply.fits:
        return "Too many issues carry this label for one plan. Nothing was changed. Use a narrower label."
    return f"That is more than one run can hold. Nothing was changed. Try again with `limit` {reply.fits} or less."


def not_in_plan(reply: replies.NotInPlan) -> str:
    """What was to be dropped is not there."""
    verb = "is" if len(reply.issues) == 1 else "are"
    return f"{numbers(reply.issues)} {verb} not in the plan of {reply.run.name}. Nothing was changed."


def dropped_items(reply: replies.DroppedItems) -> str:
    """A new revision without these."""
    return (
        f"Took {numbers(reply.issues)} out of {reply.run.name}, with whatever depends on it. "
        f"Revision {reply.revision} has {plural(reply.left, 'issue')} and needs its own approval."
    )


def nothing_left(reply: replies.NothingLeft) -> str:
    """The plan would be, or has become, empty."""
    if reply.over:
        return (
            f"Every issue of {reply.run.name} has been closed, claimed or blocked since, so it is over. "
            "Nothing was started. `/plan` makes a new one."
        )
    return f"That would leave nothing in {reply.run.name}. Nothing was changed. Reject it if that is what you want."


def revision_moved(reply: replies.RevisionMoved) -> str:
    """The card was of an earlier revision."""
    return (
        f"That was an earlier version of {reply.run.name}. Nothing was changed. "
        f"Revision {reply.revision} is in <#{reply.run.channel}>: look at that one, then decide."
    )


def not_shown_yet(reply: replies.NotShownYet) -> str:
    """Nobody can have seen this revision."""
    return (
        f"Revision {reply.revision} of {reply.run.name} was not fully shown when you approved. Nothing was changed. "
        f"Look at it in <#{reply.run.channel}>, then approve again. If it does not appear, I may not post there."
    )


def plan_changed(reply: replies.PlanChanged) -> str:
    """GitHub moved on between the plan and its approval."""
    found = changes(reply.changes)
    lines = [f"- {change}" for change in found[:MOST_REASONS]]
    rest = len(found[MOST_REASONS:]) + reply.changes.others
    more = [f"- and {rest:,} more"] if rest else []
    opening = (
        f"GitHub has changed since {reply.run.name} was proposed, so it was not approved. "
        f"Revision {reply.revision} is in <#{reply.run.channel}>: look at it, then approve that."
    )
    return "\n".join([opening, *lines, *more])


def changes(changes: PlanChanges) -> tuple[str, ...]:
    """What is different between two revisions, a sentence for each issue that is."""
    base = [f"the base branch is now {escape(changes.base, 100)}"] if changes.base is not None else []
    policy = ["the policy is another one"] if changes.policy else []
    return (*base, *policy, *map(_change, changes.items))


def _change(change: ItemChange) -> str:
    if change.out:
        return f"#{change.issue} is out" + (f": {left_out(change.reason)}" if change.reason is not None else "")
    return f"#{change.issue} is new" if change.new else f"#{change.issue}: {listed(_differences(change))}"


def _differences(change: ItemChange) -> Iterator[str]:
    if change.title:
        yield "another title"
    if change.body:
        yield "another description"
    if change.depends_on is not None:
        yield f"now depends on {numbers(change.depends_on) or 'nothing'}"
    if change.assignees is not None:
        yield f"now given to {listed(escape(login, 40) for login in change.assignees) or 'nobody'}"
    if change.adopts:
        yield "another pull request, or new commits in it"


def approved(reply: replies.Approved) -> str:
    """The work begins."""
    return (
        f"You approved {reply.run.name}: work on {plural(reply.issues, 'issue')} begins. "
        f"The board in <#{reply.run.channel}> shows how it goes."
    )


def already_approved(reply: replies.AlreadyApproved) -> str:
    """Somebody did it before, by name and time."""
    return (
        f"{name(reply.by)} already approved {reply.run.name}, {stamp(reply.at)}. Nothing was changed. "
        f"See {where(reply.run)}."
    )


def not_pending(reply: replies.NotPending) -> str:
    """The plan can no longer be decided."""
    ended = f" {stamp(reply.ended_at)}" if reply.ended_at else ""
    if reply.status is RunStatus.PENDING or reply.stage is Stage.PROPOSED:
        state = f"expired {stamp(reply.expires_at)}"
    elif reply.status is RunStatus.IN_PROGRESS:
        return f"{reply.run.name} is already under way. Nothing was changed. See {where(reply.run)}."
    elif reply.status is RunStatus.COMPLETED:
        state = f"was completed{ended}"
    elif reply.status is RunStatus.FAILED:
        state = f"failed{ended}"
    elif reply.ended:
        state = f"was ended by {name(reply.ended_by)}{ended}"
    elif reply.ended_at is not None and reply.ended_at < reply.expires_at:
        state = f"ended{ended}, because nothing of it was left to do"
    else:
        state = f"expired{ended}"
    return f"{reply.run.name} {state}. Nothing was changed. `/plan` makes a new one."


def which_run(reply: replies.WhichRun) -> str:
    """Several are possible."""
    names = listed((f"r{number}" for number in reply.runs), last="or")
    return f"Which run do you mean, {names}? Nothing was changed. Name it."


def other_run(reply: replies.OtherRun) -> str:
    """The button's uid is not that run's."""
    return f"This card is of another {reply.run.name} than the one I know. Nothing was changed. Use `/status` instead."
