"""The storm's store and queue keep what every store and queue keeps: what it finds is no fault of theirs."""

import pytest

from builders import NOON, REPOSITORY, a_command_envelope, a_history, a_run, an_envelope
from contract.queue_contract import QueueContract, drain, put
from contract.run_store_contract import RunStoreContract
from storm.memory import MemoryQueue, MemoryRunStore
from valine.ports import Commit


class TestMemoryRunStore(RunStoreContract):
    @pytest.fixture
    def store(self) -> MemoryRunStore:
        return MemoryRunStore()

    async def test_a_run_of_an_older_valine_is_read_as_it_was(self, store: MemoryRunStore) -> None:
        run = a_run()
        await store.commit(Commit(run=run, history=a_history(run)), NOON)
        known = await store.run(REPOSITORY, 1)

        store.age(["lag", "doubt", "releases"])

        assert await store.run(REPOSITORY, 1) == known

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
        assert await queue.take(NOON) is not None

        queue.recover(NOON)

        assert await drain(queue) == ["c1", "e1"]
