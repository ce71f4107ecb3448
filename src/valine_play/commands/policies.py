"""A policy file that is tried before it counts: read, and found good or wrong, before anything starts."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from valine.cli.command_error import WRONG, CommandError
from valine.orchestrator.model.policy import PolicyProblem, parse

if TYPE_CHECKING:
    from pathlib import Path


def policy_text(path: Path | None) -> str | None:
    """The text of a policy that can be used; None where none is given. Stops the command otherwise."""
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", code=WRONG) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not a text in UTF-8.", code=WRONG) from error
    try:
        parse(text)
    except PolicyProblem as problem:
        line = _line(text, problem)
        where = f"{path}:{line}" if line else str(path)
        quoted = f"\n    {text.splitlines()[line - 1].strip()}" if line else ""
        raise CommandError(f"{where}: {problem.detail}{quoted}", code=WRONG) from problem
    return text


def _line(text: str, problem: PolicyProblem) -> int | None:
    """The line that a problem is about: where the file stops being TOML, or where the key that is wrong is written."""
    if problem.line is not None:
        return min(problem.line, len(text.splitlines()))
    return _line_of(text, problem.key) if problem.key is not None else None


def _line_of(text: str, key: str) -> int | None:
    """Where `table.key`, or a table, is written: the first line that the file cannot do without for it to be there."""
    lines = text.splitlines()
    table, dot, name = key.partition(".")  # a key in quotes may have dots of its own
    parts = [table, name] if dot else [table]
    for count in range(1, len(lines) + 1):
        try:
            found = tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue  # in the middle of a value of several lines
        if _has(found, parts):
            return _start(lines, count, parts[-1])
    return None


def _has(found: object, parts: list[str]) -> bool:
    for part in parts:
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return True


def _start(lines: list[str], count: int, name: str) -> int:
    """The line at or above which a value of several lines begins."""
    return next((n for n in range(count, 0, -1) if name in lines[n - 1]), count)
