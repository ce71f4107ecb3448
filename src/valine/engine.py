"""The only impure loop: load the record and the run, look if the event asks for it, decide, commit, perform.

Everything that happens here may happen twice: commands are swallowed by their inbox record, looks are only looks,
and effects ensure what is already so. Work is done in slices, so that a person's command is never long in waiting.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from valine.errors import Conflict, OutsideError, StoreError, Transient
from valine.orchestrator import budget, cards, effects, events, naming, track, wording
from valine.orchestrator.decision import Decision, Look, Nothing, Outcome, State
from valine.orchestrator.graph import decide
from valine.orchestrator.model import IssueNumber, Posted, RunNumber, Stage
from valine.orchestrator.wanted import wanted
from valine.orchestrator.world import Failure, PlanWorld, WorkWorld
from valine.ports import Commit, Envelope, History, Inbox

if TYPE_CHECKING:
    from datetime import datetime

    from valine.orchestrator.decision import Reply
    from valine.orchestrator.effects import Effect
    from valine.orchestrator.events import Event, HintReceived, PersonCommand, Result, Woken
    from valine.orchestrator.model import Repository, Run
    from valine.ports import Chat, Clock, Forge, Queue, ReplyTo, RunStore, Taken

log = logging.getLogger("valine.engine")
replace = msgspec.structs.replace

SLICE = timedelta(seconds=8)
LINGER = timedelta(seconds=3)  # what is due this soon is waited for within the slice
RACES = 8  # commits lost in a row before the envelope goes back to the queue
COMMENTS_INTERVAL = timedelta(seconds=100)
SEEN_AGAIN = timedelta(minutes=10)  # comments are looked for from a little before the cursor: GitHub's index lags


class Engine:
    """Works off envelopes, one at a time for each lane."""

    def __init__(self, *, store: RunStore, queue: Queue, forge: Forge, chat: Chat, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._forge = forge
        self._chat = chat
        self._clock = clock

    async def handle(self, taken: Taken) -> None:
        """Deal with one envelope. Raises what must put it back on the queue: OutsideError, Conflict, StoreError."""
        envelope = taken.envelope
        inbound = envelope.inbound
        match inbound:
            case events.HintReceived():
                runs = await self._hinted(envelope.lane, inbound)
            case events.Woken():
                runs = await self._woken(envelope.lane, inbound)
            case _:
                runs = await self._commanded(envelope.lane, inbound, envelope.reply_to)
        until = self._clock.now() + SLICE
        for number in runs:
            await self._work(envelope.lane, number, until)

    async def sweep(self) -> int:
        """Put a wake-up on the queue for every run whose alarm clock has rung; how many there were."""
        now = self._clock.now()
        due = await self._store.due(now)
        for run in due:
            inbound = events.Woken(at=now, run=RunNumber(run.number), uid=run.uid)
            rung = run.wake_at.isoformat() if run.wake_at else ""
            await self._queue.put(
                Envelope(id=f"wake:{run.uid}:{rung}", lane=run.repository, urgent=False, inbound=inbound), now
            )
        return len(due)

    async def catch_up(self, lane: str) -> None:
        """Have the active runs looked at: nobody knows what happened while no server ran."""
        now = self._clock.now()
        active = (await self._state(lane, None)).active
        for branch in {run.plan.base.branch for run in active if run.tasks}:
            hint = events.HintReceived(name="push", delivery="start", at=now, branch=branch)
            envelope = Envelope(id=f"start:{branch}:{now.isoformat()}", lane=lane, urgent=False, inbound=hint)
            await self._queue.put(envelope, now)

    # Commands ---------------------------------------------------------------------------------------------------

    async def _commanded(self, lane: str, command: PersonCommand, reply_to: ReplyTo | None) -> list[int]:
        """Obey a person once, however often the command arrives, and tell them what came of it."""
        now = self._clock.now()
        seen = await self._store.inbox(command.id, now)
        if seen is None:
            seen = await self._obey(lane, await self._vouched(replace(command, at=now)))
        if seen.reply is not None and reply_to is not None:
            await self._reply(lane, command, reply_to, seen.reply)
        return [seen.run] if seen.run is not None else []

    async def _vouched(self, command: PersonCommand) -> PersonCommand:
        """GitHub's word on whether the author of a comment may write."""
        if command.by.platform != "github":
            return command
        may_write = await self._forge.may_write(command.by.id)
        return replace(command, by=replace(command.by, may_write=may_write))

    async def _obey(self, lane: str, command: PersonCommand) -> Inbox:
        for _ in range(RACES):
            state = await self._state(lane, command.run)
            event, outcome = await self._decided(state, command)
            inbox = _inbox(event, outcome)
            try:
                await self._commit(state, event, outcome, inbox)
            except Conflict:
                seen = await self._store.inbox(command.id, self._clock.now())
                if seen is not None:
                    return seen
                continue
            return inbox
        raise Conflict

    async def _decided(self, state: State, command: PersonCommand) -> tuple[PersonCommand, Outcome]:
        """The outcome, after a look if it needs one; the command as it was decided, with what was found."""
        outcome = decide(state, command)
        if not isinstance(outcome, Look):
            return command, outcome
        found: PlanWorld | WorkWorld | Failure
        try:
            found = await self._look(outcome)
        except OutsideError as error:
            found = error.failure
        looked = replace(command, found=found, at=self._clock.now())
        return looked, decide(state, looked)

    async def _look(self, look: Look) -> PlanWorld | WorkWorld:
        if look.kind == "plan" or look.run is None:
            return await self._forge.plan_world(look.label)
        return track.difference(look.run, await self._forge.work_world(look.run))

    async def _reply(self, lane: str, command: PersonCommand, reply_to: ReplyTo, reply: Reply) -> None:
        if reply_to.number is None:
            await self._chat.reply(reply_to, reply)
            return
        cost = effects.EnsureComment.writes
        await self._afford(lane, cost)
        name = naming.short_hash("reply", command.id)
        await self._forge.perform(
            effects.EnsureComment(
                issue=IssueNumber(reply_to.number),
                number=reply_to.number,
                name=name,
                marker=naming.github_marker(name, "reply"),
                body=wording.github_reply(reply),
                since=reply_to.at,
            )
        )

    # Hints and the clock ----------------------------------------------------------------------------------------

    async def _hinted(self, lane: str, hint: HintReceived) -> list[int]:
        """Look at the runs that the hint may be about, unless the last look already saw what it saw."""
        state = await self._state(lane, None)
        concerned = [run for run in state.active if track.concerns(run, hint)]
        for run in concerned:
            if not track.satisfied(run, hint):
                await self._observe(run, hint)
        return [run.number for run in concerned]

    async def _woken(self, lane: str, woken: Woken) -> list[int]:
        run = await self._store.run(lane, woken.run)
        if run is None or run.uid != woken.uid:
            return []
        await self._apply(lane, run.number, events.Woken(at=self._clock.now(), run=woken.run, uid=woken.uid))
        return [run.number]

    async def _observe(self, run: Run, hint: HintReceived | None = None) -> None:
        """A look at the run's issues or work, decided and committed."""
        event: Event
        try:
            if run.stage is Stage.PROPOSED:
                world = await self._forge.plan_world(run.plan.label)
                event = events.PlanObserved(at=self._clock.now(), world=world)
            else:
                work = track.difference(run, await self._forge.work_world(run, fresh=run.stage is Stage.SHIPPING))
                event = events.WorldObserved(at=self._clock.now(), world=work, hint=hint)
        except OutsideError as error:
            log.warning("look at %s failed: %s", run.name, error)
            event = events.LookFailed(at=self._clock.now(), failure=error.failure)
        await self._apply(run.repository, run.number, event)

    async def _reconcile(self, run: Run) -> None:
        """The look that the clock asks for: the work, and comments whose webhook may have been lost."""
        await self._observe(run)
        try:
            await self._read_comments(run)
        except OutsideError as error:
            log.warning("comments of %s could not be read: %s", run.repository, error)

    async def _read_comments(self, run: Run) -> None:
        record = await self._store.repository(run.repository)
        now = self._clock.now()
        if record.comments_seen is not None and now - record.comments_seen < COMMENTS_INTERVAL:
            return
        since = record.comments_seen or (run.approvals[0].at if run.approvals else run.created_at)
        for found in await self._forge.comments_since(since - SEEN_AGAIN):
            if await self._store.inbox(found.command.id, now) is None and found.updated_at >= run.created_at:
                await self._queue.put(
                    Envelope(
                        id=found.command.id,
                        lane=run.repository,
                        urgent=True,
                        inbound=found.command,
                        reply_to=found.reply_to,
                    ),
                    now,
                )
        try:
            await self._store.commit(Commit(repository=replace(record, comments_seen=now)), now)
        except Conflict:
            log.info("the comment cursor of %s stays: somebody else moved the record", run.repository)

    # Effects ----------------------------------------------------------------------------------------------------

    async def _work(self, lane: str, number: int, until: datetime) -> None:
        """Look and perform what is due, until nothing is due soon or the slice is over; then pass the rest on."""
        version = -1
        while True:
            run = await self._store.run(lane, number)
            if run is None or run.wake_at is None or run.version == version:
                return
            version = run.version
            now = self._clock.now()
            if run.wake_at > min(until, now + LINGER):
                return
            if now >= until:
                inbound = events.Woken(at=now, run=run.number, uid=run.uid)
                await self._queue.put(
                    Envelope(id=f"slice:{run.uid}:{run.version}", lane=lane, urgent=False, inbound=inbound), now
                )
                return
            if run.wake_at > now:
                await self._clock.sleep((run.wake_at - now).total_seconds())
            await self._step(run, self._clock.now())

    async def _step(self, run: Run, now: datetime) -> None:
        """One look or one effect of those that are due."""
        if run.look_at is not None and run.look_at <= now and not run.final:
            await self._reconcile(run)
            return
        effect = _due(run, now)
        if effect is None:
            await self._apply(run.repository, run.number, events.Woken(at=now, run=run.number, uid=run.uid))
            return
        event: Event
        try:
            await self._afford(run.repository, effect.writes)
            result = await self._perform(run, effect)
        except OutsideError as error:
            log.warning("%s of %s failed: %s", effect.key, run.name, error)
            event = events.EffectFailed(at=self._clock.now(), key=effect.key, failure=error.failure)
        except (Conflict, StoreError):
            raise
        except Exception as error:  # of this effect alone: the others go on, and this one is tried more and more rarely
            log.exception("%s of %s broke", effect.key, run.name)
            broken = Failure(kind="transient", code="unreachable", detail=f"{type(error).__name__} inside Valine")
            event = events.EffectFailed(at=self._clock.now(), key=effect.key, failure=broken)
        else:
            event = events.EffectSucceeded(at=self._clock.now(), key=effect.key, result=result)
        await self._apply(run.repository, run.number, event)

    async def _afford(self, lane: str, writes: int) -> None:
        """Reserve the writes in the repository's record before they are made; Transient if GitHub's limits are near."""
        if writes == 0:
            return
        for _ in range(RACES):
            record = await self._store.repository(lane)
            now = self._clock.now()
            seconds = budget.wait(record, now, writes)
            if seconds > 0:
                raise Transient(
                    Failure(
                        kind="transient",
                        code="limited",
                        detail="GitHub's limit of writes a minute or an hour is used up",
                        retry_at=now + timedelta(seconds=seconds),
                    )
                )
            try:
                await self._store.commit(Commit(repository=budget.reserve(record, now, writes)), now)
            except Conflict:
                continue
            return
        raise Conflict

    async def _perform(self, run: Run, effect: Effect) -> Result:
        if isinstance(effect, effects.EnsureMessage):
            return await self._message(run, effect.name)
        if isinstance(effect, effects.EnsureThread):
            card = run.messages["card"]
            thread = await self._chat.ensure_thread(channel=card.channel, message=card.message, title=effect.title)
            return events.ThreadEnsured(thread=thread)
        return await self._forge.perform(effect)

    async def _message(self, run: Run, name: str) -> Result:
        posted = run.messages.get(name)
        message = cards.render(run, name)
        generation = posted.generation if posted else 0
        channel = run.thread if cards.in_thread(name) and run.thread else run.channel
        sent = await self._chat.ensure_message(
            channel=channel,
            marker=naming.marker(run, name),
            nonce=naming.nonce(run, name, generation),
            message=message,
            posted=posted if posted and posted.message else None,
            since=run.pending[f"message:{name}"].since,
        )
        now = self._clock.now()
        shown = Posted(channel=channel, message=sent, shown=message.digest, at=now, generation=generation)
        return events.MessageEnsured(name=name, posted=shown)

    # Deciding and committing ------------------------------------------------------------------------------------

    async def _apply(self, lane: str, number: int, event: Event) -> None:
        """Decide an observation or result on the run as it is now, and commit; again if somebody was quicker."""
        for _ in range(RACES):
            state = await self._state(lane, number)
            outcome = decide(state, event)
            try:
                await self._commit(state, event, outcome, None)
            except Conflict:
                continue
            return
        raise Conflict

    async def _state(self, lane: str, number: int | None) -> State:
        record = await self._store.repository(lane)
        run = await self._store.run(lane, number) if number is not None else None
        active = [await self._load(lane, run, entry.number) for entry in record.active]
        return State(repository=record, run=run, active=tuple(one for one in active if one is not None))

    async def _load(self, lane: str, run: Run | None, number: int) -> Run | None:
        return run if run is not None and run.number == number else await self._store.run(lane, number)

    async def _commit(self, state: State, event: Event, outcome: Outcome, inbox: Inbox | None) -> None:
        now = self._clock.now()
        if not isinstance(outcome, Decision):
            if inbox is not None:
                await self._store.commit(Commit(inbox=inbox), now)
            return
        run = outcome.run
        history = History(
            run=run.number, number=run.version + 1, at=now, event=event, repository=_needed(event, state.repository)
        )
        changed = outcome.repository if outcome.repository != state.repository else None
        await self._store.commit(Commit(run=run, repository=changed, history=history, inbox=inbox), now)
        log.info("%s: %s, now %s", run.name, type(event).__name__, run.stage)


def _due(run: Run, now: datetime) -> Effect | None:
    """The first wanted effect that may be tried now."""
    for effect in wanted(run):
        entry = run.pending.get(effect.key)
        if entry is not None and (entry.not_before is None or entry.not_before <= now):
            return effect
    return None


def _inbox(event: PersonCommand, outcome: Outcome) -> Inbox:
    run = outcome.run.number if isinstance(outcome, Decision) else None
    reply = None if isinstance(outcome, Look | Nothing) else outcome.reply
    return Inbox(id=event.id, at=event.at, run=run, reply=reply)


def _needed(event: Event, record: Repository) -> Repository | None:
    """The record goes into the history where the decision depended on it (numbers and claims), without its writes."""
    depends = isinstance(event, events.PlanRequested | events.PlanApproved | events.PlanObserved)
    return replace(record, writes=()) if depends else None
