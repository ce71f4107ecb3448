"""One SQLite file, one server: what a transaction has committed is on the disk, and outlives kill -9.

WAL lets readers in beside the one writer. With it, synchronous=FULL is what makes a commit wait for the disk
(https://www.sqlite.org/pragma.html#pragma_synchronous). The connection belongs to the thread that opened it. A file or
log that loses its name while in use is written no more: all that went there would vanish with the process.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from valine.errors import Busy, StoreError
from valine.services.sqlite import tokens
from valine.services.sqlite.errors import explained
from valine.services.sqlite.file_lock import OTHERS, PRIVATE, FileLock
from valine.services.sqlite.schema import STEPS, bring_up_to_date, check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

log = logging.getLogger("valine.store")

MEMORY = ":memory:"
_LOG, _SHARED = "-wal", "-shm"  # https://www.sqlite.org/walformat.html#files_on_disk
_NOWHERE = (0, 0)  # the identity of what is not there
_BUSY_MS = 5000
_STRICT_TABLES = (3, 37, 0)
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",  # macOS: its plain fsync does not reach the disk; others pass over it
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # an interaction's token is gone with its envelope
    "PRAGMA trusted_schema = OFF",
)


class SqliteFile:
    """A connection to Valine's file, shared by the store and the queue that stand on it.

    Made by open(). Use it from one thread only: SQLite's own check turns anything else into a StoreError.
    """

    def __init__(
        self,
        path: str,
        connection: sqlite3.Connection,
        lock: FileLock | None,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        self.path = path
        self._give_way = give_way
        self._connection = connection
        self._lock = lock
        self._busy_ms = connection.execute("PRAGMA busy_timeout").fetchone()[0]
        self._identity = _identity(path)
        self._beside = _beside(path)

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        exclusive: bool,
        busy_ms: int = _BUSY_MS,
        give_way: Callable[[], None] = lambda: None,
    ) -> SqliteFile:
        """Open the file; `exclusive` is the server's way: it makes the file and keeps other servers off.

        Others open what is there already, beside a running server. `:memory:` is a store that ends with this object.
        `give_way` is called before each write and may wait for those that go first.
        Raises StoreError, with what to do, if it is missing, damaged, unwritable, newer, not ours or another's.
        """
        if sqlite3.sqlite_version_info < _STRICT_TABLES:
            raise StoreError(f"Valine needs SQLite 3.37 or newer; this Python has {sqlite3.sqlite_version}.")
        if str(path) == MEMORY:
            return cls(MEMORY, _connect(MEMORY, MEMORY, exclusive=True, busy_ms=busy_ms), None)
        file = Path(path).expanduser().resolve()
        _check_place(file, exclusive=exclusive)
        lock = FileLock(file) if exclusive else None
        try:
            if exclusive:
                _keep_private(file)
            address = f"{file.as_uri()}?mode={'rwc' if exclusive else 'rw'}"
            connection = _connect(address, str(file), exclusive=exclusive, busy_ms=busy_ms)
            return cls(str(file), connection, lock, give_way)
        except BaseException:
            if lock:
                lock.close()
            raise

    def close(self) -> None:
        """Fold the log into the file and let go of it. Doing so twice is harmless."""
        try:
            with explained(self.path):
                self._connection.close()
        finally:
            if self._lock:
                self._lock.close()

    def back_up(self, to: Path) -> None:
        """Write a copy of one moment of the store to a new file, beside a server that goes on.

        Only its owner may read it, and no interaction token is in it: it outlives them. Raises StoreError if there is a
        file of that name already, or if it could not be copied whole: then nothing is left that might be taken for one.
        """
        try:
            os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
        except OSError as error:
            raise StoreError(
                f"{to} cannot be made ({error.strerror}). Nothing was copied: name another file."
            ) from error
        try:
            with explained(str(to)), closing(sqlite3.connect(to)) as copy:
                self._connection.backup(copy)
                copy.execute("PRAGMA secure_delete = ON").close()
                tokens.erase_all(copy)
                copy.commit()
        except BaseException:
            to.unlink(missing_ok=True)
            raise

    def fold(self) -> int:
        """Move what the log holds into the file, and empty it unless somebody reads just now. The bytes left in it.

        It waits for nobody. Raises StoreError, as a transaction does.
        https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
        """
        if self.path == MEMORY:
            return 0
        self._check_names()
        with explained(self.path):
            if _size(f"{self.path}{_LOG}"):
                self._give_way()
                self._connection.execute("PRAGMA busy_timeout = 0")
                try:
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                finally:
                    self._connection.execute(f"PRAGMA busy_timeout = {self._busy_ms}")
        return _size(f"{self.path}{_LOG}")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A transaction that sees one moment of the store. Raises StoreError or Busy, never sqlite3's errors."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is committed to the disk at its end, or not at all if anything raises within."""
        self._give_way()
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        self._check_names()
        with explained(self.path), _transaction(self._connection, begin):
            yield self._connection

    def _check_names(self) -> None:
        """Raise StoreError if the file, or what SQLite keeps beside it, has lost its name since it was opened."""
        if _identity(self.path) != self._identity:
            raise StoreError(f"{self.path} was removed or replaced while in use. Put it back, or restart Valine.")
        if _beside(self.path) != self._beside:
            self._rescue()
            raise StoreError(
                f"{self.path}{_LOG} or {_SHARED} was removed or replaced while in use: nothing more is written. "
                "Restart Valine."
            )

    def _rescue(self) -> None:
        """Write what the lost log holds into the file, as long as no other program can have begun a new log."""
        if _identity(f"{self.path}{_LOG}") == _NOWHERE:
            with explained(self.path):
                self._connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite itself rolls back after some errors, a full disk among them
            connection.execute("ROLLBACK")
        raise


