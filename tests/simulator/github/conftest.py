"""A world for each test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from github_world import GitHubWorld  # noqa: E402 - only importable once this folder is on the path


@pytest.fixture
def world() -> GitHubWorld:
    return GitHubWorld().start()
