"""The two wheels: installed beside what is locked, far from the sources, they play a day; the product's has no twin."""

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


def run(*command: str | Path, cwd: Path, expected: int = 0) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


def built(root: Path, project: Path, into: Path) -> Path:
    run(*dev_tool(root, "hatchling"), "build", "-t", "wheel", "-d", into, cwd=project)
    (wheel,) = into.glob("*.whl")
    return wheel


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as content:
        return {name.split("/")[0] for name in content.namelist() if ".dist-info/" not in name}


def test_the_product_alone_has_no_twin_and_both_wheels_together_play_a_day(root: Path, tmp_path: Path) -> None:
    product = built(root, root, tmp_path / "product")
    play = built(root, root / "play", tmp_path / "play")
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "alone", cwd=tmp_path)
    python = tmp_path / "alone" / "bin" / "python"
    uv = shutil.which("uv")
    install: list[str | Path] = ["uv", "pip", "install", "--python", python]
    if uv is None:
        run(python, "-m", "ensurepip", cwd=tmp_path)
        install = [python, "-m", "pip", "install"]
    run(*install, "--no-deps", "--require-hashes", "-r", root / "requirements" / "simulator.txt", cwd=tmp_path)
    run(*install, "--no-deps", product, cwd=tmp_path)
    valine = tmp_path / "alone" / "bin" / "valine"

    bare = run(valine, "demo", cwd=tmp_path, expected=2)
    run(*install, "--no-deps", play, cwd=tmp_path)
    run(valine, "demo", "--json", tmp_path / "day.json", cwd=tmp_path)

    assert (contents(product), contents(play)) == ({"valine"}, {"valine_play", "valine_twins"})
    assert run(valine, "--version", cwd=tmp_path).startswith("valine ")
    assert "pip install 'valine[play]'" in bare
    assert json.loads((tmp_path / "day.json").read_text())["status"] == "completed"
