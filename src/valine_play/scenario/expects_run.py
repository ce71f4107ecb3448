"""What can be expected of plans, runs and tasks, as they are stored and shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from valine.orchestrator.model.states import RunStatus
from valine_play.scenario import faults
from valine_play.scenario.phrase import Steps
from valine_play.scenario.place import REPOSITORY
from valine_play.scenario.stage import Stage, Unmet, is_write, matches

if TYPE_CHECKING:
    from typing import Any

    from valine.orchestrator.model.run import Task

OUT = re.compile(r"^• #(\d+) \(\S+\) [^:]*: (.*)$", re.MULTILINE)


def same(found: Any, wanted: Any, said: str) -> None:
    """Raise Unmet with this sentence unless they are equal."""
    if found != wanted:
        raise Unmet(said)


def so(said: str, *, when: bool) -> None:
    """Raise Unmet with this sentence unless it is so."""
    if not when:
        raise Unmet(said)


plays = Steps()


@plays
async def state(
    stage: Stage,
    *,
    issue: int,
    state: str,
    why: str | None = None,
    detail: str | None = None,
    run: int | None = None,
) -> None:
    task = await stage.task(issue, run)
    reason = None if task.note is None else str(task.note.why)
    known = None if task.note is None else task.note.detail
    is_so = str(task.state) == state and why in (None, reason) and detail in (None, known)
    so(_stands(task), when=is_so)


@plays
async def clear(stage: Stage, *, issue: int, state: str) -> None:
    task = await stage.task(issue, None)
    so(_stands(task), when=str(task.state) == state and task.note is None)


def _stands(task: Task) -> str:
    note = task.note
    because = "" if note is None else f" because {note.why}{f': {note.detail}' if note.detail else ''}"
    return f"#{task.issue} is {task.state}{because}"


@plays
async def adopted(stage: Stage, *, issue: int) -> None:
    so("Valine opened its pull request itself", when=(await stage.task(issue, None)).adopted)


@plays
async def everything(stage: Stage, *, state: str, run: int = 1) -> None:
    tasks = (await stage.run(run)).tasks
    found = ", ".join(f"#{task.issue} {task.state}" for task in tasks) or f"r{run} has no tasks"
    same({str(task.state) for task in tasks}, {state}, found)


@plays
async def run(stage: Stage, *, run: int, standing: str) -> None:
    found = await stage.run(run)
    value = str(found.status) if standing in {str(one) for one in RunStatus} else str(found.stage)
    same(value, standing, f"r{run} is {value}")


@plays
async def no_run(stage: Stage, *, run: int) -> None:
    found = await stage.world.system.store.run(REPOSITORY, run)
    if found is not None:
        raise Unmet(f"r{run} is {found.status}")


@plays
async def approvals(stage: Stage, *, run: int, n: int) -> None:
    found = len((await stage.run(run)).approvals)
    same(found, n, f"it has {found}")


@plays
async def rounds(stage: Stage, *, run: int, n: int) -> None:
    found = (await stage.run(run)).rounds
    same(found, n, f"it has {found}")


@plays
async def at_rest(stage: Stage, *, run: int) -> None:
    pending = (await stage.run(run)).pending
    so(f"it owes {', '.join(sorted(pending))}", when=not pending)


@plays
async def order(stage: Stage, *, issues: tuple[int, ...], run: int | None = None) -> None:
    """In the store, and on the card too unless a run is named: it is the newest that is on show."""
    if run is None:
        shown = tuple(int(number) for number in re.findall(r"^\d+\. #(\d+)", _pages(stage), re.MULTILINE))
        same(shown, issues, f"the card shows {_numbers(shown)}")
        run = (await stage.world.system.store.repository(REPOSITORY)).next_number - 1
    stored = tuple(int(item.issue) for item in (await stage.run(run)).plan.items)
    same(stored, issues, f"r{run} has {_numbers(stored)}")


def _pages(stage: Stage) -> str:
    """The card with the pages in its thread."""
    card = stage.newest("card")
    inner = card["thread"]["messages"] if card["thread"] else []
    return "\n".join([str(card["text"]), *(str(m["text"]) for m in inner if "· card." in m["text"])])


def _numbers(numbers: tuple[int, ...]) -> str:
    return ", ".join(f"#{number}" for number in numbers) or "nothing"


@plays
async def revision(stage: Stage, *, run: int, n: int) -> None:
    found = (await stage.run(run)).plan.revision
    same(found, n, f"it has revision {found}")


@plays
def left_out(stage: Stage, *, issue: int, reason: str) -> None:
    said = {int(number): words for number, words in OUT.findall(_pages(stage))}
    if issue not in said:
        raise Unmet(f"the card leaves out {_numbers(tuple(said))}")
    same(said[issue], reason, f"the card says: {said[issue]}")


@plays
def none_left_out(stage: Stage) -> None:
    said = OUT.findall(_pages(stage))
    so(f"the card leaves out {', '.join(f'#{number}: {words}' for number, words in said)}", when=not said)


@plays
async def assignees(stage: Stage, *, issue: int, login: str) -> None:
    last = (await stage.world.system.store.repository(REPOSITORY)).next_number - 1
    found = {int(item.issue): item.assignees for item in (await stage.run(last)).plan.items}.get(issue, ())
    same(found, (login,), f"it is planned for {', '.join(found) or 'nobody'}")


@plays
async def claims(stage: Stage, *, run: int, issues: tuple[int, ...]) -> None:
    held = (await stage.world.system.store.repository(REPOSITORY)).claims
    found = tuple(sorted(int(issue) for issue, number in held.items() if number == run))
    same(found, tuple(sorted(issues)), f"r{run} holds {_numbers(found)}")


@plays
async def no_claims(stage: Stage) -> None:
    held = (await stage.world.system.store.repository(REPOSITORY)).claims
    so(", ".join(f"r{number} holds #{issue}" for issue, number in held.items()), when=not held)


@plays
async def not_started(stage: Stage) -> None:
    writes = [row for row in stage.requests if row[0] == "github" and is_write(row)]
    so(f"GitHub got {', '.join(f'{method} {path}' for _, method, path, _ in writes[:3])}", when=not writes)
    await no_claims(stage)


@plays
async def nothing_left(stage: Stage) -> None:
    record = await stage.world.system.store.repository(REPOSITORY)
    so(f"{len(stage.channel())} messages are in the channel", when=not stage.channel())
    same((record.next_number, tuple(record.active)), (1, ()), f"the next run would be r{record.next_number}")
    await no_claims(stage)


@plays
async def unchanged(stage: Stage, *, run: int) -> None:
    same(await stage.run(run), dict(enumerate(stage.before["runs"], start=1)).get(run), "it has changed")


@plays
async def no_change(stage: Stage) -> None:
    now = await stage.everything()
    changed = [name for name, value in now.items() if value != stage.before[name]]
    so(f"there are other {', '.join(changed)}", when=not changed)


@plays
def requests(stage: Stage, *, n: int, target: str) -> None:
    struck = faults.target_of(target)
    found = [path for _, method, path, _ in stage.requests if matches(struck, method, path)]
    same(len(found), n, f"it has asked {len(found)} times")
