"""The DynamoDB store keeps the contract: on DynamoDB Local, which is real about transactions, and on moto."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from builders import NOON, REPOSITORY, a_history, a_run, after, an_inbox, noise, plan_requested
from contract.run_store_contract import RACERS, SharedRunStoreContract, load, try_to
from dynamodb import a_client, dynamodb_local, environment, make_table
from moto_aws import moto_aws, moto_client
from valine.documents import MAX_DOCUMENT
from valine.errors import Busy, Conflict, TooLarge
from valine.orchestrator.model.states import RunUid
from valine.ports import Commit
from valine.services.aws import run_store
from valine.services.aws.dynamo_table import DynamoTable, Put
from valine.services.aws.run_store import DynamoRunStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.proof
NUMBERS = count(1)


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    """A client of a DynamoDB Local."""
    with environment(), dynamodb_local() as endpoint:
        yield a_client(endpoint)


class DynamoContract(SharedRunStoreContract):
    """What both fixtures below have in common: `dynamodb` is theirs."""

    @pytest.fixture
    def table(self, dynamodb: Any) -> str:
        return make_table(dynamodb, f"RunStateTable{next(NUMBERS)}")

    @pytest.fixture
    def store(self, dynamodb: Any, table: str) -> DynamoRunStore:
        return DynamoRunStore(dynamodb, table)

    @pytest.fixture
    def connect(self, dynamodb: Any, table: str) -> Callable[[], AbstractContextManager[DynamoRunStore]]:
        return lambda: nullcontext(DynamoRunStore(dynamodb, table))

    async def test_five_items_are_stored_together_or_not_at_all(self, dynamodb: Any, table: str) -> None:
        items = DynamoTable(dynamodb, table)
        await items.put(Put(item={"pk": "5", "sk": "there"}))
        five = [
            Put(item={"pk": str(number), "sk": "there"}, condition="attribute_not_exists(pk)") for number in range(1, 6)
        ]

        with pytest.raises(Conflict):
            await items.put_all(five)

        assert [await items.get(str(number), "there") for number in range(1, 5)] == [None] * 4
        await items.delete("5", "there")
        await items.put_all(five)
        assert all([await items.get(str(number), "there") for number in range(1, 6)])

    async def test_indexes_and_history_are_read_to_the_end_page_by_page(self, dynamodb: Any, table: str) -> None:
        store = DynamoRunStore(dynamodb, table, page=2)
        for number in range(1, 8):
            run = a_run(number, created_at=after(number), wake_at=after(10 - number))
            await store.commit(Commit(run=run), NOON)
        for version in range(1, 6):
            run = a_run(1, version=version)
            await store.commit(Commit(run=run, history=a_history(run)), NOON)

        assert [run.number for run in await store.recent(REPOSITORY)] == [7, 6, 5, 4, 3, 2, 1]
        assert [run.number for run in await store.recent(REPOSITORY, limit=5)] == [7, 6, 5, 4, 3]
        assert [run.number for run in await store.recent(REPOSITORY, limit=4, before=after(7))] == [6, 5, 4, 3]
        assert [run.number for run in await store.due(after(9))] == [7, 6, 5, 4, 3, 2]
        assert [run.number for run in await store.due(after(9), limit=3)] == [7, 6, 5]
        assert [step.number for step in await store.history(REPOSITORY, 1)] == [2, 3, 4, 5, 6]

    async def test_a_history_longer_than_an_answer_may_be_is_read_whole(self, store: DynamoRunStore) -> None:
        for version in range(5):
            run = a_run(version=version)
            step = a_history(run, event=plan_requested(channel=noise(350_000)))
            await store.commit(Commit(run=run, history=step), NOON)

        assert [step.number for step in await store.history(REPOSITORY, 1)] == [1, 2, 3, 4, 5]

    async def test_a_commit_whose_answer_is_lost_happened_once(self, dynamodb: Any, table: str) -> None:
        store, commit = (
            DynamoRunStore(dynamodb, table),
            Commit(run=a_run(), history=a_history(a_run()), inbox=an_inbox()),
        )
        with answers_lost(dynamodb, "TransactWriteItems"), pytest.raises(Busy, match="is not known"):
            await store.commit(commit, NOON)

        assert await load(store) == a_run(version=1)
        assert await store.inbox("c1", NOON) == an_inbox()
        with pytest.raises(Conflict):
            await store.commit(commit, NOON)
        assert len(await store.history(REPOSITORY, 1)) == 1


@contextmanager
def answers_lost(dynamodb: Any, operation: str) -> Iterator[None]:
    """Meanwhile that operation is carried out, and the connection breaks before its answer is read."""

    def lose(**_: Any) -> None:
        raise exceptions.ConnectionClosedError(endpoint_url="http://127.0.0.1")

    from botocore import exceptions

    event = f"before-parse.dynamodb.{operation}"
    dynamodb.meta.events.register(event, lose)
    try:
        yield
    finally:
        dynamodb.meta.events.unregister(event, lose)


class TestRunStoreOnDynamoDbLocal(DynamoContract):
    @pytest.fixture
    def dynamodb(self, local: Any) -> Any:
        return local

    def test_of_fifty_threads_at_once_one_wins_each_version_and_no_update_is_lost(self, store: DynamoRunStore) -> None:
        asyncio.run(store.commit(Commit(run=a_run()), NOON))
        start = threading.Barrier(RACERS)

        async def add_one(number: int) -> bool:
            run = await load(store)
            start.wait()
            changed = msgspec.structs.replace(run, rounds=run.rounds + 1)
            inbox = an_inbox(f"c{number}-{run.version}")
            return await try_to(store, Commit(run=changed, history=a_history(run), inbox=inbox))

        with ThreadPoolExecutor(max_workers=RACERS) as threads:
            for version in range(2, 6):
                won = list(threads.map(lambda number: asyncio.run(add_one(number)), range(RACERS)))

                assert won.count(True) == 1
                assert asyncio.run(store.inbox(f"c{won.index(True)}-{version - 1}", NOON))
                run = asyncio.run(load(store))
                assert (run.version, run.rounds) == (version, version - 1)

        assert [step.number for step in asyncio.run(store.history(REPOSITORY, 1))] == [2, 3, 4, 5]

    async def test_the_largest_document_fits_an_item_with_the_longest_names(self, dynamodb: Any, table: str) -> None:
        run = a_run(10**9 - 1, repository=f"{'o' * 100}/{'r' * 100}", uid=RunUid("u" * 100), wake_at=NOON)

        await DynamoTable(dynamodb, table).put_all([run_store._put_run(run, b"x" * MAX_DOCUMENT)])

        with pytest.raises(TooLarge):
            await DynamoTable(dynamodb, table).put_all([run_store._put_run(run, b"x" * (MAX_DOCUMENT + 25_000))])


class TestRunStoreOnMoto(DynamoContract):
    @pytest.fixture
    def dynamodb(self) -> Iterator[Any]:
        with moto_aws():
            yield moto_client("dynamodb")
