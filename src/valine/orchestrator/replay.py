"""A run told again from its history: the same events give the same run, so what is stored can be proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from valine.orchestrator.decision import Decision, State
from valine.orchestrator.events import Event
from valine.orchestrator.graph import decide
from valine.orchestrator.model import Repository, Run
from valine.orchestrator.replies import Reply
from valine.orchestrator.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Recorded(Protocol):
    """What the history has of a step (ports.History): the event, and all of `State` that is not the run's own."""

    @property
    def event(self) -> Event: ...
    @property
    def repository(self) -> Repository | None: ...
    @property
    def rules(self) -> int: ...
    @property
    def render(self) -> int: ...


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step told again: the run before (None at first), what happened, and what was decided under which rules."""

    number: int
    rules: int
    render: int
    before: Run | None
    event: Event
    run: Run
    reply: Reply | None

    @property
    def fresh(self) -> tuple[str, ...]:
        """The keys of the effects that this step asked for."""
        known = self.before.pending if self.before else {}
        return tuple(key for key in self.run.pending if key not in known)

    @property
    def settled(self) -> tuple[str, ...]:
        """The keys of the effects that nobody asks for any more: done, or of no use."""
        known = self.before.pending if self.before else {}
        return tuple(key for key in known if key not in self.run.pending)


def replay(steps: Iterable[Recorded]) -> Iterator[Step]:
    """Each step, decided under the rules that it was decided under then, with the run as it was stored.

    Raises ValueError where an event changes nothing: then this is not that run's history, or not this Valine's. So it
    does for rules that this Valine does not know.
    """
    run: Run | None = None
    for number, kept in enumerate(steps, 1):
        what = f"step {number}, {type(kept.event).__name__},"
        if kept.rules > RULES:
            raise ValueError(f"{what} was decided under rules {kept.rules}, and this Valine knows {RULES}")
        outcome = decide(_state(run, kept), kept.event)
        if not isinstance(outcome, Decision):
            raise ValueError(f"{what} comes to {type(outcome).__name__}")  # noqa: TRY004
        before, run = run, msgspec.structs.replace(outcome.run, version=number)
        yield Step(
            number=number,
            rules=kept.rules,
            render=kept.render,
            before=before,
            event=kept.event,
            run=run,
            reply=outcome.reply,
        )


def _state(run: Run | None, kept: Recorded) -> State:
    return State(
        repository=kept.repository or Repository(name=run.repository if run else ""),
        run=run,
        active=() if run is None else (run,),
        rules=kept.rules,
        render=kept.render,
    )


def outline(run: Run) -> str:
    """What matters of a run, on a line that outlives new fields: runs that differ here did other things."""
    tasks = " ".join(f"#{task.issue}:{task.state}" for task in run.tasks)
    held = " ".join(f"#{task.issue}={task.note.why}" for task in run.tasks if task.note)
    said = " ".join(milestone.key for milestone in run.milestones)
    wake = run.wake_at.isoformat() if run.wake_at else "never"
    return (
        f"{run.status}/{run.stage} r{run.plan.revision} | {tasks} | {held} | {said} | {' '.join(run.pending)} | {wake}"
    )


def changes(before: object, after: object, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Where two values of plain data (as msgspec.to_builtins gives) differ: path, one, other; None where one has none.

    Items of a list are told apart by their issue, key or number where they have one, else by their place.
    """
    one, other = _named(before), _named(after)
    if one is None or other is None:
        if before != after:
            yield path, before, after
        return
    for name in [*one, *(name for name in other if name not in one)]:
        yield from changes(one.get(name), other.get(name), f"{path}.{name}" if path else name)


def _named(value: object) -> dict[str, object] | None:
    if isinstance(value, dict):
        return {str(name): item for name, item in value.items()}
    if isinstance(value, list | tuple) and all(isinstance(item, dict) for item in value) and value:
        return {_name(item, place): item for place, item in enumerate(value)}
    return None


def _name(item: dict[str, object], place: int) -> str:
    if "issue" in item:
        return f"#{item['issue']}"
    return str(item.get("key", place))
