"""The run as a graph: `decide` is pure and total, and the only place where a run changes.

A run is proposed, executed, tracked and shipped, and then it is done; `MOVES` has every step it can take between
these stages, and what causes it. What a run must have done outside is never decided here step by step: it is
derived from the run (desired_effects.py), so that a crash, a lost answer or a second delivery has nothing to undo.

An event is decided in three steps: find the run it means; let the part that knows the event change it; then bring
everything derived up to date (stage, claims, pending effects, alarm clock).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import msgspec

from valine.orchestrator import replies
from valine.orchestrator.decide import effect_results, observe, plan_commands, run_commands, ship_commands
from valine.orchestrator.decide.desired_effects import schedule
from valine.orchestrator.model import events
from valine.orchestrator.model.decision import Decision, Nothing, Outcome, Refusal, State
from valine.orchestrator.model.run import Active, Repository, Run
from valine.orchestrator.model.states import RunStatus, Stage

if TYPE_CHECKING:
    from valine.orchestrator.model.events import Event, PersonCommand

replace = msgspec.structs.replace


class Move(msgspec.Struct, frozen=True):
    """One edge of the graph: from a stage (None: no run yet) to another, and what causes it, in words."""

    source: Stage | None
    target: Stage
    status: RunStatus
    cause: str


MOVES: tuple[Move, ...] = (
    Move(None, Stage.PROPOSED, RunStatus.PENDING, "/plan"),
    Move(Stage.PROPOSED, Stage.PROPOSED, RunStatus.PENDING, "edited, or changed on GitHub: a new revision"),
    Move(Stage.PROPOSED, Stage.EXECUTING, RunStatus.IN_PROGRESS, "approved"),
    Move(Stage.PROPOSED, Stage.DONE, RunStatus.CANCELLED, "rejected, cancelled, expired, or no issue left"),
    Move(Stage.EXECUTING, Stage.EXECUTING, RunStatus.IN_PROGRESS, "a branch or pull request opened"),
    Move(Stage.EXECUTING, Stage.TRACKING, RunStatus.IN_PROGRESS, "every task opened, held or settled"),
    Move(Stage.EXECUTING, Stage.DONE, RunStatus.COMPLETED, "all merged by hand or dropped"),
    Move(Stage.EXECUTING, Stage.DONE, RunStatus.CANCELLED, "cancelled"),
    Move(Stage.EXECUTING, Stage.DONE, RunStatus.FAILED, "no access to the repository for 24 hours"),
    Move(Stage.TRACKING, Stage.TRACKING, RunStatus.IN_PROGRESS, "something changed on GitHub"),
    Move(Stage.TRACKING, Stage.SHIPPING, RunStatus.IN_PROGRESS, "/ship confirmed"),
    Move(Stage.TRACKING, Stage.DONE, RunStatus.COMPLETED, "all merged or dropped"),
    Move(Stage.TRACKING, Stage.DONE, RunStatus.CANCELLED, "cancelled"),
    Move(Stage.TRACKING, Stage.DONE, RunStatus.FAILED, "no access to the repository for 24 hours"),
    Move(Stage.SHIPPING, Stage.SHIPPING, RunStatus.IN_PROGRESS, "a merge, or a wait for one"),
    Move(Stage.SHIPPING, Stage.TRACKING, RunStatus.IN_PROGRESS, "the round is over, something is held"),
    Move(Stage.SHIPPING, Stage.DONE, RunStatus.COMPLETED, "all merged or dropped"),
    Move(Stage.SHIPPING, Stage.DONE, RunStatus.CANCELLED, "cancelled"),
    Move(Stage.SHIPPING, Stage.DONE, RunStatus.FAILED, "no access to the repository for 24 hours"),
    Move(Stage.DONE, Stage.DONE, RunStatus.COMPLETED, "tidying up"),
    Move(Stage.DONE, Stage.DONE, RunStatus.CANCELLED, "tidying up"),
    Move(Stage.DONE, Stage.DONE, RunStatus.FAILED, "tidying up"),
)


def decide(state: State, event: Event) -> Outcome:
    """What becomes of the run and the record, or why nothing does. Never raises; the same input, the same outcome."""
    outcome = _command(state, event) if isinstance(event, events.Command) else _observation(state, event)
    if not isinstance(outcome, Decision):
        return outcome
    run = schedule(ship_commands.advance(outcome.run, event.at), event.at, state.render)
    return replace(outcome, run=run, repository=recorded(outcome.repository, run))


def _command(state: State, event: PersonCommand) -> Outcome:
    if isinstance(event, events.PlanRequested):
        return plan_commands.requested(state, event)
    run = meant(state, event)
    if isinstance(run, Refusal):
        return run
    return _on_run(state, run, event)


def _on_run(state: State, run: Run, event: PersonCommand) -> Outcome:  # noqa: C901, PLR0911 - a line a command
    match event:
        case events.PlanEdited():
            return plan_commands.edited(state, run, event)
        case events.PlanApproved():
            return plan_commands.approved(state, run, event)
        case events.PlanRejected():
            return plan_commands.rejected(state, run, event)
        case events.ShipRequested():
            return ship_commands.requested(state, run, event)
        case events.ShipConfirmed():
            return ship_commands.confirmed(state, run, event)
        case events.CancelRequested():
            return run_commands.cancel_requested(run, event)
        case events.CancelConfirmed():
            return run_commands.cancel_confirmed(state, run, event)
        case events.RetryRequested():
            return run_commands.retry_requested(state, run, event)
        case events.DropRequested():
            return run_commands.drop_requested(state, run, event)
        case events.StatusRequested():
            return run_commands.status_requested(run, event)
        case events.PlanRequested():
            return Nothing()  # it means no run
        case _:
            assert_never(event)


def _observation(state: State, event: Event) -> Outcome:  # noqa: PLR0911 - a line an event
    run = state.run
    if run is None:
        return Nothing()
    match event:
        case events.Woken():
            return _woken(state, run, event)
        case events.PlanObserved():
            return plan_commands.observed(state, run, event)
        case events.WorldObserved():
            return Nothing() if run.final else _decided(state, observe.observe(run, event))
        case events.LookFailed():
            return (
                Nothing() if run.final else _decided(state, effect_results.refresh_failed(run, event.failure, event.at))
            )
        case events.EffectSucceeded():
            return _decided(state, observe.judge(effect_results.succeeded(run, event), event.at))
        case events.EffectFailed():
            return _decided(state, observe.judge(effect_results.failed(run, event), event.at))
        case _:
            return Nothing()


def _woken(state: State, run: Run, event: events.Woken) -> Outcome:
    """A proposal may have expired; any other run is only brought up to date, since time itself can hold a task."""
    at = event.at
    seen = effect_results.invalidate(run, run.messages, at) if event.afresh else run
    if run.stage is not Stage.PROPOSED:
        fresh = schedule(ship_commands.advance(observe.judge(seen, at), at), at, state.render)
    elif run.expires_at <= at:
        return plan_commands.expired(state, seen, at)
    else:
        fresh = schedule(seen, at, state.render)
    return Nothing() if fresh == run else _decided(state, fresh)


def _decided(state: State, run: Run) -> Decision:
    return Decision(run=run, repository=state.repository)


def meant(state: State, event: PersonCommand) -> Run | Refusal:
    """The run that a command means: the one it names, the one with that pull request, or the obvious one."""
    if event.run is not None:
        return _named(state, event, event.run)
    if event.number is not None:
        return commented(state, event) or Refusal(reply=replies.InNoRun(number=event.number))
    deciding = isinstance(event, events.PlanApproved | events.PlanEdited | events.PlanRejected)
    fitting = [run for run in state.active if (run.stage is Stage.PROPOSED) == deciding] or list(state.active)
    if len(fitting) == 1:
        return fitting[0]
    numbers = tuple(run.number for run in fitting)
    return Refusal(reply=replies.WhichRun(runs=numbers) if numbers else replies.NoRun())


def commented(state: State, event: PersonCommand) -> Run | None:
    """The active run on whose issue or pull request that comment is, unless the comment is older than the run."""
    for run in state.active:
        made = run.created_at.replace(microsecond=0)  # GitHub's times are whole seconds
        if event.number is not None and run_commands.is_about(run, event.number) and event.asked_at >= made:
            return run
    return None


def _named(state: State, event: PersonCommand, number: int) -> Run | Refusal:
    run = state.run
    if run is None or run.number != number:
        return Refusal(reply=replies.NoSuchRun(number=number))
    if event.uid is not None and event.uid != run.uid:
        return Refusal(reply=replies.OtherRun(run=replies.run_place(run)))
    return run


def recorded(repository: Repository, run: Run) -> Repository:
    """The repository's record with this run's place among the active ones, and exactly the claims it holds."""
    others = tuple(active for active in repository.active if active.uid != run.uid)
    mine = () if run.final else (Active(uid=run.uid, number=run.number, status=run.status),)
    claims = {issue: number for issue, number in repository.claims.items() if number != run.number}
    if not run.final:
        claims |= {str(task.issue): run.number for task in run.tasks if not task.settled}
    return replace(repository, active=(*others, *mine), claims=claims)
