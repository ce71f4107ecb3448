"""What SQLite's errors mean to whoever runs Valine: what is wrong with which file, what to do. None gets out raw."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from valine.errors import Busy, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRIMARY = 0xFF  # an extended result code's last byte. https://www.sqlite.org/rescode.html

# In these the store may be back in a moment, or as soon as somebody has made room.
_BUSY = {
    sqlite3.SQLITE_BUSY: "{path} is locked by another program ({error}). If it lasts: `fuser {path}` tells which.",
    sqlite3.SQLITE_LOCKED: "{path} is locked by another program ({error}). If it lasts: `fuser {path}` tells which.",
    sqlite3.SQLITE_FULL: "There is no room left to write {path} ({error}). Nothing was stored. Make room on its disk.",
    sqlite3.SQLITE_IOERR: "Reading or writing {path} failed ({error}). Check its disk, and the room on it.",
}
_BROKEN = {
    sqlite3.SQLITE_CORRUPT: "{path} is damaged ({error}). Put it aside and restore a backup, or save what can be saved "
    "with `sqlite3 {path} .recover | sqlite3 saved.db`.",
    sqlite3.SQLITE_NOTADB: "{path} is not a SQLite database ({error}), so it is no store of Valine's. Put it aside, or "
    "give Valine another file (VALINE_STORE).",
    sqlite3.SQLITE_READONLY: "{path} cannot be written ({error}). The user who runs Valine needs to write it, and in "
    "its directory.",
    sqlite3.SQLITE_CANTOPEN: "{path} cannot be opened ({error}). The user who runs Valine needs to read and write it, "
    "and in its directory.",
    sqlite3.SQLITE_PERM: "{path} may not be opened ({error}). The user who runs Valine needs to read and write it.",
    sqlite3.SQLITE_TOOBIG: "{path} cannot take something that large ({error}).",
}


def explain(error: sqlite3.Error, path: str) -> StoreError:
    """The same trouble as a StoreError (Busy where trying again may help) with a sentence for people."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code in _BUSY:
        return Busy(_BUSY[code].format(path=path, error=error))
    if code in _BROKEN:
        return StoreError(_BROKEN[code].format(path=path, error=error))
    return StoreError(f"{path} could not be used: {error}.")


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Within it, SQLite's errors come out as StoreErrors about that file."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error
