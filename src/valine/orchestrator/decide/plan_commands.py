"""From /plan to a yes or no: proposing, editing, approving exactly what was shown, rejecting, expiring."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from valine.orchestrator import naming, replies, rules
from valine.orchestrator.facts.display import is_shown, shown_by
from valine.orchestrator.model.decision import Decision, Nothing, Refresh, Refusal
from valine.orchestrator.model.observations import Failure, PlanWorld
from valine.orchestrator.model.plan import Actor, Plan
from valine.orchestrator.model.policy import Action, Policy, PolicyProblem, authorize, parse
from valine.orchestrator.model.run import Approval, Milestone, Run, announce
from valine.orchestrator.model.states import MilestoneKind, RunNumber, RunStatus, Stage
from valine.orchestrator.planning import planner
from valine.orchestrator.replies import run_place
from valine.orchestrator.replies.plan_changes import changes

if TYPE_CHECKING:
    from valine.orchestrator.model.decision import Outcome, State
    from valine.orchestrator.model.events import PlanApproved, PlanEdited, PlanObserved, PlanRejected, PlanRequested

replace = msgspec.structs.replace


def requested(state: State, event: PlanRequested) -> Outcome:
    """/plan: one proposal at a time; its issues, their order and the reason of each come from the planner."""
    denial = authorize(event.by, "plan", Policy())
    if denial is not None:
        return Refusal(reply=replies.NotAllowed.of(denial))
    open_one = next((run for run in state.active if run.stage is Stage.PROPOSED), None)
    if open_one is not None:
        return Refusal(reply=replies.AlreadyProposed.of(open_one))
    if event.found is None:
        return Refresh(kind="plan", label=event.label)
    if isinstance(event.found, Failure):
        return Refusal(reply=replies.GitHubFailed.of(state.repository.name, event.found))
    try:
        policy = parse(event.found.policy)
    except PolicyProblem as problem:
        return Refusal(reply=replies.UnusablePolicy(problem=str(problem)))
    return _propose(state, event, event.found, policy)


def _propose(state: State, event: PlanRequested, world: PlanWorld, policy: Policy) -> Outcome:
    label = event.label or policy.plan.label
    if not world.issues:
        return Refusal(reply=replies.NoIssues(label=label, repository=state.repository.name))
    plan = planner.make_plan(
        world,
        policy=policy,
        label=label,
        limit=event.limit or policy.plan.limit,
        repository=state.repository,
        revision=1,
        at=event.at,
        by=event.by,
    )
    if not plan.items:
        return Refusal(reply=replies.NothingToPlan.of(plan))
    fits = planner.too_big(plan)
    if fits is not None:
        return Refusal(reply=replies.PlanTooBig(fits=fits))
    run = Run(
        uid=naming.run_uid(state.repository.name, event.id),
        number=state.repository.next_number,
        repository=state.repository.name,
        plan=plan,
        requested_by=event.by,
        channel=event.channel,
        created_at=event.at,
        expires_at=event.at + timedelta(hours=policy.plan.expires_hours),
        milestones=(Milestone(key="proposed", kind=MilestoneKind.PROPOSED, at=event.at, by=event.by),),
    )
    repository = replace(state.repository, next_number=RunNumber(run.number + 1))
    reply = replies.Planned(run=run_place(run), issues=len(plan.items), left_out=len(plan.left_out))
    return Decision(run=run, repository=repository, reply=reply)


def edited(state: State, run: Run, event: PlanEdited) -> Outcome:
    """Issues are taken out: a new revision, which must be approved anew."""
    refusal = _not_open(run, event.by, "edit", event.at) or _another_revision(run, event.revision, None)
    if refusal is not None:
        return refusal
    unknown = [issue for issue in event.drop if all(item.issue != issue for item in run.plan.items)]
    if unknown or not event.drop:
        return Refusal(reply=replies.NotInPlan(run=run_place(run), issues=tuple(unknown)))
    plan = planner.revise(run.plan, drop=event.drop, at=event.at, by=event.by)
    if not plan.items:
        return Refusal(reply=replies.NothingLeft(run=run_place(run)))
    run = _revised(run, plan, event.by, event.at)
    reply = replies.DroppedItems(run=run_place(run), issues=event.drop, revision=plan.revision, left=len(plan.items))
    return Decision(run=run, repository=state.repository, reply=reply)


def _revised(run: Run, plan: Plan, by: Actor | None, at: datetime) -> Run:
    milestone = Milestone(key=f"revised.{plan.revision}", kind=MilestoneKind.REVISED, at=at, by=by, round=plan.revision)
    return announce(replace(run, plan=plan), milestone)


def approved(state: State, run: Run, event: PlanApproved) -> Outcome:
    """Yes to exactly one revision, which must be the one on show, and still what GitHub has."""
    refusal = _not_open(run, event.by, "approve", event.at) or _another_revision(run, event.revision, event.digest)
    if refusal is not None:
        return refusal
    if state.rules >= rules.FACTS and not _shown(run, event):
        return _showing_first(state, run)
    if event.found is None:
        return Refresh(kind="plan", label=run.plan.label, run=run)
    if isinstance(event.found, Failure):
        return Refusal(reply=replies.GitHubFailed.of(run.repository, event.found))
    fresh = planner.refresh(run.plan, event.found, repository=state.repository, at=event.at)
    if fresh is not None:
        return _changed(state, run, fresh, event.at)
    return _claim(state, run, event, event.found)


def _shown(run: Run, event: PlanApproved) -> bool:
    """Whether all of the plan is on show as it is now, and was when the command was typed."""
    typed = event.revision is None
    return is_shown(run, "card") and (not typed or shown_by(run, "card", event.asked_at, event.at))


def _showing_first(state: State, run: Run) -> Decision:
    """Nobody approves what is not on show: the card is written at once, and then it can be approved.

    So is the thread opened that its further pages need, if a permission was missing for that until now.
    """
    needed = {"message:card", "thread"}
    card = {key: replace(entry, not_before=None) for key, entry in run.pending.items() if key in needed}
    run = replace(run, pending={**run.pending, **card})
    return Decision(run=run, repository=state.repository, reply=replies.NotShownYet.of(run))


def _changed(state: State, run: Run, fresh: Plan, at: datetime) -> Decision:
    """GitHub has moved on since the plan was made: a new revision is shown, and nobody has approved it."""
    if not fresh.items:
        run = _ended(run, MilestoneKind.EXPIRED, None, at)
        over = replies.NothingLeft(run=run_place(run), over=True)
        return Decision(run=run, repository=state.repository, reply=over)
    changed = changes(run.plan, fresh)
    run = _revised(run, fresh, None, at)
    reply = replies.PlanChanged(run=run_place(run), revision=fresh.revision, changes=changed)
    return Decision(run=run, repository=state.repository, reply=reply)


def _claim(state: State, run: Run, event: PlanApproved, world: PlanWorld) -> Decision:
    """The run under way: none of its issues is another's, or the plan would have changed."""
    plan = replace(run.plan, base=world.base)
    approval = Approval(by=event.by, at=event.at, revision=plan.revision, digest=plan.digest)
    milestone = Milestone(key="approved", kind=MilestoneKind.APPROVED, at=event.at, by=event.by, round=plan.revision)
    run = replace(
        run,
        status=RunStatus.IN_PROGRESS,
        stage=Stage.EXECUTING,
        plan=plan,
        approvals=(*run.approvals, approval),
        tasks=planner.tasks(run.name, plan),
        refresh_at=event.at + timedelta(minutes=2),
    )
    run = announce(run, milestone)
    reply = replies.Approved(run=run_place(run), issues=len(run.tasks))
    return Decision(run=run, repository=state.repository, reply=reply)


