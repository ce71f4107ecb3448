"""Whatever is wrong with the file: it is said in a sentence that names it, and never looks like an empty store."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builders import NOON, REPOSITORY, a_plan, a_plan_item, a_run, noise
from valine.errors import Busy, StoreError
from valine.ports import Commit
from valine.services.sqlite.file import SqliteFile
from valine.services.sqlite.queue import SqliteQueue
from valine.services.sqlite.run_store import SqliteRunStore

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "valine.db"


def make(path: Path) -> None:
    SqliteFile.open(path, exclusive=True).close()


@contextmanager
def opened(path: Path, *, exclusive: bool = True, busy_ms: int = 20) -> Iterator[SqliteFile]:
    with closing(SqliteFile.open(path, exclusive=exclusive, busy_ms=busy_ms)) as file:
        yield file


def refusal(path: Path, *, exclusive: bool = True) -> str:
    with pytest.raises(StoreError) as refused:
        SqliteFile.open(path, exclusive=exclusive, busy_ms=20)
    return str(refused.value)


def pragma(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def damage(path: Path, *, first: int) -> None:
    """Overwrite all pages but those before `first`."""
    content = bytearray(path.read_bytes())
    content[4096 * first :] = b"\xa5" * (len(content) - 4096 * first)
    path.write_bytes(content)


def take_away(path: Path, *, replaced: bool) -> None:
    path.rename(path.with_name("moved.db"))
    if replaced:
        path.touch()


# --- what is there ---------------------------------------------------------------------------------------------------


def test_a_commit_waits_for_the_disk(path: Path) -> None:
    with opened(path) as file, file.reading() as sql:
        assert sql.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert sql.execute("PRAGMA synchronous").fetchone() == (2,)
        assert sql.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_no_store_yet_is_told_to_those_who_only_look(path: Path) -> None:
    assert "no store" in refusal(path, exclusive=False)
    assert not path.exists()


def test_a_file_that_the_server_is_just_making_is_told_to_those_who_only_look(path: Path) -> None:
    path.touch()

    assert "Start `valine serve` once" in refusal(path, exclusive=False)


def test_a_missing_directory_is_named(path: Path) -> None:
    assert str(path.parent / "none") in refusal(path.parent / "none" / "valine.db")


def test_a_directory_is_no_file(path: Path) -> None:
    assert "is a directory" in refusal(path.parent)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path) -> None:
    path.write_bytes(b"Dear diary, today was quiet. " * 100)

    assert "is not a SQLite database" in refusal(path)
    assert path.read_bytes().startswith(b"Dear diary")


def test_another_programs_database_is_refused_and_left_as_it_is(path: Path) -> None:
    pragma(path, "CREATE TABLE recipe (name TEXT)")

    assert "another program" in refusal(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("recipe",)]


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_newer_valines_file_is_refused(path: Path, *, exclusive: bool) -> None:
    make(path)
    pragma(path, "PRAGMA user_version = 99")

    assert "newer Valine (schema 99" in refusal(path, exclusive=exclusive)


def test_a_damaged_file_is_refused(path: Path) -> None:
    make(path)
    damage(path, first=1)

    assert "is damaged" in refusal(path)


async def test_damage_found_while_reading_is_told(path: Path) -> None:
    with opened(path) as file:
        titles = a_plan(a_plan_item(title=noise(50_000)))
        for number in range(1, 9):
            await SqliteRunStore(file).commit(Commit(run=a_run(number, plan=titles)), NOON)
    with opened(path, exclusive=False) as file:
        damage(path, first=3)

        with pytest.raises(StoreError, match="is damaged"):
            await SqliteRunStore(file).run(REPOSITORY, 8)


# --- who else is there -----------------------------------------------------------------------------------------------


def test_a_second_server_is_told_the_process_of_the_first(path: Path) -> None:
    with opened(path):
        assert f"another Valine server (process {os.getpid()})" in refusal(path)

    with opened(path):
        pass


def test_a_name_that_leads_to_the_same_file_is_the_same_file(path: Path) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)

    with opened(path):
        assert "another Valine server" in refusal(link)


def test_a_lock_ends_with_its_process_however_that_ends(path: Path) -> None:
    code = (
        "import sys; from valine.services.sqlite.file import SqliteFile as F; f = F.open(sys.argv[1], exclusive=True)"
    )
    wait = f"{code}; print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", wait, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT
    ) as server:
        assert server.stdout
        server.stdout.readline()
        assert f"process {server.pid}" in refusal(path)
        server.kill()

    with opened(path):
        pass


async def test_others_read_beside_a_server_that_writes(path: Path) -> None:
    with opened(path) as server, opened(path, exclusive=False) as reader:
        await SqliteRunStore(server).commit(Commit(run=a_run()), NOON)
        with server.writing():
            assert await SqliteRunStore(reader).run(REPOSITORY, 1) is not None


async def test_a_locked_file_is_busy_and_not_empty(path: Path) -> None:
    make(path)
    with opened(path) as file, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(Busy, match="locked by another program"):
            await SqliteRunStore(file).commit(Commit(run=a_run()), NOON)
        with pytest.raises(Busy, match="locked by another program"):
            await SqliteQueue(file).receive(NOON)

        other.execute("ROLLBACK")
        await SqliteRunStore(file).commit(Commit(run=a_run()), NOON)


@pytest.mark.parametrize("gone", ["removed", "replaced"])
async def test_a_file_that_was_taken_away_is_an_error_and_not_empty(path: Path, gone: str) -> None:
    with opened(path) as file:
        store = SqliteRunStore(file)
        await store.commit(Commit(run=a_run()), NOON)
        take_away(path, replaced=gone == "replaced")

        for question in (store.run(REPOSITORY, 2), store.repository(REPOSITORY), store.due(NOON)):
            with pytest.raises(StoreError, match="removed or replaced"):
                await question
        with pytest.raises(StoreError, match="removed or replaced"):
            await store.commit(Commit(run=a_run(2)), NOON)


async def test_a_closed_file_is_an_error_and_not_empty(path: Path) -> None:
    with opened(path) as file:
        pass

    with pytest.raises(StoreError, match="closed"):
        await SqliteRunStore(file).run(REPOSITORY, 1)


def test_another_thread_is_told_off_and_does_no_harm(path: Path) -> None:
    said: list[str] = []

    def read(file: SqliteFile) -> None:
        try:
            with file.reading():
                pass
        except StoreError as error:
            said.append(str(error))

    with opened(path) as file:
        thread = threading.Thread(target=read, args=(file,))
        thread.start()
        thread.join()

    assert "thread" in said[0]


# --- what may not be written -----------------------------------------------------------------------------------------

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")}


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write anything, so it is somebody else for the moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory whose parents anybody may enter, unlike tmp_path's."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        yield Path(name)
        Path(name).chmod(0o755)


def test_a_directory_that_may_not_be_written_is_named(public: Path) -> None:
    public.chmod(0o555)

    with unprivileged():
        assert f"needs to write in {public}" in refusal(public / "valine.db")


def test_a_directory_that_may_not_be_entered_is_named(public: Path) -> None:
    make(public / "valine.db")
    public.chmod(0o000)

    with unprivileged():
        assert str(public) in refusal(public / "valine.db")


def test_a_file_that_may_not_be_written_is_named(public: Path) -> None:
    path = public / "valine.db"
    make(path)
    path.chmod(0o444)
    (public / "valine.db.lock").chmod(0o666)
    public.chmod(0o777)

    with unprivileged():
        assert "cannot be written" in refusal(path)


async def test_a_full_disk_stores_nothing_and_is_busy(path: Path) -> None:
    with opened(path) as file:
        store = SqliteRunStore(file)
        await store.commit(Commit(run=a_run()), NOON)
        with file.reading() as sql:
            pages = sql.execute("PRAGMA page_count").fetchone()[0]
            sql.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        large = a_run(2, plan=a_plan(a_plan_item(title=noise(100_000))))

        with pytest.raises(Busy, match="no room left"):
            await store.commit(Commit(run=large), NOON)

        assert await store.run(REPOSITORY, 2) is None
        with file.reading() as sql:
            sql.execute("PRAGMA max_page_count = 1000000").fetchall()
        await store.commit(Commit(run=large), NOON)


async def test_a_disk_that_refuses_to_write_stores_nothing_and_is_busy(path: Path) -> None:
    with opened(path) as file:
        store = SqliteRunStore(file)
        await store.commit(Commit(run=a_run()), NOON)
        large = a_run(2, plan=a_plan(a_plan_item(title=noise(300_000))))
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
        try:
            with pytest.raises(Busy):
                await store.commit(Commit(run=large), NOON)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

        assert await store.run(REPOSITORY, 2) is None
        await store.commit(Commit(run=large), NOON)


async def test_a_copy_that_could_not_be_finished_leaves_no_file_that_might_be_taken_for_one(path: Path) -> None:
    with opened(path) as file:
        await SqliteRunStore(file).commit(Commit(run=a_run(plan=a_plan(a_plan_item(title=noise(300_000))))), NOON)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            with pytest.raises(StoreError):
                file.back_up(path.with_name("copy.db"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

        assert not list(path.parent.glob("copy.db*"))
        file.back_up(path.with_name("copy.db"))


# --- what SQLite keeps beside the file -------------------------------------------------------------------------------


def lose(path: Path, *, replaced: bool, name: str = "-wal") -> None:
    """Take away the log, or put another one in its place."""
    log = path.with_name(f"{path.name}{name}")
    log.unlink()
    if replaced:
        log.touch()


def content(path: Path) -> bytes:
    return path.read_bytes()


def size_of_log(path: Path) -> int:
    return path.with_name(f"{path.name}-wal").stat().st_size


def copied(path: Path) -> Path:
    """The file alone, as the next process finds it after a kill."""
    copy = path.with_name("after-the-kill.db")
    copy.write_bytes(path.read_bytes())
    return copy


@pytest.mark.parametrize("name", ["-wal", "-shm"])
@pytest.mark.parametrize("replaced", [False, True])
async def test_nothing_more_is_written_once_the_log_has_lost_its_name(path: Path, name: str, *, replaced: bool) -> None:
    with opened(path) as file, opened(path, exclusive=False) as beside:
        await SqliteRunStore(file).commit(Commit(run=a_run()), NOON)
        lose(path, replaced=replaced, name=name)

        for one in (file, beside):
            with pytest.raises(StoreError, match="was removed or replaced while in use"):
                await SqliteRunStore(one).commit(Commit(run=a_run(2)), NOON)
            with pytest.raises(StoreError, match="Restart Valine"):
                await SqliteRunStore(one).run(REPOSITORY, 1)
            with pytest.raises(StoreError, match="was removed or replaced while in use"):
                one.fold()


@pytest.mark.parametrize("beside", [False, True])
async def test_what_a_lost_log_held_is_in_the_file_before_the_process_can_be_killed(
    path: Path, *, beside: bool
) -> None:
    with opened(path) as file, opened(path, exclusive=False) as other:
        await SqliteRunStore(file).commit(Commit(run=a_run()), NOON)
        lose(path, replaced=False)
        with pytest.raises(StoreError):
            await SqliteRunStore(other if beside else file).due(NOON)  # what the server asks every second

        with opened(copied(path)) as found:
            assert await SqliteRunStore(found).run(REPOSITORY, 1) is not None


async def test_a_log_that_somebody_else_began_is_not_written_over(path: Path) -> None:
    with opened(path) as file:
        await SqliteRunStore(file).commit(Commit(run=a_run()), NOON)
        before = content(path)
        lose(path, replaced=True)
        with pytest.raises(StoreError):
            await SqliteRunStore(file).due(NOON)

        assert content(path) == before


async def test_a_folded_log_holds_nothing_and_the_file_all(path: Path) -> None:
    with opened(path) as file:
        await SqliteRunStore(file).commit(Commit(run=a_run()), NOON)
        assert size_of_log(path) > 0

        assert file.fold() == 0

        assert size_of_log(path) == 0
        with opened(copied(path)) as found:
            assert await SqliteRunStore(found).run(REPOSITORY, 1) is not None


async def test_folding_waits_for_nobody_who_reads(path: Path) -> None:
    with opened(path, busy_ms=60_000) as file, closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM run").fetchall()
        await SqliteRunStore(file).commit(Commit(run=a_run()), NOON)

        assert file.fold() > 0

        reader.execute("ROLLBACK")
        assert file.fold() == 0
