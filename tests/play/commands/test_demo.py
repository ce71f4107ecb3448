"""`valine demo --serve`: what cannot be served is a sentence; a page over somebody's own repository is served."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from valine.cli import main


def test_a_day_that_is_played_by_hand_writes_no_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--serve", "--json", str(tmp_path / "day.json")]) == 2

    assert "leave it, or --serve, out" in capsys.readouterr().err


def test_a_port_in_use_and_a_folder_that_is_no_repository_are_sentences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    issues = tmp_path / "issues.json"
    issues.write_text(json.dumps([{"number": 1, "title": "It", "labels": [{"name": "ready"}]}]))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        in_use = main(["demo", "--serve", "--port", str(taken.getsockname()[1])])
    no_repository = main(["demo", "--serve", "--port", "0", "--repo", str(tmp_path), "--issues", str(issues)])

    said = capsys.readouterr().err
    assert (in_use, no_repository) == (1, 2)
    assert "is in use by another program" in said
    assert "is not a git repository" in said
    assert said.count("\n") == 2


def test_a_folder_that_is_no_repository_is_the_same_sentence_for_the_twins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        assert main(["simulate", "--port", "0", "--repo", str(path)]) == 2
        assert capsys.readouterr().err == f"{path} is not a git repository with a commit in it.\n"


def test_ctrl_c_ends_it_quietly_and_nothing_is_kept(tmp_path: Path, root: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "valine", "demo", "--serve", "--port", "0"],
        env=os.environ | {"PYTHONPATH": str(root / "src"), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    first = process.stdout.readline()
    kept = [path.name for path in tmp_path.iterdir()]
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=30)

    assert first.startswith("Open http://127.0.0.1:")
    assert len(kept) == 1
    assert (process.returncode, complaints, [*tmp_path.iterdir()]) == (130, "", [])
