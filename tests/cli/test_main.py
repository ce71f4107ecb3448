"""What `valine` says when nothing can be done: a sentence and an exit code, whatever went wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from valine import __version__
from valine.cli import app, main
from valine.errors import StoreError

OURS = ("VALINE_", "GITHUB_", "DISCORD_")


@pytest.fixture(autouse=True)
def _nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)


def valine(*arguments: str, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "valine", *arguments],
        env=os.environ | {"PYTHONPATH": str(root / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"valine {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["runs", "list", "--help"]])
def test_help_is_given(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith("Usage: valine")


@pytest.mark.parametrize(
    "arguments", [["fly"], ["serve", "--port", "high"], ["serve", "--env", "nowhere"], ["runs", "show"]]
)
def test_what_is_asked_for_wrongly_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Error: " in capsys.readouterr().err


def test_help_imports_nothing_that_it_does_not_need(root: Path) -> None:
    code = "import sys; from valine.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"

    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(root / "src")}, capture_output=True, text=True, check=True
    )

    heavy = {"asyncio", "cryptography", "httpx2", "msgspec", "rich", "starlette", "uvicorn", "valine.bootstrap"}
    assert heavy & set(done.stderr.split()) == set()


def test_every_missing_setting_is_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve"]) == 2
    *lines, where = capsys.readouterr().err.splitlines()
    assert where.startswith("Settings are read from the environment and from .env")
    assert [line.split()[0] for line in lines] == [
        "DISCORD_APPLICATION_ID",
        "DISCORD_BOT_TOKEN",
        "GITHUB_REPOSITORY",
        "GITHUB_TOKEN",
        "DISCORD_PUBLIC_KEY",
        "DISCORD_GUILD_ID",
        "GITHUB_WEBHOOK_SECRET",
    ]


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any command fails with this."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("valine.settings.store_url", fail)


def test_an_unexpected_error_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(ZeroDivisionError("oh\nno"), monkeypatch)

    assert main(["runs", "list"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Something unexpected happened (ZeroDivisionError: oh). ")
    assert said.count("\n") == 1


def test_debug_shows_where_it_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(ZeroDivisionError(), monkeypatch)

    with pytest.raises(ZeroDivisionError):
        main(["--debug", "runs", "list"])


def test_an_interruption_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(KeyboardInterrupt(), monkeypatch)

    assert main(["runs", "list"]) == 130
    assert capsys.readouterr().err == ""


def test_a_store_that_cannot_be_used_is_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    raising(StoreError("It is broken. Mend it."), monkeypatch)

    assert main(["runs", "list"]) == 1
    assert capsys.readouterr().err == "It is broken. Mend it.\n"


def test_ctrl_c_ends_the_twins_quietly(root: Path) -> None:
    with valine("simulate", "--port", "0", root=root) as twins:
        assert twins.stdout
        first = twins.stdout.readline()
        time.sleep(0.1)
        twins.send_signal(signal.SIGINT)
        _, said = twins.communicate(timeout=20)

    assert first.startswith("# GitHub's twin: http://127.0.0.1:")
    assert (twins.returncode, said) == (130, "")


def test_a_reader_that_goes_away_is_no_error(root: Path) -> None:
    with valine("--help", root=root) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        assert "Traceback" not in process.stderr.read()


def test_all_commands_are_there() -> None:
    names = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    known = {"serve", "simulate", "demo", "scenario", "doctor", "replay", "runs", "commands"}
    assert names == known
