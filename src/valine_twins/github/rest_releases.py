"""REST routes of releases. https://docs.github.com/en/rest/releases/releases"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.github import releases
from valine_twins.github.rest import Call, Reply, listed, route
from valine_twins.github.rest_code import REPO
from valine_twins.github.world import Refused

if TYPE_CHECKING:
    from valine_twins.github.state import Release

RELEASES = f"{REPO}/releases"
RELEASE = f"{RELEASES}/{{release_id}}"


def _flag(call: Call, name: str, otherwise: bool) -> bool:  # noqa: FBT001 - a field's own value
    value = call.body.get(name, otherwise)
    return value if isinstance(value, bool) else otherwise


def _shown(call: Call, which: Release, status: int = 200) -> Reply:
    return Reply(status, releases.document(call.world, call.repo, which))


def _release(call: Call) -> Release:
    number = call.number("release_id")
    found = next((one for one in call.repo.releases if one.id == number), None)
    if found is None:
        raise Refused(404, "Not Found", page="rest/releases/releases#get-a-release")
    return found


@route("GET", RELEASES, "contents:read")
def list_releases(call: Call) -> Reply:
    """Releases, newest first."""
    newest = reversed(call.repo.releases)
    return listed(call, [releases.document(call.world, call.repo, one) for one in newest])


@route("POST", RELEASES, "contents:write")
def create_release(call: Call) -> Reply:
    """Make a release, and its tag where that is new."""
    made = releases.create(
        call.world,
        call.repo,
        tag=call.need("tag_name"),
        target=call.text("target_commitish"),
        by=call.login,
        name=call.text("name"),
        body=call.text("body"),
        draft=call.body.get("draft") is True,
        prerelease=call.body.get("prerelease") is True,
        generate=call.body.get("generate_release_notes") is True,
    )
    return _shown(call, made, 201)


@route("GET", f"{RELEASES}/latest", "contents:read")
def latest_release(call: Call) -> Reply:
    """The newest release that is neither a draft nor a prerelease."""
    found = [one for one in call.repo.releases if not one.draft and not one.prerelease]
    if not found:
        raise Refused(404, "Not Found", page="rest/releases/releases#get-the-latest-release")
    return _shown(call, found[-1])


@route("GET", f"{RELEASES}/tags/{{tag}}", "contents:read")
def get_release_by_tag(call: Call) -> Reply:
    """The published release of a tag."""
    found = next((one for one in call.repo.releases if one.tag == call.params["tag"] and not one.draft), None)
    if found is None:
        raise Refused(404, "Not Found", page="rest/releases/releases#get-a-release-by-tag-name")
    return _shown(call, found)


@route("GET", RELEASE, "contents:read")
def get_release(call: Call) -> Reply:
    """One release, a draft too."""
    return _shown(call, _release(call))


@route("PATCH", RELEASE, "contents:write")
def edit_release(call: Call) -> Reply:
    """Change name, body or kind; a draft that is published makes its tag."""
    which = _release(call)
    which.name = call.text("name") or which.name
    which.body = call.text("body") if "body" in call.body else which.body
    which.prerelease = _flag(call, "prerelease", which.prerelease)
    if which.draft and not _flag(call, "draft", which.draft):
        releases.publish(call.world, call.repo, which, call.login)
    return _shown(call, which)


@route("DELETE", RELEASE, "contents:write")
def delete_release(call: Call) -> Reply:
    """Delete a release; its tag stays."""
    call.repo.releases.remove(_release(call))
    return Reply(204)


@route("POST", f"{RELEASES}/generate-notes", "contents:write", content=False)
def generate_notes(call: Call) -> Reply:
    """Propose notes; nothing is written."""
    tag = call.need("tag_name")
    notes = releases.notes(call.world, call.repo, tag, call.text("previous_tag_name"), call.text("target_commitish"))
    return Reply(200, {"name": tag, "body": notes})
