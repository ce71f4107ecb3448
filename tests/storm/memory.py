"""A run store and a queue of dictionaries, quick, with the promises of the ports; the contract suites hold them to it.

What is stored is documents, as in any store: so an older one can be put in their place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from valine.documents import decode, encode
from valine.errors import Conflict
from valine.orchestrator.model.run import SCHEMA, Repository, Run
from valine.ports import Commit, Delivery, Envelope, History, Inbox, RunSummary
from valine.services.commit_documents import INBOX_LIFE, commit_documents
from valine.services.sqlite.queue import REMEMBERED, VISIBILITY

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Kept(Generic[T]):
    """A document, and what it says once somebody has read it."""

    __slots__ = ("_value", "document", "kind")

    def __init__(self, document: bytes, kind: type[T]) -> None:
        self.document = document
        self.kind = kind
        self._value: T | None = None

    def read(self) -> T:
        """What the document says."""
        if self._value is None:
            self._value = decode(self.document, self.kind)
        return self._value


def older(kept: Kept[T]) -> Kept[T]:
    """The same, as a Valine of this schema wrote it that did not know what is as it is by default.

    Older schemas have documents of their own: tests/contract/documents_v1.
    """
    return Kept(json.dumps(_lean(kept.read()) | {"schema": SCHEMA}).encode(), kept.kind)


def _lean(value: Any) -> Any:
    """The value as JSON has it, without the fields that are as they are by default, however deep."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        named = {config.tag_field: config.tag} if config.tag_field else {}
        fields = ((one, getattr(value, one.name)) for one in msgspec.structs.fields(value))
        return named | {one.encode_name: _lean(there) for one, there in fields if not _by_default(one, there)}
    if isinstance(value, Mapping):
        return msgspec.to_builtins({key: _lean(there) for key, there in value.items()}, str_keys=True)
    if isinstance(value, list | tuple):
        return [_lean(one) for one in value]
    return msgspec.to_builtins(value)


def _by_default(field: msgspec.structs.FieldInfo, value: Any) -> bool:
    if field.default_factory is not msgspec.NODEFAULT:
        return bool(value == field.default_factory())
    return bool(value == field.default)


class MemoryRunStore:
    """A RunStore. `look` and `tables` are for the watchers: they are no I/O."""

    def __init__(self) -> None:
        self.records: dict[str, Kept[Repository]] = {}
        self.runs: dict[tuple[str, int], Kept[Run]] = {}
        self.steps: dict[tuple[str, int], list[Kept[History]]] = {}
        self.commands: dict[str, Kept[Inbox]] = {}

    async def repository(self, name: str) -> Repository:
        return self.record(name)

    async def run(self, repository: str, number: int) -> Run | None:
        return self.look(repository, number)

    async def inbox(self, id: str, now: datetime) -> Inbox | None:  # noqa: A002 - the port's name
        found = self.commands.get(id)
        return found.read() if found is not None and found.read().at + INBOX_LIFE > now else None

    async def commit(self, commit: Commit, now: datetime) -> None:
        self.put(commit, now)

    async def due(self, now: datetime, limit: int = 100) -> Sequence[RunSummary]:
        found = [run for kept in self.runs.values() if (run := kept.read()).wake_at is not None and run.wake_at <= now]
        found.sort(key=lambda run: (run.wake_at, run.repository, run.number))
        return tuple(_summary(run) for run in found[:limit])

    async def recent(self, repository: str, limit: int = 25, before: datetime | None = None) -> Sequence[RunSummary]:
        runs = [kept.read() for (name, _), kept in self.runs.items() if name == repository]
        found = [run for run in runs if before is None or run.created_at < before]
        found.sort(key=lambda run: (run.created_at, run.number), reverse=True)
        return tuple(_summary(run) for run in found[:limit])

    async def history(self, repository: str, number: int) -> Sequence[History]:
        return tuple(kept.read() for kept in self.steps.get((repository, number), []))

    # Without waiting ------------------------------------------------------------------------------------------------

    def record(self, name: str) -> Repository:
        """The repository's record."""
        found = self.records.get(name)
        return found.read() if found is not None else Repository(name=name)

    def look(self, repository: str, number: int) -> Run | None:
        """The run as it is stored."""
        found = self.runs.get((repository, number))
        return found.read() if found is not None else None

    def put(self, commit: Commit, now: datetime) -> None:
        """Commit, or raise Conflict and change nothing."""
        documents = commit_documents(commit)
        self.compare(commit, now)
        if commit.repository and documents.repository:
            self.records[commit.repository.name] = Kept(documents.repository, Repository)
        if commit.run and documents.run:
            self.runs[commit.run.repository, commit.run.number] = Kept(documents.run, Run)
        if commit.run and documents.history:
            steps = self.steps.setdefault((commit.run.repository, commit.run.number), [])
            steps.append(Kept(documents.history, History))
        if commit.inbox and documents.inbox:
            self.commands[commit.inbox.id] = Kept(documents.inbox, Inbox)

    def compare(self, commit: Commit, now: datetime) -> None:
        """Raise Conflict unless every part finds what it expects."""
        record, run, inbox = commit.repository, commit.run, commit.inbox
        if record and self.record(record.name).version != record.version:
            raise Conflict(f"the record of {record.name} is no longer at version {record.version}")
        if run:
            stored = self.look(run.repository, run.number)
            if (stored.version if stored else 0) != run.version:
                raise Conflict(f"{run.name} is no longer at version {run.version}")
        if inbox and (known := self.commands.get(inbox.id)) and known.read().at + INBOX_LIFE > now:
            raise Conflict(f"the command {inbox.id} was dealt with before")

    def next_wake(self) -> datetime | None:
        """When the earliest alarm clock goes off."""
        times = [run.wake_at for kept in self.runs.values() if (run := kept.read()).wake_at is not None]
        return min(times, default=None)

    def age(self) -> None:
        """All that is stored becomes an older Valine's of this schema: without what is as it is by default."""
        self.records = {key: older(kept) for key, kept in self.records.items()}
        self.runs = {key: older(kept) for key, kept in self.runs.items()}
        self.steps = {key: [older(kept) for kept in steps] for key, steps in self.steps.items()}
        self.commands = {key: older(kept) for key, kept in self.commands.items()}

    def backup(self) -> MemoryRunStore:
        """A copy as it is now."""
        made = type(self)()
        made.records, made.runs, made.commands = dict(self.records), dict(self.runs), dict(self.commands)
        made.steps = {key: list(steps) for key, steps in self.steps.items()}
        return made

    def restore(self, backup: MemoryRunStore) -> None:
        """Be what the backup is."""
        fresh = backup.backup()
        self.records, self.runs, self.commands, self.steps = fresh.records, fresh.runs, fresh.commands, fresh.steps


