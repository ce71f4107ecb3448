"""What the tests of deploy.sh share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aws.deployment import Deployment, a_deployment


@pytest.fixture
def deployment(tmp_path: Path, root: Path) -> Deployment:
    if shutil.which("bash") is None:
        pytest.skip("there is no bash here: deploy.sh needs it")
    folder = tmp_path / "a place with spaces"
    folder.mkdir()
    return a_deployment(folder, root)
