"""What people and programs do to issues (and to pull requests as issues), with the events that follow.

https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from valine_twins.github import branches, documents
from valine_twins.github.state import Closing, Comment, Issue, Label, Milestone, Pull
from valine_twins.github.world import Refused, World, pulls

if TYPE_CHECKING:
    from valine_twins.github.state import Repository

_KEYWORD = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+"
    r"(?:(?P<repository>[\w.-]+/[\w.-]+)?#|https?://[^/\s]+/(?P<web>[\w.-]+/[\w.-]+)/issues/)(?P<number>\d+)",
    re.IGNORECASE,
)
# A keyword that is only quoted, as code or in a comment that nobody sees, closes nothing.
_CODE = re.compile(r"```.*?```|`[^`\n]*`|<!--.*?-->", re.DOTALL)


def next_number(it: Repository) -> int:
    """Issues and pull requests are numbered together."""
    return max(it.issues, default=0) + 1


def find(it: Repository, number: int) -> Issue:
    """An issue or pull request; 404 if there is none."""
    found = it.issues.get(number)
    if found is None:
        raise Refused(404, "Not Found", page="rest/issues/issues#get-an-issue")
    return found


def announce(world: World, it: Repository, which: Issue, action: str, by: str, **more: Any) -> None:
    """Tell the hooks; what happens to a pull request is told as such."""
    if isinstance(which, Pull):
        branches.announce(world, it, which, action, by, **more)
    else:
        world.emit(it, "issues", action, by, lambda: {"issue": documents.issue(world, it, which), **more})


def create(world: World, it: Repository, *, title: str, body: str | None, by: str, **fields: Any) -> Issue:
    """Open an issue. `fields`: number, labels, assignees, milestone (a title), created_at, blocked_by."""
    made = fields.get("created_at") or world.now
    issue = Issue(
        id=world.next_id(),
        number=fields.get("number") or next_number(it),
        title=title,
        body=body,
        author=world.user(by).login,
        created_at=made,
        updated_at=made,
    )
    it.issues[issue.number] = issue
    issue.labels = [ensure_label(world, it, name).name for name in fields.get("labels") or ()]
    issue.assignees = [world.user(login).login for login in fields.get("assignees") or ()]
    issue.blocked_by = list(fields.get("blocked_by") or ())
    if fields.get("milestone"):
        issue.milestone = ensure_milestone(world, it, fields["milestone"], by).number
    announce(world, it, issue, "opened", by)
    return issue


def ensure_label(world: World, it: Repository, name: str) -> Label:
    """The label of that name (its case does not matter), made if it is new."""
    return it.labels.setdefault(name.lower(), Label(world.next_id(), name))


def ensure_milestone(world: World, it: Repository, title: str, by: str) -> Milestone:
    """The milestone of that title, made if it is new."""
    known = next((one for one in it.milestones if one.title == title), None)
    if known is None:
        known = Milestone(world.next_id(), len(it.milestones) + 1, title, by, world.now)
        it.milestones.append(known)
    return known


def edit(
    world: World, it: Repository, which: Issue, by: str, *, title: str | None = None, body: str | None = None
) -> None:
    """Change title or body."""
    changes: dict[str, Any] = {}
    if title is not None and title != which.title:
        changes["title"] = {"from": which.title}
        which.title = title
    if body is not None and body != which.body:
        changes["body"] = {"from": which.body or ""}
        which.body = body
    if changes:
        which.updated_at = world.now
        announce(world, it, which, "edited", by, changes=changes)


def close(world: World, it: Repository, which: Issue, by: str, reason: str = "completed") -> None:
    """Close an issue (a pull request: without merging); closing what is closed changes nothing."""
    if not which.open:
        return
    if isinstance(which, Pull):
        branches.close(world, it, which, by)
        return
    which.open, which.state_reason = False, reason
    which.closed_at = which.updated_at = world.now
    which.closed_by = world.user(by).login
    announce(world, it, which, "closed", by)


def reopen(world: World, it: Repository, which: Issue, by: str) -> None:
    """Open it again. A merged pull request, or one whose branch is gone, stays closed."""
    if which.open:
        return
    if isinstance(which, Pull):
        head = it.refs.get(branches.head_ref(which))
        if which.merged_at or head is None:
            raise Refused(
                422,
                "Validation Failed",
                errors=[
                    {
                        "resource": "PullRequest",
                        "code": "invalid",
                        "field": "state",
                        "message": "state cannot be changed.",
                    }
                ],
            )
        which.head_sha = head
        which.base_sha = it.refs[f"refs/heads/{which.base}"]
        branches.unsettle(world, which, "head")
    which.open, which.closed_at, which.closed_by = True, None, None
    which.state_reason = None if isinstance(which, Pull) else "reopened"
    which.updated_at = world.now
    announce(world, it, which, "reopened", by)


def add_labels(world: World, it: Repository, which: Issue, names: list[str], by: str) -> None:
    """Put labels on; one that the repository does not know is made."""
    for name in names:
        label = ensure_label(world, it, name)
        if label.name not in which.labels:
            which.labels.append(label.name)
            which.updated_at = world.now
            announce(world, it, which, "labeled", by, label=documents.label(world, it, label))


def remove_label(world: World, it: Repository, which: Issue, name: str, by: str) -> None:
    """Take a label off; 404 where it is not on."""
    label = it.labels.get(name.lower())
    if label is None or label.name not in which.labels:
        raise Refused(404, "Label does not exist", page="rest/issues/labels#remove-a-label-from-an-issue")
    which.labels.remove(label.name)
    which.updated_at = world.now
    announce(world, it, which, "unlabeled", by, label=documents.label(world, it, label))


def set_labels(world: World, it: Repository, which: Issue, names: list[str], by: str) -> None:
    """Let these labels be on, and no others."""
    keep = {name.lower() for name in names}
    for name in [one for one in which.labels if one.lower() not in keep]:
        remove_label(world, it, which, name, by)
    add_labels(world, it, which, names, by)


def set_milestone(world: World, it: Repository, which: Issue, number: int | None, by: str) -> None:
    """Put it into a milestone, or take it out of one."""
    if which.milestone == number:
        return
    before, which.milestone, which.updated_at = which.milestone, number, world.now
    about = documents.milestone(world, it, number if number is not None else before)
    announce(world, it, which, "milestoned" if number is not None else "demilestoned", by, milestone=about)


def assign(world: World, it: Repository, which: Issue, logins: list[str], by: str) -> None:
    """Assign people; those without push access, and any above ten, are dropped without a word, as GitHub does."""
    for login in logins:
        who = world.user(login).login if world.may(it, login, "write") else None
        if who is not None and who not in which.assignees and len(which.assignees) < 10:
            which.assignees.append(who)
            which.updated_at = world.now
            announce(world, it, which, "assigned", by, assignee=documents.user(world, who))


def unassign(world: World, it: Repository, which: Issue, logins: list[str], by: str) -> None:
    """Take people off; those who are not on it do not matter."""
    gone = {login.lower() for login in logins}
    for login in [one for one in which.assignees if one.lower() in gone]:
        which.assignees.remove(login)
        which.updated_at = world.now
        announce(world, it, which, "unassigned", by, assignee=documents.user(world, login))


def comment(world: World, it: Repository, which: Issue, body: str, by: str) -> Comment:
    """Write a comment."""
    made = Comment(world.next_id(), which.number, world.user(by).login, body, world.now, world.now)
    it.comments[made.id] = made
    which.comments += 1
    which.updated_at = world.now
    world.emit(
        it,
        "issue_comment",
        "created",
        by,
        lambda: {"issue": documents.issue(world, it, which), "comment": documents.comment(world, it, made)},
    )
    return made


def edit_comment(world: World, it: Repository, which: Comment, body: str, by: str) -> None:
    """Rewrite a comment."""
    changes = {"body": {"from": which.body}}
    which.body, which.updated_at = body, world.now
    issue = it.issues[which.number]
    world.emit(
        it,
        "issue_comment",
        "edited",
        by,
        lambda: {
            "issue": documents.issue(world, it, issue),
            "comment": documents.comment(world, it, which),
            "changes": changes,
        },
    )


def delete_comment(world: World, it: Repository, which: Comment, by: str) -> None:
    """Delete a comment."""
    issue = it.issues[which.number]
    told = documents.comment(world, it, which)
    del it.comments[which.id]
    issue.comments -= 1
    world.emit(
        it, "issue_comment", "deleted", by, lambda: {"issue": documents.issue(world, it, issue), "comment": told}
    )


def closing_references(it: Repository, which: Pull) -> list[Issue]:
    """The issues a pull request closes by its description; only one that leads into the default branch does."""
    if which.base != it.default_branch:
        return []
    found: list[Issue] = []
    for match in _KEYWORD.finditer(_CODE.sub(" ", which.body or "")):
        name = match["repository"] or match["web"] or it.full_name
        issue = it.issues.get(int(match["number"])) if name.lower() == it.full_name.lower() else None
        if issue is not None and not isinstance(issue, Pull) and issue not in found:
            found.append(issue)
    return found


def closed_by_references(it: Repository, which: Issue) -> list[Pull]:
    """The pull requests that say they close an issue."""
    return [pull for pull in pulls(it) if which in closing_references(it, pull)]


def close_by_merge(world: World, it: Repository, which: Pull, by: str) -> None:
    """Close what a merged pull request closes, at once or as late as this GitHub does it."""
    late = world.options.close_on_merge
    if late is None:
        return
    for issue in closing_references(it, which):
        if late:
            due = world.now + timedelta(seconds=late)
            world.state.closings.append(Closing(due, it.full_name, issue.number, by))
        else:
            close(world, it, issue, by)


def close_due(world: World) -> None:
    """Close the issues whose late closing has come."""
    for closing in [one for one in world.state.closings if one.due <= world.now]:
        world.state.closings.remove(closing)
        it = world.repository(closing.repository)
        close(world, it, it.issues[closing.number], closing.by)
