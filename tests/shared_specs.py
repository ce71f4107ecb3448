"""The platforms' published descriptions beside the repository, where they are; and judges that need not be there."""

from __future__ import annotations

import functools
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


class Judges:
    """Holds recorded requests against ../shared/oracles; without that folder it finds no fault (see test_judges)."""

    @property
    def present(self) -> bool:
        """Whether the descriptions are there."""
        return (SHARED / "oracles" / "judge.py").is_file()

    @functools.cached_property
    def _judge(self) -> Any:
        spec = importlib.util.spec_from_file_location("judge", SHARED / "oracles" / "judge.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # the folder is not ours
        try:
            spec.loader.exec_module(module)
        finally:
            sys.dont_write_bytecode = writes
        return module

    @functools.cached_property
    def github(self) -> Any:
        return self._judge.GitHubJudge()

    @functools.cached_property
    def discord(self) -> Any:
        return self._judge.DiscordJudge()

    def problems(self, requests: Iterable[tuple[str, str, str, bytes]]) -> list[str]:
        """What is wrong with these requests (service, method, path, body); each different one is judged once."""
        if not self.present:
            return []
        found = []
        for service, method, path, body in dict.fromkeys(requests):
            found += [f"{service} {method} {path}: {problem}" for problem in self._judged(service, method, path, body)]
        return found

    @functools.lru_cache(maxsize=20_000)  # noqa: B019 - one for the whole session, on purpose
    def _judged(self, service: str, method: str, path: str, body: bytes) -> tuple[str, ...]:
        decoded: Any = json.loads(body) if body else None
        if service == "callback":
            return tuple(self.discord.callback(decoded))
        if service == "github" and path.endswith("/graphql"):
            return tuple(self.github.graphql(decoded["query"]))
        if service == "github":
            return tuple(self.github.request(method, path, decoded))
        return tuple(self.discord.request(method, path, decoded))


judges = Judges()
