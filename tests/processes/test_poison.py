"""A request that stops its worker is handled three times at most, whatever ends the process: here it is killed."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import pytest

from builders import a_command_envelope, an_envelope
from valine.engine.worker import MOST_RECEIPTS
from valine.services.clock import SystemClock
from valine.services.sqlite.file import SqliteFile
from valine.services.sqlite.queue import SqliteQueue

if TYPE_CHECKING:
    from pathlib import Path

KILLED = -9

# A process as `valine serve` has it: it recovers what was in hand, and works. The engine is killed by one envelope.
WORKER = """
import asyncio, os, signal, sys
from valine.services.clock import SystemClock
from valine.services.sqlite.queue import SqliteQueue
from valine.services.sqlite.file import SqliteFile
from valine.engine.worker import Worker

class Engine:
    async def handle(self, taken):
        print("handled", taken.envelope.id, flush=True)
        if taken.envelope.id == "poison":
            os.kill(os.getpid(), signal.SIGKILL)

    async def give_up(self, envelope):
        print("answered", envelope.id, envelope.reply_to.token, flush=True)

async def main():
    queue = SqliteQueue(SqliteFile.open(sys.argv[1], exclusive=True))
    await queue.recover()
    worker = Worker(queue=queue, engine=Engine(), clock=SystemClock())
    while await worker.work_once():
        pass

asyncio.run(main())
"""


def start(path: Path) -> tuple[int, list[str]]:
    """Let a worker run until it ends: how, and what it said."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        [sys.executable, "-c", WORKER, path], capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    return ended.returncode, ended.stdout.splitlines()


async def fill(path: Path) -> None:
    now = SystemClock().now()
    with closing(SqliteFile.open(path, exclusive=True)) as file:
        queue = SqliteQueue(file)
        poison = a_command_envelope("poison")
        assert poison.reply_to
        fresh = msgspec.structs.replace(poison, reply_to=msgspec.structs.replace(poison.reply_to, at=now, token="tok"))
        assert await queue.put(fresh, now)
        assert await queue.put(an_envelope("next"), now)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_request_that_kills_its_worker_three_times_goes_to_the_dead_letters_and_its_sender_is_answered(
    tmp_path: Path,
) -> None:
    path = tmp_path / "valine.db"
    asyncio.run(fill(path))

    lives = [start(path) for _ in range(MOST_RECEIPTS + 1)]

    assert lives[:-1] == [(KILLED, ["handled poison"])] * 3
    assert lives[-1] == (0, ["answered poison tok", "handled next"])
    with closing(sqlite3.connect(path)) as connection:
        [(id_, trouble)] = connection.execute("SELECT id, trouble FROM dead_letter").fetchall()
        assert connection.execute("SELECT count(*) FROM queue").fetchone() == (0,)
    assert id_ == "poison"
    assert trouble == "received without an acknowledgement 3 times: its worker stopped each time"
