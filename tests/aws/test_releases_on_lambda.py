"""A release that rewords everything and halves the page size, while a proposal is open on AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from acceptance import releases
from acceptance.stories import a_team
from aws.lambda_world import LambdaSystem, an_account
from rewording import release

if TYPE_CHECKING:
    from acceptance.stories import Team

pytestmark = pytest.mark.proof


def functions(team: Team) -> LambdaSystem:
    return cast("LambdaSystem", cast("Any", team.world.system))


async def cold_start(team: Team) -> None:
    functions(team).cold_start()


async def test_an_open_proposal_is_approved_by_the_first_click_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with an_account() as account:
        async with a_team(releases.ISSUES, compose=account.compose) as team:
            await releases.a_proposal_is_approved_after_it(team, monkeypatch, cold_start)


async def test_a_proposal_of_which_one_page_of_three_is_written_is_shown_whole_and_in_one_rendering(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with an_account() as account:
        async with a_team(releases.ISSUES, compose=account.compose) as team:
            await releases.a_proposal_half_shown_is_shown_in_one_rendering(team, monkeypatch, cold_start)


async def test_what_the_older_build_wrote_wakes_nobody_and_is_rewritten_once_its_run_is_handled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with an_account() as account:
        async with a_team(2, compose=account.compose) as team:
            await team.says("/plan", by="Ana")
            before, slept_until = team.card(), (await team.run()).wake_at
            release(monkeypatch, releases.NEW)
            await cold_start(team)
            await team.wait(hours=20)
            left, woken = team.card(), functions(team).engine.woken

            await team.github("add_label", number=1, label="another", by="ana")
            await team.github("remove_label", number=1, label="another", by="ana")  # looked at, and nothing changed
            await team.wait(minutes=2)

            assert (left, woken) == (before, 0)
            assert (await team.run()).wake_at == slept_until
            assert "PLAN R1: 2 ISSUES INTO MAIN" in team.card()
