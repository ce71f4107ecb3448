"""`valine runs`, on a store that somebody else has open and writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from builders import NOON, REPOSITORY, a_command_envelope, a_history, a_run, a_task, after, an_approval
from valine.cli import app, main
from valine.cli.command_error import Debug
from valine.orchestrator.model.run import Active, Pending, Repository
from valine.orchestrator.model.states import IssueNumber, RunNumber, RunStatus, RunUid, Stage
from valine.ports import Commit
from valine.services.sqlite.file import SqliteFile
from valine.services.sqlite.queue import SqliteQueue
from valine.services.sqlite.run_store import SqliteRunStore

runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `valine` is called, with nothing set but the repository."""
    monkeypatch.chdir(tmp_path)
    for name in ("VALINE_STORE", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(f"GITHUB_REPOSITORY={REPOSITORY}\n")
    return tmp_path


@pytest.fixture
def file(folder: Path) -> Iterator[SqliteFile]:
    """A server's file."""
    with closing(SqliteFile.open(folder / "valine.db", exclusive=True)) as file:
        yield file


@pytest.fixture
def store(file: SqliteFile) -> SqliteRunStore:
    """A server's store."""
    return SqliteRunStore(file)


@pytest.fixture
def queue(file: SqliteFile) -> SqliteQueue:
    """A server's queue."""
    return SqliteQueue(file)


async def dead_letter(queue: SqliteQueue, *ids: str) -> None:
    """Commands that could not be dealt with, one after the other."""
    for name in ids:
        await queue.put(a_command_envelope(name), NOON)
        taken = await queue.receive(NOON)
        assert taken is not None
        await queue.dead_letter(taken, "KeyError: a mistake\x1b[31m")


async def fill(store: SqliteRunStore) -> None:
    """r1 and r3 are over, r2 is active."""
    for number, status, stage in ((1, "completed", "done"), (2, "in_progress", "tracking"), (3, "cancelled", "done")):
        run = a_run(
            number=RunNumber(number),
            uid=RunUid(f"uid{number}aaaaaaaa"),
            status=RunStatus(status),
            stage=Stage(stage),
            created_at=after(number),
            tasks=(a_task(IssueNumber(40 + number), title="Log in\x1b[31m [red]"),),
            approvals=(an_approval(),),
        )
        await store.commit(Commit(run=run, history=a_history(run)), after(0))
    active = Active(uid=RunUid("uid2aaaaaaaa"), number=RunNumber(2), status=RunStatus.IN_PROGRESS)
    await store.commit(Commit(repository=Repository(name=REPOSITORY, active=(active,))), after(0))


def test_active_runs_come_first_and_then_the_recent_ones(store: SqliteRunStore) -> None:
    asyncio.run(fill(store))

    result = runner.invoke(app, ["runs", "list"], obj=Debug())

    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["Run", "r2", "r3", "r1"]


def test_the_list_is_json_for_programs(store: SqliteRunStore) -> None:
    asyncio.run(fill(store))

    result = runner.invoke(app, ["runs", "list", "--json", "--all"], obj=Debug())

    assert [run["run"] for run in json.loads(result.stdout)] == ["r2", "r3", "r1"]


def test_all_runs_are_listed_only_if_asked_for(store: SqliteRunStore) -> None:
    async def many() -> None:
        for number in range(1, 61):
            run = a_run(number=RunNumber(number), created_at=after(number))
            await store.commit(Commit(run=run), after(0))

    asyncio.run(many())

    few = runner.invoke(app, ["runs", "list", "--json"], obj=Debug())
    every = runner.invoke(app, ["runs", "list", "--json", "--all"], obj=Debug())

    assert [run["run"] for run in json.loads(few.stdout)] == [f"r{number}" for number in range(60, 50, -1)]
    assert [run["run"] for run in json.loads(every.stdout)] == [f"r{number}" for number in range(60, 0, -1)]


@pytest.mark.parametrize("name", ["r2", "R2", "2"])
def test_a_run_is_shown_with_its_tasks_and_steps(store: SqliteRunStore, name: str) -> None:
    asyncio.run(fill(store))

    result = runner.invoke(app, ["runs", "show", name, "--history"], obj=Debug())

    assert result.exit_code == 0
    assert f"r2 of {REPOSITORY}: in_progress, tracking" in result.stdout
    assert "#42" in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stdout.count("Step") == 1


def test_a_run_is_json_for_programs(store: SqliteRunStore) -> None:
    asyncio.run(fill(store))

    shown = json.loads(runner.invoke(app, ["runs", "show", "r2", "--json", "--history"], obj=Debug()).stdout)

    assert (shown["number"], shown["status"], len(shown["history"])) == (2, "in_progress", 1)


def test_an_unknown_run_is_said_so(store: SqliteRunStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "show", "r9"]) == 1
    assert capsys.readouterr().err.startswith(f"There is no run r9 of {REPOSITORY}.")
    assert main(["runs", "show", "nine"]) == 2
    assert capsys.readouterr().err == "nine is no run: runs are named like r12.\n"


