"""The contracts are no test modules by name, but their assertions should tell as much as any."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from valine.services.sqlite.file import SqliteFile

pytest.register_assert_rewrite("contract.queue_contract", "contract.run_store_contract")


@pytest.fixture
def memory() -> Iterator[SqliteFile]:
    """A store that ends with its test."""
    with closing(SqliteFile.open(":memory:", exclusive=True)) as file:
        yield file
