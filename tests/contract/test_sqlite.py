"""The SQLite store and queue keep the contracts, in a file and in memory; and what only they promise."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from builders import NOON, a_command_envelope, a_run, after, an_envelope, an_inbox
from contract.queue_contract import QueueContract, drain, next_delivery, put
from contract.run_store_contract import RunStoreContract, SharedRunStoreContract
from valine.errors import StoreError
from valine.orchestrator.model.run import SCHEMA
from valine.ports import Commit
from valine.services.dead_letters import DeadLetter
from valine.services.sqlite.file import SqliteFile
from valine.services.sqlite.queue import SqliteQueue
from valine.services.sqlite.run_store import SqliteRunStore
from valine.services.sqlite.schema import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MONTH = 30 * 86400 + 2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "valine #1?.db"  # both mean something in a URI


@pytest.fixture
def file(path: Path) -> Iterator[SqliteFile]:
    with closing(SqliteFile.open(path, exclusive=True)) as file:
        yield file


class TestRunStoreInAFile(SharedRunStoreContract):
    @pytest.fixture
    def store(self, file: SqliteFile) -> SqliteRunStore:
        return SqliteRunStore(file)

    @pytest.fixture
    def connect(self, path: Path) -> Callable[[], AbstractContextManager[SqliteRunStore]]:
        @contextmanager
        def connected() -> Iterator[SqliteRunStore]:
            with closing(SqliteFile.open(path, exclusive=False, busy_ms=60_000)) as file:
                yield SqliteRunStore(file)

        return connected


class TestRunStoreInMemory(RunStoreContract):
    @pytest.fixture
    def store(self, memory: SqliteFile) -> SqliteRunStore:
        return SqliteRunStore(memory)


class TestQueueInAFile(QueueContract):
    @pytest.fixture
    def queue(self, file: SqliteFile) -> SqliteQueue:
        return SqliteQueue(file)


class TestQueueInMemory(QueueContract):
    @pytest.fixture
    def queue(self, memory: SqliteFile) -> SqliteQueue:
        return SqliteQueue(memory)


def rows(file: SqliteFile, table: str) -> int:
    with file.reading() as sql:
        return int(sql.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own names


def content(path: Path) -> str:
    return path.read_bytes().decode("latin-1")


async def test_store_and_queue_share_a_file_and_find_it_again(path: Path) -> None:
    with closing(SqliteFile.open(path, exclusive=True)) as file:
        await SqliteRunStore(file).commit(Commit(run=a_run()), NOON)
        await SqliteQueue(file).put(an_envelope(), NOON)

    with closing(SqliteFile.open(path, exclusive=True)) as file:
        assert await SqliteRunStore(file).run("team/app", 1) is not None
        assert await SqliteQueue(file).depth() == 1


async def test_expired_inbox_records_are_cleared_out_a_few_at_a_time(memory: SqliteFile) -> None:
    store = SqliteRunStore(memory)
    for number in range(30):
        await store.commit(Commit(inbox=an_inbox(f"old{number}")), NOON)

    await store.commit(Commit(inbox=an_inbox("new1", at=after(MONTH))), after(MONTH))
    assert rows(memory, "inbox") == 11
    await store.commit(Commit(inbox=an_inbox("new2", at=after(MONTH))), after(MONTH))

    assert rows(memory, "inbox") == 2


async def test_ids_that_swallow_repeats_are_forgotten_when_they_no_longer_need_to(memory: SqliteFile) -> None:
    queue = SqliteQueue(memory)
    await put(queue, *(an_envelope(f"e{number}") for number in range(5)))
    await drain(queue)
    assert rows(memory, "queue_seen") == 5

    await queue.put(an_envelope("later"), after(301))

    assert rows(memory, "queue_seen") == 0


async def test_after_a_restart_all_that_was_in_hand_can_be_taken_at_once(memory: SqliteFile) -> None:
    queue = SqliteQueue(memory)
    await put(queue, an_envelope("a", partition="a"), an_envelope("b", partition="b"), an_envelope("c", partition="c"))
    held = [await next_delivery(queue), await next_delivery(queue)]
    await queue.retry_at(await next_delivery(queue), after(60), "GitHub is down")

    await queue.recover()

    await queue.ack(held[0])  # the hands of the one that died
    again = [await next_delivery(queue), await next_delivery(queue)]
    assert [delivery.attempts for delivery in again] == [1, 1]
    assert await queue.receive(NOON) is None


async def test_a_dead_letter_keeps_its_trouble_and_can_be_sent_again(memory: SqliteFile) -> None:
    queue = SqliteQueue(memory)
    poison = a_command_envelope("poison")
    await put(queue, poison)
    await queue.retry_at(await next_delivery(queue), NOON, "first")
    await queue.dead_letter(await next_delivery(queue), "it makes no sense")

    assert list(await queue.dead_letters()) == [
        DeadLetter(id="poison", envelope=poison, trouble="it makes no sense", attempts=2)
    ]
    assert await queue.depth() == 0
    assert await queue.redrive("poison", after(1))
    assert not await queue.redrive("poison", after(1))

    delivery = await next_delivery(queue, after(1))
    assert (delivery.envelope, delivery.attempts) == (poison, 0)
    assert list(await queue.dead_letters()) == []


async def test_what_another_program_wrote_is_dead_lettered_and_its_partition_goes_on(memory: SqliteFile) -> None:
    queue = SqliteQueue(memory)
    await put(queue, an_envelope("odd"), an_envelope("ours"))
    with memory.writing() as sql:
        sql.execute("UPDATE queue SET envelope = ? WHERE id = 'odd'", (b"?",))

    delivery = await next_delivery(queue)

    assert delivery.envelope == an_envelope("ours")
    assert await queue.depth() == 1
    [odd] = await queue.dead_letters()
    assert (odd.id, odd.envelope, odd.attempts) == ("odd", None, 0)
    assert not await queue.put(an_envelope("odd"), after(1))  # a repeat is swallowed all the same


async def test_an_envelope_of_a_newer_valine_waits_for_it_while_its_partition_goes_on(memory: SqliteFile) -> None:
    queue = SqliteQueue(memory)
    await put(queue, an_envelope("newer"), an_envelope("ours"))
    kept = of_a_newer_schema(memory)

    first = await next_delivery(queue)
    await queue.ack(first)
    for minute in range(1, 60):
        assert await queue.receive(after(60 * minute)) is None

    assert first.envelope == an_envelope("ours")
    with memory.writing() as sql:
        [(trouble,)] = sql.execute("SELECT trouble FROM queue WHERE id = 'newer'").fetchall()
        sql.execute("UPDATE queue SET envelope = ?", (kept,))  # the version that wrote it runs again
    assert f"newer Valine (schema 99, this one knows {SCHEMA}). Run that version" in trouble
    delivery = await next_delivery(queue, after(3600))
    assert (delivery.envelope, delivery.attempts) == (an_envelope("newer"), 0)


async def test_an_envelope_of_a_newer_valine_that_waited_for_an_hour_is_kept_until_that_version_redrives_it(
    memory: SqliteFile,
) -> None:
    queue = SqliteQueue(memory)
    await put(queue, an_envelope("newer"))
    kept = of_a_newer_schema(memory)
    assert await queue.receive(NOON) is None
    assert await queue.receive(after(3600)) is None

    [letter] = await queue.dead_letters()
    assert (letter.id, letter.envelope, letter.attempts) == ("newer", None, 0)
    assert "Run that version" in letter.trouble
    with pytest.raises(StoreError, match="Run that version"):
        await queue.redrive("newer", after(3601))
    assert await queue.depth() == 0
    with memory.writing() as sql:
        sql.execute("UPDATE dead_letter SET envelope = ?", (kept,))  # the version that wrote it runs again
    assert await queue.redrive("newer", after(3602))
    assert (await next_delivery(queue, after(3602))).envelope == an_envelope("newer")


def of_a_newer_schema(memory: SqliteFile) -> bytes:
    """The envelope named `newer` is of a newer schema from now on; as it was before."""
    with memory.writing() as sql:
        [(document,)] = sql.execute("SELECT envelope FROM queue WHERE id = 'newer'").fetchall()
        newer = document.replace(b'"schema":%d' % SCHEMA, b'"schema":99')
        sql.execute("UPDATE queue SET envelope = ? WHERE id = 'newer'", (newer,))
    return bytes(document)


def test_every_schema_of_documents_makes_older_builds_refuse_the_file() -> None:
    assert len(STEPS) >= SCHEMA, "add a step to services/sqlite_schema.py, with or without statements"


async def test_sending_again_what_was_never_dead_lettered_is_no(memory: SqliteFile) -> None:
    queue = SqliteQueue(memory)
    await put(queue, an_envelope("e1"))
    await drain(queue)

    assert not await queue.redrive("e1", NOON)

    assert not await queue.put(an_envelope("e1"), after(1))  # its id is still remembered


async def test_depth_counts_what_is_in_hand_too(memory: SqliteFile) -> None:
    queue = SqliteQueue(memory)
    await put(queue, an_envelope("e1"), an_envelope("e2"))
    delivery = await next_delivery(queue)

    assert await queue.depth() == 2
    await queue.ack(delivery)
    assert await queue.depth() == 1


async def test_an_interactions_token_is_gone_from_the_file_with_its_envelope(path: Path) -> None:
    with closing(SqliteFile.open(path, exclusive=True)) as file:
        queue = SqliteQueue(file)
        await put(queue, a_command_envelope("c1"))
    assert "token-c1" in content(path)

    with closing(SqliteFile.open(path, exclusive=True)) as file:
        queue = SqliteQueue(file)
        await queue.ack(await next_delivery(queue))

    assert "token-c1" not in content(path)


async def test_the_next_time_to_look_is_that_of_the_first_that_waits(memory: SqliteFile) -> None:
    queue = SqliteQueue(memory)
    assert await queue.next_at() is None
    await put(queue, an_envelope("e1"), an_envelope("e2"))
    await queue.retry_at(await next_delivery(queue), after(60), "GitHub is down")
    await queue.retry_at(await next_delivery(queue), after(30), "GitHub is down")

    assert await queue.next_at() == after(30)
