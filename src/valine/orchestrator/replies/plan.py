"""What is answered about a plan, from its proposal to its approval or its end."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from valine.orchestrator.facts.documents import Fact, LeftOutRow
from valine.orchestrator.facts.rows import left_out_row, person
from valine.orchestrator.model.states import IssueNumber, RunNumber, RunStatus, Stage
from valine.orchestrator.replies.parts import MOST_ROWS, PlanChanges, RunPlace, run_place

if TYPE_CHECKING:
    from valine.orchestrator.model.plan import Plan
    from valine.orchestrator.model.run import Run


class Planned(Fact, frozen=True, kw_only=True, tag=True):
    """A proposal was made of so many issues."""

    run: RunPlace
    issues: int
    left_out: int = 0


class AlreadyProposed(Fact, frozen=True, kw_only=True, tag=True):
    """There is an open proposal, and there is one at a time. It can be rejected by its revision and digest."""

    run: RunPlace
    by: str | None = None
    revision: int
    digest: str

    @classmethod
    def of(cls, run: Run) -> AlreadyProposed:
        """About that open proposal."""
        plan = run.plan
        return cls(run=run_place(run), by=person(run.requested_by), revision=plan.revision, digest=plan.digest)


class NoIssues(Fact, frozen=True, kw_only=True, tag=True):
    """Nothing carries the label."""

    label: str
    repository: str


class NothingToPlan(Fact, frozen=True, kw_only=True, tag=True):
    """All of the `count` issues with the label are left out; the first MOST_ROWS of them, with why."""

    label: str
    count: int
    left_out: tuple[LeftOutRow, ...] = ()

    @classmethod
    def of(cls, plan: Plan) -> NothingToPlan:
        """About that plan, which has no items."""
        rows = tuple(left_out_row(out) for out in plan.left_out[:MOST_ROWS])
        return cls(label=plan.label, count=len(plan.left_out), left_out=rows)


class PlanTooBig(Fact, frozen=True, kw_only=True, tag=True):
    """More than a run can store; so many issues `fit` (0: not even one)."""

    fits: int = 0


class NotInPlan(Fact, frozen=True, kw_only=True, tag=True):
    """What was to be dropped is not there."""

    run: RunPlace
    issues: tuple[IssueNumber, ...] = ()


class DroppedItems(Fact, frozen=True, kw_only=True, tag=True):
    """A new revision without these, which has so many issues `left`."""

    run: RunPlace
    issues: tuple[IssueNumber, ...]
    revision: int
    left: int


class NothingLeft(Fact, frozen=True, kw_only=True, tag=True):
    """The plan would be empty; or it has become so, and the run is `over`."""

    run: RunPlace
    over: bool = False


class RevisionMoved(Fact, frozen=True, kw_only=True, tag=True):
    """The card was of an earlier revision than this one."""

    run: RunPlace
    revision: int


class NotShownYet(Fact, frozen=True, kw_only=True, tag=True):
    """Nobody can have seen all of this revision. It can be rejected by its digest all the same."""

    run: RunPlace
    revision: int
    digest: str

    @classmethod
    def of(cls, run: Run) -> NotShownYet:
        """About the run's present revision."""
        return cls(run=run_place(run), revision=run.plan.revision, digest=run.plan.digest)


class PlanChanged(Fact, frozen=True, kw_only=True, tag=True):
    """GitHub moved on between the plan and its approval; `revision` is the new one."""

    run: RunPlace
    revision: int
    changes: PlanChanges


class Approved(Fact, frozen=True, kw_only=True, tag=True):
    """The work on so many issues begins."""

    run: RunPlace
    issues: int


class AlreadyApproved(Fact, frozen=True, kw_only=True, tag=True):
    """Somebody did it before."""

    run: RunPlace
    by: str | None = None
    at: datetime

    @classmethod
    def of(cls, run: Run) -> AlreadyApproved:
        """About the run's last approval."""
        last = run.approvals[-1]
        return cls(run=run_place(run), by=person(last.by), at=last.at)


class NotPending(Fact, frozen=True, kw_only=True, tag=True):
    """The plan can no longer be decided: how the run stands, or when and by whom it was ended."""

    run: RunPlace
    status: RunStatus
    stage: Stage
    expires_at: datetime
    ended: bool = False  # by somebody, Valine included
    ended_by: str | None = None
    ended_at: datetime | None = None

    @classmethod
    def of(cls, run: Run) -> NotPending:
        """About that run."""
        return cls(
            run=run_place(run),
            status=run.status,
            stage=run.stage,
            expires_at=run.expires_at,
            ended=run.ended_by is not None,
            ended_by=person(run.ended_by),
            ended_at=run.ended_at,
        )


class Rejected(Fact, frozen=True, kw_only=True, tag=True):
    """It is over before it began."""

    run: RunPlace


class WhichRun(Fact, frozen=True, kw_only=True, tag=True):
    """Several are possible."""

    runs: tuple[RunNumber, ...]


class OtherRun(Fact, frozen=True, kw_only=True, tag=True):
    """The button's uid is not that run's: the store was replaced under the card."""

    run: RunPlace


PlanReply = (
    Planned
    | AlreadyProposed
    | NoIssues
    | NothingToPlan
    | PlanTooBig
    | NotInPlan
    | DroppedItems
    | NothingLeft
    | RevisionMoved
    | NotShownYet
    | PlanChanged
    | Approved
    | AlreadyApproved
    | NotPending
    | Rejected
    | WhichRun
    | OtherRun
)
