"""What several replies and effects have in common: which run, how its tasks stand, what a plan's revisions differ in.

Lists that can be as long as a run are kept short here, since a reply is stored with its command for 30 days.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from valine.orchestrator.facts.documents import Fact, LeftOutRow, RunRef, TaskRow
from valine.orchestrator.facts.rows import row_of, site
from valine.orchestrator.model.run import Run, Task
from valine.orchestrator.model.states import IssueNumber, Login, PullNumber, RunStatus, Sha, Stage, TaskState

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ROWS = 25  # with all particulars, more than a reply has room for


class RunPlace(RunRef, frozen=True, kw_only=True):
    """Which run, and where it is on Discord: the channel of its card, and the thread under that once there is one."""

    channel: str
    thread: str | None = None


class ReadyRow(Fact, frozen=True, kw_only=True):
    """A pull request that can be merged. Only the first MOST_ROWS of a list name more than issue and head."""

    issue: IssueNumber
    head: Sha | None = None
    title: str = ""
    pull: PullNumber | None = None
    url: str | None = None  # of the pull request


class Waiting(Fact, frozen=True, kw_only=True):
    """The tasks that cannot be merged now: the first MOST_ROWS with why, the numbers of all others."""

    rows: tuple[TaskRow, ...] = ()
    others: tuple[IssueNumber, ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.rows) + len(self.others)


class Standing(Fact, frozen=True, kw_only=True):
    """How a run stands. Without tasks (`states` counts them by state) it is a plan of so many `issues`."""

    run: RunPlace
    status: RunStatus
    stage: Stage
    approved: bool = False
    states: dict[TaskState, int] = {}
    issues: int = 0
    label: str = ""
    expires_at: datetime | None = None  # while it is proposed
    waiting: Waiting = Waiting()


class ItemChange(Fact, frozen=True, kw_only=True):
    """What is different about an issue of a plan: that it is new or out (and why), or which parts of it changed."""

    issue: IssueNumber
    new: bool = False
    out: bool = False
    reason: LeftOutRow | None = None  # why it is out, where that is known
    title: bool = False
    body: bool = False
    depends_on: tuple[IssueNumber, ...] | None = None  # what it depends on now, if that changed
    assignees: tuple[Login, ...] | None = None  # whom it is given to now, if that changed
    adopts: bool = False


class PlanChanges(Fact, frozen=True, kw_only=True):
    """What is different between two revisions of a plan; of the issues the first MOST_ROWS, and how many others."""

    base: str | None = None  # the base branch now, if that changed
    policy: bool = False
    items: tuple[ItemChange, ...] = ()
    others: int = 0


def run_place(run: Run) -> RunPlace:
    """Which run that is, and where."""
    return RunPlace(number=run.number, uid=run.uid, site=site(run), channel=run.channel, thread=run.thread)


def waiting(tasks: Sequence[Task]) -> Waiting:
    """These tasks as what waits."""
    return Waiting(
        rows=tuple(map(row_of, tasks[:MOST_ROWS])),
        others=tuple(task.issue for task in tasks[MOST_ROWS:]),
    )


def ready_rows(tasks: Sequence[Task]) -> tuple[ReadyRow, ...]:
    """These tasks as what can be merged, in their order."""
    return tuple(_ready_row(task, whole=place < MOST_ROWS) for place, task in enumerate(tasks))


def _ready_row(task: Task, *, whole: bool) -> ReadyRow:
    head = task.pull.head if task.pull else None
    if not whole:
        return ReadyRow(issue=task.issue, head=head)
    number, url = (task.pull.number, task.pull.url) if task.pull else (task.pull_request, None)
    return ReadyRow(issue=task.issue, head=head, title=task.title, pull=number, url=url)


def standing(run: Run, *, whole: bool) -> Standing:
    """How the run stands; `whole` has all its open tasks, else only those that are held."""
    states: dict[TaskState, int] = {}
    for task in run.tasks:
        states[task.state] = states.get(task.state, 0) + 1
    shown = [task for task in run.tasks if not task.settled and (whole or task.state is TaskState.HELD)]
    return Standing(
        run=run_place(run),
        status=run.status,
        stage=run.stage,
        approved=bool(run.approvals),
        states=states,
        issues=len(run.plan.items),
        label=run.plan.label,
        expires_at=run.expires_at if run.stage is Stage.PROPOSED else None,
        waiting=waiting(shown),
    )
