"""The run store on one SQLite file: a commit is one transaction, and each of its parts must find what it expects.

Methods are async as the port is, but run to their end without giving way: each takes a few milliseconds, and so no
two of one process mix. Absence is told only by a read that succeeded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.documents import decode
from valine.errors import Conflict
from valine.orchestrator.model.run import Repository, Run
from valine.ports import Commit, History, Inbox, RunSummary
from valine.services.commit_documents import INBOX_LIFE, commit_documents
from valine.services.moments import from_micros, to_micros

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from valine.services.sqlite.file import SqliteFile

_PURGE_AT_ONCE = 20  # a commit adds one inbox record, so the expired ones get fewer; and no commit takes long
_SUMMARY = "SELECT repository, number, uid, status, created_at, wake_at FROM run"
_END_OF_TIME = 2**63 - 1


class SqliteRunStore:
    """A RunStore. Every method raises Busy or StoreError, with a sentence for people, when the file fails it."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    async def repository(self, name: str) -> Repository:
        with self._file.reading() as sql:
            row = sql.execute("SELECT document FROM repository WHERE name = ?", (name,)).fetchone()
        return decode(row[0], Repository) if row else Repository(name=name)

    async def run(self, repository: str, number: int) -> Run | None:
        with self._file.reading() as sql:
            row = sql.execute(
                "SELECT document FROM run WHERE repository = ? AND number = ?", (repository, number)
            ).fetchone()
        return decode(row[0], Run) if row else None

    async def inbox(self, id: str, now: datetime) -> Inbox | None:  # noqa: A002 - the port's name
        with self._file.reading() as sql:
            row = sql.execute(
                "SELECT document FROM inbox WHERE id = ? AND expires_at > ?", (id, to_micros(now))
            ).fetchone()
        return decode(row[0], Inbox) if row else None

    async def commit(self, commit: Commit, now: datetime) -> None:
        documents = commit_documents(commit)
        with self._file.writing() as sql:
            if commit.repository and documents.repository:
                _put_repository(sql, commit.repository, documents.repository)
            if commit.run and documents.run:
                _put_run(sql, commit.run, documents.run)
            if commit.run and commit.history and documents.history:
                _add_history(sql, commit.run, commit.history, documents.history)
            if commit.inbox and documents.inbox:
                _add_inbox(sql, commit.inbox, documents.inbox, now)

    async def due(self, now: datetime, limit: int = 100) -> Sequence[RunSummary]:
        with self._file.reading() as sql:
            rows = sql.execute(
                f"{_SUMMARY} WHERE wake_at <= ? ORDER BY wake_at, repository, number LIMIT ?", (to_micros(now), limit)
            ).fetchall()
        return tuple(_summary(*row) for row in rows)

    async def recent(self, repository: str, limit: int = 25, before: datetime | None = None) -> Sequence[RunSummary]:
        end = _END_OF_TIME if before is None else to_micros(before)
        with self._file.reading() as sql:
            rows = sql.execute(
                f"{_SUMMARY} WHERE repository = ? AND created_at < ? ORDER BY created_at DESC, number DESC LIMIT ?",
                (repository, end, limit),
            ).fetchall()
        return tuple(_summary(*row) for row in rows)

    async def history(self, repository: str, number: int) -> Sequence[History]:
        with self._file.reading() as sql:
            rows = sql.execute(
                "SELECT document FROM history WHERE repository = ? AND run = ? ORDER BY number", (repository, number)
            ).fetchall()
        return tuple(decode(document, History) for (document,) in rows)


def _put_repository(sql: sqlite3.Connection, repository: Repository, document: bytes) -> None:
    name, version = repository.name, repository.version
    if version == 0:
        done = sql.execute("INSERT INTO repository VALUES (?, 1, ?) ON CONFLICT DO NOTHING", (name, document))
    else:
        done = sql.execute(
            "UPDATE repository SET version = ?, document = ? WHERE name = ? AND version = ?",
            (version + 1, document, name, version),
        )
    if done.rowcount != 1:
        raise Conflict(f"the record of {name} is no longer at version {version}")


def _put_run(sql: sqlite3.Connection, run: Run, document: bytes) -> None:
    values = {
        "repository": run.repository,
        "number": run.number,
        "loaded": run.version,
        "version": run.version + 1,
        "uid": run.uid,
        "status": run.status.value,
        "created_at": to_micros(run.created_at),
        "wake_at": None if run.wake_at is None else to_micros(run.wake_at),
        "document": document,
    }
    if run.version == 0:
        done = sql.execute(
            "INSERT INTO run (repository, number, version, uid, status, created_at, wake_at, document) VALUES "
            "(:repository, :number, :version, :uid, :status, :created_at, :wake_at, :document) ON CONFLICT DO NOTHING",
            values,
        )
    else:
        done = sql.execute(
            "UPDATE run SET version = :version, uid = :uid, status = :status, created_at = :created_at, "
            "wake_at = :wake_at, document = :document "
            "WHERE repository = :repository AND number = :number AND version = :loaded",
            values,
        )
    if done.rowcount != 1:
        raise Conflict(f"{run.name} of {run.repository} is no longer at version {run.version}")


def _add_history(sql: sqlite3.Connection, run: Run, history: History, document: bytes) -> None:
    done = sql.execute(
        "INSERT INTO history VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (run.repository, run.number, history.number, document),
    )
    if done.rowcount != 1:
        raise Conflict(f"{run.name} of {run.repository} has a step {history.number} already")


def _add_inbox(sql: sqlite3.Connection, inbox: Inbox, document: bytes, now: datetime) -> None:
    moment = to_micros(now)
    done = sql.execute(
        "INSERT INTO inbox VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
        "SET expires_at = excluded.expires_at, document = excluded.document WHERE inbox.expires_at <= ?",
        (inbox.id, to_micros(inbox.at + INBOX_LIFE), document, moment),
    )
    if done.rowcount != 1:
        raise Conflict(f"the command {inbox.id} was dealt with before")
    sql.execute(
        "DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
        (moment, _PURGE_AT_ONCE),
    )


def _summary(repository: str, number: int, uid: str, status: str, created_at: int, wake_at: int | None) -> RunSummary:
    return RunSummary(
        repository=repository,
        number=number,
        uid=uid,
        status=status,
        created_at=from_micros(created_at),
        wake_at=None if wake_at is None else from_micros(wake_at),
    )
