"""Octokit's own day on the twin; the day itself is octokit/tour.mjs. Needs Node.js with npm."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from outside.stand import Shop, environment
from waiting import until

pytestmark = pytest.mark.proof
HERE = Path(__file__).resolve().parent / "octokit"
LOCKED = ("package.json", "package-lock.json")
PATIENT = ("--fetch-timeout=60000", "--fetch-retries=4")


@pytest.fixture(scope="session")
def octokit(pytestconfig: pytest.Config) -> Path:
    """A folder with exactly what the lock says, kept for the next time."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("Node.js and npm are not installed: Octokit was not tried against the twin")
    mark = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in LOCKED)).hexdigest()[:16]
    assert pytestconfig.cache is not None
    folder = Path(pytestconfig.cache.mkdir(f"octokit-{mark}"))
    for name in (*LOCKED, "tour.mjs"):
        shutil.copy(HERE / name, folder / name)
    if not (folder / "node_modules/.package-lock.json").exists():
        npm(folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", *PATIENT)
    return folder


def npm(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["npm", *arguments], cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr


def toured(octokit: Path, shop: Shop) -> Any:
    told = {
        "TWIN": shop.stand.github,
        "TOKEN": shop.token,
        "REVIEWER": shop.token_of("chen"),
        "READER": shop.token_of("bo"),
        "REPOSITORY": shop.full_name,
        "no_proxy": "*",
    }
    done = subprocess.run(
        ["node", "tour.mjs"],
        cwd=octokit,
        env=environment(**told),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_octokit_sees_on_the_twin_what_it_would_see_on_github(octokit: Path, shop: Shop) -> None:
    seen = toured(octokit, shop)

    assert seen["issues"] == {
        "every": [5, 4, 3, 2, 1],
        "ready": [5, 3, 1],
        "assignees": ["chen"],
        "comment": "On it",
        "labels": ["ready", "later"],
    }
    assert seen["pulls"] == {
        "again": [422, "Validation Failed"],
        "approved": "APPROVED",
        "own": [422, "Unprocessable Entity"],
        "before": [True, "clean", 1, 1],
        "moved": [409, "Head branch was modified. Review and try the merge again."],
        "merged": True,
        "issue": "closed",
        "is_merged": 204,
        "conflict": [405, "Pull Request is not mergeable"],
        "dirty": "dirty",
        "files": ["src/cart.py"],
        "status": "success",
    }
    assert seen["files"] == {
        "created": 201,
        "blind": 422,
        "raw": "Hello\n",
        "root": ["README.md", "docs", "src"],
        "gone": [404, "Not Found"],
        "history": ["Hush", "Say hello"],
    }
    assert seen["others"] == {
        "nowhere": [404, "Not Found"],
        "stranger": [401, "Bad credentials"],
        "reader": [403, "Resource not accessible by personal access token"],
        "unknown": [422, "Object does not exist"],
        "unchanged": 304,
        "latest": True,
        "branches": ["main", "rival", "work"],
        "open": 3,
        "limit": 5000,
        "me": "ana",
    }
    assert shop.view()["issues"][0]["closed_by"] == "ana"
    until(
        "the merge is told",
        lambda: [one for one in shop.heard("pull_request", action="closed") if one["pull_request"]["merged"]],
    )
