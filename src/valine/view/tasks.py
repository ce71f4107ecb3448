"""What is said of a single issue: why it is in or out of a plan, what its work waits for, and who must do what."""

from __future__ import annotations

from typing import assert_never

from valine.orchestrator.facts.documents import LeftOutRow, TaskRow
from valine.orchestrator.model.states import Reason, TaskState, Why
from valine.orchestrator.text import escape, listed, numbers

LONGEST_DETAIL = 150
LONGEST_NAME = 40


def name(by: str | None) -> str:
    """Who did it; Valine where nobody did."""
    return "Valine" if by is None else escape(by, LONGEST_NAME)


def settled(row: TaskRow) -> bool:
    """True when nothing will change any more."""
    return row.state in {TaskState.MERGED, TaskState.DROPPED, TaskState.FAILED}


def owner(row: TaskRow) -> str:
    """Who is expected to move this task on, for a sentence."""
    return listed((escape(login, LONGEST_NAME) for login in row.owners), 3) or "somebody"


def why(row: TaskRow) -> str:  # noqa: C901, PLR0911, PLR0912 - one sentence for each reason
    """What the task waits for, or who must do what: a sentence that begins in lower case; empty if nothing is known."""
    detail = escape(row.detail, LONGEST_DETAIL)
    match row.why:
        case Why.FOREIGN:
            branch = escape(row.branch, 100)
            return f"{branch} or its pull request is not mine: somebody must rename or delete it, then Retry"
        case Why.REFUSED:
            return f"GitHub refused it{_said(detail)}: somebody must mend that, then Retry"
        case Why.CLOSED:
            return f"its pull request was closed: {owner(row)} must reopen it, or drop the issue from the run"
        case Why.GONE:
            return "the issue or its pull request is not there any more: somebody must drop it from the run"
        case Why.RETARGETED if row.merged_elsewhere:
            into = f"its pull request was merged into another branch{_said(detail)}"
            return f"{into}: somebody must bring it into the base branch, then drop the issue from the run"
        case Why.RETARGETED:
            return f"its pull request now goes into another branch{_said(detail)}: {owner(row)} must change that back"
        case Why.ISSUE_CLOSED:
            return "the issue was closed without a merge: somebody must reopen it, or drop it from the run"
        case Why.EMPTY:
            return f"its pull request changes nothing yet: {owner(row)} must push the work"
        case Why.CONFLICT:
            return f"it conflicts with the base branch: {owner(row)} must resolve that and push"
        case Why.CHANGES_REQUESTED:
            return f"a reviewer asked for changes: {owner(row)} must make them and ask for another review"
        case Why.CHECKS_FAILED:
            return f"checks failed{_said(detail)}: {owner(row)} must push a fix or run them again"
        case Why.CHECKS_SLOW:
            return f"checks have not ended in time{_said(detail)}: {owner(row)} must run them again"
        case Why.NO_CHECKS:
            return (
                'no check has run: somebody must set one up, or allow none (`checks = "none"` in .github/valine.toml)'
            )
        case Why.RULES:
            return f"a rule of the repository does not let it be merged{_said(detail)}: somebody must satisfy it"
        case Why.HEAD_MOVED:
            return "it was pushed to after `/ship` was confirmed: somebody must look at it, then `/ship` again"
        case Why.REVIEW_REQUIRED:
            return "a reviewer must approve it"
        case Why.DEPENDENCY:
            return f"waits for {numbers(row.by)}"
        case Why.DRAFT:
            return f"a draft: waits for {owner(row)} to mark it ready for review"
        case Why.CHECKS:
            return f"waits for checks{_said(detail)}"
        case Why.MERGEABLE:
            return "waits for GitHub to work out whether it can be merged"
        case None:
            return ""
        case _:
            assert_never(row.why)


def waits(row: TaskRow) -> str:
    """Why the task is not ready, as far as is known."""
    if row.why is not None:
        return why(row)
    return {
        TaskState.QUEUED: "its branch comes next",
        TaskState.STARTED: "its pull request comes next" if row.pull is None else "is about to be looked at",
    }.get(row.state, str(row.state))


def _said(detail: str) -> str:
    return f" ({detail})" if detail else ""


def left_out(out: LeftOutRow) -> str:  # noqa: PLR0911 - one sentence for each reason
    """Why the issue is not in the plan: a sentence that begins in lower case."""
    match out.reason:
        case Reason.CLAIMED:
            return f"r{out.run} is already working on it" if out.run else "another run is already working on it"
        case Reason.BLOCKED:
            return f"it waits for {_blockers(out)}, still open and not in this plan"
        case Reason.CYCLE:
            others = [number for number in out.by if number != out.issue]
            return f"it and {numbers(others, 10)} depend on each other" if others else "it depends on itself"
        case Reason.LIMIT:
            return "it is beyond the limit"
        case Reason.DROPPED:
            return "it was taken out of this plan"
        case Reason.GONE:
            return "it was closed, or lost its label"
        case Reason.UNCLEAR:
            return f"several open pull requests close it: {numbers(out.by)}"
        case _:
            assert_never(out.reason)


def _blockers(out: LeftOutRow) -> str:
    elsewhere = [escape(other, 100) for other in out.elsewhere]
    return listed([*(f"#{issue}" for issue in out.by), *elsewhere], 10) or "another issue"


def heading(reason: Reason) -> str:  # noqa: PLR0911 - one phrase for each reason
    """What all issues that are left out for this reason have in common."""
    match reason:
        case Reason.CLAIMED:
            return "Already in another run"
        case Reason.BLOCKED:
            return "Blocked by something that is not in this plan"
        case Reason.CYCLE:
            return "Depending on themselves"
        case Reason.LIMIT:
            return "Beyond the limit"
        case Reason.DROPPED:
            return "Taken out"
        case Reason.GONE:
            return "Closed or unlabelled since"
        case Reason.UNCLEAR:
            return "With several open pull requests"
        case _:
            assert_never(reason)


def emoji(state: TaskState) -> str:  # noqa: PLR0911 - one sign for each state
    """The sign of a state on the board."""
    match state:
        case TaskState.QUEUED:
            return "⚪"
        case TaskState.STARTED:
            return "🔵"
        case TaskState.CHECKING:
            return "🟡"
        case TaskState.READY:
            return "🟢"
        case TaskState.HELD:
            return "🔴"
        case TaskState.MERGED:
            return "🟣"
        case TaskState.DROPPED:
            return "⚫"
        case TaskState.FAILED:
            return "⛔"
        case _:
            assert_never(state)
