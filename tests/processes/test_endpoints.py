"""What the real server does with what it should not be sent, and with files it cannot have."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from processes.town import Town, a_town
from valine.server.bodies import MOST_UNVERIFIED
from waiting import until

pytestmark = pytest.mark.proof
MEGABYTE = 1024 * 1024


@contextlib.contextmanager
def connected(town: Town) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(town.product.rpartition(":")[2])), timeout=30) as connection:
        yield connection


def test_a_second_server_on_the_same_file_is_refused(town: Town) -> None:
    second = town.valine("serve", "--env", str(town.env), "--port", "0")

    assert second.returncode == 1
    assert "is in use by another Valine server" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_port_in_use_is_a_sentence(town: Town) -> None:
    second = town.valine("serve", "--env", str(town.env), "--port", town.product.rpartition(":")[2])

    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "is in use by another program" in second.stderr


def test_a_corrupt_database_is_a_sentence(tmp_path: Path) -> None:
    with a_town(tmp_path) as town:
        town.serve()
        town.stop(signal.SIGTERM)
        store = town.store
        store.write_bytes(store.read_bytes()[:5000] + b"\xff" * 5000)
        for other in store.parent.glob(f"{store.name}-*"):
            other.unlink()

        started = town.valine("serve", "--env", str(town.env), "--port", "0")

    assert started.returncode == 1
    assert "is damaged" in started.stderr
    assert "Traceback" not in started.stderr


def test_what_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("Dear diary, " * 100)
    with a_town(tmp_path) as town:
        started = town.valine("serve", "--env", str(town.env), "--port", "0", VALINE_STORE="sqlite:///notes.db")

    assert started.returncode == 1
    assert "is not a SQLite database" in started.stderr
    assert "Traceback" not in started.stderr


def test_26_megabytes_are_too_large(town: Town) -> None:
    body = b"x" * (26 * MEGABYTE)

    for endpoint in ("/github/webhook", "/discord"):
        answer = httpx2.post(f"{town.product}{endpoint}", content=body, trust_env=False, timeout=30)
        assert answer.status_code == 413


def test_a_body_that_does_not_come_is_not_waited_for(town: Town) -> None:
    with connected(town) as connection:
        started = time.monotonic()
        connection.sendall(b"POST /github/webhook HTTP/1.1\r\nHost: valine\r\nContent-Length: 100\r\n\r\nx")
        said = connection.recv(1000)

    assert said.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - started > 9


def test_a_body_that_comes_drop_by_drop_is_not_waited_for(town: Town) -> None:
    with connected(town) as connection:
        connection.settimeout(0.5)
        connection.sendall(b"POST /discord HTTP/1.1\r\nHost: valine\r\nContent-Length: 1000\r\n\r\n")
        said, drops = b"", 0
        while not said and drops < 60:  # half a minute, at least: three times what the server grants
            connection.sendall(b"x")
            drops += 1
            with contextlib.suppress(TimeoutError):
                said = connection.recv(1000)

    assert said.startswith(b"HTTP/1.1 408 ")


def test_endless_headers_are_refused(town: Town) -> None:
    with connected(town) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: valine\r\n" + b"X-Long: " + b"y" * MEGABYTE)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1000).startswith(b"HTTP/1.1 4")


def test_many_clients_at_once_are_all_answered(town: Town) -> None:
    async def ask() -> list[int]:
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
            answers = await asyncio.gather(*(client.get(f"{town.product}/healthz") for _ in range(200)))
            return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200] * 200


def test_sigint_is_quiet_and_130(town: Town) -> None:
    assert town.stop(signal.SIGINT) == 130
    assert "Traceback" not in town.log.read_text()


def test_the_twins_can_be_anybodys(tmp_path: Path) -> None:
    with a_town(tmp_path) as town:
        taken = town.valine("simulate", "--port", town.github.rpartition(":")[2])
        wrong = town.valine("simulate", "--port", "0", "--repo", str(tmp_path))

    assert taken.returncode == 1
    assert "is in use" in taken.stderr
    assert wrong.returncode == 2
    assert "is not a git repository" in wrong.stderr


def test_twenty_unsigned_bodies_of_25_mebibytes_take_no_more_memory_than_the_budget_for_all_of_them(town: Town) -> None:
    before = town.most_memory()
    with contextlib.ExitStack() as stack:
        for path in ["/discord", "/github/webhook"] * 10:
            connection = stack.enter_context(connected(town))
            connection.settimeout(5)
            head = f"POST {path} HTTP/1.1\r\nHost: valine\r\nContent-Length: {25 * MEGABYTE}\r\n\r\n"
            with contextlib.suppress(OSError):
                connection.sendall(head.encode() + b"x" * (24 * MEGABYTE))
        status = httpx2.get(f"{town.product}/healthz", trust_env=False, timeout=30).status_code

    assert status == 200
    assert town.most_memory() - before < MOST_UNVERIFIED + 32 * MEGABYTE  # once more for one that grows, and buffers


def test_a_locked_file_keeps_nobody_on_discord_waiting_and_whoever_changes_something_is_told(town: Town) -> None:
    pushed = town.valine("commands", "push", "--env", str(town.env))
    assert pushed.returncode == 0, pushed.stderr
    with contextlib.closing(sqlite3.connect(town.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(10):
            town.on_discord("command", by="Ana", name="status")
        until("all are answered", lambda: len(town.guild()["ephemeral"].get("Ana", ())) == 10)
        town.on_discord("command", by="Ben", name="plan")
        until("Ben is told", lambda: "I could not store that" in str(town.guild()["ephemeral"]))

    assert {message["text"] for message in town.guild()["ephemeral"]["Ana"]} == {
        "No run is active in acme/rocket. /plan proposes one."
    }
    assert town.guild()["problems"] == []  # Discord's twin notes every answer that took three seconds


def test_a_log_deleted_under_the_server_is_told_and_loses_nothing_when_the_server_is_killed(town: Town) -> None:
    pushed = town.valine("commands", "push", "--env", str(town.env))
    assert pushed.returncode == 0, pushed.stderr
    town.on_discord("command", by="Ana", name="plan")
    until("Ana sees the plan", lambda: town.button("Ana", "approve"))
    planned = town.run()
    for name in ("-wal", "-shm"):
        town.store.with_name(f"{town.store.name}{name}").unlink()

    until("the log says so", lambda: "was removed or replaced while in use" in town.log.read_text())
    health = httpx2.get(f"{town.product}/healthz", trust_env=False, timeout=30).status_code
    town.stop(signal.SIGKILL)
    town.serve()

    assert health == 503
    assert planned is not None
    assert (found := town.run()) is not None
    assert found.uid == planned.uid
