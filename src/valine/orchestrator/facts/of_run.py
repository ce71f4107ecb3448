"""The facts of each document of a run, from the run alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.orchestrator.facts.documents import Board, LeftOutRow, NoteRow, PlanCard, PlanRow, TaskRow, ThreadLine
from valine.orchestrator.facts.rows import left_out_row, note_rows, owners, person, row_of, run_ref, task_row
from valine.orchestrator.model.states import MilestoneKind, RunStatus
from valine.orchestrator.remembering import Remembering

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from valine.orchestrator.facts.documents import Document
    from valine.orchestrator.model.plan import Plan
    from valine.orchestrator.model.run import Milestone, Run, Task

RELEASES_SHOWN = 3
MOST_MENTIONED = 10


def plan_card(run: Run) -> PlanCard:
    """The plan and its decision: what happens to the work afterwards never changes it."""
    plan = run.plan
    rows, left_out = _rows_of(plan)
    return PlanCard(
        run=run_ref(run),
        base=plan.base.branch,
        label=plan.label,
        limit=plan.limit,
        revision=plan.revision,
        digest=plan.digest,
        requested_by=person(run.requested_by),
        rows=rows,
        left_out=left_out,
        **_decision(run),
    )


def _plan_rows(plan: Plan) -> tuple[tuple[PlanRow, ...], tuple[LeftOutRow, ...]]:
    priorities = plan.policy.plan.priorities
    rows = tuple(
        PlanRow(
            issue=item.issue,
            title=item.title,
            priority=priorities[item.priority] if item.priority is not None and item.priority < len(priorities) else "",
            depends_on=item.depends_on,
            assignees=item.assignees,
            adopts=item.adopts.number if item.adopts else None,
        )
        for item in plan.items
    )
    return rows, tuple(map(left_out_row, plan.left_out))


_rows_of = Remembering(_plan_rows, most=64)


def _decision(run: Run) -> dict[str, Any]:
    if run.status is RunStatus.PENDING:
        return {"decision": "open", "expires_at": run.expires_at}
    if run.approvals:
        last = run.approvals[-1]
        return {"decision": "approved", "decided_by": person(last.by), "decided_at": last.at}
    if run.ended_by is not None:
        rejected = any(milestone.kind is MilestoneKind.REJECTED for milestone in run.milestones)
        decision = "rejected" if rejected else "cancelled"
    else:
        early = run.ended_at is not None and run.ended_at < run.expires_at
        decision = "nothing_left" if early else "expired"
    return {"decision": decision, "decided_by": person(run.ended_by), "decided_at": run.ended_at}


def _rows_of_tasks(tasks: tuple[Task, ...]) -> tuple[TaskRow, ...]:
    return tuple(row_of.each(tasks))


_task_rows = Remembering(_rows_of_tasks, most=64)


def board(run: Run) -> Board:
    """How every task stands. It says nothing that a refresh alone changes."""
    shipping = run.shipping
    return Board(
        run=run_ref(run),
        base=run.plan.base.branch,
        status=run.status,
        stage=run.stage,
        approved=bool(run.approvals),
        shipping_by=person(shipping.by) if shipping else None,
        shipping_since=shipping.at if shipping else None,
        unreachable_since=None if run.final else run.unreachable_since,
        ended_by=person(run.ended_by),
        ended_at=run.ended_at,
        releases=tuple((tag, url) for tag, url in run.releases.items() if url)[-RELEASES_SHOWN:],
        rows=_task_rows(run.tasks),
    )


def thread_line(run: Run, milestone: Milestone) -> ThreadLine:
    """What a line in the thread says."""
    tasks = [task for task in map(run.task, milestone.issues) if task is not None]
    held = milestone.kind is MilestoneKind.HELD
    return ThreadLine(
        run=run_ref(run),
        key=milestone.key,
        kind=milestone.kind,
        by=person(milestone.by),
        issues=milestone.issues,
        revision=milestone.round,
        detail=milestone.note.detail if milestone.note else "",
        count=_count(run, milestone),
        held=task_row(tasks[0], milestone.note) if held and tasks and milestone.note else None,
        mention=mentioned(run, tasks) if held else (),
        notes=_notes(run, milestone),
        started=bool(run.approvals),
        closes=run.close_pull_requests,
    )


def _count(run: Run, milestone: Milestone) -> int:
    if milestone.kind is MilestoneKind.PROPOSED:
        return len(milestone.issues) or len(run.plan.items)
    if milestone.kind is MilestoneKind.SHIPPED:
        return sum(not task.settled and task.issue not in milestone.issues for task in run.tasks)
    return 0


def _notes(run: Run, milestone: Milestone) -> tuple[NoteRow, ...]:
    if milestone.kind is MilestoneKind.SHIPPED:
        return note_rows(run, milestone.issues)
    if milestone.kind is not MilestoneKind.COMPLETED:
        return ()
    # All that was merged, unless the one round that did it has just said it.
    rounds = [told.issues for told in run.milestones if told.kind is MilestoneKind.SHIPPED and told.issues]
    return () if rounds == [milestone.issues] else note_rows(run, milestone.issues)


def mentioned(run: Run, tasks: Iterable[Task]) -> tuple[str, ...]:
    """The Discord ids of those who must act on these tasks, as far as the policy knows them."""
    known = {login.casefold(): member for login, member in run.plan.policy.people.items()}
    logins = (login.casefold() for task in tasks for login in owners(task))
    return tuple(dict.fromkeys(known[login] for login in logins if login in known))[:MOST_MENTIONED]


def facts_of(run: Run, document: str) -> Document | None:
    """The facts of the document of that name; None if the run has none of that name (any more)."""
    if document == "card":
        return plan_card(run)
    if document == "board":
        return board(run) if run.tasks else None
    found = next((m for m in run.milestones if f"milestone.{m.key}" == document), None)
    return thread_line(run, found) if found is not None else None
