"""What an error means to the person at the terminal: sentences, and the exit code. Only here are errors told."""

from __future__ import annotations

import errno
import os
import sys

import typer
from typer._click.exceptions import ClickException

from valine.errors import ConfigurationError, OutsideError, StoreError

FAILED, WRONG, INTERRUPTED = 1, 2, 130
SETTINGS = "Settings are read from the environment and from .env (or --env FILE); .env.example names them all."


class Debug:
    """Whether a traceback is wanted."""

    on = False


class CommandError(Exception):
    """The command ends here, with this sentence."""

    def __init__(self, sentence: str, code: int = FAILED) -> None:
        super().__init__(sentence)
        self.code = code


def tell(error: BaseException, debug: Debug) -> int:
    """Say what happened on standard error; the exit code. Raises it again if that is wanted."""
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return INTERRUPTED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED
    if isinstance(error, BrokenPipeError):
        return _nobody_reads()
    if isinstance(error, ClickException):
        error.show()
        return error.exit_code
    if debug.on:
        raise error
    lines, code = _sentences(error)
    for line in lines:
        sys.stderr.write(f"{line}\n")
    return code


def _sentences(error: BaseException) -> tuple[tuple[str, ...], int]:
    match error:
        case ConfigurationError(problems=problems):
            return (*problems, *([SETTINGS] if any(one.endswith(" is missing") for one in problems) else ())), WRONG
        case CommandError(code=code):
            return (str(error),), code
        case StoreError():
            return (str(error),), FAILED
        case OutsideError(failure=failure):
            return (f"It could not be done ({failure.code}): {failure.detail}.",), FAILED
        case OSError(errno=errno.ENOSPC):
            return ("There is no room left on the disk. Make some, then try again.",), FAILED
        case _:
            what = f"{type(error).__name__}: {error}".splitlines()[0]
            advice = "`valine --debug …` shows where; please report it."
            return (f"Something unexpected happened ({what}). {advice}",), FAILED


def _nobody_reads() -> int:
    """`valine runs list | head`: the reader is gone, and Python must not complain about that when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED
