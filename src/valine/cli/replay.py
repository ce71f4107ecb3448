"""`valine replay`: a run at any moment of its life, told again from its history by the code that is here now."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valine.cli import run_text, runs
from valine.cli.command_error import CommandError
from valine.cli.serve import EnvFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from valine.cli.recording import Recording
    from valine.orchestrator.model.run import Run
    from valine.orchestrator.replay import Step
    from valine.orchestrator.replies import Reply

MOST_CHANGES = 3  # told on a step's line
LONGEST = 60  # characters of a value
UNTOLD = ("version", "wake_at", "looked_at", "look_at", "pending")  # change with nearly every step, or are told apart
TELLING = re.compile(r"status|plan\.revision|rounds|tasks\.(#\d+)\.(?:state|pull_request|merged_sha|pull\.head|note)")


def replay(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Which one, such as r12; or a FILE.json of --record.")],
    at: Annotated[int | None, typer.Option("--at", min=1, help="Show the run as it was after this step.")] = None,
    record: Annotated[Path | None, typer.Option("--record", help="Write the history into this file.")] = None,
    as_json: runs.AsJson = False,
    env: EnvFile = None,
) -> None:
    """Tell a run again, step by step, and see that it comes to what is stored."""
    from valine.cli import recording as files
    from valine.orchestrator.rules import FACTS

    recording = files.read(Path(run)) if run.endswith(".json") else _stored(run, env)
    steps, problem = _told(recording)
    if record is not None:
        _record(record, recording, steps, problem)
    if at is not None and at > len(steps):
        raise CommandError(problem or f"{recording.run.name} has {len(steps)} steps, so there is no step {at}.", code=2)
    shown = steps if at is None else steps[at - 1 : at]
    if as_json:
        _print_json(shown, recording)
    elif at is None:
        _print_all(steps, recording)
    else:
        _print_one(shown[0], recording)
    if problem:
        raise CommandError(problem)
    if at is None and not as_json:
        typer.echo(f"\nTold again, {recording.run.name} comes to what is stored at all of its {len(steps)} steps.")
        if steps[0].rules < FACTS:
            typer.echo(
                "Not compared, since its first steps are of an older version: what was to be written on Discord."
            )


def _stored(name: str, env: Path | None) -> Recording:
    import asyncio

    from valine.cli.recording import Recording

    number = runs.run_number(name)
    with runs.opened_store(env) as (opened, repository):
        found, history = asyncio.run(runs.found_run(opened.store, repository, number, history=True))
    if found is None:
        raise CommandError(f"There is no run {name} of {repository}. `valine runs list --all` lists them.")
    return Recording(run=found, history=tuple(history))


def _told(recording: Recording) -> tuple[list[Step], str]:
    """The steps as far as they could be told, and what is wrong with them; empty if nothing."""
    from valine.orchestrator.replay import comparable, comparable_outline, outline, replay

    steps: list[Step] = []
    expected = iter(recording.outlines)
    rules = recording.history[0].rules if recording.history else 0
    try:
        for step in replay(recording.history):
            steps.append(step)
            told = outline(step.run)
            if comparable_outline(told, rules) != comparable_outline(next(expected, told), rules):
                return steps, f"Step {step.number} comes to something else than it did when it was recorded."
    except ValueError as error:
        return steps, f"The history cannot be told again: {error}. It is another run's, or another Valine's."
    if not steps:
        return steps, f"{recording.run.name} has no history: there is nothing to tell."
    return steps, _unlike(comparable(steps[-1].run, rules), comparable(recording.run, rules))


def _unlike(told: Run, stored: Run) -> str:
    """How the run differs from what is stored; empty if it does not."""
    if told == stored:
        return ""
    what = ", ".join(path for path, _, _ in islice(_fields(told, stored), MOST_CHANGES))
    why = "the store was changed by something other than this Valine"
    return f"Told again, the run is not what is stored (it differs in {what}): {why}."


def _record(path: Path, recording: Recording, steps: Sequence[Step], problem: str) -> None:
    from valine.cli import recording as files
    from valine.orchestrator.replay import outline

    outlines = () if problem else tuple(outline(step.run) for step in steps)
    files.write(path, files.Recording(run=recording.run, history=recording.history, outlines=outlines))
    typer.echo(f"{path} has the history of {recording.run.name}: names and titles too, no tokens.", err=True)


def _print_all(steps: Sequence[Step], recording: Recording) -> None:
    from valine.cli import tables

    rows = [
        (*run_text.step_row(kept), str(step.run.stage), _in_short(step))
        for step, kept in zip(steps, recording.history, strict=False)
    ]
    tables.table(("Step", "When", "What", "By", "Stage", "Came to"), rows)


def _in_short(step: Step) -> str:
    """The changes of a step that matter most, on one line: of the run and its tasks, and of what is to be done."""
    told = [f"{path.removeprefix('tasks.')}: {_value(after)}" for path, after in _telling(step)]
    words = told[:MOST_CHANGES] + (["…"] if len(told) > MOST_CHANGES else [])
    return ", ".join([*words, *(f"+{key}" for key in step.fresh), *(f"-{key}" for key in step.settled)])


def _telling(step: Step) -> Iterator[tuple[str, object]]:
    for path, _, after in _changed(step.before, step.run) if step.before else ():
        if TELLING.fullmatch(path):
            yield path, after["why"] if isinstance(after, dict) else after


def _print_one(step: Step, recording: Recording) -> None:
    """The run as it was then, the event, the decision and its effects."""
    from valine.cli import tables

    kept = recording.history[step.number - 1]
    typer.echo(
        f"Step {step.number} of {len(recording.history)}, {run_text.moment(kept.at)}: {type(step.event).__name__}"
    )
    typer.echo("")
    run_text.tell_run(step.run)
    typer.echo("\nThe event")
    tables.table(("Field", "Value"), [(path, _value(value)) for path, _, value in _fields({}, step.event)])
    changed = [(path, _value(before), _value(after)) for path, before, after in _changed(step.before, step.run)]
    typer.echo("\nThe decision")
    tables.table(("Field", "Before", "After"), changed) if changed else typer.echo(
        "Nothing but what is to be done, and when."
    )
    if step.reply is not None:
        typer.echo(f"\nThe reply\n{run_text.plain_line(_words(step.reply))}")
    typer.echo("\nThe effects")
    rows = list(_effects(step))
    tables.table(("Effect", "", "Attempts", "Not before", "What"), rows) if rows else typer.echo("None.")


def _words(reply: Reply) -> str:
    from valine.view.replies import render

    return render(reply).text


def _effects(step: Step) -> Iterator[tuple[str, ...]]:
    from valine.orchestrator.decide.desired_effects import desired_effects

    effects = {effect.key: effect for effect in desired_effects(step.run)}
    for key, pending in step.run.pending.items():
        due = run_text.moment(pending.not_before) if pending.not_before else "at once"
        what = _value(run_text.document_of(effects[key])) if key in effects else ""
        yield key, "new" if key in step.fresh else "still to do", str(pending.attempts), due, what
    for key in step.settled:
        yield key, "done, or of no use any more", "", "", ""


def _print_json(steps: Sequence[Step], recording: Recording) -> None:
    from valine.cli import tables

    tables.as_json(
        [
            {
                "step": step.number,
                "at": kept.at.isoformat(),
                "event": run_text.document_of(step.event),
                "changes": [
                    {"field": path, "before": before, "after": after}
                    for path, before, after in _changed(step.before, step.run)
                ],
                "reply": _words(step.reply) if step.reply else None,
                "effects": {"new": step.fresh, "settled": step.settled, "pending": list(step.run.pending)},
                "run": run_text.document_of(step.run),
            }
            for step, kept in zip(steps, recording.history[steps[0].number - 1 :] if steps else (), strict=False)
        ]
    )


def _changed(before: Any, after: Any) -> Iterator[tuple[str, object, object]]:
    """The fields of a run that differ, less those that change with every step."""
    for path, one, other in _fields(before, after):
        if path.split(".")[0] not in UNTOLD:
            yield path, one, other


def _fields(before: Any, after: Any) -> Iterator[tuple[str, object, object]]:
    import msgspec

    from valine.orchestrator.replay import changes

    yield from changes(msgspec.to_builtins(before or {}), msgspec.to_builtins(after))


def _value(value: object) -> str:
    import json

    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = run_text.plain_line(text)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
