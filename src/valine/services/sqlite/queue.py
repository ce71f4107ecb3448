"""The queue on one SQLite file: an envelope is on the disk before put() returns, and leaves with ack() alone.

A partition is busy while one of its envelopes is in hand: taken, and not given back within VISIBILITY. A receipt is
good until the envelope is delivered again; what comes with an older one changes nothing.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from valine.documents import decode, encode
from valine.errors import Newer, StoreError
from valine.ports import Delivery, Envelope
from valine.services.dead_letters import NEWER_AGAIN, NEWER_FOR, DeadLetter, readable, token_until
from valine.services.moments import from_micros, to_micros
from valine.services.sqlite import tokens

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from valine.services.sqlite.file import SqliteFile

log = logging.getLogger("valine.queue")

VISIBILITY = timedelta(seconds=120)
REMEMBERED = timedelta(minutes=5)  # how long an id swallows repeats after it was last seen, as SQS has it
_FORGET_AT_ONCE = 100
FOLD_EVERY = timedelta(minutes=1)  # how long the file's log may show tokens of envelopes that were dealt with
_PROBE = "probe"  # no envelope's id: those begin with where they are from

_NEXT = """
    SELECT place, id, envelope, attempts, received, seen_at FROM queue
    WHERE visible_at <= :now
        AND lane NOT IN (SELECT lane FROM queue WHERE receipt IS NOT NULL AND visible_at > :now)
    ORDER BY urgent DESC, place LIMIT 1
"""
_RECEIVE = """
    UPDATE queue
    SET attempts = attempts + 1, received = received + 1, receipt = :receipt, seen_at = :now, visible_at = :until
    WHERE place = :place
"""
_UNREAD = "UPDATE queue SET receipt = NULL, visible_at = ?, trouble = ? WHERE place = ?"  # without having been taken
_PUT_OFF = "UPDATE queue SET receipt = NULL, received = 0, visible_at = ?, trouble = ? WHERE id = ? AND receipt = ?"
_DEAD_LETTER = "INSERT OR REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?)"
_REMEMBER = "INSERT OR REPLACE INTO queue_seen VALUES (?, ?)"


class SqliteQueue:
    """A Queue. Every method raises Busy or StoreError, with a sentence for people, when the file fails it."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._traces = False  # whether the file's log may still show a token that is gone from its table
        self._fold_at = 0

    async def put(self, envelope: Envelope, now: datetime) -> bool:
        document, moment = encode(envelope), to_micros(now)
        with self._file.writing() as sql:
            return _put(sql, envelope, document, moment)

    async def receive(self, now: datetime) -> Delivery | None:
        moment = to_micros(now)
        with self._file.writing() as sql:
            expired = tokens.expire(sql, moment)
            delivery = _receive(sql, now)
        self._fold_log(moment, at_once=expired)
        return delivery

    async def ack(self, delivery: Delivery) -> None:
        with self._file.writing() as sql:
            _remove(sql, delivery)
        self._traces = self._traces or token_until(delivery.envelope) is not None

    async def retry_at(self, delivery: Delivery, until: datetime, trouble: str) -> None:
        with self._file.writing() as sql:
            sql.execute(
                _PUT_OFF,
                (to_micros(until), trouble, delivery.envelope.id, delivery.receipt),
            )

    async def dead_letter(self, delivery: Delivery, trouble: str) -> None:
        with self._file.writing() as sql:
            removed = _remove(sql, delivery)
            if removed:
                seen_at, attempts, document = removed
                # Its token stays while it is of use: who redrives it soon has it answered.
                sql.execute(
                    _DEAD_LETTER,
                    (delivery.envelope.id, seen_at, attempts, trouble, document, _useful(delivery.envelope)),
                )
        self._traces = self._traces or token_until(delivery.envelope) is not None

    def _fold_log(self, moment: int, *, at_once: bool) -> None:
        """Leave no trace of tokens in the log. While somebody reads beside us that has to wait, and is tried again."""
        self._traces = self._traces or at_once
        if self._traces and (at_once or moment >= self._fold_at):
            self._traces = bool(self._file.fold())
            self._fold_at = moment + FOLD_EVERY // timedelta(microseconds=1)

    async def recover(self) -> None:
        """Make all that was in hand takeable at once. For the file's one server, at its start: its hands are empty."""
        with self._file.writing() as sql:
            sql.execute("UPDATE queue SET receipt = NULL, visible_at = 0 WHERE receipt IS NOT NULL")

    async def probe(self, now: datetime) -> None:
        """Write one row, as a put would; what it says is when it was written."""
        with self._file.writing() as sql:
            sql.execute(_REMEMBER, (_PROBE, to_micros(now)))

    async def probed_at(self) -> datetime | None:
        """When the row of probe() was last written; None if it is not there."""
        with self._file.reading() as sql:
            row = sql.execute("SELECT seen_at FROM queue_seen WHERE id = ?", (_PROBE,)).fetchone()
        return None if row is None else from_micros(row[0])

    async def next_at(self) -> datetime | None:
        """When the next envelope may be taken, as far as its own waiting goes; None if there is none."""
        with self._file.reading() as sql:
            (moment,) = sql.execute("SELECT min(visible_at) FROM queue").fetchone()
        return None if moment is None else from_micros(moment)

    async def depth(self) -> int:
        """How many envelopes are not dealt with, those in hand included, dead letters not."""
        with self._file.reading() as sql:
            return int(sql.execute("SELECT count(*) FROM queue").fetchone()[0])

    async def dead_letters(self) -> Sequence[DeadLetter]:
        """What was dead-lettered, in the order in which it was last taken."""
        with self._file.reading() as sql:
            rows = sql.execute(
                "SELECT id, envelope, trouble, attempts FROM dead_letter ORDER BY seen_at, id"
            ).fetchall()
        return tuple(
            DeadLetter(id=id, envelope=readable(document), trouble=trouble, attempts=attempts)
            for id, document, trouble, attempts in rows  # noqa: A001 - the field's own name
        )

    async def redrive(self, id: str, now: datetime) -> bool:  # noqa: A002 - the field's own name
        """Put that dead letter at the end of its partition, as if it had never been taken. False if there is none.

        Raises StoreError if this version cannot read it; then it stays where it is.
        """
        with self._file.writing() as sql:
            rows = sql.execute("DELETE FROM dead_letter WHERE id = ? RETURNING envelope", (id,)).fetchall()
            for (document,) in rows:
                sql.execute("DELETE FROM queue_seen WHERE id = ?", (id,))  # here the repeat is wanted
                _put(sql, decode(document, Envelope), document, to_micros(now))
            return bool(rows)


