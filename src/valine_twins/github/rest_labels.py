"""REST routes of a repository's labels and milestones. https://docs.github.com/en/rest/issues/labels"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from valine_twins.github import documents, issues
from valine_twins.github.rest import Call, Reply, listed, route
from valine_twins.github.rest_code import REPO
from valine_twins.github.rest_issues import ISSUE, READ, WRITE
from valine_twins.github.state import Label
from valine_twins.github.world import Refused

if TYPE_CHECKING:
    from valine_twins.github.state import Issue

LABELS = f"{REPO}/labels"
LABEL = f"{LABELS}/{{name}}"
MILESTONES = f"{REPO}/milestones"
_PAGE = "rest/issues/labels"


def _invalid(resource: str, code: str, field: str) -> Refused:
    error: dict[str, Any] = {"resource": resource, "code": code, "field": field}
    return Refused(422, "Validation Failed", errors=[error], page=_PAGE)


def _label(call: Call) -> Label:
    found = call.repo.labels.get(call.params["name"].lower())
    if found is None:
        raise Refused(404, "Not Found", page=f"{_PAGE}#get-a-label")
    return found


def _color(call: Call) -> str | None:
    color = call.text("color")
    if color is not None and not re.fullmatch("[0-9a-fA-F]{6}", color):
        raise _invalid("Label", "invalid", "color")
    return color


@route("GET", LABELS, READ)
def list_labels(call: Call) -> Reply:
    """The repository's labels."""
    return listed(call, [documents.label(call.world, call.repo, one) for one in call.repo.labels.values()])


@route("POST", LABELS, WRITE, role="write")
def create_label(call: Call) -> Reply:
    """Make a label; a name counts once, whatever its case."""
    name, color = call.need("name"), _color(call)
    if name.lower() in call.repo.labels:
        raise _invalid("Label", "already_exists", "name")
    made = Label(call.world.next_id(), name, color or "ededed", call.text("description"))
    call.repo.labels[name.lower()] = made
    return Reply(201, documents.label(call.world, call.repo, made))


@route("GET", LABEL, READ)
def get_label(call: Call) -> Reply:
    """One label."""
    return Reply(200, documents.label(call.world, call.repo, _label(call)))


@route("PATCH", LABEL, WRITE, role="write")
def edit_label(call: Call) -> Reply:
    """Rename or recolour a label, on every issue that has it."""
    it, which = call.repo, _label(call)
    which.color = _color(call) or which.color
    which.description = call.text("description") if "description" in call.body else which.description
    name = call.text("new_name")
    if name is not None and name != which.name:
        if it.labels.get(name.lower(), which) is not which:
            raise _invalid("Label", "already_exists", "name")
        for issue in it.issues.values():
            issue.labels = [name if one == which.name else one for one in issue.labels]
        del it.labels[which.name.lower()]
        which.name = name
        it.labels[name.lower()] = which
    return Reply(200, documents.label(call.world, it, which))


@route("DELETE", LABEL, WRITE, role="write")
def delete_label(call: Call) -> Reply:
    """Delete a label, and take it off every issue."""
    which = _label(call)
    for issue in call.repo.issues.values():
        issue.labels = [one for one in issue.labels if one != which.name]
    del call.repo.labels[which.name.lower()]
    return Reply(204)


def _issue(call: Call) -> Issue:
    return issues.find(call.repo, call.number("issue_number"))


@route("PUT", f"{ISSUE}/labels", WRITE)
def set_labels(call: Call) -> Reply:
    """Let an issue have these labels and no others."""
    which = _issue(call)
    issues.set_labels(call.world, call.repo, which, call.texts("labels"), call.login)
    return Reply(200, documents.labels(call.world, call.repo, which.labels))


@route("DELETE", f"{ISSUE}/labels", WRITE)
def clear_labels(call: Call) -> Reply:
    """Take all labels off."""
    issues.set_labels(call.world, call.repo, _issue(call), [], call.login)
    return Reply(204)


@route("GET", MILESTONES, READ)
def list_milestones(call: Call) -> Reply:
    """The milestones; all are open here."""
    shown = call.repo.milestones if call.query.get("state", "open") != "closed" else []
    return listed(call, [documents.milestone(call.world, call.repo, one.number) for one in shown])


@route("POST", MILESTONES, WRITE, role="write")
def create_milestone(call: Call) -> Reply:
    """Make a milestone of a title."""
    title = call.need("title")
    if any(one.title == title for one in call.repo.milestones):
        raise _invalid("Milestone", "already_exists", "title")
    made = issues.ensure_milestone(call.world, call.repo, title, call.login)
    return Reply(201, documents.milestone(call.world, call.repo, made.number))


@route("GET", f"{MILESTONES}/{{milestone_number}}", READ)
def get_milestone(call: Call) -> Reply:
    """One milestone."""
    found = documents.milestone(call.world, call.repo, call.number("milestone_number"))
    if found is None:
        raise Refused(404, "Not Found")
    return Reply(200, found)
