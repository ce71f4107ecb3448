"""A policy that is tried: found good or wrong, with its line, before anything starts; and served by the twins."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from valine.cli import main
from valine.cli.command_error import CommandError
from valine.orchestrator.model.policy import FILE
from valine_play.commands.policies import policy_text

if TYPE_CHECKING:
    from pathlib import Path


def a_file(folder: Path, text: str) -> Path:
    path = folder / "tried.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_policy_that_can_be_obeyed_is_its_text(tmp_path: Path) -> None:
    text = '[ship]\nmethod = "merge"\n'

    assert policy_text(a_file(tmp_path, text)) == text
    assert policy_text(None) is None


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[plan]\nlable = "x"\n', 2, 'unknown key plan.lable; did you mean plan.label?\n    lable = "x"'),
        ('# ours\n\n[plam]\nlabel = "x"\n', 3, "unknown key plam; did you mean plan?\n    [plam]"),
        ("[plan]\nlimit = 0\n", 2, "plan.limit must be a whole number from 1 to 250, not 0\n    limit = 0"),
        ('ship.method = "octopus"\n', 1, 'ship.method must be "merge", "squash" or "rebase", not "octopus"'),
        ('[plan]\nlabel = "x"\npriorities = [\n  "a",\n  "A",\n]\n', 3, "plan.priorities must be a list of different"),
        ("[people]\nana = 12\n", 2, "people.ana must be a Discord id in quotes"),
        ('[plan]\nlabel = "x"\n[ship\n', 3, "this is not valid TOML: "),
        ("plan = 3\n", 1, "plan must be a table, [plan], not 3"),
    ],
)
def test_a_policy_that_cannot_be_obeyed_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = a_file(tmp_path, text)

    with pytest.raises(CommandError) as told:
        policy_text(path)

    assert told.value.code == 2
    assert str(told.value).startswith(f"{path}:{line}: {said}")


def test_a_policy_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"# \xe9\n")

    for name, said in (("nowhere", "cannot be read"), ("latin", "is not a text in UTF-8")):
        with pytest.raises(CommandError, match=said):
            policy_text(tmp_path / name)


def test_the_twins_do_not_start_under_a_wrong_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = a_file(tmp_path, "[ship]\nchekcs = 'none'\n")

    assert main(["simulate", "--port", "0", "--policy", str(wrong)]) == 2

    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        f"{wrong}:2: unknown key ship.chekcs; did you mean ship.checks?\n    chekcs = 'none'\n",
    )


def test_the_twins_serve_it_on_the_default_branch_of_a_copy(tmp_path: Path, root: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "README.md").write_text("# Mine\n", encoding="utf-8")
    who = ("-c", "user.name=T", "-c", "user.email=t@example.test", "-c", "commit.gpgsign=false")
    alone = ("-c", "maintenance.auto=false")  # it may go on when git has ended, with a lock among the files
    for command in (["init", "-q", "-b", "trunk"], ["add", "."], ["commit", "-q", "-m", "Start"]):
        subprocess.run(["git", *who, *alone, *command], cwd=mine, check=True)
    before = {str(path): path.read_bytes() for path in sorted(mine.rglob("*")) if path.is_file()}
    policy = a_file(tmp_path, '[plan]\nlabel = "on-trial"\n')
    command = ["simulate", "--port", "0", "--repo", str(mine), "--policy", str(policy)]

    with subprocess.Popen(
        [sys.executable, "-m", "valine", *command],
        env=os.environ | {"PYTHONPATH": str(root / "src")},
        stdout=subprocess.PIPE,
        text=True,
    ) as twins:
        assert twins.stdout
        settings = {}
        try:
            for line in iter(twins.stdout.readline, ""):
                name, _, value = line.rstrip().partition("=")
                settings[name] = value
                if line.endswith("/_twin/view\n"):
                    break
            served = looked_up(settings["GITHUB_API_URL"], settings["GITHUB_TOKEN"])
        finally:
            twins.send_signal(signal.SIGINT)

    assert served == {"defaultBranchRef": {"name": "trunk"}, "object": {"text": '[plan]\nlabel = "on-trial"\n'}}
    assert {str(path): path.read_bytes() for path in sorted(mine.rglob("*")) if path.is_file()} == before


def looked_up(address: str, token: str) -> Any:
    """The default branch and the policy on it, as GitHub's twin serves them."""
    query = (
        '{ repository(owner: "acme", name: "rocket") { defaultBranchRef { name }'
        f' object(expression: "HEAD:{FILE}") {{ ... on Blob {{ text }} }} }} }}'
    )
    with httpx2.Client(trust_env=False, timeout=60) as client:
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "a-test"}
        answer = client.post(f"{address}/graphql", json={"query": query}, headers=headers)
    return answer.json()["data"]["repository"]
