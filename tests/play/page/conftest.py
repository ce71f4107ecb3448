from collections.abc import Iterator
from typing import Any

import pytest

from play.page.house import House, a_house, chromium


@pytest.fixture
def house() -> Iterator[House]:
    """The page, served by a process of its own."""
    with a_house() as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, once for a module."""
    with chromium() as found:
        yield found
