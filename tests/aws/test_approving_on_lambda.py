"""A refused approval heals itself on Lambda, too: the worker's process that hears the second click may be a new one."""

from __future__ import annotations

import pytest

from acceptance.stories import a_plan_that_is_not_fully_shown, a_team, it_is_shown_by_being_approved
from aws.lambda_world import an_account

pytestmark = pytest.mark.proof


@pytest.mark.parametrize("permission", ["SEND_MESSAGES_IN_THREADS", "CREATE_PUBLIC_THREADS"])
async def test_a_plan_that_was_not_fully_shown_is_shown_by_a_first_click_and_approved_by_a_second(
    permission: str,
) -> None:
    with an_account() as account:
        async with a_team(26, compose=account.compose) as team:
            await a_plan_that_is_not_fully_shown(team, permission)

            await it_is_shown_by_being_approved(team)
