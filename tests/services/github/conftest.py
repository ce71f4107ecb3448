"""Every request that these tests make the forge send is held against GitHub's own descriptions."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.github.forge_world import OddGitHub, Recorder
from services.github.twin_world import TwinWorld


@pytest.fixture(scope="session")
def judge(root: Path) -> Any:
    """GitHub's judge; None where the workplace's oracles are absent (test_every_request_is_judged skips then)."""
    folder = root.parent / "shared" / "oracles"
    if not folder.is_dir():
        return None
    sys.path.insert(0, str(folder))
    try:
        import judge  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(folder))
    return judge.GitHubJudge()


@pytest.fixture
def recorder(judge: Any) -> Iterator[Recorder]:
    """Takes note of requests; the test fails if GitHub's descriptions do not allow one of them."""
    problems: list[str] = []

    def record(method: str, path: str, body: bytes) -> None:
        if judge is None:
            return
        content: Any = json.loads(body) if body else None
        if path.endswith("/graphql"):
            problems.extend(judge.graphql(content["query"]))
        else:
            problems.extend(f"{method} {path}: {one}" for one in judge.request(method, path, content))

    yield record
    assert problems == []


@pytest.fixture
def github(recorder: Recorder) -> OddGitHub:
    """A GitHub that answers what the test says."""
    return OddGitHub(recorder)


@pytest.fixture
def world(recorder: Recorder) -> TwinWorld:
    """A repository on GitHub's twin."""
    return TwinWorld(recorder)
