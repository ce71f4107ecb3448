"""What every test can rely on: examples enough and no deadlines, and the workplace's shared files where they are.

Sockets (loopback only), random order, asyncio and markers are set in pyproject.toml.
"""

import logging
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# Deadlines measure the machine, not the code: two cores shared by pytest's workers make any of them flaky. The same
# examples each time, so that a change fails for what it changed; new ones are looked for with `explore`.
settings.register_profile("test", max_examples=50, deadline=None, print_blob=True, derandomize=True)
settings.register_profile(
    "proof",
    max_examples=1000,
    deadline=None,
    print_blob=True,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", settings.get_profile("proof"), derandomize=False)
settings.load_profile("test")

# Tests that import what only ./dev prove installs; all of them are proofs, so that ./dev test runs none of them anyway.
PROOFS_WITH = {
    "discord": ("outside/test_discord_py.py",),
    "github": ("outside/test_pygithub.py",),
    "moto": ("aws/test_package.py",),
}
collect_ignore = [file for package, files in PROOFS_WITH.items() if find_spec(package) is None for file in files]


LONGEST_PROOF = 120  # seconds; what takes longer is marked slow, so that .ci/run goes without it


def pytest_report_header() -> str:
    """Says what is left out, and how to have it."""
    return f"left out (./dev prove installs what they import): {', '.join(collect_ignore) or 'nothing'}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names proofs that should be marked slow; a busy machine is no failure."""
    passed = terminalreporter.getreports("passed")
    late = [one for one in passed if one.duration > LONGEST_PROOF and "slow" not in one.keywords]
    for report in late:
        terminalreporter.write_line(f"took {report.duration:.0f} s and is not marked slow: {report.nodeid}")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Commands set up logging for their process; here that process goes on."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


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
