"""Commands: carried out once however often they arrive, with a refresh where the decision needs one, and answered."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from valine.engine.unit_of_work import RACES, UnitOfWork
from valine.errors import Conflict, OutsideError
from valine.orchestrator import naming, replies
from valine.orchestrator.decide import observe
from valine.orchestrator.graph import decide
from valine.orchestrator.model import effects
from valine.orchestrator.model.decision import Decision, Nothing, Outcome, Refresh, State
from valine.orchestrator.model.states import IssueNumber
from valine.ports import Inbox
from valine.view.replies import render

if TYPE_CHECKING:
    from valine.orchestrator.model.events import PersonCommand
    from valine.orchestrator.model.observations import Failure, PlanWorld, WorkWorld
    from valine.orchestrator.replies import Reply
    from valine.ports import Chat, Clock, Forge, ReplyTo, RunStore

log = logging.getLogger("valine.engine")
replace = msgspec.structs.replace


class CommandHandler:
    """Does what people ask for, and tells them what came of it."""

    def __init__(self, *, unit_of_work: UnitOfWork, store: RunStore, forge: Forge, chat: Chat, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._store = store
        self._forge = forge
        self._chat = chat
        self._clock = clock

    async def handle(self, partition: str, command: PersonCommand, reply_to: ReplyTo | None) -> list[int]:
        """Carry out a command once, however often the command arrives; the numbers of the runs that have work now."""
        now = self._clock.now()
        seen = await self._store.inbox(command.id, now)
        if seen is None:
            seen = await self._once(partition, await self._vouched(replace(command, at=now)))
        if seen.reply is not None and reply_to is not None:
            await self._reply(partition, command, reply_to, seen.reply)
        return [seen.run] if seen.run is not None else []

    async def report_failure(self, partition: str, command: PersonCommand, reply_to: ReplyTo) -> None:
        """Tell a person that their command broke Valine; nothing more can be done for it.

        If it was carried out before that, and only what followed broke, they get the answer to it.
        """
        try:
            seen = await self._store.inbox(command.id, self._clock.now())
            if seen is not None and seen.reply is not None:
                await self._reply(partition, command, reply_to, seen.reply)
            elif _heard(await self._vouched(command)):
                await self._reply(partition, command, reply_to, replies.FailedInside(correlation=command.id))
        except Exception as error:  # noqa: BLE001 - it may be the very thing that broke
            log.warning("nobody could be told that %s failed: %r", command.id, error)

    async def _vouched(self, command: PersonCommand) -> PersonCommand:
        """GitHub's word on whether the author of a comment may write."""
        if command.by.platform != "github":
            return command
        may_write = await self._forge.may_write(command.by.id)
        return replace(command, by=replace(command.by, may_write=may_write))

    async def _once(self, partition: str, command: PersonCommand) -> Inbox:
        for _ in range(RACES):
            state = await self._unit_of_work.state(partition, command.run)
            event, outcome = await self._decided(state, command)
            inbox = _inbox(event, outcome) if _heard(command) else Inbox(id=command.id, at=event.at)
            try:
                await self._unit_of_work.commit(state, event, outcome, inbox)
            except Conflict:
                seen = await self._store.inbox(command.id, self._clock.now())
                if seen is not None:
                    return seen
                continue
            return inbox
        raise Conflict

    async def _decided(self, state: State, command: PersonCommand) -> tuple[PersonCommand, Outcome]:
        """The outcome, after a refresh if it needs one; the command as it was decided, with what was found."""
        outcome = decide(state, command)
        if not isinstance(outcome, Refresh):
            return command, outcome
        found: PlanWorld | WorkWorld | Failure
        try:
            found = await self._refresh(outcome)
        except OutsideError as error:
            found = error.failure
        looked = replace(command, found=found, at=self._clock.now())
        return looked, decide(state, looked)

    async def _refresh(self, refresh: Refresh) -> PlanWorld | WorkWorld:
        if refresh.kind == "plan" or refresh.run is None:
            return await self._forge.plan_world(refresh.label)
        return observe.difference(refresh.run, await self._forge.work_world(refresh.run))

    async def _reply(self, partition: str, command: PersonCommand, reply_to: ReplyTo, reply: Reply) -> None:
        if reply_to.number is None:
            await self._chat.reply(reply_to, render(reply))
            return
        cost = effects.EnsureComment.writes
        await self._unit_of_work.afford(partition, cost)
        name = naming.short_hash("reply", command.id)
        await self._forge.perform(
            effects.EnsureComment(
                issue=IssueNumber(reply_to.number),
                number=reply_to.number,
                name=name,
                marker=naming.github_marker(name, "reply"),
                about=reply,
            )
        )


def _heard(command: PersonCommand) -> bool:
    """Whether they are answered: outsiders on GitHub are not, or anybody could make Valine write as much as they do."""
    return command.by.platform != "github" or command.by.may_write


def _inbox(event: PersonCommand, outcome: Outcome) -> Inbox:
    run = outcome.run.number if isinstance(outcome, Decision) else None
    reply = None if isinstance(outcome, Refresh | Nothing) else outcome.reply
    return Inbox(id=event.id, at=event.at, run=run, reply=reply)
