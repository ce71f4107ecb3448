"""A furnished stage for each test."""

import pytest

from twins.discord.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()
