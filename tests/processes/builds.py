"""Older builds of Valine, taken from this repository's history by their commits."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# All write schema 1. The oldest two lack fields that the newest has: `shown_at` of a message among them.
BUILDS = {
    "798d2ac": "798d2ac370714e22cdff98237577ae7d343404cc",
    "60-commits-older": "2da69f08c34be28a8095db984446c324a59af498",
    "120-commits-older": "0ff2b68a0ec160eb37a95597a1151d5468436ada",
}


def unpack(build: str, folder: Path) -> Path:
    """The tree of that build, in the folder. Skips the test where the clone is shallow and lacks it."""
    commit = BUILDS[build]
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", commit, "src", "tests"], capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip(f"{commit[:7]}, to upgrade from, is not in this clone: `git fetch --unshallow` brings it")
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder
