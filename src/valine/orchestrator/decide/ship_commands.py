"""From /ship to the merges: the preflight, the confirmation of exactly the heads it showed, and the end of a round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from valine.orchestrator import naming, replies
from valine.orchestrator.decide.assess import waits_for
from valine.orchestrator.decide.desired_effects import introduced, next_to_ship, still_coming
from valine.orchestrator.decide.observe import judge, observe
from valine.orchestrator.model.decision import Decision, Refresh, Refusal
from valine.orchestrator.model.events import WorldObserved
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.policy import authorize
from valine.orchestrator.model.run import Milestone, Run, Shipping, Task, announce
from valine.orchestrator.model.states import MilestoneKind, RunStatus, Stage, TaskState
from valine.orchestrator.replies import run_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from valine.orchestrator.model.decision import Outcome, State
    from valine.orchestrator.model.events import ShipConfirmed, ShipRequested
    from valine.orchestrator.model.states import IssueNumber

replace = msgspec.structs.replace


def requested(state: State, run: Run, event: ShipRequested) -> Outcome:
    """/ship: what would be merged now, and what would not and why; nothing is merged yet."""
    seen = _refreshed(run, event)
    if not isinstance(seen, Run):
        return seen
    run, ready = seen, shippable(seen)
    waiting = [task for task in run.tasks if not task.settled and task not in ready]
    if not ready:
        return Decision(run=run, repository=state.repository, reply=replies.NothingReady.of(run))
    reply = replies.Preflight.of(run, ready, waiting, heads_digest(ready))
    return Decision(run=run, repository=state.repository, reply=reply)


def confirmed(state: State, run: Run, event: ShipConfirmed) -> Outcome:
    """Yes to the heads that the preflight showed; if one has moved since, it is shown again and nothing starts."""
    seen = _refreshed(run, event)
    if not isinstance(seen, Run):
        return seen
    run, ready = seen, shippable(seen)
    if not ready:
        return Decision(run=run, repository=state.repository, reply=replies.NothingReady.of(run))
    if heads_digest(ready) != event.heads:
        return Decision(run=run, repository=state.repository, reply=replies.HeadsMoved(run=run_place(run)))
    heads = {str(task.issue): task.pull.head for task in ready if task.pull is not None}
    number = run.rounds + 1
    milestone = Milestone(
        key=f"shipping.{number}",
        kind=MilestoneKind.SHIPPING,
        at=event.at,
        by=event.by,
        issues=tuple(task.issue for task in ready),
        round=number,
    )
    run = replace(
        run,
        stage=Stage.SHIPPING,
        rounds=number,
        shipping=Shipping(by=event.by, at=event.at, round=number, heads=heads),
    )
    run = announce(run, milestone)
    reply = replies.ShipStarted(run=run_place(run), pulls=len(heads))
    return Decision(run=run, repository=state.repository, reply=reply)


def _refreshed(run: Run, event: ShipRequested | ShipConfirmed) -> Run | Refresh | Refusal:
    """The run as the refresh that the command needs shows it; or that refresh, or why there is nothing to look for."""
    denial = authorize(event.by, "ship", run.plan.policy)
    if denial is not None:
        return Refusal(reply=replies.NotAllowed.of(denial))
    if run.stage is Stage.SHIPPING:
        return Refusal(reply=replies.AlreadyShipping.of(run))
    if run.stage is not Stage.TRACKING:
        return Refusal(reply=replies.ShipNotPossible.of(run))
    if event.found is None:
        return Refresh(kind="work", run=run)
    if isinstance(event.found, Failure):
        return Refusal(reply=replies.GitHubFailed.of(run.repository, event.found))
    return observe(run, WorldObserved(at=event.at, world=event.found))


def shippable(run: Run) -> list[Task]:
    """The tasks that a round would merge, in plan order: ready, and waiting for nothing but one another."""
    chosen: list[Task] = []
    for task in run.tasks:
        issues = {other.issue for other in chosen}
        if task.state is TaskState.READY and set(waits_for(run, task)) <= issues:
            chosen.append(task)
    return chosen


def heads_digest(tasks: Sequence[Task]) -> str:
    """What a confirmation carries: these issues at exactly these heads."""
    return naming.short_hash(*(f"{task.issue}={task.pull.head}" for task in tasks if task.pull is not None))


def advance(run: Run, at: datetime) -> Run:
    """The run moved on to the stage that its tasks are in: after every change, and only here."""
    if run.status is not RunStatus.IN_PROGRESS:
        return run
    if run.stage is Stage.EXECUTING and all(_opened(task) for task in run.tasks):
        run = announce(replace(run, stage=Stage.TRACKING, refresh_at=at), _opened_milestone(run, at))
    settled = all(task.settled for task in run.tasks)
    # After a merge the others must be looked at before it can be said that nothing more comes of them.
    if run.stage is Stage.SHIPPING and (settled or (run.refreshed_at is not None and not _under_way(run))):
        run = _round_over(run, at)
    if settled and run.stage is not Stage.EXECUTING:
        run = _completed(run, at)
    return run


def _opened(task: Task) -> bool:
    return task.settled or task.refusal is not None or introduced(task)


def _opened_milestone(run: Run, at: datetime) -> Milestone:
    opened = tuple(task.issue for task in run.tasks if task.pull_request is not None)
    return Milestone(key="opened", kind=MilestoneKind.OPENED, at=at, issues=opened)


def _under_way(run: Run) -> bool:
    """Whether a confirmed task can be merged now, or still become so without anybody doing anything."""
    return next_to_ship(run) is not None or still_coming(run)


def _round_over(run: Run, at: datetime) -> Run:
    """What could be merged is merged; what is held goes back to being tracked."""
    if run.shipping is None:
        return run
    merged = merged_in_order(task for task in run.tasks if str(task.issue) in run.shipping.heads)
    number = run.shipping.round
    milestone = Milestone(
        key=f"shipped.{number}",
        kind=MilestoneKind.SHIPPED,
        at=at,
        by=run.shipping.by,
        issues=merged,
        round=number,
    )
    run = announce(replace(run, stage=Stage.TRACKING), milestone)
    # Judged while the confirmed heads are still known: a head that moved is told as the reason.
    return judge(replace(run, shipping=None), at)


def merged_in_order(tasks: Iterable[Task]) -> tuple[IssueNumber, ...]:
    """Those that are merged, the last merged one last: its commit holds them all."""
    merged = [task for task in tasks if task.state is TaskState.MERGED]
    return tuple(task.issue for task in sorted(merged, key=lambda task: (task.merged_at is not None, task.merged_at)))


def _completed(run: Run, at: datetime) -> Run:
    merged = merged_in_order(run.tasks)
    milestone = Milestone(key="completed", kind=MilestoneKind.COMPLETED, at=at, issues=merged)
    run = replace(run, status=RunStatus.COMPLETED, stage=Stage.DONE, ended_at=at, shipping=None, refresh_at=None)
    return announce(run, milestone)
