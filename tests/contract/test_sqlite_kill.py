"""kill -9 at any moment: the file opens, holds the last commit that was told, and no half of any other."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from builders import NOON, REPOSITORY, an_envelope
from valine.services.sqlite.file import SqliteFile
from valine.services.sqlite.queue import SqliteQueue
from valine.services.sqlite.run_store import SqliteRunStore

TESTS = Path(__file__).resolve().parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}

# Commits a run, its repository's record, a step of history and a command at a time, and tells each version it stored.
WRITER = """
import asyncio, sys
import msgspec
from builders import *
from valine.ports import Commit
from valine.services.sqlite.queue import SqliteQueue
from valine.services.sqlite.run_store import SqliteRunStore
from valine.services.sqlite.file import SqliteFile

async def main():
    file = SqliteFile.open(sys.argv[1], exclusive=True)
    store, queue = SqliteRunStore(file), SqliteQueue(file)
    await queue.recover()
    while True:
        run = await store.run(REPOSITORY, 1) or a_run()
        record = await store.repository(REPOSITORY)
        inbox = an_inbox(f"c{run.version + 1}")
        await store.commit(Commit(run=run, repository=record, history=a_history(run), inbox=inbox), NOON)
        print(run.version + 1, flush=True)
        if run.version % 5 == 0:
            await queue.put(an_envelope(f"e{run.version}"), NOON)
        elif taken := await queue.receive(NOON):
            await queue.ack(taken)

asyncio.run(main())
"""


def last_told_before_kill(path: Path, seconds: float) -> int:
    """Let a process commit until it is killed: the last version that it told, 0 if none."""
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, env=ENVIRONMENT) as writer:
        assert writer.stdout
        first = writer.stdout.readline()
        time.sleep(seconds)
        writer.kill()
        lines = [first, *writer.stdout.readlines()]
    told = [int(line) for line in lines if line.endswith(b"\n")]
    return told[-1]


def check(path: Path, told: int) -> None:
    """The store is whole, as the port and as SQLite see it."""
    with closing(SqliteFile.open(path, exclusive=True)) as file:
        store = SqliteRunStore(file)
        run = asyncio.run(store.run(REPOSITORY, 1))
        assert run
        # What was told is there; the one commit after it may have happened before anybody could be told.
        assert run.version in {told, told + 1}
        assert asyncio.run(store.repository(REPOSITORY)).version == run.version
        steps = asyncio.run(store.history(REPOSITORY, 1))
        assert [step.number for step in steps] == list(range(1, run.version + 1))
        assert asyncio.run(store.inbox(f"c{run.version}", NOON))
        assert asyncio.run(store.inbox(f"c{run.version + 1}", NOON)) is None
        asyncio.run(SqliteQueue(file).put(an_envelope("after"), NOON))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def kill_again_and_again(path: Path, times: int) -> None:
    rng = random.Random(times)  # noqa: S311 - moments, not secrets
    for _ in range(times):
        told = last_told_before_kill(path, rng.uniform(0, 0.12))
        check(path, told)


def test_a_store_survives_being_killed(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path / "valine.db", times=3)


@pytest.mark.proof
def test_a_store_survives_being_killed_twenty_times(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path / "valine.db", times=20)
