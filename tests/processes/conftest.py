from collections.abc import Iterator
from pathlib import Path

import pytest

from processes.town import Town, a_town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """The twins and the server, in processes of their own."""
    with a_town(tmp_path) as made:
        made.serve()
        yield made
