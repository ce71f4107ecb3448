"""The only impure loop: load the record and the run, look if the event asks for it, decide, commit, perform.

Everything that happens here may happen twice: commands are swallowed by their inbox record, refreshes only read,
and effects ensure what is already so. Work is done in time slices, so that a person's command is never long in waiting.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from valine.engine.command_handler import CommandHandler
from valine.engine.display import Display
from valine.engine.scheduler import Scheduler
from valine.engine.unit_of_work import RACES, UnitOfWork
from valine.errors import Conflict, OutsideError, StoreError
from valine.orchestrator.decide import observe, stale_results
from valine.orchestrator.decide.desired_effects import desired_effects
from valine.orchestrator.graph import commented
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.states import Stage
from valine.ports import Commit, Envelope
from valine.view import failure_replies, github
from valine.view.cards import RENDERING, Rendering

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from valine.orchestrator.model.effects import Effect
    from valine.orchestrator.model.events import Event, HintReceived, Result, Woken
    from valine.orchestrator.model.run import Run
    from valine.ports import Chat, Clock, Delivery, Forge, Meter, Queue, RunStore

log = logging.getLogger("valine.engine")
replace = msgspec.structs.replace

TIME_SLICE = timedelta(seconds=8)
GRACE = timedelta(seconds=3)  # what is due this soon is waited for within the time slice
COMMENTS_INTERVAL = timedelta(seconds=100)
SEEN_AGAIN = timedelta(minutes=10)  # comments are looked for from a little before the cursor: GitHub's index lags


class Engine:
    """Works off envelopes, one at a time for each partition."""

    def __init__(
        self,
        *,
        store: RunStore,
        queue: Queue,
        forge: Forge,
        chat: Chat,
        clock: Clock,
        meter: Meter | None = None,
        rendering: Rendering = RENDERING,
    ) -> None:
        self._store = store
        self._queue = queue
        self._forge = forge
        self._chat = chat
        self._clock = clock
        self._scheduler = Scheduler(store=store, queue=queue, clock=clock)
        self._unit_of_work = UnitOfWork(store, clock, meter, render=rendering.version)
        self._display = Display(chat=chat, clock=clock, unit_of_work=self._unit_of_work, rendering=rendering)
        self._command_handler = CommandHandler(
            unit_of_work=self._unit_of_work, store=store, forge=forge, chat=chat, clock=clock
        )

    async def handle(self, delivery: Delivery) -> None:
        """Deal with one envelope. Raises what must put it back on the queue: OutsideError, Conflict, StoreError."""
        until = (
            self._clock.now() + TIME_SLICE
        )  # from here: a process that stood still meanwhile may have lost the partition
        runs = await self.take_in(delivery.envelope)
        await self.work(delivery.envelope.partition, runs, until)

    async def take_in(self, envelope: Envelope) -> list[int]:
        """Decide what the envelope brings, and commit it; the numbers of the runs that may have work now."""
        inbound = envelope.inbound
        match inbound:
            case events.HintReceived():
                return await self._hinted(envelope.partition, inbound)
            case events.Woken():
                return await self._woken(envelope.partition, inbound)
            case _:
                return await self._command_handler.handle(envelope.partition, inbound, envelope.reply_to)

    async def work(self, partition: str, runs: Iterable[int], until: datetime) -> None:
        """A time slice of what these runs have to do; what is left of it then goes on the queue."""
        for number in runs:
            await self._work(partition, number, until)

    async def sweep(self) -> int:
        """Put a wake-up on the queue for every run that is due; how many were not there yet."""
        return await self._scheduler.enqueue_due()

    async def give_up(self, envelope: Envelope) -> None:
        """It was dead-lettered: whoever waits for an answer to it is told."""
        if isinstance(envelope.inbound, events.Command) and envelope.reply_to is not None:
            await self._command_handler.report_failure(envelope.partition, envelope.inbound, envelope.reply_to)

    async def catch_up(self, partition: str) -> None:
        """Have the active runs looked at and shown: nobody knows what happened while no server ran, or to the store."""
        now = self._clock.now()
        active = (await self._unit_of_work.state(partition, None)).active
        for run in active:
            woken = events.Woken(at=now, run=run.number, uid=run.uid, afresh=True)
            envelope = Envelope(
                id=f"start:{run.uid}:{now.isoformat()}", partition=partition, urgent=False, inbound=woken
            )
            await self._queue.put(envelope, now)
        for branch in {run.plan.base.branch for run in active if run.tasks}:
            hint = events.HintReceived(name="push", delivery="start", at=now, branch=branch)
            envelope = Envelope(id=f"start:{branch}:{now.isoformat()}", partition=partition, urgent=False, inbound=hint)
            await self._queue.put(envelope, now)

    # Hints and the clock ----------------------------------------------------------------------------------------

    async def _hinted(self, partition: str, hint: HintReceived) -> list[int]:
        """Look at the runs that the hint may be about, unless the last refresh already saw what it saw."""
        state = await self._unit_of_work.state(partition, None)
        concerned = [run for run in state.active if observe.concerns(run, hint)]
        for run in concerned:
            if not observe.satisfied(run, hint):
                await self._observe(run, hint)
        return [run.number for run in concerned]

    async def _woken(self, partition: str, woken: Woken) -> list[int]:
        run = await self._store.run(partition, woken.run)
        if run is None or run.uid != woken.uid:
            return []
        await self._unit_of_work.apply(partition, run.number, replace(woken, at=self._clock.now()))
        return [run.number]

    async def _observe(self, run: Run, hint: HintReceived | None = None) -> None:
        """A refresh, decided and committed; another one if the run moved on meanwhile, which may have seen more."""
        for _ in range(RACES):
            event = await self._refresh(run, hint)
            if await self._unit_of_work.apply(run.repository, run.number, event, version=run.version):
                return
            fresh = await self._store.run(run.repository, run.number)
            if fresh is None or fresh.final:
                return
            run = fresh
        raise Conflict

    async def _refresh(self, run: Run, hint: HintReceived | None) -> Event:
        """What a refresh of the run's issues or work brings back."""
        try:
            if run.stage is Stage.PROPOSED:
                world = await self._forge.plan_world(run.plan.label)
                return events.PlanObserved(at=self._clock.now(), world=world)
            work = observe.difference(run, await self._forge.work_world(run, fresh=run.stage is Stage.SHIPPING))
            return events.WorldObserved(at=self._clock.now(), world=work, hint=hint)
        except OutsideError as error:
            log.warning("look at %s failed: %s", run.name, error)
            return events.LookFailed(at=self._clock.now(), failure=error.failure)

    async def _reconcile(self, run: Run) -> None:
        """The refresh that the clock asks for: the work, and comments whose webhook may have been lost."""
        await self._observe(run)
        try:
            await self._read_comments(run)
        except OutsideError as error:
            log.warning("comments of %s could not be read: %s", run.repository, error)

    async def _read_comments(self, run: Run) -> None:
        state = await self._unit_of_work.state(run.repository, None)
        record, now = state.repository, self._clock.now()
        if not state.active or (record.comments_seen and now - record.comments_seen < COMMENTS_INTERVAL):
            return
        since = min(active.created_at for active in state.active).replace(microsecond=0)
        if record.comments_seen is not None:
            since = max(since, record.comments_seen - SEEN_AGAIN)
        for found in await self._forge.comments_since(since):
            if found.command.asked_at < since or commented(state, found.command) is None:
                continue  # an old comment that was edited, or nothing to do with what is under way
            if await self._store.inbox(found.command.id, now) is None:
                await self._queue.put(
                    Envelope(
                        id=found.command.id,
                        partition=run.repository,
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

    async def _work(self, partition: str, number: int, until: datetime) -> None:
        """Look and perform what is due, until nothing is due soon or the time slice is over; then pass the rest on."""
        version = -1
        while True:
            run = await self._store.run(partition, number)
            if run is None or run.version == version:
                return
            version = run.version
            now = self._clock.now()
            if run.wake_at is None or run.wake_at > now + GRACE:
                # Its time will come. What an older wording says is written again now that the run is at hand.
                if now >= until or not self._is_outdated(run, now):
                    return
                await self._step(run, now)
                continue
            if max(now, run.wake_at) >= until:
                inbound = events.Woken(at=now, run=run.number, uid=run.uid)
                await self._queue.put(
                    Envelope(id=f"slice:{run.uid}:{run.version}", partition=partition, urgent=False, inbound=inbound),
                    now,
                )
                return
            if run.wake_at > now:
                await self._clock.sleep((run.wake_at - now).total_seconds())
            await self._step(run, self._clock.now())

    async def _step(self, run: Run, now: datetime) -> None:
        """One refresh or one effect of those that are due."""
        if run.refresh_at is not None and run.refresh_at <= now and not run.final:
            await self._reconcile(run)
            return
        effect = self._due(run, now)
        if effect is None:
            await self._unit_of_work.apply(
                run.repository, run.number, events.Woken(at=now, run=run.number, uid=run.uid)
            )
            return
        event: Event
        version: int | None = None
        page, over = 1, stale_results.written(run, effect.key)
        try:
            if isinstance(effect, effects.EnsureDocument):
                layout = self._display.layout(run, effect.document)
                page, over = layout.page, stale_results.written(run, effect.key, layout.page)
                result = await self._display.perform(run, effect, layout)
            else:
                await self._unit_of_work.afford(run.repository, effect.writes)
                result = await self._perform(run, effect)
        except OutsideError as error:
            log.warning("%s of %s failed: %s", effect.key, run.name, error)
            event = events.EffectFailed(
                at=self._clock.now(), key=effect.key, failure=error.failure, over=over, page=page
            )
        except (Conflict, StoreError):
            raise
        except Exception as error:  # of this effect alone: the others go on, and this one is tried more and more rarely
            log.exception("%s of %s broke", effect.key, run.name)
            broken = Failure(kind="transient", code="unreachable", detail=failure_replies.broke(type(error).__name__))
            event = events.EffectFailed(at=self._clock.now(), key=effect.key, failure=broken, over=over, page=page)
        else:
            event = events.EffectSucceeded(at=self._clock.now(), key=effect.key, result=result, over=over)
            if isinstance(result, events.MergeRefused):
                version = run.version  # a no is about the run as it was: if that moved on, GitHub is asked again
        await self._unit_of_work.apply(run.repository, run.number, event, version=version)

    async def _perform(self, run: Run, effect: effects.EnsureThread | effects.ForgeEffect) -> Result:
        if isinstance(effect, effects.EnsureThread):
            card = run.messages["card"]
            title = github.thread_title(effect)
            thread = await self._chat.ensure_thread(channel=card.channel, message=card.message, title=title)
            return events.ThreadEnsured(thread=thread)
        return await self._forge.perform(effect)

    def _due(self, run: Run, now: datetime) -> Effect | None:
        """The first effect wanted that may be tried now."""
        return next((effect for effect in self._desired_effects(run) if _may_be_tried(run, effect, now)), None)

    def _is_outdated(self, run: Run, now: datetime) -> bool:
        """Whether a document is of an older rendering: known to be, and due, or not noted so far."""
        return any(
            isinstance(effect, effects.EnsureDocument)
            and effect.outdated
            and (effect.key not in run.pending or _may_be_tried(run, effect, now))
            for effect in self._desired_effects(run)
        )

    def _desired_effects(self, run: Run) -> list[Effect]:
        return desired_effects(run, self._display.version)


def _may_be_tried(run: Run, effect: Effect, now: datetime) -> bool:
    entry = run.pending.get(effect.key)
    return entry is not None and (entry.not_before is None or entry.not_before <= now)
