from collections.abc import Iterator
from itertools import count

import pytest

from outside.stand import Shop, Stand, a_stand

NUMBERS = count(1)


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """One process with both twins, for all of these tests."""
    with a_stand(tmp_path_factory.mktemp("stand")) as made:
        yield made


@pytest.fixture
def shop(stand: Stand) -> Shop:
    """A private repository of its own."""
    return Shop(stand, f"shop{next(NUMBERS)}")


@pytest.fixture
def public(stand: Stand) -> Shop:
    """A public one."""
    return Shop(stand, f"open{next(NUMBERS)}", private=False)
