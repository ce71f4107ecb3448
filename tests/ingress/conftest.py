import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from endpoints import EndpointsUnderTest


@pytest.fixture
def tested() -> Iterator[EndpointsUnderTest]:
    opened = EndpointsUnderTest()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def judge(shared: Path) -> Any:
    """Discord's own specification of what an interaction may be answered with."""
    sys.path.append(str(shared / "oracles"))
    try:
        from judge import DiscordJudge  # type: ignore[import-not-found, unused-ignore] # not part of the project
    finally:
        sys.path.remove(str(shared / "oracles"))
    return DiscordJudge()
