"""What docs/recovery.md says of a store that is an older copy, or gone: tried, with all that went on meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.stories import a_team
from valine.services.sqlite.file import SqliteFile

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.stories import Team


def at(folder: Path) -> str:
    return f"sqlite:///{folder}/valine.db"


async def comes_back_with(team: Team, folder: Path, backup: Path | None) -> None:
    """The server stops, its store is replaced by that copy (None: by nothing), and it starts again."""
    await team.world.system.aclose()
    put_back(folder, backup)
    await team.world.restart()
    await team.world.settle()


def put_back(folder: Path, backup: Path | None) -> None:
    for file in folder.glob("valine.db*"):
        file.unlink()
    if backup is not None:
        backup.rename(folder / "valine.db")


def copied(team: Team, folder: Path) -> Path:
    """A copy, as `valine runs backup` makes it."""
    file: SqliteFile = team.world.system.file
    file.back_up(folder / "copy.db")
    return folder / "copy.db"


async def test_what_was_shipped_after_the_backup_is_seen_and_not_shipped_again(tmp_path: Path) -> None:
    async with a_team(2, store=at(tmp_path)) as team:
        await team.starts()
        backup = copied(team, tmp_path)
        for task in (await team.run()).tasks:
            await team.finishes(task)
        await team.ships(by="Ana")
        merges = len(team.merges())

        await comes_back_with(team, tmp_path, backup)
        await team.wait(minutes=20)

        assert await team.states() == {1: "merged", 2: "merged"}
        assert (await team.run()).status == "completed"
        assert len(team.merges()) == merges == 2
        assert len(team.channel()) == 2  # the card and the board, as before


async def test_work_done_while_the_store_was_away_is_found_by_the_first_refresh(tmp_path: Path) -> None:
    async with a_team(2, store=at(tmp_path)) as team:
        await team.starts()
        backup = copied(team, tmp_path)
        for task in (await team.run()).tasks:
            await team.finishes(task)
        await team.github("comment", number=2, body="/valine drop", by="ben")

        await comes_back_with(team, tmp_path, backup)
        await team.wait(minutes=16)

        assert await team.states() == {1: "ready", 2: "dropped"}
        answers = [one for one in team.repository()["comments"] if one["author"] == "valine-bot" and one["number"] == 2]
        assert len(answers) == 2  # what it told when it started, and the answer to the drop: not given twice


async def test_a_run_that_only_the_lost_store_knew_is_planned_again_and_its_pull_requests_adopted(
    tmp_path: Path,
) -> None:
    async with a_team([{"title": "One"}, {"title": "Two", "labels": ["next"]}], store=at(tmp_path)) as team:
        await team.starts()
        backup = copied(team, tmp_path)
        (lost,) = await team.starts(label="next", number=2)

        await comes_back_with(team, tmp_path, backup)
        stale = await team.clicks("Retry", by="Ana")
        (again,) = await team.starts(label="next", number=2)
        await team.finishes(again)
        await team.says("/ship r2", by="Ana")
        await team.clicks("Merge 1 pull request", by="Ana")

        assert "There is no such run" in stale
        assert again.pull_request == lost.pull_request
        assert len(team.repository()["pull_requests"]) == 2
        assert await team.states(2) == {2: "merged"}


async def test_with_the_whole_store_lost_a_new_plan_goes_on_with_what_is_on_github(tmp_path: Path) -> None:
    async with a_team(2, store=at(tmp_path)) as team:
        before = await team.starts()

        await comes_back_with(team, tmp_path, None)
        after = await team.is_ready()
        await team.ships(by="Ana")

        assert [task.pull_request for task in after] == [task.pull_request for task in before]
        assert len(team.repository()["pull_requests"]) == 2
        assert len(team.merges()) == 2
        assert (await team.run()).status == "completed"


async def test_a_branch_left_over_from_a_lost_store_is_deleted_by_people_and_retried(tmp_path: Path) -> None:
    async with a_team(1, store=at(tmp_path)) as team:
        (before,) = await team.starts()
        await comes_back_with(team, tmp_path, None)
        await team.github("close_pull_request", number=before.pull_request, by="ana")
        await team.starts()
        held = team.board()

        await team.github("delete_branch", branch=before.branch, by="ana")
        await team.clicks("Retry", by="Ana")

        assert "is not mine" in held
        assert await team.states() == {1: "started"}


async def test_a_bots_token_that_ended_is_waited_for_and_cards_and_boards_follow(tmp_path: Path) -> None:
    async with a_team(2, store=at(tmp_path), judged=False) as team:
        await team.says("/plan", by="Ana")
        team.world.on_discord("throw_fault", kind="error_before", route="*/channels/*", status=401, times=-1)
        await team.clicks("Approve", by="Ana")
        await team.wait(hours=1)
        assert await team.states() == {1: "started", 2: "started"}

        team.world.on_discord("clear_faults")
        await team.world.restart()
        await team.wait(minutes=15)

        assert "tracking" in team.board()
        assert len(team.channel()) == 2
        assert (await team.run()).pending == {}
