"""What the engine needs of the world outside, as protocols. services/ has the real ones, simulator/ the twins'."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from valine.orchestrator.model.decision import Outcome
from valine.orchestrator.model.events import Event, Inbound, PersonCommand
from valine.orchestrator.model.run import Posted, Repository, Run
from valine.orchestrator.replies import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from valine.orchestrator.model.effects import ForgeEffect
    from valine.orchestrator.model.events import Result
    from valine.orchestrator.model.observations import PlanWorld, WorkWorld
    from valine.view.components import Message
    from valine.view.replies import RenderedReply


class Clock(Protocol):
    """Time. The only one who knows what it is, and who can wait."""

    def now(self) -> datetime:
        """The present, aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait. Zero or less gives others a turn."""
        ...


class ReplyTo(msgspec.Struct, frozen=True, kw_only=True):
    """Where the answer to a command goes.

    Discord: the interaction's `token` (15 minutes from `at`); `edits` tells that answering replaces the ephemeral
    message whose button was clicked. GitHub: a comment on the issue or pull request `number`.
    """

    at: datetime
    token: str | None = None
    edits: bool = False
    number: int | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What lies on the queue. `id` swallows repeats; `partition` is the repository; commands are `urgent`."""

    id: str
    partition: str = msgspec.field(name="lane")  # as it is stored
    urgent: bool
    inbound: Inbound
    reply_to: ReplyTo | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """An envelope in a worker's hands: how often it was taken before, and the receipt to give back.

    `received` counts this time and those right before it that ended without any acknowledgement (done, later or
    dead_letter): their workers stopped while they had it.
    """

    envelope: Envelope
    receipt: str
    attempts: int
    received: int = 1


class Producer(Protocol):
    """The side of a queue where things are put in."""

    async def put(self, envelope: Envelope, now: datetime) -> bool:
        """Store it durably. False if one of that id is there or was there in the last 5 minutes."""
        ...


class Queue(Producer, Protocol):
    """A durable queue with one partition a repository: one of a partition at a time, urgent ones first, else in
    order.
    """

    async def receive(self, now: datetime) -> Delivery | None:
        """The next envelope whose partition is free, invisible to others for 120 s; None if there is none."""
        ...

    async def ack(self, delivery: Delivery) -> None:
        """It is dealt with."""
        ...

    async def retry_at(self, delivery: Delivery, until: datetime, trouble: str) -> None:
        """It could not be dealt with: it is delivered again after `until`; `trouble` is kept with it."""
        ...

    async def dead_letter(self, delivery: Delivery, trouble: str) -> None:
        """It is poison: keep it with the dead letters, so that its partition goes on."""
        ...


class Inbox(msgspec.Struct, frozen=True, kw_only=True):
    """A command that was carried out or refused, and what was answered. Kept 30 days."""

    id: str
    at: datetime
    run: int | None = None
    reply: Reply | None = None


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a run: the event that caused it and what the repository's record was to it.

    `rules` and `render` are what `State` had when it was decided; steps of schema 1 have neither.
    """

    run: int
    number: int  # the run's version that it led to
    at: datetime
    event: Event
    repository: Repository | None = None  # as decide() saw it, where the event depends on it
    rules: int = 1
    render: int = 0


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored together or not at all.

    `run` and `repository` carry the version they were loaded with; the store writes version + 1 if that is still
    the stored one. An inbox id that is there already is a conflict.
    """

    repository: Repository | None = None
    run: Run | None = None
    history: History | None = None
    inbox: Inbox | None = None


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run in a list."""

    repository: str
    number: int
    uid: str
    status: str
    created_at: datetime
    wake_at: datetime | None = None


class RunReader(Protocol):
    """What the endpoints read to answer at once. An outage raises Busy, never looks like absence."""

    async def repository(self, name: str) -> Repository:
        """The record; a fresh one of version 0 if there is none."""
        ...

    async def run(self, repository: str, number: int) -> Run | None:
        """The run, or None if there is no such run."""
        ...

    async def recent(self, repository: str, limit: int = 25, before: datetime | None = None) -> Sequence[RunSummary]:
        """Runs of the repository, newest first, created before `before`."""
        ...


class RunStore(RunReader, Protocol):
    """Runs, repository records, history and inbox. An outage raises Busy, never looks like absence."""

    async def inbox(self, id: str, now: datetime) -> Inbox | None:  # noqa: A002 - the field's own name
        """The record of that command, unless it is older than 30 days."""
        ...

    async def commit(self, commit: Commit, now: datetime) -> None:
        """Store all of it. Raises Conflict if a version moved or the inbox id exists, and then stores nothing."""
        ...

    async def due(self, now: datetime, limit: int = 100) -> Sequence[RunSummary]:
        """Runs whose wake_at is not after now, earliest first."""
        ...

    async def history(self, repository: str, number: int) -> Sequence[History]:
        """All steps of a run, oldest first."""
        ...


class NewComment(msgspec.Struct, frozen=True, kw_only=True):
    """A `/valine` comment found by a refresh: the command as the webhook would have given it."""

    command: PersonCommand
    reply_to: ReplyTo


class Forge(Protocol):
    """GitHub, for one repository. Raises Transient, Permanent or Ambiguous; never retries a write by itself."""

    async def plan_world(self, label: str | None) -> PlanWorld:
        """The open issues with that label (None: the policy's own, read first), the policy and the base."""
        ...

    async def work_world(self, run: Run, *, fresh: bool = True) -> WorkWorld:
        """The issues and pull requests of the run's tasks, the base, and the checks its branch requires.

        Unless it must be `fresh`, what the branch requires may be as it was a minute ago.
        """
        ...

    async def comments_since(self, since: datetime) -> Sequence[NewComment]:
        """`/valine` comments made or changed at or after `since`, oldest first."""
        ...

    async def may_write(self, login: str) -> bool:
        """Whether that person has write permission (or more) on the repository."""
        ...

    async def perform(self, effect: ForgeEffect) -> Result:
        """Make it so, or find that it is."""
        ...


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A message on Discord: its id, and when it came to show what it shows, by Discord's clock (None: not told)."""

    message: str
    shown_at: datetime | None = None


class Chat(Protocol):
    """Discord, for one application. Raises Transient, Permanent or Ambiguous; never retries by itself."""

    async def ensure_message(
        self,
        *,
        channel: str,
        marker: str,
        nonce: str,
        message: Message,
        posted: Posted | None,
        since: datetime,
        first_attempt: bool,
    ) -> Sent:
        """The message that has the marker and now has this content.

        `posted` is edited if given. Else one is created: with the nonce alone if it is surely `first_attempt` and
        `since` is less than 2 minutes ago, else after paging the channel from `since` for the marker. A `posted` one
        that is gone raises Permanent with code `lost`, as does a channel.
        """
        ...

    async def remove_message(self, *, channel: str, message: str) -> None:
        """The message is gone; one that was is no error."""
        ...

    async def ensure_thread(self, *, channel: str, message: str, title: str) -> str:
        """The id of the thread on that message, started if there is none, woken if it was archived."""
        ...

    async def reply(self, reply_to: ReplyTo, reply: RenderedReply) -> None:
        """Answer an interaction that was deferred. A token that ended is no error: nobody is waiting any more."""
        ...


class Meter(Protocol):
    """Measures what happens. Never raises, decides nothing, and is told only of what is stored."""

    def decided(self, event: Event, before: Run | None, outcome: Outcome) -> None:
        """This came of the event, on the run as it was before (None: it is the event that made it, or none)."""
        ...