def rejected(state: State, run: Run, event: PlanRejected) -> Outcome:
    """No to the plan: it is over, nothing was claimed."""
    refusal = _not_open(run, event.by, "reject", event.at) or _another_revision(run, event.revision, event.digest)
    if refusal is not None:
        return refusal
    run = _ended(run, MilestoneKind.REJECTED, event.by, event.at)
    return Decision(run=run, repository=state.repository, reply=replies.Rejected(run=run_place(run)))


def expired(state: State, run: Run, at: datetime) -> Outcome:
    """The alarm clock of a proposal: after its time it is over."""
    if run.stage is not Stage.PROPOSED or at < run.expires_at:
        return Nothing()
    return Decision(run=_ended(run, MilestoneKind.EXPIRED, None, at), repository=state.repository)


def observed(state: State, run: Run, event: PlanObserved) -> Outcome:
    """A refresh of a proposal's issues: one that was closed, unlabelled or edited makes a new revision."""
    if run.stage is not Stage.PROPOSED:
        return Nothing()
    fresh = planner.refresh(run.plan, event.world, repository=state.repository, at=event.at)
    refreshed = replace(run, refresh_at=None, lag=0, unreachable_since=None)
    if fresh is None:
        return Nothing() if refreshed == run else Decision(run=refreshed, repository=state.repository)
    return replace(_changed(state, refreshed, fresh, event.at), reply=None)


def _ended(run: Run, kind: MilestoneKind, by: Actor | None, at: datetime) -> Run:
    milestone = Milestone(key=str(kind), kind=kind, at=at, by=by)
    run = replace(run, status=RunStatus.CANCELLED, stage=Stage.DONE, ended_by=by, ended_at=at, refresh_at=None)
    return announce(run, milestone)


def _not_open(run: Run, by: Actor, action: Action, at: datetime) -> Refusal | None:
    """Why this run's plan cannot be changed or decided by this person now, if so."""
    denial = authorize(by, action, run.plan.policy)
    if denial is not None:
        return Refusal(reply=replies.NotAllowed.of(denial))
    if run.approvals and action == "approve":
        return Refusal(reply=replies.AlreadyApproved.of(run))
    if run.stage is not Stage.PROPOSED or at >= run.expires_at:
        return Refusal(reply=replies.NotPending.of(run))
    return None


def _another_revision(run: Run, revision: int | None, digest: str | None) -> Refusal | None:
    if revision is not None and (revision, digest or run.plan.digest) != (run.plan.revision, run.plan.digest):
        return Refusal(reply=replies.RevisionMoved(run=run_place(run), revision=run.plan.revision))
    return None
