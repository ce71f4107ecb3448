"""REST routes of issues, comments, labels and assignees. https://docs.github.com/en/rest/issues"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from valine_twins.github import documents, issues
from valine_twins.github.rest import Call, Reply, listed, route
from valine_twins.github.state import Pull
from valine_twins.github.world import Refused

if TYPE_CHECKING:
    from valine_twins.github.state import Comment, Issue

ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
WRITE = "issues|pull_requests:write"
READ = "issues|pull_requests:read"


def _issue(call: Call) -> Issue:
    return issues.find(call.repo, call.number("issue_number"))


def _one(call: Call, which: Issue, status: int = 200) -> Reply:
    closed_by = documents.user(call.world, which.closed_by) if which.closed_by else None
    return Reply(status, {**documents.issue(call.world, call.repo, which), "closed_by": closed_by})


@route("GET", "/repos/{owner}/{repo}/issues", READ)
def list_issues(call: Call) -> Reply:
    """Issues *and* pull requests, newest first, as GitHub lists them."""
    found = [one for one in call.repo.issues.values() if _asked_for(call, one)]
    key = {"updated": "updated_at", "comments": "comments"}.get(call.query.get("sort", ""), "created_at")
    reverse = call.query.get("direction", "desc") == "desc"
    found.sort(key=lambda one: (getattr(one, key), one.number), reverse=reverse)
    return listed(call, found, documents.issue)


def _asked_for(call: Call, one: Issue) -> bool:
    """Whether an issue is of the state, labels, people, milestone and time that the query names."""
    state, after = call.query.get("state", "open"), _since(call)
    wanted = {name.lower() for name in call.query.get("labels", "").split(",") if name}
    named = [
        (call.query.get("assignee"), [login.lower() for login in one.assignees]),
        (call.query.get("milestone"), [str(one.milestone)] if one.milestone else []),
        (call.query.get("creator"), [one.author.lower()]),
    ]
    return (
        state in ("all", "open" if one.open else "closed")
        and wanted <= {name.lower() for name in one.labels}
        and (after is None or one.updated_at >= after)
        and all(_is_among(asked, values) for asked, values in named)
    )


def _is_among(asked: str | None, values: list[str]) -> bool:
    if asked is None:
        return True
    if asked in ("none", "*"):
        return bool(values) == (asked == "*")
    return asked.lower() in values


@route("POST", "/repos/{owner}/{repo}/issues", "issues:write", role="read")
def create_issue(call: Call) -> Reply:
    """Open an issue; labels and assignees are taken only from people who may set them."""
    may = call.token is not None and (
        call.token.installation is not None or call.world.may(call.repo, call.login, "write")
    )
    number = _milestone(call)
    milestone = next((one.title for one in call.repo.milestones if one.number == number), None)
    made = issues.create(
        call.world,
        call.repo,
        title=call.need("title"),
        body=call.text("body"),
        by=call.login,
        labels=call.texts("labels") if may else [],
        assignees=[one for one in call.texts("assignees") if call.world.may(call.repo, one, "write")] if may else [],
        milestone=milestone if may else None,
    )
    return _one(call, made, 201)


@route("GET", ISSUE, READ)
def get_issue(call: Call) -> Reply:
    """One issue or pull request."""
    return _one(call, _issue(call))


@route("PATCH", ISSUE, WRITE)
def edit_issue(call: Call) -> Reply:
    """Change title, body, state; labels and assignees are replaced where given."""
    world, it, which = call.world, call.repo, _issue(call)
    issues.edit(world, it, which, call.login, title=call.text("title"), body=call.text("body"))
    if "labels" in call.body:
        issues.set_labels(world, it, which, call.texts("labels"), call.login)
    if "milestone" in call.body:
        issues.set_milestone(world, it, which, _milestone(call), call.login)
    if "assignees" in call.body:
        wanted = call.texts("assignees")
        issues.unassign(world, it, which, [one for one in which.assignees if one not in wanted], call.login)
        issues.assign(world, it, which, wanted, call.login)
    _set_state(call, which)
    return _one(call, which)


def _milestone(call: Call) -> int | None:
    """The number of the milestone in the body; 422 if there is none of that number."""
    number = call.body.get("milestone")
    if number is not None and number not in [one.number for one in call.repo.milestones]:
        error = {"value": number, "resource": "Issue", "field": "milestone", "code": "invalid"}
        raise Refused(422, "Validation Failed", errors=[error])
    return number


def _set_state(call: Call, which: Issue) -> None:
    state = call.text("state")
    if state not in (None, "open", "closed"):
        raise Refused(422, "Validation Failed", errors=[{"resource": "Issue", "code": "invalid", "field": "state"}])
    if state == "closed":
        issues.close(call.world, call.repo, which, call.login, call.text("state_reason") or "completed")
    elif state == "open":
        issues.reopen(call.world, call.repo, which, call.login)


def _comments(call: Call, found: list[Comment]) -> Reply:
    after = _since(call)
    return listed(call, [one for one in found if after is None or one.updated_at >= after], documents.comment)


def _since(call: Call) -> datetime | None:
    since = call.query.get("since")
    if not since:
        return None
    try:
        after = datetime.fromisoformat(since)
    except ValueError as error:
        raise Refused(422, "Validation Failed", errors=[{"code": "invalid", "field": "since"}]) from error
    return after if after.tzinfo else after.replace(tzinfo=call.world.now.tzinfo)


@route("GET", f"{ISSUE}/comments", READ)
def list_comments(call: Call) -> Reply:
    """An issue's comments, oldest first."""
    number = _issue(call).number
    return _comments(call, [one for one in call.repo.comments.values() if one.number == number])


