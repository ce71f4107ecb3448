"""The instructions of docs/recovery.md, followed word for word with real processes."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from processes.town import Town, check_nothing_doubled
from waiting import until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof


def test_a_backup_taken_beside_the_server_is_restored_and_the_day_goes_on(town: Town, tmp_path: Path) -> None:
    town.plan_and_approve()
    town.reached("tracking")
    backed_up = town.valine("runs", "backup", str(tmp_path / "copy.db"), "--env", str(town.env))
    assert backed_up.returncode == 0, backed_up.stderr
    town.work()

    assert town.stop(signal.SIGTERM) == 0
    for file in town.store.parent.glob(f"{town.store.name}*"):
        file.unlink()
    (tmp_path / "copy.db").rename(town.store)
    town.serve()
    until("the work done since is seen", town.all_ready)
    town.ship()

    check_nothing_doubled(town)


def test_rotated_secrets_take_a_restart_and_cost_nothing(town: Town) -> None:
    town.plan_and_approve()
    town.reached("tracking")
    old = town.setting("GITHUB_TOKEN")
    new = town.on_github("issue_token", login="valine-bot")["token"]
    hook = town.on_github("create_hook", url=f"{town.product}/github/webhook", secret="another secret")
    assert hook["hook_id"]

    assert town.stop(signal.SIGTERM) == 0
    town.on_github("revoke_token", token=old)
    town.serve(GITHUB_TOKEN=new, GITHUB_WEBHOOK_SECRET="another secret")
    town.work()
    town.ship()

    check_nothing_doubled(town)
    assert "the signature does not fit" not in town.log.read_text()
    assert "github: not trusted" in town.log.read_text()  # the old hook, until somebody deletes it


def test_what_was_dead_lettered_is_listed_and_put_back(town: Town) -> None:
    pushed = town.valine("commands", "push", "--env", str(town.env))
    assert pushed.returncode == 0, pushed.stderr
    town.on_discord("throw_fault", kind="error_before", route="*/@original", status=400, times=1)
    town.on_discord("command", by="Ana", name="approve", options={"run": "r9"})

    def dead() -> list[str]:
        listed = town.valine("runs", "dead", "--env", str(town.env))
        return [word for word in listed.stdout.split() if word.startswith("discord:")]

    name, *_ = until("it is set aside", dead)
    again = town.valine("runs", "redrive", name, "--env", str(town.env))

    assert again.returncode == 0, again.stderr
    until("Ana is told", lambda: "no such run" in str(town.guild()["ephemeral"].get("Ana")))
    with closing(sqlite3.connect(town.store)) as connection:
        assert connection.execute("SELECT id FROM dead_letter").fetchall() == []