def _connect(address: str, path: str, *, exclusive: bool, busy_ms: int) -> sqlite3.Connection:
    with explained(path):
        connection = sqlite3.connect(address, uri=address != MEMORY, isolation_level=None, timeout=busy_ms / 1000)
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma).close()
            if exclusive:
                _prepare(connection, path)
            else:
                _check_ready(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    """Check the file through, and make or update its tables."""
    taken = check(connection, path)
    with closing(connection.execute("PRAGMA quick_check(1)")) as found:
        verdict = found.fetchone()[0]
    if verdict != "ok":
        raise StoreError(
            f"{path} is damaged ({verdict}). Put it aside and restore a backup, or save what can be saved with "
            f"`sqlite3 {path} .recover | sqlite3 saved.db`."
        )
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != ("memory" if path == MEMORY else "wal"):
        raise StoreError(f"{path} is on a file system that cannot share memory. Put it on a local disk.")
    with _transaction(connection, "BEGIN IMMEDIATE"):
        bring_up_to_date(connection, taken)
    # A process before this one may have left interaction tokens in it.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def _check_ready(connection: sqlite3.Connection, path: str) -> None:
    if check(connection, path) < len(STEPS):
        raise Busy(f"{path} is new, or from an older Valine. Start `valine serve` once: it makes it ready.")


def _check_place(file: Path, *, exclusive: bool) -> None:
    try:
        if file.is_dir():
            raise StoreError(f"{file} is a directory. VALINE_STORE names a file: sqlite:///path/valine.db.")
        if not file.parent.is_dir():
            raise StoreError(f"The directory {file.parent} does not exist. Make it, or change VALINE_STORE.")
        if not exclusive and not file.exists():
            raise StoreError(f"There is no store at {file} yet. `valine serve` makes it, with the first run.")
    except OSError as error:
        raise StoreError(
            f"{file} is out of reach ({error.strerror}). Let Valine's user in, or change VALINE_STORE."
        ) from error


def _keep_private(file: Path) -> None:
    """Make the file if there is none. Nobody but its owner may read it, whatever the umask, nor what lies beside it.

    SQLite gives its -wal and -shm the mode of the file: https://www.sqlite.org/src/doc/trunk/src/os_unix.c
    """
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, PRIVATE))
    except OSError:
        return  # SQLite meets the same trouble next, and its sentence says what to do
    for path in (file, *(file.with_name(f"{file.name}{end}") for end in (_LOG, _SHARED))):
        try:
            if path.stat().st_mode & OTHERS:
                path.chmod(PRIVATE)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("%s can be read by others, and is not ours to change (%s): chmod 600 it", path, error.strerror)


def _beside(path: str) -> tuple[tuple[int, int] | None, ...]:
    return () if path == MEMORY else (_identity(f"{path}{_LOG}"), _identity(f"{path}{_SHARED}"))


def _identity(path: str) -> tuple[int, int] | None:
    if path == MEMORY:
        return None
    try:
        status = os.stat(path)  # noqa: PTH116 - runs in every transaction: a Path would cost more than the call
    except OSError:
        return _NOWHERE
    return (status.st_dev, status.st_ino)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