def _receive(sql: sqlite3.Connection, now: datetime) -> Delivery | None:
    """The next envelope, from now on in hand."""
    moment = to_micros(now)
    found = _next(sql, moment)
    if found is None:
        return None
    place, envelope, attempts, received = found
    receipt = f"{place}-{attempts + 1}"
    sql.execute(_RECEIVE, {"receipt": receipt, "now": moment, "until": to_micros(now + VISIBILITY), "place": place})
    return Delivery(envelope=envelope, receipt=receipt, attempts=attempts, received=received + 1)


def _next(sql: sqlite3.Connection, moment: int) -> tuple[int, Envelope, int, int] | None:
    """The next envelope: its place, itself, how often it was taken, and how often without an acknowledgement.

    What another version wrote must not stop a partition.
    """
    while row := sql.execute(_NEXT, {"now": moment}).fetchone():
        place, id, document, attempts, received, seen_at = row  # noqa: A001 - the field's own name
        try:
            return place, decode(document, Envelope), attempts, received
        except StoreError as error:
            if isinstance(error, Newer) and moment < seen_at + _micros(NEWER_FOR):
                log.warning("%s is put off: %s", id, error)
                sql.execute(_UNREAD, (moment + _micros(NEWER_AGAIN), str(error), place))
                continue
            log.error("%s was set aside: %s", id, error)  # noqa: TRY400 - the sentence says it all
            sql.execute("DELETE FROM queue WHERE place = ?", (place,))
            sql.execute(_REMEMBER, (id, moment))
            sql.execute(_DEAD_LETTER, (id, moment, attempts, str(error), document, None))
    return None


def _micros(time: timedelta) -> int:
    return time // timedelta(microseconds=1)


def _put(sql: sqlite3.Connection, envelope: Envelope, document: bytes, moment: int) -> bool:
    forgotten = moment - _micros(REMEMBERED)
    sql.execute(
        "DELETE FROM queue_seen WHERE id IN (SELECT id FROM queue_seen WHERE seen_at <= ? ORDER BY seen_at LIMIT ?)",
        (forgotten, _FORGET_AT_ONCE),
    )
    done = sql.execute(
        "INSERT INTO queue (id, lane, urgent, seen_at, visible_at, token_until, envelope) SELECT ?, ?, ?, ?, ?, ?, ? "
        "WHERE NOT EXISTS (SELECT 1 FROM queue_seen WHERE id = ? AND seen_at > ?) ON CONFLICT DO NOTHING",
        (
            envelope.id,
            envelope.partition,
            envelope.urgent,
            moment,
            moment,
            _useful(envelope),
            document,
            envelope.id,
            forgotten,
        ),
    )
    return done.rowcount == 1


def _useful(envelope: Envelope) -> int | None:
    """Until when the token in it is of use."""
    until = token_until(envelope)
    return None if until is None else to_micros(until)


def _remove(sql: sqlite3.Connection, delivery: Delivery) -> tuple[int, int, bytes] | None:
    """Take the envelope off the queue, token and all; only its id and when it was last seen are remembered."""
    rows: list[tuple[int, int, bytes]] = sql.execute(
        "DELETE FROM queue WHERE id = ? AND receipt = ? RETURNING seen_at, attempts, envelope",
        (delivery.envelope.id, delivery.receipt),
    ).fetchall()
    for seen_at, _, _ in rows:
        sql.execute(_REMEMBER, (delivery.envelope.id, seen_at))
    return rows[0] if rows else None
