"""The team of the demo and what is on its desk: a small repository, seven issues labelled `ready`, and a policy."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OWNER, NAME = "acme", "rocket"
BOT = "valine-bot"
DEVELOPERS = ("ana", "ben", "chen", "dora")
CHECK, WORKFLOW = "test", "ci"

POLICY = """\
[plan]
label = "ready"

[tasks]
assignees = ["ana", "ben", "chen", "dora"]

[ship]
method = "squash"
release = true
"""

FILES = {
    "README.md": "# Rocket\n\nGoes up.\n",
    "src/engine.py": "THRUST = 7.6\n",
    "src/guidance.py": "HEADING = 90\n",
    ".github/valine.toml": POLICY,
}

ISSUES: tuple[dict[str, Any], ...] = (
    {"title": "Log in with a passkey", "labels": ["ready", "p1"], "body": "Passwords are out of fashion.\n"},
    {"title": "Crash when the tank is empty", "labels": ["ready", "p0"], "body": "It stops in mid-air.\n"},
    {"title": "Show the altitude in metres", "labels": ["ready", "p2"], "body": "Feet confuse everybody.\n"},
    {"title": "Remember the passkey", "labels": ["ready", "p1"], "body": "Depends on #1.\n", "blocked_by": [1]},
    {"title": "Refuse to start on an empty tank", "labels": ["ready"], "body": "", "blocked_by": [2]},
    {"title": "A dark theme", "labels": ["ready", "p3"], "body": "For flights at night.\n"},
    {"title": "Paint it red @everyone", "labels": ["ready", "p3"], "body": "Red ones go faster.\n"},
)


MEMBERS: dict[str, list[str]] = {"Ana": ["lead"], "Ben": ["lead"], "Chen": [], "Dora": []}  # on Discord, with roles


class IssueRow(msgspec.Struct):
    """A row of `gh issue list --json number,title,body,labels,assignees,createdAt`."""

    number: int
    title: str
    body: str | None = ""
    labels: list[dict[str, Any]] = []
    assignees: list[dict[str, Any]] = []
    createdAt: str | None = None  # noqa: N815 - gh's name


class UnusableInput(ValueError):
    """What was handed in cannot be played; the text says why and what to do."""


def check_repository(path: Path) -> None:
    """Raises UnusableInput if that is no git repository with something in it."""
    command = ["git", "-C", str(path), "rev-parse", "--verify", "--quiet", "HEAD"]
    if not path.is_dir() or subprocess.run(command, capture_output=True, check=False).returncode:
        raise UnusableInput(f"{path} is not a git repository with a commit in it.")


def read_issues(path: Path) -> list[dict[str, Any]]:
    """The rows of the file. Raises UnusableInput if it is not what gh prints, or there are none."""
    try:
        rows = msgspec.json.decode(path.read_bytes(), type=list[IssueRow])
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        wanted = "gh issue list --json number,title,body,labels,assignees,createdAt"
        raise UnusableInput(f"{path} is not what `{wanted}` prints: {error}.") from error
    if not rows:
        raise UnusableInput(f"{path} holds no issues: there is nothing to plan.")
    if len({row.number for row in rows}) != len(rows) or any(row.number < 1 for row in rows):
        raise UnusableInput(f"{path}: every issue needs a number of its own, 1 or more.")
    return [json.loads(msgspec.json.encode(row)) for row in rows]


def set_up(
    act: Callable[..., Any],
    repo: Path | None,
    rows: list[dict[str, Any]] | None,
    discord: dict[str, str] | None = None,
) -> None:
    """The team's repository (or a copy of `repo`) with its people and issues (or `rows`), made by GitHub's acts.

    `discord` maps names of members to their ids: where the repository is the team's own, its policy says whom to ping.
    """
    # An app's login ends in [bot] over REST, and not over GraphQL, which is what Valine reads.
    people = {row["login"].removesuffix("[bot]") for issue in rows or () for row in issue["assignees"]}
    members = dict.fromkeys((*DEVELOPERS, *sorted(people), BOT), "write")
    pinged = "".join(
        f'{login} = "{ids}"\n' for name, ids in (discord or {}).items() if (login := name.lower()) in members
    )
    policy = f"{POLICY}\n[people]\n{pinged}" if pinged else POLICY
    where = {"from_path": str(repo)} if repo is not None else {"files": FILES | {".github/valine.toml": policy}}
    act("create_repository", owner=OWNER, name=NAME, members=members, **where)
    if rows is not None:
        act("import_issues", issues=rows)
        return
    for issue in ISSUES:
        act("create_issue", by="ana", **issue)


def label_of(rows: list[dict[str, Any]]) -> str:
    """The label to plan by: `ready` if an issue has it, else the most common one. Raises UnusableInput without any."""
    counts: dict[str, int] = {}
    for row in rows:
        for label in row["labels"]:
            counts[label["name"]] = counts.get(label["name"], 0) + 1
    if not counts:
        raise UnusableInput("No issue has a label: put one, such as `ready`, on those that are to be planned.")
    return "ready" if "ready" in counts else max(sorted(counts), key=lambda label: counts[label])
