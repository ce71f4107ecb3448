"""The DynamoDB store keeps the contract: on DynamoDB Local, which is real about transactions, and on moto."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from contract.run_store_contract import SharedRunStoreContract
from dynamodb import a_client, dynamodb_local, environment, make_table
from moto_aws import moto_aws, moto_client
from valine.services.run_store import DynamoRunStore

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


class TestRunStoreOnDynamoDbLocal(DynamoContract):
    @pytest.fixture
    def dynamodb(self, local: Any) -> Any:
        return local


class TestRunStoreOnMoto(DynamoContract):
    @pytest.fixture
    def dynamodb(self) -> Iterator[Any]:
        with moto_aws():
            yield moto_client("dynamodb")