@route("POST", f"{ISSUE}/comments", WRITE, role="read")
def create_comment(call: Call) -> Reply:
    """Write a comment."""
    made = issues.comment(call.world, call.repo, _issue(call), call.need("body"), call.login)
    return Reply(201, documents.comment(call.world, call.repo, made))


@route("GET", "/repos/{owner}/{repo}/issues/comments", READ)
def list_all_comments(call: Call) -> Reply:
    """Comments of the whole repository, by `sort` and `direction`; ascending by id unless asked otherwise."""
    found = sorted(call.repo.comments.values(), key=lambda one: one.id)
    sort = call.query.get("sort")
    if sort in ("created", "updated"):
        found.sort(key=lambda one: (one.created_at if sort == "created" else one.updated_at, one.id))
        if call.query.get("direction", "desc") == "desc":
            found.reverse()
    return _comments(call, found)


@route("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}", READ)
def get_comment(call: Call) -> Reply:
    """One comment."""
    return Reply(200, documents.comment(call.world, call.repo, _comment(call)))


@route("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", WRITE)
def edit_comment(call: Call) -> Reply:
    """Rewrite a comment."""
    which = _comment(call)
    issues.edit_comment(call.world, call.repo, which, call.need("body"), call.login)
    return Reply(200, documents.comment(call.world, call.repo, which))


@route("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}", WRITE)
def delete_comment(call: Call) -> Reply:
    """Delete a comment."""
    issues.delete_comment(call.world, call.repo, _comment(call), call.login)
    return Reply(204)


def _comment(call: Call) -> Comment:
    found = call.repo.comments.get(call.number("comment_id"))
    if found is None:
        raise Refused(404, "Not Found")
    return found


@route("GET", f"{ISSUE}/labels", READ)
def list_labels(call: Call) -> Reply:
    """An issue's labels."""
    return listed(call, documents.labels(call.world, call.repo, _issue(call).labels))


@route("POST", f"{ISSUE}/labels", WRITE)
def add_labels(call: Call) -> Reply:
    """Put labels on, and give all there are now."""
    which = _issue(call)
    issues.add_labels(call.world, call.repo, which, call.texts("labels"), call.login)
    return Reply(200, documents.labels(call.world, call.repo, which.labels))


@route("DELETE", f"{ISSUE}/labels/{{name}}", WRITE)
def remove_label(call: Call) -> Reply:
    """Take a label off, and give those that are left."""
    which = _issue(call)
    issues.remove_label(call.world, call.repo, which, call.params["name"], call.login)
    return Reply(200, documents.labels(call.world, call.repo, which.labels))


@route("POST", f"{ISSUE}/assignees", WRITE)
def add_assignees(call: Call) -> Reply:
    """Assign people; the answer shows who really is assigned."""
    which = _issue(call)
    issues.assign(call.world, call.repo, which, call.texts("assignees"), call.login)
    return _one(call, which, 201)


@route("DELETE", f"{ISSUE}/assignees", WRITE)
def remove_assignees(call: Call) -> Reply:
    """Take people off."""
    which = _issue(call)
    issues.unassign(call.world, call.repo, which, call.texts("assignees"), call.login)
    return _one(call, which)


@route("GET", f"{ISSUE}/dependencies/blocked_by", READ)
def list_blockers(call: Call) -> Reply:
    """The issues this one waits for."""
    found = []
    for name, number in _issue(call).blocked_by:
        it = call.world.repository(name)
        blocker = it.issues.get(number)
        if blocker is not None and not isinstance(blocker, Pull):
            found.append(documents.issue(call.world, it, blocker))
    return listed(call, found)
