"""One holder a file, told apart by the operating system: the lock ends with its process, however that ends."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from valine.errors import StoreError

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # Windows hides locked bytes from readers: lock one far behind the pid

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


PRIVATE = 0o600  # of every file that is made here: only its owner reads and writes it
OTHERS = 0o077

_HELD = {errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}


class FileLock:
    """The lock on `path`, held from the moment it is made until close() or the process's end.

    The lock file stays behind: removing it would let two processes hold locks on two files of one name. Raises
    StoreError if somebody else holds it, naming their process, or if the lock file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        lock = Path(f"{path}.lock")
        try:
            self._descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, PRIVATE)
            with contextlib.suppress(PermissionError):  # another user made it; there is but a process's number in it
                if lock.stat().st_mode & OTHERS:
                    lock.chmod(PRIVATE)
        except OSError as error:
            raise StoreError(
                f"{lock} cannot be opened ({error.strerror}). The user who runs Valine needs to write in {lock.parent}."
            ) from error
        try:
            _lock(self._descriptor)
        except OSError as error:
            holder = os.read(self._descriptor, 20).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            if error.errno not in _HELD:
                raise StoreError(f"{lock} cannot be locked ({error.strerror}). Put {path} on a local disk.") from error
            raise StoreError(
                f"{path} is in use by another Valine server{f' (process {holder})' if holder else ''}. "
                "Stop that one, or give this one a file of its own with VALINE_STORE=sqlite:///path."
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode("ascii"))

    def close(self) -> None:
        """Let go. Doing so twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
