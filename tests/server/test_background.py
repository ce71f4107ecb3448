"""The worker beside the endpoints: in a thread of its own it keeps nobody waiting, and what it cannot write is told."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from acceptance.stories import a_team
from builders import NOON
from discord_bytes import APPLICATION as DISCORD_APPLICATION
from discord_bytes import GUILD, PUBLIC_KEY, encoded, signed, slash
from endpoints import StandingClock
from served import comes_true
from valine.bootstrap import assemble, endpoints, write_precedence
from valine.errors import Busy, StoreError
from valine.server import Turns, background, endpoints_app, in_a_thread, make_app, running
from valine.services.sqlite import retrying
from valine.services.sqlite.file import SqliteFile
from valine.settings import Settings
from valine_twins.clock import ManualClock

if TYPE_CHECKING:
    from datetime import datetime

    from valine.bootstrap import System


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(
        {
            "DISCORD_APPLICATION_ID": DISCORD_APPLICATION,
            "DISCORD_PUBLIC_KEY": PUBLIC_KEY.hex(),
            "DISCORD_BOT_TOKEN": "a-bot-token",
            "DISCORD_GUILD_ID": GUILD,
            "GITHUB_TOKEN": "a-token",
            "GITHUB_WEBHOOK_SECRET": "a-webhook-secret",
            "GITHUB_REPOSITORY": "team/app",
            "VALINE_STORE": f"sqlite:///{tmp_path}/valine.db",
        },
        tmp_path / ".env",
    )


def client(app: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://valine.test")


async def asks(app: Any, interaction: dict[str, Any]) -> str:
    """What a signed interaction is answered with."""
    body = encoded(interaction)
    async with client(app) as discord:
        answer = await discord.post("/discord", content=body, headers=signed(body))
    assert answer.status_code == 200
    return answer.text


class Slow:
    """A worker that computes and computes, giving nobody a turn, until it is let go (or for ten seconds)."""

    def __init__(self, events: list[str]) -> None:
        self.began = threading.Event()
        self.let_go = threading.Event()
        self._events = events

    async def work_once(self) -> bool:
        if not self.began.is_set():
            self._events.append("a computation begins")
            self.began.set()
            self.let_go.wait(10)
            self._events.append("it ends")
        return False


async def test_an_endpoint_answers_and_stores_while_a_long_computation_goes_on(settings: Settings) -> None:
    events: list[str] = []
    slow: Any = Slow(events)
    turns = Turns(StandingClock())

    def made() -> System:
        return dataclasses.replace(assemble(settings, clock=StandingClock()), worker=slow)

    async with in_a_thread(made, turns) as wake_worker:
        await asyncio.to_thread(slow.began.wait, 10)
        with endpoints(settings, clock=StandingClock()) as parts:
            app = endpoints_app(parts, wake_worker, turns)
            await asks(app, slash("status"))
            await asks(app, slash("plan"))
            events.append("both are answered")
            assert await depth(settings) == 1
        slow.let_go.set()

    assert events == ["a computation begins", "both are answered", "it ends"]


async def depth(settings: Settings) -> int:
    with closing(sqlite3.connect(settings.store.removeprefix("sqlite:///"))) as connection:
        return int(connection.execute("SELECT count(*) FROM queue").fetchone()[0])


async def test_what_an_endpoint_stores_wakes_the_worker_in_its_thread(settings: Settings) -> None:
    woken = threading.Event()
    turns = Turns(StandingClock())

    class Waiting:
        async def work_once(self) -> bool:
            if await depth(settings):
                woken.set()
            return False

    def made() -> System:
        worker: Any = Waiting()
        return dataclasses.replace(assemble(settings, clock=StandingClock()), worker=worker)

    async with in_a_thread(made, turns) as wake_worker:
        with endpoints(settings, clock=StandingClock()) as parts:
            await asks(endpoints_app(parts, wake_worker, turns), slash("plan"))
            assert await asyncio.to_thread(woken.wait, 10)


async def test_what_is_wrong_with_the_store_is_raised_where_the_thread_was_started(settings: Settings) -> None:
    with closing(assemble_file(settings)), pytest.raises(StoreError, match="another Valine server"):
        async with in_a_thread(partial(assemble, settings), Turns(StandingClock())):
            pass


def assemble_file(settings: Settings) -> Any:
    return assemble(settings).file


# --- a locked file ---------------------------------------------------------------------------------------------------


class CountingClock(StandingClock):
    """It is NOW, and it knows how often somebody waited, and for how long."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


async def test_an_endpoint_tries_a_locked_file_a_number_of_times_and_says_so_well_within_discords_three_seconds(
    settings: Settings,
) -> None:
    assemble_file(settings).close()
    clock = CountingClock()
    with (
        endpoints(settings, clock=clock) as parts,
        closing(sqlite3.connect(settings.store.removeprefix("sqlite:///"), isolation_level=None)) as other,
    ):
        app = endpoints_app(parts, lambda: None, Turns(clock))
        other.execute("BEGIN IMMEDIATE")
        told = await asks(app, slash("plan"))
        status = await asks(app, slash("status"))

    assert "I could not store that" in told
    assert "No run is active" in status  # a reader waits for no writer
    assert len(clock.waits) == retrying.ATTEMPTS - 1
    assert retrying.ATTEMPTS * retrying.PAUSE <= 1.0


async def test_an_endpoint_never_waits_inside_sqlite(settings: Settings) -> None:
    assemble_file(settings).close()
    with endpoints(settings) as parts:
        file: Any = parts.queue
        with file._file.reading() as sql:
            assert sql.execute("PRAGMA busy_timeout").fetchone() == (0,)


async def test_an_endpoint_goes_on_when_the_lock_is_gone_after_some_attempts(settings: Settings) -> None:
    assemble_file(settings).close()
    with closing(sqlite3.connect(settings.store.removeprefix("sqlite:///"), isolation_level=None)) as other:

        class Releasing(CountingClock):
            async def sleep(self, seconds: float) -> None:
                await super().sleep(seconds)
                if len(self.waits) == 3:
                    other.execute("ROLLBACK")

        clock = Releasing()
        with endpoints(settings, clock=clock) as parts:
            other.execute("BEGIN IMMEDIATE")
            told = await asks(endpoints_app(parts, lambda: None, Turns(clock)), slash("plan"))

    assert '"type":5' in told
    assert len(clock.waits) == 3
    assert await depth(settings) == 1


async def test_a_worker_that_writes_without_rest_lets_a_waiting_endpoint_write_first(settings: Settings) -> None:
    assemble_file(settings).close()
    precedence, writing, let_go = write_precedence(), threading.Event(), threading.Event()

    def writes_twice() -> int:
        """How much the endpoints have stored when the second transaction begins, right after the first."""
        path = settings.store.removeprefix("sqlite:///")
        with closing(SqliteFile.open(path, exclusive=True, give_way=precedence.give_way)) as file:
            with file.writing():
                writing.set()
                let_go.wait(10)
            with file.writing() as sql:
                return int(sql.execute("SELECT count(*) FROM queue").fetchone()[0])

    class Releasing(CountingClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            let_go.set()
            await asyncio.sleep(seconds)

    worker = asyncio.create_task(asyncio.to_thread(writes_twice))
    await asyncio.to_thread(writing.wait, 10)
    clock = Releasing()
    with endpoints(settings, clock=clock, precedence=precedence) as parts:
        told = await asks(endpoints_app(parts, lambda: None, Turns(clock)), slash("plan"))

    assert '"type":5' in told
    assert clock.waits
    assert await worker == 1


async def test_endpoints_that_never_rest_do_not_stop_the_worker() -> None:
    precedence = write_precedence()
    with precedence.claimed():
        await asyncio.to_thread(precedence.give_way)  # it comes back, though one waits all the time


# --- health ----------------------------------------------------------------------------------------------------------


async def health(app: Any) -> tuple[int, dict[str, str]]:
    async with client(app) as monitor:
        answer = await monitor.get("/healthz")
    return answer.status_code, answer.json()


class FullDisk:
    """A queue whose file cannot be written."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self.full = False
        self.probes = 0

    async def probe(self, now: datetime) -> None:
        self.probes += 1
        if self.full:
            raise Busy("There is no room left to write.")
        await self._queue.probe(now)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


async def test_health_is_503_thirty_seconds_after_the_store_could_last_be_written_and_200_once_it_can() -> None:
    async with a_team(1) as team:
        clock = team.world.clock
        queue: Any = FullDisk(team.world.system.queue)
        system = dataclasses.replace(team.world.system, queue=queue)
        turns = Turns(clock)
        app = endpoints_app(system, lambda: None, turns)
        async with running(system, asyncio.Event(), turns):
            written = clock.now()
            queue.full = True
            clock.advance_to(written + timedelta(seconds=30))
            await background.probe(system, turns)
            in_time = await health(app)
            clock.advance_to(written + timedelta(seconds=31))
            await background.probe(system, turns)
            too_late = await health(app)
            before = queue.probes
            await health(app)
            only_read = queue.probes == before
            queue.full = False
            await background.probe(system, turns)
            again = await health(app)

    assert in_time[0] == 200
    since = written.isoformat(timespec="seconds")
    assert too_late == (503, {"status": "unavailable", "the store": f"could not be written since {since}"})
    assert only_read
    assert again[0] == 200


async def test_the_probe_is_written_again_and_again_while_the_server_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "PROBE_EVERY", 0.01)
    async with a_team(1) as team:
        queue: Any = FullDisk(team.world.system.queue)
        system = dataclasses.replace(team.world.system, queue=queue)
        async with running(system, asyncio.Event(), Turns(team.world.clock)):
            await comes_true("it was probed three times", lambda: queue.probes >= 3)


async def test_a_probe_row_that_is_gone_is_a_store_that_is_not_written() -> None:
    clock = ManualClock(NOON)
    turns = Turns(clock)
    turns.turned(background.STORE)

    class Empty:
        async def probed_at(self) -> None:
            return None

    assert await background.unwritten(Empty(), clock, turns) == {"the store": "could not be written"}
    assert await background.unwritten(Empty(), clock, Turns(clock)) == {}  # where no probe runs, nothing is said


async def test_the_log_is_folded_into_the_file_when_nothing_is_to_be_done(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "SWEEP_EVERY", 0.05)
    log = Path(f"{settings.store.removeprefix('sqlite:///')}-wal")
    system = assemble(settings, clock=StandingClock())
    app = make_app(system)
    async with system, app.router.lifespan_context(app):
        await comes_true("the log is empty", lambda: log.stat().st_size == 0)