def test_an_empty_store_says_what_makes_a_run(store: SqliteRunStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "list"]) == 0
    assert capsys.readouterr().out == f"There is no run of {REPOSITORY} yet. /plan proposes one.\n"


@pytest.mark.parametrize(
    ("ids", "line"),
    [
        (["c1"], "1 request was set aside: `valine runs dead`"),
        (["c1", "c2"], "2 requests were set aside: `valine runs dead`"),
    ],
)
def test_the_list_ends_with_what_was_dead_lettered(
    store: SqliteRunStore, queue: SqliteQueue, ids: list[str], line: str
) -> None:
    asyncio.run(fill(store))
    asyncio.run(dead_letter(queue, *ids))

    result = runner.invoke(app, ["runs", "list"], obj=Debug())

    assert result.stdout.splitlines()[-1] == line
    assert len(json.loads(runner.invoke(app, ["runs", "list", "--json"], obj=Debug()).stdout)) == 3


def test_what_was_dead_lettered_is_listed_without_its_token(queue: SqliteQueue) -> None:
    asyncio.run(dead_letter(queue, "c1", "c2"))

    shown = runner.invoke(app, ["runs", "dead"], obj=Debug()).stdout
    document = runner.invoke(app, ["runs", "dead", "--json"], obj=Debug()).stdout

    assert [line.split()[:2] for line in shown.splitlines()] == [["Id", "Attempts"], ["c1", "1"], ["c2", "1"]]
    assert "KeyError: a mistake" in shown
    assert "\x1b" not in shown
    assert json.loads(document)[0] == {"id": "c1", "trouble": "KeyError: a mistake\x1b[31m", "attempts": 1}
    assert "token" not in shown + document


def test_a_request_that_was_dead_lettered_is_put_back(queue: SqliteQueue, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(dead_letter(queue, "c1", "c2"))

    assert main(["runs", "redrive", "c1"]) == 0
    assert main(["runs", "redrive", "c1"]) == 1

    assert capsys.readouterr() == (
        "c1 is on the queue again.\n",
        "No request c1 was set aside. `valine runs dead` lists them.\n",
    )
    assert asyncio.run(queue.depth()) == 1
    assert [letter.id for letter in asyncio.run(queue.dead_letters())] == ["c2"]


def test_where_nothing_was_dead_lettered_it_says_so(queue: SqliteQueue, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "dead"]) == 0

    assert capsys.readouterr().out == "Nothing was set aside.\n"


def test_no_store_is_a_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "list"]) == 1
    assert capsys.readouterr().err.startswith(f"There is no store at {folder / 'valine.db'} yet.")
    assert not (folder / "valine.db").exists()


def test_a_missing_repository_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".env").unlink()

    assert main(["runs", "list"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "GITHUB_REPOSITORY is missing",
        "Settings are read from the environment and from .env (or --env FILE); .env.example names them all.",
    ]


def test_what_a_run_still_has_to_do_is_shown_with_its_trouble(store: SqliteRunStore) -> None:
    pending = {"label:41": Pending(since=NOON, attempts=3, not_before=after(60), trouble="GitHub answered 502")}
    run = a_run(7, tasks=(a_task(),), pending=pending, wake_at=after(60))
    asyncio.run(store.commit(Commit(run=run), NOON))

    result = runner.invoke(app, ["runs", "show", "r7"], obj=Debug())

    told = "To do: label:41, tried 3 times, again 2026-11-02 12:01:00 UTC: GitHub answered 502"
    assert told in result.stdout
    assert "Wakes 2026-11-02 12:01:00 UTC" in result.stdout


def test_a_backup_holds_what_a_running_server_has_committed(store: SqliteRunStore, folder: Path) -> None:
    asyncio.run(fill(store))

    result = runner.invoke(app, ["runs", "backup", "copy.db"], obj=Debug())
    (folder / ".env").write_text(f"GITHUB_REPOSITORY={REPOSITORY}\nVALINE_STORE=sqlite:///copy.db\n")
    shown = runner.invoke(app, ["runs", "show", "r2"], obj=Debug())

    assert "The store is copied to copy.db" in result.stdout
    assert (folder / "copy.db").stat().st_mode & 0o777 == 0o600
    assert shown.exit_code == 0
    assert f"r2 of {REPOSITORY}" in shown.stdout


def test_a_backup_overwrites_nothing(store: SqliteRunStore, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(fill(store))
    (folder / "mine.db").write_text("mine")

    assert main(["runs", "backup", "mine.db"]) == 1

    assert "mine.db cannot be made" in capsys.readouterr().err
    assert (folder / "mine.db").read_text() == "mine"
