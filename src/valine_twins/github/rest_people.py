"""REST routes of the people of a repository. https://docs.github.com/en/rest/collaborators/collaborators"""

from __future__ import annotations

from valine_twins.github import documents
from valine_twins.github.rest import Call, Reply, listed, route
from valine_twins.github.rest_code import REPO
from valine_twins.github.state import ROLES
from valine_twins.github.world import JSON, Refused

COLLABORATORS = f"{REPO}/collaborators"


@route("GET", f"{REPO}/assignees")
def list_assignees(call: Call) -> Reply:
    """Everybody who may be assigned."""
    people = [call.repo.owner] if call.world.user(call.repo.owner).kind == "User" else []
    people += [login for login in call.repo.members if call.world.may(call.repo, login, "write")]
    return listed(call, [documents.user(call.world, login) for login in dict.fromkeys(people)])


@route("GET", f"{COLLABORATORS}/{{username}}/permission")
def get_permission(call: Call) -> Reply:
    """What somebody may do: admin, write, read or none, and the finer role."""
    login = call.params["username"]
    if login.lower() not in call.world.state.users:
        raise Refused(404, f"{login} is not a user", page="rest/collaborators/collaborators")
    role = call.world.role(call.repo, login)
    coarse = {None: "none", "triage": "read", "maintain": "write"}.get(role, role)
    who = {**documents.user(call.world, login), "role_name": role or "none"}
    return Reply(200, {"permission": coarse, "role_name": role or "none", "user": who})


@route("GET", f"{REPO}/assignees/{{assignee}}")
def is_assignable(call: Call) -> Reply:
    """204 if somebody may be assigned, else 404."""
    if not call.world.may(call.repo, call.params["assignee"], "write"):
        raise Refused(404, "Not Found")
    return Reply(204)


@route("GET", COLLABORATORS, role="write")
def list_collaborators(call: Call) -> Reply:
    """The owner and everybody who was let in, with what they may do."""
    logins = dict.fromkeys([call.repo.owner, *call.repo.members])
    return listed(call, [_collaborator(call, login) for login in logins])


def _collaborator(call: Call, login: str) -> JSON:
    role = call.world.role(call.repo, login) or "read"
    levels = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
    may = {name: ROLES.index(role) >= ROLES.index(least) for name, least in levels.items()}
    return {**documents.user(call.world, login), "permissions": may, "role_name": role}


@route("GET", f"{COLLABORATORS}/{{username}}", role="write")
def is_collaborator(call: Call) -> Reply:
    """204 for the owner and those who were let in, else 404."""
    known = {call.repo.owner.lower(), *(login.lower() for login in call.repo.members)}
    if call.params["username"].lower() not in known:
        raise Refused(404, "Not Found")
    return Reply(204)
