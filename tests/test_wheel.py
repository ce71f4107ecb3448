"""The wheel: installed beside what is locked, far from the sources, it plays a day."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dev_tool import dev_tool

pytestmark = pytest.mark.proof


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_by_itself_plays_a_day(root: Path, tmp_path: Path) -> None:
    run(*dev_tool(root, "hatchling"), "build", "-t", "wheel", "-d", tmp_path / "dist", cwd=root)
    (wheel,) = (tmp_path / "dist").glob("valine-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "alone", cwd=tmp_path)
    python = tmp_path / "alone" / "bin" / "python"
    uv = shutil.which("uv")
    install: list[str | Path] = ["uv", "pip", "install", "--python", python]
    if uv is None:
        run(python, "-m", "ensurepip", cwd=tmp_path)
        install = [python, "-m", "pip", "install"]
    run(*install, "--no-deps", "--require-hashes", "-r", root / "requirements" / "simulator.txt", cwd=tmp_path)
    run(*install, "--no-deps", wheel, cwd=tmp_path)

    told = run(tmp_path / "alone" / "bin" / "valine", "--version", cwd=tmp_path)
    run(tmp_path / "alone" / "bin" / "valine", "demo", "--json", tmp_path / "day.json", cwd=tmp_path)

    assert told.startswith("valine ")
    assert json.loads((tmp_path / "day.json").read_text())["status"] == "completed"
    with zipfile.ZipFile(wheel) as content:
        top = {name.split("/")[0] for name in content.namelist()}
    assert len(top) == 2  # the package, and what is told about it
    assert "valine" in top
