"""What is said about a plan, from its proposal to its approval or its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.orchestrator.decision import Button, Reply
from valine.orchestrator.document_facts import left_out_row
from valine.orchestrator.plan import Plan, PlanItem
from valine.orchestrator.states import RunStatus, Stage
from valine.orchestrator.text import escape, listed, numbers, plural, stamp
from valine.view.components import custom_id
from valine.view.tasks import left_out, name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from valine.orchestrator.model import Run

MOST_REASONS = 15


def where(run: Run) -> str:
    """The run's thread, or its channel while it has none."""
    return f"<#{run.thread or run.channel}>"


def thread_title(run: Run) -> str:
    """The name of the thread under the card. It never changes: Discord allows two renames in ten minutes."""
    return f"Run {run.name}"


def planned(run: Run) -> Reply:
    """A proposal was made."""
    left = len(run.plan.left_out)
    out = f", {left:,} left out" if left else ""
    return Reply(
        text=f"{run.name} proposes {plural(len(run.plan.items), 'issue')}{out}: see <#{run.channel}>. "
        "Nothing starts before it is approved."
    )


def already_proposed(run: Run) -> Reply:
    """There is an open proposal, and there is one at a time."""
    return Reply(
        text=f"{run.name} is already proposed by {name(run.requested_by)}: see {where(run)}. Nothing was changed. "
        "Approve or reject it first.",
        buttons=(_reject(run),),
    )


def no_issues(label: str, repository: str) -> Reply:
    """Nothing carries the label."""
    return Reply(
        text=f"No open issue of {escape(repository, 140)} carries the label {escape(label, 60)}. Nothing was changed. "
        "Label some, then `/plan` again."
    )


def nothing_to_plan(plan: Plan) -> Reply:
    """Every issue is left out."""
    count = len(plan.left_out)
    lines = [
        f"#{out.issue} {escape(out.title, 60)}: {left_out(left_out_row(out))}" for out in plan.left_out[:MOST_REASONS]
    ]
    more = [f"and {count - MOST_REASONS:,} more"] if count > MOST_REASONS else []
    said = "The one issue" if count == 1 else f"None of the {count:,} issues"
    verdict = "cannot" if count == 1 else "can"
    opening = f"{said} with the label {escape(plan.label, 60)} {verdict} be planned. Nothing was changed."
    return Reply(text="\n".join([opening, *lines, *more]))


def plan_too_big(fits: int) -> Reply:
    """More than a run can store."""
    if not fits:
        return Reply(text="Too many issues carry this label for one plan. Nothing was changed. Use a narrower label.")
    return Reply(
        text=f"That is more than one run can hold. Nothing was changed. Try again with `limit` {fits} or less."
    )


def not_in_plan(run: Run, issues: Collection[int]) -> Reply:
    """What was to be dropped is not there."""
    verb = "is" if len(issues) == 1 else "are"
    return Reply(text=f"{numbers(issues)} {verb} not in the plan of {run.name}. Nothing was changed.")


def dropped_items(run: Run, issues: Collection[int]) -> Reply:
    """A new revision without these."""
    count = plural(len(run.plan.items), "issue")
    return Reply(
        text=f"Took {numbers(issues)} out of {run.name}, with whatever depends on it. "
        f"Revision {run.plan.revision} has {count} and needs its own approval."
    )


def nothing_left(run: Run) -> Reply:
    """The plan would be, or has become, empty."""
    if run.final:
        return Reply(
            text=f"Every issue of {run.name} has been closed, claimed or blocked since, so it is over. "
            "Nothing was started. `/plan` makes a new one."
        )
    return Reply(
        text=f"That would leave nothing in {run.name}. Nothing was changed. Reject it if that is what you want."
    )


def revision_moved(run: Run) -> Reply:
    """The card was of an earlier revision."""
    return Reply(
        text=f"That was an earlier version of {run.name}. Nothing was changed. "
        f"Revision {run.plan.revision} is in <#{run.channel}>: look at that one, then decide."
    )


def not_shown_yet(run: Run) -> Reply:
    """Nobody can have seen this revision."""
    return Reply(
        text=f"Revision {run.plan.revision} of {run.name} was not fully shown when you approved. Nothing was changed. "
        f"Look at it in <#{run.channel}>, then approve again. If it does not appear, I may not post there.",
        buttons=(_reject(run),),
    )


def _reject(run: Run) -> Button:
    """The way out where the card with its own buttons cannot be posted."""
    return Button(
        label=f"Reject {run.name}",
        custom_id=custom_id(run, "reject", run.plan.revision, run.plan.digest),
        style="danger",
    )


