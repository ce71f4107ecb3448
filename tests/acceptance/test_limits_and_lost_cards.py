"""What a reviewer found: cards that an earlier attempt made, limits that became hammers, ways out that were missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from acceptance.stories import a_team
from valine.ports import Commit

if TYPE_CHECKING:
    from acceptance.stories import Team


def commits(team: Team) -> int:
    return sum(path.endswith("/git/commits") and method == "POST" for _, method, path, _ in team.requests)


async def test_a_card_that_an_earlier_attempt_made_is_brought_up_to_date_before_it_counts_as_shown() -> None:
    async with a_team(2) as team:
        # Far enough apart that the second try comes after the edit: the nonce then answers with the first message.
        fault = {"kind": "error_after", "method": "POST", "route": "/channels/*/messages", "times": 2}
        team.world.on_discord("throw_fault", **fault)
        team.world.on_discord("command", by="Ana", name="plan", options={})
        for _ in range(60):
            await team.world.step()
            if len(team.channel()) == 1:
                break
        team.world.on_github("edit_issue", number=1, title="Delete the production database", by="dora")

        await team.world.settle()

        assert "Delete the production database" in team.card()
        assert len([message for message in team.channel() if "card" in message["text"]]) == 1


async def test_a_limit_quietens_all_writes_and_burns_no_budget() -> None:
    async with a_team(12) as team:
        await team.says("/plan", by="Ana")
        fault = {"kind": "secondary_limit", "method": "POST", "route": "*/git/commits", "times": -1}
        team.world.on_github("throw_fault", **fault)
        await team.clicks("Approve", by="Ana")

        await team.wait(minutes=5)

        record = await team.world.system.store.repository("acme/rocket")
        assert commits(team) <= 8
        assert len(record.writes) <= 2 * commits(team)
        assert {entry.attempts for entry in (await team.run()).pending.values()} == {0}

        team.world.on_github("clear_faults")
        await team.wait(minutes=5)

        assert (await team.run()).stage == "tracking"


async def test_a_finished_run_tidies_up_however_long_the_hours_limit_makes_it_wait() -> None:
    async with a_team(8) as team:
        await team.is_ready()
        store = team.world.system.store
        record = await store.repository("acme/rocket")
        now = team.world.clock.now()
        spent = tuple(int(now.timestamp()) - 3600 + 30 * n for n in range(1, 481))
        await store.commit(Commit(repository=msgspec.structs.replace(record, writes=tuple(sorted(spent))[:480])), now)

        await team.ships(by="Ana")
        await team.wait(hours=3)

        run = await team.run()
        assert (run.status, run.pending) == ("completed", {})
        assert [issue["labels"] for issue in team.repository()["issues"]] == [["ready"]] * 8
        assert set(team.repository()["branches"]) == {"main"}
