"""The demo as `./dev demo` plays it: real git repositories, a real file, and what it tells and writes."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from valine_play.demo.main import run

if TYPE_CHECKING:
    from pathlib import Path

READY = [{"name": "ready"}]


def an_issue(number: int, **changes: Any) -> dict[str, Any]:
    """A row as `gh issue list --json …` prints it."""
    row = {"number": number, "title": f"Issue {number}", "body": "", "labels": READY, "assignees": []}
    return row | {"createdAt": "2026-11-01T10:00:00Z"} | changes


def a_repository(path: Path) -> Path:
    """A small git repository with one commit."""
    path.mkdir()
    (path / "README.md").write_text("# Mine\n", encoding="utf-8")
    who = ("-c", "user.name=T", "-c", "user.email=t@example.test", "-c", "commit.gpgsign=false")
    alone = ("-c", "maintenance.auto=false")  # it may go on when git has ended, with a lock among the files
    for command in (["init", "-q", "-b", "trunk"], ["add", "."], ["commit", "-q", "-m", "Start"]):
        subprocess.run(["git", *who, *alone, *command], cwd=path, check=True)
    return path


def everything_in(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def test_the_day_ends_well_and_writes_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "day.json", None, None) == 0

    day = json.loads((tmp_path / "day.json").read_text(encoding="utf-8"))
    told = capsys.readouterr().out
    assert (day["run"], day["status"], len(day["tasks"])) == ("r1", "completed", 6)
    assert {task["state"] for task in day["tasks"]} == {"merged"}
    assert len({task["merged_sha"] for task in day["tasks"]}) == 6
    assert day["requests"]["github"]["PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge"] == 6
    assert not any(message["notified"]["everyone"] for message in day["messages"])
    for scene in (
        "already approved r1",
        "you need the permission",
        "checks failed",
        "conflicts with the base",
        "completed",
    ):
        assert scene in told


def test_anybodys_repository_and_issues_are_played_on_a_copy(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "mine")
    before = everything_in(repository)
    issues = tmp_path / "issues.json"
    rows = [
        an_issue(4, title="@everyone **look**"),
        an_issue(7, body=None, assignees=[{"login": "dependabot[bot]"}]),
        an_issue(9, body="Depends on #4", assignees=[{"login": "octo-cat"}]),
    ]
    issues.write_text(json.dumps(rows), encoding="utf-8")

    assert run(tmp_path / "day.json", repository, issues) == 0

    day = json.loads((tmp_path / "day.json").read_text(encoding="utf-8"))
    assert {task["issue"]: task["state"] for task in day["tasks"]} == {4: "merged", 7: "merged", 9: "merged"}
    assert everything_in(repository) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not what `gh issue list"),
        ('{"a": 1}', "is not what `gh issue list"),
        ("[]", "holds no issues"),
        (json.dumps([an_issue(1), an_issue(1)]), "a number of its own"),
        (json.dumps([an_issue(1, labels=[])]), "No issue has a label"),
    ],
)
def test_issues_that_cannot_be_played_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    issues = tmp_path / "issues.json"
    issues.write_text(text, encoding="utf-8")

    assert run(None, a_repository(tmp_path / "mine"), issues) == 2

    assert said in capsys.readouterr().err


def test_a_day_that_nothing_can_come_of_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    issues = tmp_path / "issues.json"
    rows = [an_issue(1, body="Depends on #2"), an_issue(2, body="Depends on #1")]
    issues.write_text(json.dumps(rows), encoding="utf-8")

    assert run(None, a_repository(tmp_path / "mine"), issues) == 1

    assert "depend on each other" in capsys.readouterr().out


def test_what_is_no_repository_and_what_cannot_be_written_is_told_before_anything_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    issues = tmp_path / "issues.json"
    issues.write_text(json.dumps([an_issue(1)]), encoding="utf-8")

    assert run(None, tmp_path, issues) == 2
    assert run(None, None, issues) == 2
    assert run(tmp_path / "nowhere" / "day.json", None, None) == 2

    assert capsys.readouterr().err.count("\n") == 3


@pytest.mark.slow
@pytest.mark.proof
def test_a_day_of_60_issues_plays_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [an_issue(number) for number in range(1, 61)]
    (tmp_path / "issues.json").write_text(json.dumps(rows), encoding="utf-8")
    repository = a_repository(tmp_path / "mine")

    assert run(tmp_path / "day.json", repository, tmp_path / "issues.json") == 0

    day = json.loads((tmp_path / "day.json").read_text(encoding="utf-8"))
    assert (day["status"], len(day["tasks"]), {task["state"] for task in day["tasks"]}) == ("completed", 59, {"merged"})
    assert "GitHub's limit on writes: waiting until" in capsys.readouterr().out
