"""The fifteen things that go wrong between Discord and GitHub, one named test each.

On the way (this file):
 1. a write is applied, and answered 502
 2. webhooks are lost
 3. the same delivery comes thrice, and at once
 4. a crash before the commit, then the redelivery
 5. events in any order
12. a secondary limit without headers, or as a 200
14. the token expires, or the permission is revoked, in the middle
15. reads lag behind writes, and writes are dropped silently

Of the work and its checks (test_fifteen_failures_of_the_work.py):
 6. a push between /approve and /ship
 7. a re-run makes a check vanish
 8. a check's result is stale, or superseded
 9. a check never ends, or there is no CI at all
10. mergeable is null, and "Base branch was modified"
11. a merge queue or a ruleset refuses
13. the head of the line fails: independent pull requests ship, dependants wait
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.crashes import Crash
from acceptance.ends_well import one_of_everything
from acceptance.stories import a_team

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from acceptance.stories import Team
    from valine.ports import Commit

POLICY = '[tasks]\nassignees = ["ana", "ben"]\n[ship]\nrelease = true\n'
WRITES = (
    *(("POST", f"/repos/*/{route}") for route in ("git/commits", "git/refs", "pulls", "comments", "releases")),
    *(("POST", f"*/issues/*/{route}") for route in ("labels", "assignees")),
    *(("PUT", "*/merge"), ("DELETE", "*/git/refs/*"), ("DELETE", "*/labels/*")),
)


async def a_day(team: Team) -> None:
    """From /plan to the last merge, by people who wait until they see what they need."""
    await team.says("/plan", by="Ana")
    await team.wait(minutes=5)
    await team.clicks("Approve", by="Ana")
    await team.wait(minutes=20)
    for task in (await team.run()).tasks:
        await team.finishes(task)
    await team.wait(minutes=20)
    await team.ships(by="Ana")
    await team.wait(minutes=30)


async def test_1_a_write_that_is_applied_and_answered_502_is_not_made_again() -> None:
    async with a_team(2, policy=POLICY) as team:
        applied: dict[str, Any] = {"kind": "error_after", "status": 502}
        for method, route in WRITES:
            team.world.on_github("throw_fault", method=method, route=route, **applied)
        for method, route in (("POST", "*/messages"), ("POST", "*/threads"), ("PATCH", "*/messages/*")):
            team.world.on_discord("throw_fault", method=method, route=route, **applied)

        await a_day(team)

        await one_of_everything(team)
        assert len(team.merges()) == 2
        assert [release["tag"] for release in team.repository()["releases"]] == ["valine-r1"]


async def test_2_when_every_webhook_is_lost_the_day_ends_the_same() -> None:
    async with a_team(2) as team:
        team.world.on_github("throw_fault", kind="webhook_dropped", times=-1)

        await a_day(team)

        await one_of_everything(team)


async def test_3_the_same_delivery_thrice_and_at_once_counts_once() -> None:
    async with a_team(2, policy=POLICY) as team:
        team.world.on_github("throw_fault", kind="webhook_doubled", times=-1)

        await thrice(team, "command", name="plan", options={})
        assert len((await team.world.system.store.repository("acme/rocket")).active) == 1
        await thrice(team, "click", label="Approve")
        assert team.reply("Ana").startswith("You approved r1")
        assert len((await team.run()).approvals) == 1
        for task in (await team.run()).tasks:
            await team.finishes(task)
        for delivery in [entry["guid"] for entry in team.world.github.view()["deliveries"]]:
            await team.github("redeliver", delivery=delivery)
        await team.says("/ship", by="Ana")
        await thrice(team, "click", label="Merge 2 pull requests")

        await one_of_everything(team)
        assert len(team.merges()) == 2
        assert (await team.run()).rounds == 1


async def thrice(team: Team, action: str, **arguments: Any) -> None:
    """Ana does it once, and Discord delivers it twice at once, and once more when all has come of it."""
    team.world.on_discord("throw_fault", kind="webhook_doubled")
    sent = team.world.on_discord(action, by="Ana", **arguments)
    await team.world.settle()
    team.world.on_discord("redeliver", delivery=sent["delivery"])
    await team.world.settle()


async def test_4_a_crash_before_the_commit_and_the_redelivery_are_one_order(tmp_path: Path) -> None:
    async with a_team(2, policy=POLICY, store=f"sqlite:///{tmp_path}/valine.db") as team:
        await dies_before_its_commit(team, "command", name="plan", options={})
        assert len((await team.world.system.store.repository("acme/rocket")).active) == 1
        await dies_before_its_commit(team, "click", label="Approve")
        assert len((await team.run()).approvals) == 1
        for task in (await team.run()).tasks:
            await team.finishes(task)
        await team.says("/ship", by="Ana")
        await dies_before_its_commit(team, "click", label="Merge 2 pull requests")

        await one_of_everything(team)
        assert len(team.merges()) == 2


async def dies_before_its_commit(team: Team, action: str, **arguments: Any) -> None:
    """Ana does it; the process that decided it dies before that is stored; another starts, and it comes again."""

    async def commit(commit: Commit, now: datetime) -> None:
        raise Crash(commit, now)

    team.world.system.store.commit = commit  # type: ignore[method-assign]
    sent = team.world.on_discord(action, by="Ana", **arguments)
    with pytest.raises(Crash):
        await team.world.settle()
    await team.world.restart()
    team.world.on_discord("redeliver", delivery=sent["delivery"])
    await team.world.settle()


@pytest.mark.parametrize("seed", range(5))
async def test_5_events_in_any_order_end_the_same(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - an order, not a secret
    async with a_team(3) as team:
        for _ in range(200):
            late = {"kind": "webhook_late", "seconds": rng.choice([0, 0, 1, 5, 30, 300, 3600])}
            team.world.on_github("throw_fault", **late)

        await a_day(team)
        await team.wait(hours=2)

        await one_of_everything(team)


@pytest.mark.parametrize("kind", ["secondary_limit", "graphql_limit"])
async def test_12_a_limit_without_headers_or_as_a_200_only_takes_time(kind: str) -> None:
    async with a_team(2, policy=POLICY) as team:
        for method, step in (("POST", "*/git/refs"), ("PUT", "*/merge")):
            team.meanwhile(method, step, lambda: team.world.on_github("throw_fault", kind=kind, times=3))

        await a_day(team)

        await one_of_everything(team)
        assert team.world.github.view()["limits"]["refused_secondary"] == 0


@pytest.mark.parametrize("lost", ["token", "permission"])
@pytest.mark.parametrize("step", ["git/commits", "pulls", "labels", "assignees", "comments"])
async def test_14_a_token_that_expires_or_a_permission_that_is_revoked_is_waited_for(lost: str, step: str) -> None:
    async with a_team(2, policy=POLICY) as team:
        secret = team.world.system.settings.github_token
        assert secret is not None
        gone, back = {
            "token": (
                ("revoke_token", {"token": secret.reveal()}),
                ("issue_token", {"login": "valine-bot", "value": secret.reveal()}),
            ),
            "permission": (
                ("remove_member", {"login": "valine-bot"}),
                ("add_member", {"login": "valine-bot", "role": "write"}),
            ),
        }[lost]
        await team.says("/plan", by="Ana")
        team.meanwhile("POST", f"/repos/*/{step}", lambda: team.world.on_github(gone[0], **gone[1]))

        await team.clicks("Approve", by="Ana")
        await team.wait(hours=3)
        assert (await team.run()).status == "in_progress"
        assert "GitHub has not let me in since" in team.board()
        await team.github(back[0], **back[1])
        await team.wait(minutes=30)
        assert await team.states() == {1: "started", 2: "started"}
        assert [issue["assignees"] for issue in team.repository()["issues"]] == [["ana"], ["ben"]]
        for task in (await team.run()).tasks:
            await team.finishes(task)
        await team.ships(by="Ana")

        await one_of_everything(team)


async def test_15_reads_that_lag_and_writes_that_are_dropped_are_noticed() -> None:
    async with a_team(2, policy=POLICY) as team:
        await team.says("/plan", by="Ana")
        for method, route in WRITES:
            team.world.on_github("throw_fault", kind="dropped_write", method=method, route=route)
        team.world.on_github("throw_fault", kind="read_lag", route="/graphql", times=12, seconds=20)

        await team.clicks("Approve", by="Ana")
        await team.wait(minutes=20)
        for task in (await team.run()).tasks:
            await team.finishes(task)
        await team.wait(minutes=1)
        team.world.on_github("throw_fault", kind="read_lag", route="/graphql", times=8, seconds=20)
        await team.ships(by="Ana")
        await team.wait(minutes=20)

        await one_of_everything(team)
        assert [release["tag"] for release in team.repository()["releases"]] == ["valine-r1"]
