"""What every test can rely on: examples enough and no deadlines, and the workplace's shared files where they are.

Sockets (loopback only), random order, asyncio and markers are set in pyproject.toml.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# Deadlines measure the machine, not the code: two cores shared by pytest's workers make any of them flaky.
settings.register_profile("test", max_examples=50, deadline=None, print_blob=True)
settings.register_profile(
    "proof", max_examples=1000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("test")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The workplace's specifications and oracles, beside the project; the test is skipped where they are absent."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no ../shared here: nothing to hold this against")
    return folder
