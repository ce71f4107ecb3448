"""Interaction tokens leave the store's files when they are of no use, and nobody but its owner may read them at all."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import pytest

from builders import NOON, a_command_envelope, after
from valine.ports import Envelope, ReplyTo
from valine.services.sqlite.file import SqliteFile
from valine.services.sqlite.queue import SqliteQueue
from valine.services.sqlite.schema import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "aW50ZXJhY3Rpb246MTIz-a-token-of-discord"
LIFE = 15 * 60


def a_command_with_token(name: str = "c1", token: str = TOKEN) -> Envelope:
    return msgspec.structs.replace(a_command_envelope(name), reply_to=ReplyTo(at=NOON, token=token))


def holds_token(path: Path) -> list[str]:
    """The files beside and at that path that show the token in any byte, free pages and old log frames included."""
    return sorted(file.name for file in path.parent.iterdir() if TOKEN.encode() in file.read_bytes())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "valine.db"


@pytest.fixture
def file(path: Path) -> Iterator[SqliteFile]:
    with closing(SqliteFile.open(path, exclusive=True)) as opened:
        yield opened


async def test_the_token_of_an_acknowledged_envelope_is_in_no_file_a_minute_later(path: Path, file: SqliteFile) -> None:
    queue = SqliteQueue(file)
    await queue.put(a_command_with_token(), NOON)
    assert holds_token(path) == ["valine.db-wal"]
    delivery = await queue.receive(NOON)
    assert delivery

    await queue.ack(delivery)
    await queue.receive(after(60))

    assert holds_token(path) == []


async def test_the_token_of_a_waiting_envelope_is_gone_after_fifteen_minutes_and_its_command_is_not(
    path: Path, file: SqliteFile
) -> None:
    queue = SqliteQueue(file)
    await queue.put(a_command_with_token(), NOON)
    delivery = await queue.receive(NOON)
    assert delivery
    await queue.retry_at(delivery, after(LIFE + 60), "GitHub is down")

    await queue.receive(after(LIFE - 1))
    before = holds_token(path)
    await queue.receive(after(LIFE))

    assert before != []
    assert holds_token(path) == []
    again = await queue.receive(after(LIFE + 60))
    assert again
    assert again.envelope == msgspec.structs.replace(delivery.envelope, reply_to=None)


async def test_the_token_of_a_dead_letter_is_gone_after_fifteen_minutes(path: Path, file: SqliteFile) -> None:
    queue = SqliteQueue(file)
    await queue.put(a_command_with_token(), NOON)
    delivery = await queue.receive(NOON)
    assert delivery
    await queue.dead_letter(delivery, "it makes no sense")

    await queue.receive(after(LIFE))

    assert holds_token(path) == []
    [letter] = await queue.dead_letters()
    assert letter.envelope == msgspec.structs.replace(delivery.envelope, reply_to=None)


async def test_a_reader_beside_the_server_is_not_waited_for_and_the_log_is_emptied_after_it(
    path: Path, file: SqliteFile
) -> None:
    queue = SqliteQueue(file)
    await queue.put(a_command_with_token(), NOON)
    delivery = await queue.receive(NOON)
    assert delivery
    with closing(SqliteFile.open(path, exclusive=False)) as other, other.reading() as sql:
        sql.execute("SELECT count(*) FROM queue").fetchone()
        await queue.ack(delivery)
        await queue.receive(after(60))
        while_read = holds_token(path)

    await queue.receive(after(120))

    assert while_read == ["valine.db-wal"]
    assert holds_token(path) == []


async def test_a_log_that_a_killed_process_left_is_emptied_by_the_next_start(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    with closing(SqliteFile.open(path, exclusive=True)) as file:
        queue = SqliteQueue(file)
        await queue.put(a_command_with_token(), NOON)
        delivery = await queue.receive(NOON)
        assert delivery
        await queue.ack(delivery)
        for name in ("valine.db", "valine.db-wal"):  # what kill -9 would leave
            (copy / name).write_bytes((tmp_path / name).read_bytes())
    assert holds_token(copy / "valine.db") == ["valine.db-wal"]

    with closing(SqliteFile.open(copy / "valine.db", exclusive=True)):
        assert holds_token(copy / "valine.db") == []


async def test_a_backup_has_the_commands_and_no_token(path: Path, file: SqliteFile, tmp_path: Path) -> None:
    queue = SqliteQueue(file)
    await queue.put(a_command_with_token(), NOON)
    backups = tmp_path / "backups"
    backups.mkdir()

    file.back_up(backups / "copy.db")

    assert holds_token(backups / "copy.db") == []
    with closing(SqliteFile.open(backups / "copy.db", exclusive=True)) as restored:
        delivery = await SqliteQueue(restored).receive(NOON)
    assert delivery
    assert delivery.envelope.id == "c1"


async def test_tokens_that_an_older_version_stored_are_erased_too(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in STEPS[0]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
    document = msgspec.json.encode(a_command_with_token())
    with closing(sqlite3.connect(path)) as connection, connection:
        moment = int(NOON.timestamp() * 1_000_000)
        connection.execute(
            "INSERT INTO queue (id, lane, urgent, seen_at, visible_at, envelope) VALUES ('c1', 'a', 1, ?, ?, ?)",
            (moment, moment, b'{"schema":1,' + document[1:]),
        )
        connection.execute(
            "INSERT INTO dead_letter VALUES ('c2', ?, 1, 'it broke', ?)", (moment, b'{"schema":1,' + document[1:])
        )

    with closing(SqliteFile.open(path, exclusive=True)) as file:
        await SqliteQueue(file).receive(after(LIFE))

        assert holds_token(path) == []


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o027])
def test_only_the_owner_may_read_the_store_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with closing(SqliteFile.open(tmp_path / "valine.db", exclusive=True)) as file:
            asyncio.run(SqliteQueue(file).put(a_command_with_token(), NOON))
            file.back_up(tmp_path / "copy.db")
            found = modes(tmp_path)
    finally:
        os.umask(before)

    names = ("valine.db", "valine.db-wal", "valine.db-shm", "valine.db.lock", "copy.db")
    assert found == dict.fromkeys(names, 0o600)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_what_an_older_version_made_for_all_to_read_is_made_private(path: Path, tmp_path: Path) -> None:
    with closing(SqliteFile.open(path, exclusive=True)) as file:
        asyncio.run(SqliteQueue(file).put(a_command_with_token(), NOON))
        for name in modes(tmp_path):
            (tmp_path / name).chmod(0o644)
        left = {name: (tmp_path / name).read_bytes() for name in ("valine.db", "valine.db-wal")}
    for name, content in left.items():  # a process that was killed leaves its log
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o644)

    with closing(SqliteFile.open(path, exclusive=True)):
        found = modes(tmp_path)

    assert set(found.values()) == {0o600}
