"""A run told again from its history: the same events give the same run, so what is stored can be proved.

What was to be written on Discord, and when, is not compared in a history that began before documents had facts: the
texts that decided it then are gone. All else is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from valine.orchestrator.graph import decide
from valine.orchestrator.model.decision import Decision, Nothing, State
from valine.orchestrator.model.events import EffectFailed, EffectSucceeded, Event, Woken
from valine.orchestrator.model.run import Pending, Repository, Run
from valine.orchestrator.replies import Reply
from valine.orchestrator.rules import FACTS, RULES

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
        if isinstance(outcome, Nothing) and run is not None and _was_about_messages(kept):
            outcome = Decision(run=run, repository=Repository(name=run.repository))
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
    if run is not None and kept.rules < FACTS:
        run = _wanting(run, kept.event)
    return State(
        repository=kept.repository or Repository(name=run.repository if run else ""),
        run=run,
        active=() if run is None else (run,),
        rules=kept.rules,
        render=kept.render,
    )


def _was_about_messages(kept: Recorded) -> bool:
    """Whether the step only said that it was time to write a message, before documents had facts."""
    return kept.rules < FACTS and isinstance(kept.event, Woken)


def _wanting(run: Run, event: Event) -> Run:
    """Which messages were to be written then is not known any more: those of which something became were."""
    key = event.key if isinstance(event, EffectSucceeded | EffectFailed) else ""
    if not is_about_messages(key) or key in run.pending:
        return run
    return msgspec.structs.replace(run, pending={**run.pending, key: Pending(since=event.at)})


def is_about_messages(key: str) -> bool:
    """Whether the effect of that key is about what stands on Discord."""
    return key.startswith("message:")


def comparable(run: Run, rules: int) -> Run:
    """What of the run can be compared, if the oldest step of its history was decided by these rules."""
    if rules >= FACTS:
        return run
    pending = {key: entry for key, entry in run.pending.items() if not is_about_messages(key)}
    return msgspec.structs.replace(run, pending=pending, wake_at=None)


def comparable_outline(line: str, rules: int) -> str:
    """What of an outline can be compared, if the oldest step of its history was decided by these rules."""
    if rules >= FACTS:
        return line
    *before, pending, _wake = line.split(" | ")
    kept = " ".join(key for key in pending.split() if not is_about_messages(key))
    return " | ".join([*before, kept])


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
