"""git, run so that nothing of the user's reaches in: configuration, hooks, identity, environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, TypeVar

from valine_twins.objects import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
# Whatever is there may be fetched by its sha, and without its blobs; a fork's branches are nobody's to see.
_SETTINGS = """[safe]
	directory = *
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[transfer]
	hideRefs = refs/forks
"""


class GitFolder:
    """Bare repositories under one folder, and the `git` command to ask them with. What git said once is kept."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("git")
        if found is None:
            msg = "git is not installed"
            raise StoreError(msg)
        self._git = found
        self._folder = folder
        self._known: dict[tuple[str, ...], object] = {}
        folder.mkdir(parents=True, exist_ok=True)
        # A checkout that belongs to somebody else may be read: upload-pack asks the global file, nothing else.
        settings = folder / "gitconfig"
        settings.write_text(_SETTINGS)
        # Under a hook git exports GIT_DIR and friends, which would point every command at the outer repository.
        clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        self._environment = clean | {
            "GIT_CONFIG_GLOBAL": str(settings),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }

    def _path(self, repository: str) -> Path:
        parts = repository.split("/")
        if any(not re.fullmatch(r"[\w.-]+", part) or part.startswith(".") for part in parts):
            msg = f"{repository!r} is not a repository's name"
            raise StoreError(msg)
        return self._folder.joinpath(*parts[:-1], f"{parts[-1]}.git")

    def _once(self, key: tuple[str, ...], look: Callable[[], T]) -> T:
        if key not in self._known:
            self._known[key] = look()
        return self._known[key]  # type: ignore[return-value]  # a key is always asked with the same look

    def _ask(
        self, repository: str, *arguments: str, feed: bytes = b"", good: tuple[int, ...] = (0,), **environment: str
    ) -> bytes:
        path = self._path(repository)
        if not path.exists():
            msg = f"no repository {repository}"
            raise StoreError(msg)
        return self._run(path, *arguments, feed=feed, good=good, **environment)

    def _run(
        self, folder: Path, *arguments: str, feed: bytes = b"", good: tuple[int, ...] = (0,), **environment: str
    ) -> bytes:
        settings = ("-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "core.quotePath=false")
        done = subprocess.run(
            [self._git, *settings, *arguments],
            cwd=folder,
            input=feed,
            capture_output=True,
            env=self._environment | environment,
            check=False,
        )
        if done.returncode not in good:
            said = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
            msg = f"git {arguments[0]}: {said}"
            raise StoreError(msg)
        return done.stdout
