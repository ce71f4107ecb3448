"""Parts of facts that several documents and replies have in common, from the run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from valine.orchestrator.facts.documents import LeftOutRow, NoteRow, RunRef, TaskRow
from valine.orchestrator.model.states import Login, RunNumber, Why
from valine.orchestrator.remembering import Remembering

if TYPE_CHECKING:
    from collections.abc import Iterable

    from valine.orchestrator.model.plan import Actor, LeftOut
    from valine.orchestrator.model.run import Note, Run, Task

PUBLIC = "https://github.com"
ADDRESS = re.compile(r"https?://[^\s()<>\[\]]+")


def run_ref(run: Run) -> RunRef:
    """Which run that is."""
    return RunRef(number=run.number, uid=run.uid, site=site(run))


def site(run: Run) -> str:
    """The repository's web address, without a slash at its end."""
    web = run.plan.web
    return web.rstrip("/") if ADDRESS.fullmatch(web) else f"{PUBLIC}/{run.repository}"


def person(actor: Actor | None) -> str | None:
    """Their name; None for Valine itself."""
    return None if actor is None or actor.platform == "valine" else actor.name


def task_row(task: Task, note: Note | None = None) -> TaskRow:
    """How that task stands, for its own note or for another one."""
    note = note or task.note
    why = note.why if note else None
    number = task.pull.number if task.pull else task.pull_request
    return TaskRow(
        issue=task.issue,
        title=task.title,
        state=task.state,
        why=why,
        by=note.by if note else (),
        detail=note.detail if note else "",
        owners=owners(task),
        branch=task.branch if why is Why.FOREIGN else "",
        pull=number,
        url=task.pull.url if task.pull else None,
        merged_elsewhere=why is Why.RETARGETED and task.pull is not None and task.pull.state == "merged",
        by_hand=task.merged_by_hand,
        edited=task.edited,
    )


def _own_row(task: Task) -> TaskRow:
    return task_row(task)


row_of = Remembering(_own_row)


def owners(task: Task) -> tuple[Login, ...]:
    """The logins of those who are expected to move the task on, as far as they are known."""
    if task.assignees:
        return task.assignees
    author = task.pull.author if task.pull and task.adopted else None  # of all others it is Valine itself
    return (Login(author),) if author else ()


def left_out_row(out: LeftOut) -> LeftOutRow:
    """Why that issue is not in the plan."""
    return LeftOutRow(
        issue=out.issue,
        title=out.title,
        reason=out.reason,
        by=out.by,
        elsewhere=out.elsewhere,
        run=RunNumber(out.run) if out.run is not None else None,
    )


def note_rows(run: Run, issues: Iterable[int]) -> tuple[NoteRow, ...]:
    """The run's tasks of these issues, for the notes of what was shipped."""
    milestones = {item.issue: item.milestone for item in run.plan.items}
    return tuple(
        NoteRow(
            issue=task.issue,
            title=task.title,
            pull=task.pull_request,
            people=_workers(task),
            milestone=milestones.get(task.issue) or "",
        )
        for task in map(run.task, issues)
        if task is not None
    )


def _workers(task: Task) -> tuple[Login, ...]:
    """Those who did it: of a pull request that was adopted its author, of all others the author is Valine."""
    author = task.pull.author if task.pull and task.adopted else None
    return (Login(author),) if author else tuple(one for one in task.assignees if one not in task.unassigned)
