"""A world for each test."""

from __future__ import annotations

import pytest

from twins.github.github_world import GitHubWorld


@pytest.fixture
def world() -> GitHubWorld:
    return GitHubWorld().start()
