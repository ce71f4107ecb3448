"""The engine's book: what is loaded, decided on and committed, again if somebody else was quicker."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from valine.errors import Conflict, Transient
from valine.orchestrator import graph, write_budget
from valine.orchestrator.facts.display import document_of
from valine.orchestrator.graph import decide
from valine.orchestrator.model import events
from valine.orchestrator.model.decision import Decision, Outcome, State
from valine.orchestrator.model.observations import Failure
from valine.ports import Commit, History, Inbox
from valine.view import RENDER_VERSION, failure_replies

if TYPE_CHECKING:
    from datetime import datetime

    from valine.orchestrator.model.events import Event
    from valine.orchestrator.model.run import Repository, Run
    from valine.orchestrator.model.states import RunUid
    from valine.ports import Clock, Meter, RunStore

log = logging.getLogger("valine.engine")
replace = msgspec.structs.replace

MOVES = frozenset((move.source, move.target, move.status) for move in graph.MOVES)
RACES = 8  # commits lost in a row before the envelope goes back to the queue


class UnitOfWork:
    """Loads states and commits decisions, each with the event that caused it; the meter hears of what is stored."""

    def __init__(
        self, store: RunStore, clock: Clock, meter: Meter | None = None, *, render: int = RENDER_VERSION
    ) -> None:
        self._store = store
        self._clock = clock
        self._meter = meter
        self._render = render
        self._first_attempts: dict[RunUid, dict[str, datetime]] = {}
        self._tried: dict[RunUid, set[tuple[str, int]]] = {}

    async def apply(self, partition: str, number: int, event: Event, *, version: int | None = None) -> bool:
        """Decide an observation or result on the run as it is now, and commit; again if somebody was quicker.

        False, and nothing is done, if the run is no longer at `version`.
        """
        for _ in range(RACES):
            state = await self.state(partition, number)
            if version is not None and state.run is not None and state.run.version != version:
                return False
            outcome = decide(state, event)
            try:
                await self.commit(state, event, outcome, None)
            except Conflict:
                continue
            return True
        raise Conflict

    async def state(self, partition: str, number: int | None) -> State:
        record = await self._store.repository(partition)
        run = await self._store.run(partition, number) if number is not None else None
        active = [await self._load(partition, run, entry.number) for entry in record.active]
        known = tuple(one for one in active if one is not None)
        return State(repository=record, run=run, active=known, render=self._render)

    async def _load(self, partition: str, run: Run | None, number: int) -> Run | None:
        return run if run is not None and run.number == number else await self._store.run(partition, number)

    async def commit(self, state: State, event: Event, outcome: Outcome, inbox: Inbox | None) -> None:
        now = self._clock.now()
        if not isinstance(outcome, Decision):
            if inbox is not None:
                await self._store.commit(Commit(inbox=inbox), now)
                self._measure(event, state.run, outcome)
            return
        run = outcome.run
        before = _before(state, run)
        _assert_move(before, run)
        history = History(
            run=run.number,
            number=run.version + 1,
            at=now,
            event=event,
            repository=needed(event, state.repository),
            rules=state.rules,
            render=state.render,
        )
        changed = outcome.repository if outcome.repository != state.repository else None
        await self._store.commit(Commit(run=run, repository=changed, history=history, inbox=inbox), now)
        self._remember(before, run)
        self._measure(event, before, outcome)
        about = getattr(event, "key", "")  # of an effect
        log.info("%s: %s, now %s", run.name, f"{type(event).__name__} {about}".rstrip(), run.stage)

    def _remember(self, before: Run | None, run: Run) -> None:
        """Remember what is wanted only since this commit, or still since an earlier one of ours."""
        old = before.pending if before is not None else {}
        known = self._first_attempts.pop(run.uid, {})
        new = {
            k: one.since
            for k, one in run.pending.items()
            if (k not in old and not _is_begun(before, k)) or known.get(k) == one.since
        }
        tried = {(k, page) for k, page in self._tried.pop(run.uid, ()) if k in new and known.get(k) == new[k]}
        if new:
            self._first_attempts[run.uid], self._tried[run.uid] = new, tried

    def take_first_attempt(self, run: Run, key: str, page: int = 1) -> bool:
        """Whether nobody can have tried that effect (that page of it) yet; asked once, it is tried.

        By what this process has committed itself, and not by the clock: another one's may have been wrong.
        """
        if self._first_attempts.get(run.uid, {}).get(key) != run.pending[key].since:
            return False
        tried = self._tried[run.uid]
        first = (key, page) not in tried
        tried.add((key, page))
        return first

    def _measure(self, event: Event, before: Run | None, outcome: Outcome) -> None:
        if self._meter is not None:
            self._meter.decided(event, before, outcome)

    async def afford(self, partition: str, writes: int) -> None:
        """Reserve the writes in the repository's record before they are made; Transient if GitHub's limits are near."""
        if writes == 0:
            return
        for _ in range(RACES):
            record = await self._store.repository(partition)
            now = self._clock.now()
            seconds = write_budget.wait(record, now, writes)
            if seconds > 0:
                raise Transient(
                    Failure(
                        kind="transient",
                        code="limited",
                        detail=failure_replies.write_limit(),
                        retry_at=now + timedelta(seconds=seconds),
                    )
                )
            try:
                await self._store.commit(Commit(repository=write_budget.reserve(record, now, writes)), now)
            except Conflict:
                continue
            return
        raise Conflict


def _before(state: State, run: Run) -> Run | None:
    """The run as it was: the one that the event names or, where it names none, the active one it means; None if new."""
    return next((one for one in (state.run, *state.active) if one is not None and one.uid == run.uid), None)


def _is_begun(before: Run | None, key: str) -> bool:
    """Whether that is a document of which something was posted, and further pages may have been.

    It may have been wanted until it took fewer pages, and a page that it takes again have been posted but not stored.
    Before there is a thread nobody can have tried any but its first page.
    """
    kind, _, document = key.partition(":")
    if kind != "message" or before is None or before.thread is None:
        return False
    return any(document_of(name)[0] == document for name in before.messages)


def _assert_move(before: Run | None, run: Run) -> None:
    """Nothing is stored that is no move of the table: it would be a mistake of ours, and nothing could take it back."""
    source = before.stage if before is not None else None
    reopened = before is not None and before.final and before.status != run.status
    if reopened or (source, run.stage, run.status) not in MOVES:
        raise AssertionError(f"{run.name} cannot go from {source} to {run.stage}, {run.status}: no such move")


def needed(event: Event, record: Repository) -> Repository | None:
    """The record goes into the history where the decision depended on it (numbers and claims), without its writes."""
    depends = isinstance(event, events.PlanRequested | events.PlanApproved | events.PlanObserved)
    return replace(record, writes=()) if depends else None
