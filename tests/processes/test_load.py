"""The real server under more than it is used to: what it acknowledged is dealt with, and its memory stays bounded."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import signal
import socket
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from processes.load import FIRST, Acknowledged, burst, commands, percentile, settings, webhooks
from processes.town import Town, a_town
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.proof
MEGABYTE = 1024 * 1024
MOST_MEMORY = 200 * MEGABYTE
DISCORDS_PATIENCE = 3.0


@pytest.fixture
def town() -> Iterator[Town]:
    """The twins and the server, which takes our key for Discord's; all in memory where there is such a place.

    Nobody waits for the replies to our interactions, and Discord says so at once.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a place to make a folder in
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder, a_town(Path(folder)) as made:
        made.on_discord("throw_fault", kind="error_before", route="*/@original", status=401, times=-1)
        made.serve(**settings())
        yield made


def dealt_with(town: Town) -> set[str]:
    """The ids of all that the server has done with: hints that it remembers, and commands in its inbox."""
    with closing(sqlite3.connect(town.store)) as connection:
        assert connection.execute("SELECT id, trouble FROM dead_letter").fetchall() == []
        hints = connection.execute("SELECT id FROM queue_seen").fetchall()
        return {name for (name,) in hints + connection.execute("SELECT id FROM inbox").fetchall()}


def rest(town: Town) -> bool:
    """Whether nothing is left on the queue."""
    with closing(sqlite3.connect(town.store)) as connection:
        return not connection.execute("SELECT id FROM queue LIMIT 1").fetchall()


def peak_memory(town: Town) -> int:
    """The most that the server ever had in memory, in bytes. https://docs.kernel.org/filesystems/proc.html"""
    assert town.server
    status = Path(f"/proc/{town.server.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def test_ten_thousand_at_once_are_all_dealt_with_in_bounded_memory(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    others = webhooks(town, 2_000), commands(town, 500), commands(town, 2_500, "status", FIRST + 10_000)
    both = itertools.zip_longest(webhooks(town, 5_000), itertools.chain(*others))
    mixed = (one for many in both for one in many if one)  # each signed when it is sent: a signature gets too old

    began = time.monotonic()
    found = asyncio.run(burst(town, mixed))
    acknowledged = time.monotonic() - began
    until("the queue is empty", lambda: rest(town), 120)
    worked_off = time.monotonic() - began

    stored = stored_ids(found)
    assert {one.status for one in found} == {200, 202}
    assert len(found) == 10_000
    assert len(stored) == 7_500
    assert stored <= dealt_with(town)
    assert peak_memory(town) < MOST_MEMORY
    assert percentile(found, 0.99) < DISCORDS_PATIENCE
    with capsys.disabled():
        print(  # noqa: T201 - a figure for whoever reads the proofs
            f"\n10,000 requests: acknowledged in {acknowledged:.1f} s (p50 {percentile(found, 0.5):.3f} s, "
            f"p99 {percentile(found, 0.99):.3f} s, last {percentile(found, 1):.3f} s), worked off after "
            f"{worked_off:.1f} s; at most {peak_memory(town) // MEGABYTE} MiB of memory"
        )


def stored_ids(found: list[Acknowledged]) -> set[str]:
    """Those that the server promised to deal with: a stored webhook, a deferred answer."""
    return {one.id for one in found if one.status == 202 or (one.status == 200 and json.loads(one.body)["type"] == 5)}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_acknowledged_outlives_the_process(town: Town, how: signal.Signals) -> None:
    requests = (one for pair in zip(webhooks(town, 400), commands(town, 400), strict=True) for one in pair)
    found: list[Acknowledged] = []
    sending = threading.Thread(target=lambda: found.extend(asyncio.run(burst(town, requests))))
    sending.start()
    try:
        for _ in range(2):
            time.sleep(0.4)
            assert town.stop(how) == (0 if how == signal.SIGTERM else -how)
            town.serve(**settings())
    finally:
        sending.join()
    until("the queue is empty", lambda: rest(town), 90)

    stored = stored_ids(found)
    assert len(stored) > 100
    assert stored <= dealt_with(town)
    assert "Traceback" not in town.log.read_text()


def test_clients_that_never_finish_their_headers_shut_nobody_out_and_are_shut_out_themselves(town: Town) -> None:
    dawdlers = []
    try:
        for _ in range(450):
            dawdler = socket.create_connection(("127.0.0.1", town.port), timeout=30)
            dawdlers.append(dawdler)
            with contextlib.suppress(ConnectionError):  # it has made room already
                dawdler.sendall(b"POST /discord HTTP/1.1\r\nHost: valine\r\nX-Slow: ")

        asyncio.run(burst(town, commands(town, 1), 1))  # behind all of them: once it is through, nobody waits for entry
        found = asyncio.run(burst(town, commands(town, 50, first=FIRST + 1), 10))

        assert {one.status for one in found} == {200}
        assert town.open_files() < 256
        until("they are all hung up on", lambda: town.open_files() < 50)
    finally:
        for dawdler in dawdlers:
            dawdler.close()
