"""`valine runs` reads what the functions on AWS have stored, as it reads a server's file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from acceptance.stories import REPOSITORY, a_team
from aws.lambda_world import an_account
from aws.test_the_day_on_lambda import put
from valine.cli import main

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof


async def test_runs_and_what_was_dead_lettered_are_listed_from_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with an_account() as account:
        async with a_team(1, compose=account.compose) as team:
            put(account, "no document at all")
            await team.starts()
        monkeypatch.setenv("VALINE_STORE", f"dynamodb://{account.table}")
        monkeypatch.setenv("VALINE_QUEUE_URL", account.queue_url)
        monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)

        codes = [in_a_thread(*words) for words in (["list"], ["show", "r1", "--history"], ["dead"])]

    assert codes == [0, 0, 0]
    said = capsys.readouterr().out
    assert "1 request was set aside" in said
    assert "PlanApproved" in said
    assert "makes no sense" in said


def test_the_address_of_the_queue_is_needed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VALINE_STORE", "dynamodb://RunStateTable")
    monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
    monkeypatch.delenv("VALINE_QUEUE_URL", raising=False)

    assert main(["runs", "list"]) == 2
    assert capsys.readouterr().err == "VALINE_QUEUE_URL is missing (VALINE_STORE is on AWS)\n"


def in_a_thread(*words: str) -> int:
    """The exit code of `valine runs`: it has a loop of its own, and this test one already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(main, ["runs", *words]).result()
