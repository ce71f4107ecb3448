"""Interaction tokens in the queue's tables: each is erased once it is of no use, and its row then shows no trace of it.

secure_delete overwrites what a page held; the write-ahead log is emptied by SqliteFile.fold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.services.dead_letters import document_without_token

if TYPE_CHECKING:
    import sqlite3

_TABLES = ("queue", "dead_letter")
_ALL = 2**63 - 1


def expire(sql: sqlite3.Connection, moment: int) -> bool:
    """Erase the tokens that are of no use at that moment; whether there were any."""
    found = False
    for table in _TABLES:
        rows = sql.execute(
            f"SELECT rowid, envelope FROM {table} WHERE token_until <= ?",  # noqa: S608 - one of the two names above
            (moment,),
        ).fetchall()
        for rowid, document in rows:
            sql.execute(
                f"UPDATE {table} SET envelope = ?, token_until = NULL WHERE rowid = ?",  # noqa: S608 - as above
                (document_without_token(document), rowid),
            )
        found = found or bool(rows)
    return found


def erase_all(sql: sqlite3.Connection) -> None:
    """Erase every token, as in a copy that outlives them."""
    expire(sql, _ALL)
