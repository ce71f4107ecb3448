"""What is answered about a run under way: shipping, cancelling, retrying, dropping, and how it stands."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from valine.orchestrator.facts.documents import Fact
from valine.orchestrator.facts.rows import person
from valine.orchestrator.model.states import IssueNumber, RunStatus, Stage, TaskState
from valine.orchestrator.replies.parts import (
    ReadyRow,
    RunPlace,
    Standing,
    Waiting,
    ready_rows,
    run_place,
    standing,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from valine.orchestrator.model.run import Run, Task


class Preflight(Fact, frozen=True, kw_only=True, tag=True):
    """What /ship would merge into `base`, and what not; `heads` is the digest that confirms exactly these heads."""

    run: RunPlace
    base: str
    ready: tuple[ReadyRow, ...]
    waiting: Waiting = Waiting()
    heads: str

    @classmethod
    def of(cls, run: Run, ready: Sequence[Task], left: Sequence[Task], heads: str) -> Preflight:
        """About these tasks of the run: those that are ready, and those that wait."""
        return cls(
            run=run_place(run),
            base=run.plan.base.branch,
            ready=ready_rows(ready),
            waiting=waiting(left),
            heads=heads,
        )


class NothingReady(Fact, frozen=True, kw_only=True, tag=True):
    """Nothing can be merged now, and what each waits for."""

    run: RunPlace
    waiting: Waiting = Waiting()

    @classmethod
    def of(cls, run: Run) -> NothingReady:
        """About all tasks of the run that are not settled."""
        return cls(run=run_place(run), waiting=waiting([task for task in run.tasks if not task.settled]))


class ShipStarted(Fact, frozen=True, kw_only=True, tag=True):
    """Merging so many pull requests begins."""

    run: RunPlace
    pulls: int = 0


class HeadsMoved(Fact, frozen=True, kw_only=True, tag=True):
    """What was confirmed is not what is there."""

    run: RunPlace


class AlreadyShipping(Fact, frozen=True, kw_only=True, tag=True):
    """One round at a time. Without a time it is not known who started it, and when."""

    run: RunPlace
    by: str | None = None
    at: datetime | None = None

    @classmethod
    def of(cls, run: Run) -> AlreadyShipping:
        """About the round that goes on."""
        if run.shipping is None:
            return cls(run=run_place(run))
        return cls(run=run_place(run), by=person(run.shipping.by), at=run.shipping.at)


class ShipNotPossible(Fact, frozen=True, kw_only=True, tag=True):
    """It is too early or too late."""

    run: RunPlace
    status: RunStatus
    stage: Stage
    approved: bool = False

    @classmethod
    def of(cls, run: Run) -> ShipNotPossible:
        """About that run."""
        return cls(run=run_place(run), status=run.status, stage=run.stage, approved=bool(run.approvals))


class CancelAsked(Fact, frozen=True, kw_only=True, tag=True):
    """What to do with so many open pull requests, if it was approved."""

    run: RunPlace
    approved: bool = False
    pulls: int = 0

    @classmethod
    def of(cls, run: Run) -> CancelAsked:
        """About that run."""
        pulls = sum(task.pull_request is not None and not task.settled for task in run.tasks)
        return cls(run=run_place(run), approved=bool(run.approvals), pulls=pulls)


class Cancelled(Fact, frozen=True, kw_only=True, tag=True):
    """It stopped; if it was approved, its pull requests are closed or stay open."""

    run: RunPlace
    approved: bool = False
    closes: bool = False

    @classmethod
    def of(cls, run: Run) -> Cancelled:
        """About that run."""
        return cls(run=run_place(run), approved=bool(run.approvals), closes=run.close_pull_requests)


class AlreadyOver(Fact, frozen=True, kw_only=True, tag=True):
    """Nothing can be done to a run that ended."""

    run: RunPlace
    status: RunStatus
    stage: Stage
    approved: bool = False
    ended: bool = False  # by somebody, Valine included
    by: str | None = None
    at: datetime | None = None

    @classmethod
    def of(cls, run: Run) -> AlreadyOver:
        """About that run."""
        return cls(
            run=run_place(run),
            status=run.status,
            stage=run.stage,
            approved=bool(run.approvals),
            ended=run.ended_by is not None,
            by=person(run.ended_by),
            at=run.ended_at,
        )


class Retried(Fact, frozen=True, kw_only=True, tag=True):
    """These are looked at and tried anew (none: whatever failed)."""

    run: RunPlace
    issues: tuple[IssueNumber, ...] = ()


class NothingToRetry(Fact, frozen=True, kw_only=True, tag=True):
    """Nothing is held or failing."""

    run: RunPlace


class TaskDropped(Fact, frozen=True, kw_only=True, tag=True):
    """It is out, its pull request stays."""

    run: RunPlace
    issue: IssueNumber


class NotStarted(Fact, frozen=True, kw_only=True, tag=True):
    """Nothing can be retried or dropped of what did not begin."""

    run: RunPlace


class NoSuchTask(Fact, frozen=True, kw_only=True, tag=True):
    """The run has no issue or pull request of that number."""

    run: RunPlace
    number: int


class NotDroppable(Fact, frozen=True, kw_only=True, tag=True):
    """It is settled already; or, without a state, being merged."""

    run: RunPlace
    issue: IssueNumber
    state: TaskState | None = None

    @classmethod
    def of(cls, run: Run, task: Task) -> NotDroppable:
        """About that task of the run."""
        return cls(run=run_place(run), issue=task.issue, state=task.state if task.settled else None)


class StatusOf(Fact, frozen=True, kw_only=True, tag=True):
    """How these runs of the repository stand, newest first."""

    repository: str
    runs: tuple[Standing, ...] = ()

    @classmethod
    def of(cls, runs: Sequence[Run], repository: str) -> StatusOf:
        """About these runs; of a single one it names all open tasks, of several only what is held."""
        newest = sorted(runs, key=lambda run: run.number, reverse=True)
        return cls(repository=repository, runs=tuple(standing(run, whole=len(newest) == 1) for run in newest))


RunReply = (
    Preflight
    | NothingReady
    | ShipStarted
    | HeadsMoved
    | AlreadyShipping
    | ShipNotPossible
    | CancelAsked
    | Cancelled
    | AlreadyOver
    | Retried
    | NothingToRetry
    | TaskDropped
    | NotStarted
    | NoSuchTask
    | NotDroppable
    | StatusOf
)
