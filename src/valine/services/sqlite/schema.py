"""The tables, as steps that are never edited: SQLite's user_version counts those that a file has taken.

Each table mirrors one kind of item of the DynamoDB table: beside the document stand only the columns that a condition
or an index needs. Times are whole microseconds since 1970.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.errors import Newer, StoreError

if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID = 0x56414C4E  # "VALN": tells our files from other programs'

_FIRST = (
    """
    CREATE TABLE repository (
        name TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        document BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE run (
        repository TEXT NOT NULL,
        number INTEGER NOT NULL,
        version INTEGER NOT NULL,
        uid TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        wake_at INTEGER,
        document BLOB NOT NULL,
        PRIMARY KEY (repository, number)
    ) STRICT
    """,
    "CREATE INDEX run_by_creation ON run (repository, created_at, number)",
    "CREATE INDEX run_due ON run (wake_at) WHERE wake_at IS NOT NULL",
    """
    CREATE TABLE history (
        repository TEXT NOT NULL,
        run INTEGER NOT NULL,
        number INTEGER NOT NULL,
        document BLOB NOT NULL,
        PRIMARY KEY (repository, run, number),
        FOREIGN KEY (repository, run) REFERENCES run (repository, number)
    ) STRICT
    """,
    """
    CREATE TABLE inbox (
        id TEXT PRIMARY KEY,
        expires_at INTEGER NOT NULL,
        document BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX inbox_by_expiry ON inbox (expires_at)",
    """
    CREATE TABLE queue (
        place INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of arrival; never used twice, so receipts are not either
        id TEXT NOT NULL UNIQUE,
        lane TEXT NOT NULL,
        urgent INTEGER NOT NULL,
        seen_at INTEGER NOT NULL, -- when it was last put or taken
        visible_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        receipt TEXT, -- of whoever has it in hand
        trouble TEXT NOT NULL DEFAULT '',
        envelope BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX queue_order ON queue (urgent DESC, place)",
    "CREATE INDEX queue_in_hand ON queue (lane, visible_at) WHERE receipt IS NOT NULL",
    "CREATE TABLE queue_seen (id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) STRICT",
    "CREATE INDEX queue_seen_by_time ON queue_seen (seen_at)",
    """
    CREATE TABLE dead_letter (
        id TEXT PRIMARY KEY,
        seen_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        trouble TEXT NOT NULL,
        envelope BLOB NOT NULL
    ) STRICT
    """,
    f"PRAGMA application_id = {APPLICATION_ID}",
)

# Documents of schema 2. A build that knows schema 1 alone would refuse them one by one, but only after it had taken
# envelopes off the queue: so it refuses the file when it starts.
# Besides: how often an envelope was received without an acknowledgement, and until when the interaction token in it is
# of use (NULL: there is none). What an older Valine stored is looked through once: it did not note which have one.
_SECOND = (
    "ALTER TABLE queue ADD COLUMN received INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE queue ADD COLUMN token_until INTEGER",
    "UPDATE queue SET token_until = seen_at + 900000000",
    "CREATE INDEX queue_by_token ON queue (token_until) WHERE token_until IS NOT NULL",
    "ALTER TABLE dead_letter ADD COLUMN token_until INTEGER",
    "UPDATE dead_letter SET token_until = 0",
    "CREATE INDEX dead_letter_by_token ON dead_letter (token_until) WHERE token_until IS NOT NULL",
)

# Each schema of documents (orchestrator/model/) has a step here, with or without statements.
STEPS: tuple[tuple[str, ...], ...] = (_FIRST, _SECOND)


def check(connection: sqlite3.Connection, path: str) -> int:
    """The steps that the file has taken, 0 if it is empty. Raises Newer, or StoreError if it is another program's."""
    taken = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    empty = connection.execute("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)").fetchone()[0]
    if owner != APPLICATION_ID and not (empty and taken == 0):
        raise StoreError(f"{path} is another program's SQLite database. Give Valine a file of its own (VALINE_STORE).")
    if taken > len(STEPS):
        raise Newer(
            f"{path} was written by a newer Valine (schema {taken}, this one knows {len(STEPS)}). "
            "Run that version, or a later one, or restore a backup that was made before it ran. Nothing was changed."
        )
    return taken


def bring_up_to_date(connection: sqlite3.Connection, taken: int) -> None:
    """Take the steps that are missing; the caller's transaction makes it all or none.

    Even where none is missing this writes: a file that may not be written is found out at once.
    """
    for statements in STEPS[taken:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(STEPS)}")
