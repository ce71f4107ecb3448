"""A disk that is full, and one that cannot be written: people are told, nothing is lost, and it goes on by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from processes.load import burst, webhooks
from processes.town import Town, a_town, check_nothing_doubled
from waiting import until

pytestmark = pytest.mark.proof
SIZE = 16 * 1024 * 1024  # SQLite lets its log grow to 4 MB before it folds it into the file


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = os.getuid() == 0 and _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place))
    if not mounted:
        pytest.skip("no disk of our own: it takes root, and a system that lets it mount a tmpfs")
    yield place
    _run("umount", "--lazy", str(place))


def _run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def town(tmp_path: Path, disk: Path) -> Iterator[Town]:
    """The twins, and a server whose store lies on that disk."""
    with a_town(tmp_path) as made:
        made.keep_store_in(disk)
        made.serve()
        yield made


def fill(disk: Path) -> Path:
    """A file that takes what room there is."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while room := os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize:
            file.write(b"x" * room)
    return filler


def refused(town: Town) -> bool:
    """Whether a webhook is not taken any more: what room the store has left in its files is used up first."""
    return {one.status for one in asyncio.run(burst(town, webhooks(town, 20), 2))} == {503}


def healthy(town: Town) -> int:
    return httpx2.get(f"{town.product}/healthz", trust_env=False, timeout=30).status_code


def test_a_full_disk_is_told_and_when_there_is_room_again_the_day_goes_on(town: Town, disk: Path) -> None:
    pushed = town.valine("commands", "push", "--env", str(town.env))
    assert pushed.returncode == 0, pushed.stderr
    town.on_discord("command", by="Ana", name="plan")
    until("Ana sees the plan", lambda: town.button("Ana", "approve"))

    filler = fill(disk)
    until("the store is full", lambda: refused(town))
    town.clicks("Ana", "approve")
    until("Ana is told", lambda: "I could not store that, so nothing was changed" in str(town.guild()["ephemeral"]))
    assert (run := town.run()) is not None
    assert run.stage == "proposed"
    filler.unlink()
    until("a webhook is taken again", lambda: not refused(town))
    town.clicks("Ana", "approve")
    town.work()
    town.ship()

    check_nothing_doubled(town)
    assert town.lives == 1


def test_a_disk_that_fills_up_in_the_middle_of_the_work_only_makes_it_wait(town: Town, disk: Path) -> None:
    town.plan_and_approve()
    filler = fill(disk)
    until("the store is full", lambda: refused(town))
    until("the log says so", lambda: "There is no room left" in town.log.read_text())
    until("its health tells", lambda: healthy(town) == 503)
    filler.unlink()
    until("and that it is well again", lambda: healthy(town) == 200)
    town.work()
    town.ship()

    check_nothing_doubled(town)


def test_a_database_that_cannot_be_written_is_a_sentence_for_the_operator(town: Town, disk: Path) -> None:
    assert town.stop(signal.SIGTERM) == 0
    assert _run("mount", "-o", "remount,ro", str(disk))

    started = town.valine("serve", "--env", str(town.env), "--port", "0")
    listed = town.valine("runs", "list", "--env", str(town.env))

    assert started.returncode == 1
    assert "The user who runs Valine needs to" in started.stderr
    assert "Traceback" not in started.stderr + listed.stderr


def test_a_server_whose_store_is_taken_away_says_so_at_its_endpoints_and_to_who_asks_for_its_health(town: Town) -> None:
    town.store.rename(town.store.with_suffix(".away"))

    assert refused(town)
    assert httpx2.get(f"{town.product}/healthz", trust_env=False, timeout=30).status_code == 503
    town.store.with_suffix(".away").rename(town.store)
    assert not refused(town)
    assert httpx2.get(f"{town.product}/healthz", trust_env=False, timeout=30).status_code == 200