def plan_changed(run: Run, changes: Sequence[str]) -> Reply:
    """GitHub moved on between the plan and its approval."""
    lines = [f"- {change}" for change in changes[:MOST_REASONS]]
    more = [f"- and {len(changes) - MOST_REASONS:,} more"] if len(changes) > MOST_REASONS else []
    opening = (
        f"GitHub has changed since {run.name} was proposed, so it was not approved. "
        f"Revision {run.plan.revision} is in <#{run.channel}>: look at it, then approve that."
    )
    return Reply(text="\n".join([opening, *lines, *more]))


def changes(before: Plan, after: Plan) -> tuple[str, ...]:
    """What is different between two revisions, a sentence for each issue that is."""
    return tuple(_changes(before, after))


def _changes(before: Plan, after: Plan) -> Iterator[str]:
    if before.base.branch != after.base.branch:
        yield f"the base branch is now {escape(after.base.branch, 100)}"
    if before.policy != after.policy:
        yield "the policy is another one"
    old = {item.issue: item for item in before.items}
    new = {item.issue: item for item in after.items}
    out = {left.issue: left for left in after.left_out}
    for item in before.items:
        if item.issue not in new:
            yield f"#{item.issue} is out: {left_out(out[item.issue])}" if item.issue in out else f"#{item.issue} is out"
    for item in after.items:
        if item.issue not in old:
            yield f"#{item.issue} is new"
        elif different := listed(_differences(old[item.issue], item)):
            yield f"#{item.issue}: {different}"


def _differences(old: PlanItem, new: PlanItem) -> Iterator[str]:
    if old.title != new.title:
        yield "another title"
    if old.body_hash != new.body_hash:
        yield "another description"
    if old.depends_on != new.depends_on:
        yield f"now depends on {numbers(new.depends_on) or 'nothing'}"
    if set(old.assignees) != set(new.assignees):
        yield f"now given to {listed(escape(login, 40) for login in new.assignees) or 'nobody'}"
    if _adopted(old) != _adopted(new):
        yield "another pull request, or new commits in it"


def _adopted(item: PlanItem) -> tuple[int, str] | None:
    return (item.adopts.number, item.adopts.head) if item.adopts else None


def approved(run: Run) -> Reply:
    """The work begins."""
    return Reply(
        text=f"You approved {run.name}: work on {plural(len(run.tasks), 'issue')} begins. "
        f"The board in <#{run.channel}> shows how it goes."
    )


def already_approved(run: Run) -> Reply:
    """Somebody did it before, by name and time."""
    last = run.approvals[-1]
    return Reply(
        text=f"{name(last.by)} already approved {run.name}, {stamp(last.at)}. Nothing was changed. See {where(run)}."
    )


def not_pending(run: Run) -> Reply:
    """The plan can no longer be decided."""
    ended = f" {stamp(run.ended_at)}" if run.ended_at else ""
    if run.status is RunStatus.PENDING or run.stage is Stage.PROPOSED:
        state = f"expired {stamp(run.expires_at)}"
    elif run.status is RunStatus.IN_PROGRESS:
        return Reply(text=f"{run.name} is already under way. Nothing was changed. See {where(run)}.")
    elif run.status is RunStatus.COMPLETED:
        state = f"was completed{ended}"
    elif run.status is RunStatus.FAILED:
        state = f"failed{ended}"
    elif run.ended_by is not None:
        state = f"was ended by {name(run.ended_by)}{ended}"
    elif run.ended_at is not None and run.ended_at < run.expires_at:
        state = f"ended{ended}, because nothing of it was left to do"
    else:
        state = f"expired{ended}"
    return Reply(text=f"{run.name} {state}. Nothing was changed. `/plan` makes a new one.")


def rejected(run: Run) -> Reply:
    """It is over before it began."""
    return Reply(text=f"You rejected {run.name}. Nothing was started. `/plan` makes a new one.")


def which_run(names: Sequence[str]) -> Reply:
    """Several are possible."""
    return Reply(text=f"Which run do you mean, {listed(names, last='or')}? Nothing was changed. Name it.")


def other_run(run: Run) -> Reply:
    """The button's uid is not that run's: the store was replaced under the card."""
    return Reply(
        text=f"This card is of another {run.name} than the one I know. Nothing was changed. Use `/status` instead.",
        buttons=(Button(label="Status", custom_id=custom_id(run, "status")),),
    )
