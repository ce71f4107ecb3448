"""A run and its steps in words, for a terminal: what people wrote is told on one line that cannot move the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from valine.orchestrator.model.run import Run, Task
    from valine.ports import History


def tell_run(run: Run) -> None:
    """Print how a run stands, with its tasks."""
    from valine.cli import tables
    from valine.view.run_replies import stage

    busy = stage(status=run.status, stage=run.stage, approved=bool(run.approvals))
    typer.echo(f"{run.name} of {run.repository}: {run.status}, {busy}, {progress(run)}")
    typer.echo(f"Made {moment(run.created_at)} by {plain_line(run.requested_by.name)}; uid {run.uid}")
    for approval in run.approvals:
        typer.echo(f"Approved {moment(approval.at)} by {plain_line(approval.by.name)} (revision {approval.revision})")
    if run.shipping is not None:
        typer.echo(f"Shipping since {moment(run.shipping.at)}, started by {plain_line(run.shipping.by.name)}")
    if run.ended_at is not None:
        by = f" by {plain_line(run.ended_by.name)}" if run.ended_by is not None else ""
        typer.echo(f"Ended {moment(run.ended_at)}{by}")
    for key, entry in run.pending.items():
        when = f", again {moment(entry.not_before)}" if entry.not_before else ""
        trouble = f", tried {entry.attempts} times{when}: {plain_line(entry.trouble)}" if entry.trouble else ""
        typer.echo(f"To do: {key}{trouble}")
    if run.wake_at is not None:
        typer.echo(f"Wakes {moment(run.wake_at)}")
    typer.echo("")
    if run.tasks:
        tables.table(("Issue", "Title", "State", "Pull request", "Branch", "Why"), [_task(task) for task in run.tasks])
    else:
        tables.table(("Issue", "Title"), [(f"#{item.issue}", plain_line(item.title)) for item in run.plan.items])


def _task(task: Task) -> tuple[str, ...]:
    pull = f"#{task.pull_request}" if task.pull_request else ""
    note = [str(task.note.why), *(f"#{n}" for n in task.note.by), plain_line(task.note.detail)] if task.note else []
    return (f"#{task.issue}", plain_line(task.title), str(task.state), pull, task.branch, " ".join(filter(None, note)))


def progress(run: Run) -> str:
    """How far it is: its tasks counted, or its issues before it has any."""
    from valine.orchestrator.facts.rows import row_of
    from valine.orchestrator.text import plural
    from valine.view.run_replies import counts

    return counts(map(row_of, run.tasks)) if run.tasks else plural(len(run.plan.items), "issue")


def step_row(step: History) -> tuple[str, ...]:
    """Step, when, what (with the effect that it is about), and by whom."""
    by = getattr(step.event, "by", None)
    what = f"{type(step.event).__name__} {getattr(step.event, 'key', '')}".rstrip()
    return (str(step.number), moment(step.at), what, plain_line(by.name) if by else "")


def document_of(value: Any) -> dict[str, Any]:
    """Plain data that JSON can hold."""
    import msgspec

    document: dict[str, Any] = msgspec.to_builtins(value)
    return document


def moment(at: datetime) -> str:
    """A time to the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def plain_line(text: str) -> str:
    """Other people's words on one line, unable to move the cursor."""
    from valine.orchestrator.text import plain

    return plain(text)
