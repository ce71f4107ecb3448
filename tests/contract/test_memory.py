"""The storm's store and queue keep what every store and queue keeps: what it finds is no fault of theirs."""

import msgspec
import pytest

from builders import (
    NOON,
    REPOSITORY,
    a_command_envelope,
    a_history,
    a_repository,
    a_run,
    an_active,
    an_envelope,
    an_inbox,
    plan_requested,
)
from contract.queue_contract import QueueContract, drain, put
from contract.run_store_contract import RunStoreContract
from storm.memory import MemoryQueue, MemoryRunStore
from valine.ports import Commit


class TestMemoryRunStore(RunStoreContract):
    @pytest.fixture
    def store(self) -> MemoryRunStore:
        return MemoryRunStore()

    async def test_what_an_older_valine_stored_is_read_as_it_was(self, store: MemoryRunStore) -> None:
        run, record, inbox = a_run(), a_repository(active=(an_active(),)), an_inbox()
        step = a_history(run, event=plan_requested(), repository=record)
        await store.commit(Commit(run=run, repository=record, history=step, inbox=inbox), NOON)
        before = len(store.runs[REPOSITORY, 1].document)

        store.age()

        assert len(store.runs[REPOSITORY, 1].document) < before
        assert store.look(REPOSITORY, 1) == msgspec.structs.replace(run, version=1)
        assert store.record(REPOSITORY) == msgspec.structs.replace(record, version=1)
        assert await store.inbox(inbox.id, NOON) == inbox
        assert list(await store.history(REPOSITORY, 1)) == [step]

    async def test_a_restored_backup_has_forgotten_what_came_after_it(self, store: MemoryRunStore) -> None:
        await store.commit(Commit(run=a_run()), NOON)
        backup = store.backup()
        await store.commit(Commit(run=a_run(version=1, rounds=1)), NOON)

        store.restore(backup)

        found = store.look(REPOSITORY, 1)
        assert found is not None
        assert (found.version, found.rounds) == (1, 0)


class TestMemoryQueue(QueueContract):
    @pytest.fixture
    def queue(self) -> MemoryQueue:
        return MemoryQueue()

    async def test_what_was_in_hand_when_its_server_stopped_is_there_for_the_next(self, queue: MemoryQueue) -> None:
        await put(queue, an_envelope("e1"), a_command_envelope("c1"))
        assert await queue.receive(NOON) is not None

        queue.recover(NOON)

        assert await drain(queue) == ["c1", "e1"]

    async def test_what_an_older_valine_put_is_taken_as_it_was(self, queue: MemoryQueue) -> None:
        envelope = a_command_envelope("c1")
        await put(queue, envelope)
        before = len(queue.entries["c1"].envelope.document)

        queue.age()

        assert len(queue.entries["c1"].envelope.document) < before
        delivery = await queue.receive(NOON)
        assert delivery is not None
        assert delivery.envelope == envelope
