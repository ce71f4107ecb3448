"""A release that rewords everything and halves the page size, while a proposal is open on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acceptance import releases
from acceptance.stories import a_team

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.stories import Team


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/valine.db"


async def restart(team: Team) -> None:
    await team.world.restart()


async def test_an_open_proposal_is_approved_by_the_first_click_after_it(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_team(releases.ISSUES, store=store) as team:
        await releases.a_proposal_is_approved_after_it(team, monkeypatch, restart)


async def test_a_proposal_of_which_one_page_of_three_is_written_is_shown_whole_and_in_one_rendering(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_team(releases.ISSUES, store=store) as team:
        await releases.a_proposal_half_shown_is_shown_in_one_rendering(team, monkeypatch, restart)
