"""Imports every module of a package, and prints what else its sources import that is not there, as JSON."""

import ast
import importlib
import importlib.util
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path


def imported(source: str) -> Iterator[str]:
    """The modules that this source imports, wherever it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def is_there(name: str) -> bool:
    """Whether it could be imported."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def lacking(package: str) -> list[str]:
    """What is not there. Raises whatever keeps one of the package's own modules from being imported."""
    names: set[str] = set()
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        file = importlib.import_module(module.name).__file__
        names.update(imported(Path(file).read_text(encoding="utf-8")) if file else ())
    return sorted(name for name in names if not is_there(name))


if __name__ == "__main__":
    print(json.dumps(lacking(sys.argv[1])))  # noqa: T201 - it is a script
