"""A run's whole history in a file: for a report, for a test, for telling it again elsewhere.

It is JSON whose documents are as the store keeps them, so that one which an older Valine wrote is carried forward.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from valine import documents
from valine.cli.command_error import CommandError
from valine.errors import StoreError
from valine.orchestrator.model.run import Run
from valine.ports import History

HEAD, TAIL = b'{"valine_recording":1,"run":', b"]}\n"


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it is stored, its steps oldest first, and what each came to (replay.outline) when it was recorded."""

    run: Run
    history: tuple[History, ...]
    outlines: tuple[str, ...] = ()


class _File(msgspec.Struct):
    valine_recording: int
    run: msgspec.Raw
    outlines: tuple[str, ...]
    history: tuple[msgspec.Raw, ...]


def write(path: Path, recording: Recording) -> None:
    """Write the file, a line a step. Raises CommandError if it cannot be written or is there already."""
    lines = b",\n".join(documents.plain(step) for step in recording.history)
    body = [HEAD, documents.plain(recording.run), b',\n"outlines":', msgspec.json.encode(recording.outlines)]
    try:
        with path.open("xb") as file:
            file.write(b"".join([*body, b',\n"history":[\n', lines, TAIL]))
    except FileExistsError as error:
        raise CommandError(f"{path} is there already: nothing was written. Name another file.") from error
    except OSError as error:
        raise CommandError(f"{path} cannot be written ({error.strerror}).") from error


def read(path: Path) -> Recording:
    """What was recorded. Raises CommandError if the file cannot be read or is no recording."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_File)
        return Recording(
            run=documents.decode(bytes(found.run), Run),
            history=tuple(documents.decode(bytes(step), History) for step in found.history),
            outlines=found.outlines,
        )
    except OSError as error:
        raise CommandError(f"{path} cannot be read ({error.strerror}).", code=2) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, StoreError) as error:
        raise CommandError(f"{path} is no recording that this Valine can read: {error}", code=2) from error
