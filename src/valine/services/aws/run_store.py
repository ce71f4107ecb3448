"""The run store on DynamoDB: a commit is one transaction of conditional puts, so all of it is stored or none.

| pk                | sk                    | what                                                     |
|-------------------|-----------------------|----------------------------------------------------------|
| repository#NAME   | record                | the repository's record                                  |
| repository#NAME   | run#NUMBER            | a run; in CreatedAtIndex, and in DueIndex while it waits |
| repository#NAME   | history#NUMBER#STEP   | a step of its history                                    |
| inbox#ID          | inbox                 | a command that was dealt with, until `expires_at`        |

Record, run, inbox and history are read as they are now. The two indexes follow within a second or so: a run may be
missing from recent() for that long, and due() may name one that has just been dealt with, or name one only at the next
sweep. Nothing is decided by either: active runs are read from the record, and a run that is woken is loaded first.

DynamoDB deletes what expired within days, not at once, so what expired is passed over here.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from valine.documents import decode
from valine.orchestrator.model.run import Repository, Run
from valine.ports import Commit, History, Inbox, RunSummary
from valine.services.aws.dynamo_table import PAGE, DynamoTable, Fields, Put
from valine.services.commit_documents import INBOX_LIFE, commit_documents
from valine.services.moments import from_micros, to_micros, to_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

CREATED_AT_INDEX: Final = "CreatedAtIndex"  # repository, created_at
DUE_INDEX: Final = "DueIndex"  # due, wake_at: only items that wait for their time have them
DUE_RUN: Final = "run"  # in `due`: one partition for all runs that wait, which takes a thousand commits a second

_NEW = "attribute_not_exists(pk)"


class DynamoRunStore:
    """A RunStore on that table. Every method raises Busy or StoreError, with a sentence for people, in an outage."""

    def __init__(self, client: Any, table: str, page: int = PAGE) -> None:
        self._table = DynamoTable(client, table, page)

    async def repository(self, name: str) -> Repository:
        item = await self._table.get(_partition(name), "record")
        return decode(_document(item), Repository) if item else Repository(name=name)

    async def run(self, repository: str, number: int) -> Run | None:
        item = await self._table.get(_partition(repository), _run_key(number))
        return decode(_document(item), Run) if item else None

    async def inbox(self, id: str, now: datetime) -> Inbox | None:  # noqa: A002 - the port's name
        item = await self._table.get(_inbox_partition(id), "inbox")
        if item is None or cast("int", item["expires_at"]) <= to_seconds(now):
            return None
        return decode(_document(item), Inbox)

    async def commit(self, commit: Commit, now: datetime) -> None:
        documents = commit_documents(commit)
        puts: list[Put] = []
        if commit.repository and documents.repository:
            puts.append(_put_repository(commit.repository, documents.repository))
        if commit.run and documents.run:
            puts.append(_put_run(commit.run, documents.run))
        if commit.run and commit.history and documents.history:
            puts.append(_put_history(commit.run, commit.history, documents.history))
        if commit.inbox and documents.inbox:
            puts.append(_put_inbox(commit.inbox, documents.inbox, now))
        if puts:
            await self._table.put_all(puts)

    async def due(self, now: datetime, limit: int = 100) -> Sequence[RunSummary]:
        items = await self._table.query(
            "due = :due AND wake_at <= :now", {"due": DUE_RUN, "now": to_micros(now)}, index=DUE_INDEX, limit=limit
        )
        runs = [_summary(item) for item in items]
        return tuple(sorted(runs, key=lambda run: (run.wake_at or run.created_at, run.repository, run.number)))

    async def recent(self, repository: str, limit: int = 25, before: datetime | None = None) -> Sequence[RunSummary]:
        where, values = "repository = :repository", cast("Fields", {"repository": repository})
        if before is not None:
            where, values = f"{where} AND created_at < :before", values | {"before": to_micros(before)}
        items = await self._table.query(where, values, index=CREATED_AT_INDEX, descending=True, limit=limit)
        runs = [_summary(item) for item in items]
        return tuple(sorted(runs, key=lambda run: (run.created_at, run.number), reverse=True))

    async def history(self, repository: str, number: int) -> Sequence[History]:
        items = await self._table.query(
            "pk = :pk AND begins_with(sk, :steps)", {"pk": _partition(repository), "steps": _history_key(number)}
        )
        return tuple(decode(_document(item), History) for item in items)


def _partition(repository: str) -> str:
    return f"repository#{repository}"


def _run_key(number: int) -> str:
    return f"run#{number:09}"


def _history_key(run: int, step: int | None = None) -> str:
    """Of that step, or what those of all steps begin with."""
    return f"history#{run:09}#" + (f"{step:09}" if step is not None else "")


def _inbox_partition(id: str) -> str:  # noqa: A002 - the field's own name
    return f"inbox#{id}"


def _document(item: Fields) -> bytes:
    return cast("bytes", item["document"])


def _put_repository(repository: Repository, document: bytes) -> Put:
    item: Fields = {"pk": _partition(repository.name), "sk": "record", "document": document}
    return _versioned(item, repository.version)


def _put_run(run: Run, document: bytes) -> Put:
    item: Fields = {
        "pk": _partition(run.repository),
        "sk": _run_key(run.number),
        "document": document,
        "repository": run.repository,
        "uid": run.uid,
        "status": run.status.value,
        "created_at": to_micros(run.created_at),
    }
    if run.wake_at is not None:
        item |= {"due": DUE_RUN, "wake_at": to_micros(run.wake_at)}
    return _versioned(item, run.version)


def _versioned(item: Fields, loaded: int) -> Put:
    item["version"] = loaded + 1
    if loaded == 0:
        return Put(item=item, condition=_NEW)
    return Put(item=item, condition="version = :loaded", values={"loaded": loaded})


def _put_history(run: Run, history: History, document: bytes) -> Put:
    key = _history_key(run.number, history.number)
    return Put(item={"pk": _partition(run.repository), "sk": key, "document": document}, condition=_NEW)


def _put_inbox(inbox: Inbox, document: bytes, now: datetime) -> Put:
    item: Fields = {
        "pk": _inbox_partition(inbox.id),
        "sk": "inbox",
        "document": document,
        "expires_at": to_seconds(inbox.at + INBOX_LIFE),
    }
    return Put(item=item, condition=f"{_NEW} OR expires_at <= :now", values={"now": to_seconds(now)})


def _summary(item: Fields) -> RunSummary:
    wake_at = cast("int | None", item.get("wake_at"))
    return RunSummary(
        repository=cast("str", item["pk"]).partition("#")[2],
        number=int(cast("str", item["sk"]).partition("#")[2]),
        uid=cast("str", item["uid"]),
        status=cast("str", item["status"]),
        created_at=from_micros(cast("int", item["created_at"])),
        wake_at=None if wake_at is None else from_micros(wake_at),
    )
