"""`valine scenario run` as it is called: what it prints and where, and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from valine.cli import main

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "given 1 issue\nAna: /plan\nexpect the plan is #1\n"
BAD = "Scenario: one\nAna: /plan\nexpect r1 is proposed\nScenario: two\nAna: /plan\nexpect r1 is completed\n"


def written(folder: Path, **files: str) -> list[str]:
    """These files, by their names."""
    for name, text in files.items():
        (folder / f"{name}.scenario").write_text(text, encoding="utf-8")
    return [str(folder / f"{name}.scenario") for name in files]


def test_all_as_expected_is_0_and_the_transcript_tells_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["scenario", "run", *written(tmp_path, good=GOOD)])

    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    assert "good ─────" in told.out
    assert "09:00:00  Ana   /plan" in told.out
    assert "│ Plan r1: 1 issue into main" in told.out
    assert "✓ the plan is #1" in told.out
    assert told.out.endswith("\n1 passed\n")
    assert "\x1b" not in told.out, "it is no terminal"


def test_what_is_not_as_expected_is_1_and_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = written(tmp_path, good=GOOD, bad=BAD)

    code = main(["scenario", "run", good, bad, "--quiet"])

    told = capsys.readouterr()
    assert (code, told.err) == (1, "")
    assert told.out == f"{bad}:6: r1 is pending\n    expect r1 is completed\n2 passed, 1 failed\n"


def test_a_failing_line_is_in_the_transcript_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario", "run", *written(tmp_path, bad=BAD)]) == 1

    assert "✗ expect r1 is completed\n            r1 is pending" in capsys.readouterr().out


def test_a_file_that_is_wrong_is_2_with_every_mistake_and_nothing_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, wrong = written(tmp_path, good=GOOD, wrong="Anna: /plan\nAna: /plam\n")

    code = main(["scenario", "run", good, wrong])

    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert told.err == (
        f"{wrong}:1: Anna is nobody on Discord; did you mean Ana?\n    Anna: /plan\n"
        f"{wrong}:2: there is no command /plam; did you mean plan?\n    Ana: /plam\n"
    )


def test_a_file_that_cannot_be_read_is_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "latin").write_bytes(b"Ana: /pl\xe9n\n")

    codes = [main(["scenario", "run", str(tmp_path / name)]) for name in ("nowhere", "latin", ".")]

    assert codes == [2, 2, 2]
    first, second, third = capsys.readouterr().err.splitlines()
    assert first.endswith("nowhere cannot be read: No such file or directory.")
    assert second.endswith("latin is not a text in UTF-8.")
    assert third.endswith(f"is a folder: name its files, such as {tmp_path}/*.scenario.")


def test_programs_get_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bad,) = written(tmp_path, bad=BAD)

    assert main(["scenario", "run", bad, "--json"]) == 1

    result = json.loads(capsys.readouterr().out)
    assert (result["passed"], result["failed"]) == (1, 1)
    assert [(row["file"], row["line"], row["name"], row["passed"]) for row in result["scenarios"]] == [
        (bad, 1, "one", True),
        (bad, 4, "two", False),
    ]
    assert result["scenarios"][1]["failures"] == [
        {"line": 6, "text": "expect r1 is completed", "said": "r1 is pending"}
    ]


def test_another_policy_is_played_under_and_one_that_is_wrong_is_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (good,) = written(tmp_path, good=GOOD)
    policy = tmp_path / "valine.toml"

    policy.write_text('[plan]\nlabel = "other"\n', encoding="utf-8")
    assert main(["scenario", "run", good, "-q", "--policy", str(policy)]) == 1
    policy.write_text("[plan]\nlimit = 0\n", encoding="utf-8")
    assert main(["scenario", "run", good, "-q", "--policy", str(policy)]) == 2

    assert capsys.readouterr().err == (
        f"{policy}:2: plan.limit must be a whole number from 1 to 250, not 0\n    limit = 0\n"
    )


def test_what_valine_logs_of_faults_is_not_in_the_way(tmp_path: Path, root: Path) -> None:
    story = "given 1 issue\nAna plans and approves\nana finishes #1\nGitHub: 502 after the next merge\nAna ships\n"
    (file,) = written(tmp_path, story=story)
    done = subprocess.run(
        [sys.executable, "-m", "valine", "scenario", "run", file],
        env=os.environ | {"PYTHONPATH": str(root / "src"), "FORCE_COLOR": "", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "pull request #2 is merged as" in done.stdout
    assert "\x1b" not in done.stdout
