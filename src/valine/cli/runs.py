"""`valine runs`: what the store knows, read beside a server that may be running; redrive alone writes."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valine.cli import run_text
from valine.cli.command_error import CommandError
from valine.cli.serve import DOTENV, EnvFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from valine.bootstrap import Opened
    from valine.orchestrator.model.run import Run
    from valine.ports import History, RunStore

app = typer.Typer(help="What the store knows of runs.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RECENT = 10
PAGE = 25
NAME = re.compile(r"[rR]?([0-9]{1,9})")


@app.command("list")
def list_runs(
    as_json: AsJson = False,
    everything: Annotated[bool, typer.Option("--all", help=f"All runs, not only the last {RECENT}.")] = False,
    env: EnvFile = None,
) -> None:
    """List runs: the active ones first, then the recent."""
    import asyncio

    from valine.cli import tables
    from valine.orchestrator.text import plural

    with opened_store(env) as (opened, repository):
        runs = asyncio.run(_listed(opened.store, repository, everything=everything))
        dead = len(asyncio.run(opened.queue.dead_letters()))
    if as_json:
        tables.as_json([_summary(run) for run in runs])
        return
    if runs:
        tables.table(("Run", "Status", "Stage", "Tasks", "Made", "By"), [_row(run) for run in runs])
    else:
        typer.echo(f"There is no run of {repository} yet. /plan proposes one.")
    if dead:
        typer.echo(f"{plural(dead, 'request')} {'was' if dead == 1 else 'were'} set aside: `valine runs dead`")


@app.command()
def show(
    run: Annotated[str, typer.Argument(help="Which one, such as r12.")],
    history: Annotated[bool, typer.Option("--history", help="Every step too, with what caused it.")] = False,
    as_json: AsJson = False,
    env: EnvFile = None,
) -> None:
    """Show a run with its tasks."""
    import asyncio

    from valine.cli import tables

    with opened_store(env) as (opened, repository):
        found, steps = asyncio.run(found_run(opened.store, repository, run_number(run), history=history))
    if found is None:
        raise CommandError(f"There is no run {run} of {repository}. `valine runs list --all` lists them.")
    if as_json:
        tables.as_json(
            run_text.document_of(found)
            | ({"history": [run_text.document_of(step) for step in steps]} if history else {})
        )
        return
    run_text.tell_run(found)
    if history:
        typer.echo("")
        tables.table(("Step", "When", "What", "By"), [run_text.step_row(step) for step in steps])


@app.command()
def dead(as_json: AsJson = False, env: EnvFile = None) -> None:
    """List the requests that were dead-lettered because they could not be dealt with."""
    import asyncio

    from valine.cli import tables

    with opened_store(env) as (opened, _):
        letters = asyncio.run(opened.queue.dead_letters())
    if as_json:  # without the envelope: it has the token that answers its author
        tables.as_json([{"id": one.id, "trouble": one.trouble, "attempts": one.attempts} for one in letters])
    elif letters:
        rows = [(run_text.plain_line(one.id), str(one.attempts), run_text.plain_line(one.trouble)) for one in letters]
        tables.table(("Id", "Attempts", "Trouble"), rows)
    else:
        typer.echo("Nothing was set aside.")


@app.command()
def redrive(
    request: Annotated[str, typer.Argument(metavar="ID", help="Which one, as `valine runs dead` names it.")],
    env: EnvFile = None,
) -> None:
    """Put a request that was dead-lettered back on the queue."""
    import asyncio

    from valine.bootstrap import wall_clock

    with opened_store(env) as (opened, _):
        found = asyncio.run(opened.queue.redrive(request, wall_clock().now()))
    if not found:
        raise CommandError(f"No request {run_text.plain_line(request)} was set aside. `valine runs dead` lists them.")
    typer.echo(f"{run_text.plain_line(request)} is on the queue again.")


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="A file that does not exist yet.")],
    env: EnvFile = None,
) -> None:
    """Copy the store to a file, beside a server that may be running. A plain copy of its file would lack the newest."""
    with opened_store(env) as (opened, _):
        opened.back_up(to)
    kept = run_text.plain_line(str(to))
    typer.echo(f"The store is copied to {kept}. It may hold tokens: keep it where only you can read it.")


@contextmanager
def opened_store(env: Path | None) -> Iterator[tuple[Opened, str]]:
    """The store with its queue, and the repository's name. Raises ConfigurationError or StoreError."""
    import os

    from valine.bootstrap import open_store
    from valine.settings import queue_url, repository_name, store_url

    source = env or DOTENV
    address, repository = store_url(os.environ, source), repository_name(os.environ, source)
    opened = open_store(address, queue_url(os.environ, source))
    try:
        yield opened, repository
    finally:
        opened.file.close()


async def _listed(store: RunStore, repository: str, *, everything: bool) -> list[Run]:
    from valine.ingress.endpoints import active_runs

    active = list(await active_runs(store, repository))
    known = {run.number for run in active}
    summaries = list(await store.recent(repository, PAGE if everything else RECENT))
    page = summaries if everything else []
    while page:
        page = list(await store.recent(repository, PAGE, before=page[-1].created_at))
        summaries += page
    others = [await store.run(repository, summary.number) for summary in summaries if summary.number not in known]
    return active + [run for run in others if run is not None]


async def found_run(
    store: RunStore, repository: str, number: int, *, history: bool
) -> tuple[Run | None, Sequence[History]]:
    """The run, None if there is none, and its steps if they are wanted."""
    run = await store.run(repository, number)
    return run, await store.history(repository, number) if run is not None and history else ()


def run_number(name: str) -> int:
    """12 for r12, R12 or 12. Raises CommandError for anything else."""
    match = NAME.fullmatch(name)
    if match is None:
        raise CommandError(f"{name} is no run: runs are named like r12.", code=2)
    return int(match[1])


def _row(run: Run) -> tuple[str, ...]:
    from valine.view.run_replies import stage

    who = run_text.plain_line(run.requested_by.name)
    return (
        run.name,
        str(run.status),
        stage(status=run.status, stage=run.stage, approved=bool(run.approvals)),
        run_text.progress(run),
        run_text.moment(run.created_at),
        who,
    )


def _summary(run: Run) -> dict[str, Any]:
    states: dict[str, int] = {}
    for task in run.tasks:
        states[str(task.state)] = states.get(str(task.state), 0) + 1
    return {
        "run": run.name,
        "uid": run.uid,
        "repository": run.repository,
        "status": str(run.status),
        "stage": str(run.stage),
        "issues": [item.issue for item in run.plan.items],
        "tasks": states,
        "requested_by": run.requested_by.name,
        "created_at": run.created_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
    }
