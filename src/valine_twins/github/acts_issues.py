"""What people do to issues."""

# ruff: noqa: PLR0913 - an act's arguments are the fields of its JSON

from __future__ import annotations

from typing import Any

from valine_twins.github import issues
from valine_twins.github.acts import Scene, act, when
from valine_twins.github.documents import issue_web
from valine_twins.github.state import Issue, Pull
from valine_twins.transport import ActError


def _known(it_name: str, given: list[Any]) -> list[tuple[str, int]]:
    """Blockers are numbers in the same repository, or "owner/name#7"."""
    found = []
    for one in given:
        name, _, number = str(one).rpartition("#")
        found.append((name or it_name, int(number)))
    return found


@act
def create_issue(
    scene: Scene,
    *,
    title: str,
    body: str | None = None,
    labels: list[str] | None = None,
    assignees: list[str] | None = None,
    blocked_by: list[int | str] | None = None,
    milestone: str | None = None,
    number: int | None = None,
    created_at: str | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """Open an issue."""
    if number is not None and number in scene.it.issues:
        msg = f"{scene.it.full_name} has a number {number} already"
        raise ActError(msg)
    made = issues.create(
        scene.world,
        scene.it,
        title=title,
        body=body,
        by=scene.actor(by),
        labels=labels,
        assignees=assignees,
        blocked_by=_known(scene.it.full_name, blocked_by or []),
        milestone=milestone,
        number=number,
        created_at=when(created_at),
    )
    return {"number": made.number, "url": issue_web(scene.it, made)}


@act
def import_issues(scene: Scene, *, issues: list[dict[str, Any]]) -> dict[str, Any]:
    """Open issues from what `gh issue list --json number,title,body,labels,assignees,createdAt` prints."""
    for row in sorted(issues, key=lambda one: int(one["number"])):
        create_issue(
            scene,
            title=row["title"],
            body=row.get("body"),
            labels=[_word(one, "name") for one in row.get("labels") or ()],
            assignees=[_word(one, "login") for one in row.get("assignees") or ()],
            milestone=_word(row["milestone"], "title") if row.get("milestone") else None,
            number=int(row["number"]),
            created_at=row.get("createdAt"),
        )
    return {"numbers": [int(row["number"]) for row in issues]}


def _word(one: Any, key: str) -> str:
    return str(one[key]) if isinstance(one, dict) else str(one)


def _only_issue(scene: Scene, number: int) -> Issue:
    which = scene.issue(number)
    if isinstance(which, Pull):
        msg = f"{number} is a pull request: close_pull_request and reopen_pull_request do this"
        raise ActError(msg)
    return which


@act
def edit_issue(
    scene: Scene,
    *,
    number: int,
    title: str | None = None,
    body: str | None = None,
    blocked_by: list[int | str] | None = None,
    milestone: str | None = None,
    by: str | None = None,
) -> None:
    """Change an issue or pull request."""
    which = scene.issue(number)
    who = scene.actor(by)
    issues.edit(scene.world, scene.it, which, who, title=title, body=body)
    if blocked_by is not None:
        which.blocked_by = _known(scene.it.full_name, blocked_by)
    if milestone is not None:
        which.milestone = issues.ensure_milestone(scene.world, scene.it, milestone, who).number


@act
def close_issue(scene: Scene, *, number: int, reason: str = "completed", by: str | None = None) -> None:
    """Close an issue as completed, not_planned or duplicate."""
    issues.close(scene.world, scene.it, _only_issue(scene, number), scene.actor(by), reason)


@act
def reopen_issue(scene: Scene, *, number: int, by: str | None = None) -> None:
    """Open an issue again."""
    issues.reopen(scene.world, scene.it, _only_issue(scene, number), scene.actor(by))


@act
def add_label(scene: Scene, *, number: int, label: str, by: str | None = None) -> None:
    """Put a label on."""
    issues.add_labels(scene.world, scene.it, scene.issue(number), [label], scene.actor(by, "triage"))


@act
def remove_label(scene: Scene, *, number: int, label: str, by: str | None = None) -> None:
    """Take a label off."""
    issues.remove_label(scene.world, scene.it, scene.issue(number), label, scene.actor(by, "triage"))


@act
def assign(scene: Scene, *, number: int, login: str, by: str | None = None) -> None:
    """Assign somebody."""
    which = scene.issue(number)
    issues.assign(scene.world, scene.it, which, [login], scene.actor(by, "triage"))
    if login.lower() not in {one.lower() for one in which.assignees}:
        msg = f"{login} has no push access and cannot be assigned"
        raise ActError(msg)


@act
def unassign(scene: Scene, *, number: int, login: str, by: str | None = None) -> None:
    """Take somebody off."""
    issues.unassign(scene.world, scene.it, scene.issue(number), [login], scene.actor(by, "triage"))


@act
def comment(scene: Scene, *, number: int, body: str, by: str | None = None) -> dict[str, Any]:
    """Write a comment on an issue or pull request."""
    made = issues.comment(scene.world, scene.it, scene.issue(number), body, scene.actor(by))
    return {"id": made.id}