def _summary(run: Run) -> RunSummary:
    return RunSummary(
        repository=run.repository,
        number=run.number,
        uid=run.uid,
        status=run.status.value,
        created_at=run.created_at,
        wake_at=run.wake_at,
    )


class Entry:
    """An envelope on the queue."""

    __slots__ = ("attempts", "envelope", "partition", "receipt", "received", "seen", "urgent", "visible")

    def __init__(self, envelope: Kept[Envelope], now: datetime) -> None:
        self.envelope = envelope
        self.partition, self.urgent = envelope.read().partition, envelope.read().urgent
        self.visible = now
        self.seen = now
        self.attempts = 0
        self.received = 0
        self.receipt: str | None = None


class MemoryQueue:
    """A Queue. What was dead-lettered is in `dead`, with why."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.seen: dict[str, datetime] = {}
        self.dead: dict[str, str] = {}
        self._receipts = 0

    async def put(self, envelope: Envelope, now: datetime) -> bool:
        last = self.seen.get(envelope.id)
        if envelope.id in self.entries or (last is not None and last > now - REMEMBERED):
            return False
        self.entries[envelope.id] = Entry(Kept(encode(envelope), Envelope), now)
        return True

    async def receive(self, now: datetime) -> Delivery | None:
        entry = self.next_one(now)
        if entry is None:
            return None
        self._receipts += 1
        entry.receipt, entry.visible, entry.seen = str(self._receipts), now + VISIBILITY, now
        entry.attempts += 1
        entry.received += 1
        return Delivery(
            envelope=entry.envelope.read(),
            receipt=entry.receipt,
            attempts=entry.attempts - 1,
            received=entry.received,
        )

    async def ack(self, delivery: Delivery) -> None:
        entry = self._held(delivery)
        if entry is not None:
            del self.entries[delivery.envelope.id]
            self.seen[delivery.envelope.id] = entry.seen

    async def retry_at(self, delivery: Delivery, until: datetime, trouble: str) -> None:
        del trouble  # kept for people who look, and nobody looks
        entry = self._held(delivery)
        if entry is not None:
            entry.receipt, entry.visible, entry.received = None, until, 0

    async def dead_letter(self, delivery: Delivery, trouble: str) -> None:
        if self._held(delivery) is not None:
            await self.ack(delivery)
            self.dead[delivery.envelope.id] = trouble

    # Without waiting ------------------------------------------------------------------------------------------------

    def age(self) -> None:
        """All that waits becomes an older Valine's."""
        for entry in self.entries.values():
            entry.envelope = older(entry.envelope)

    def next_one(self, now: datetime) -> Entry | None:
        """What would be taken now."""
        entries = self.entries.values()
        busy = {one.partition for one in entries if one.receipt is not None and one.visible > now}
        free = [one for one in entries if one.visible <= now and one.partition not in busy]
        return next((one for one in free if one.urgent), free[0] if free else None)

    def next_at(self, now: datetime) -> datetime | None:
        """When something may be taken that may not now."""
        return min((entry.visible for entry in self.entries.values() if entry.visible > now), default=None)

    def handed_back(self, now: datetime) -> bool:
        """Whether a wake-up waits out its time, since the store or the queue failed it: any other is the same one."""
        entries = self.entries.items()
        return any(key.startswith("wake:") and one.receipt is None and one.visible > now for key, one in entries)

    def recover(self, now: datetime) -> None:
        """All hands are empty: what was in them can be taken at once."""
        for entry in self.entries.values():
            if entry.receipt is not None:
                entry.receipt, entry.visible = None, now

    def _held(self, delivery: Delivery) -> Entry | None:
        entry = self.entries.get(delivery.envelope.id)
        return entry if entry is not None and entry.receipt == delivery.receipt else None
