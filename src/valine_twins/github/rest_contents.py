"""REST routes of files: read one or a folder, write one and delete one, each write a commit.

https://docs.github.com/en/rest/repos/contents
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.github import documents, documents_code, pulls
from valine_twins.github.rest import Call, Reply, route
from valine_twins.github.rest_code import REPO, move, resolve, signature
from valine_twins.github.rest_git import blob_of, decoded, encoded
from valine_twins.github.world import JSON, WEB, Refused
from valine_twins.objects import Commit

if TYPE_CHECKING:
    from valine_twins.objects import Entry

CONTENTS = f"{REPO}/contents/{{path}}"
_PAGE = "rest/repos/contents"


def _path(call: Call) -> str:
    path = call.params["path"].strip("/")
    if any(part in (".", "..", ".git") or not part for part in path.split("/") if path):
        raise Refused(422, "path contains a malformed path component", page=_PAGE)
    return path


def _listed(call: Call, path: str, tree: str, ref: str) -> Entry | list[JSON]:
    """The file of that path, or the rows of the folder; 404 if there is neither."""
    objects, name = call.world.objects, call.repo.full_name
    level, found = objects.tree(name, tree), None
    for part in [one for one in path.split("/") if one]:
        found = next((one for one in level if one.path == part), None)
        if found is None:
            raise Refused(404, "Not Found", page=f"{_PAGE}#get-repository-content")
        level = objects.tree(name, found.sha) if found.kind == "tree" else ()
    if found is not None and found.kind != "tree":
        return found
    return [_row(call, f"{path}/{one.path}".lstrip("/"), one, ref) for one in level]


def _row(call: Call, path: str, one: Entry, ref: str) -> JSON:
    kind = {"tree": "dir", "commit": "submodule"}.get(one.kind, "file")
    api = documents.repository_url(call.world, call.repo)
    web = f"{WEB}/{call.repo.full_name}"
    git = f"{api}/git/{'trees' if kind == 'dir' else 'blobs'}/{one.sha}"
    html = f"{web}/{'tree' if kind == 'dir' else 'blob'}/{ref}/{path}"
    url = f"{api}/contents/{path}?ref={ref}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": one.sha,
        "size": one.size or 0,
        "url": url,
        "html_url": html,
        "git_url": git,
        "download_url": f"{web}/raw/{ref}/{path}" if kind == "file" else None,
        "type": kind,
        "_links": {"self": url, "git": git, "html": html},
    }


def _file(call: Call, path: str, tree: str, ref: str) -> JSON:
    found = _listed(call, path, tree, ref)
    if isinstance(found, list):
        raise Refused(422, f"{path} is a directory", page=_PAGE)
    return _row(call, path, found, ref)


@route("GET", CONTENTS, "contents:read")
def get_content(call: Call) -> Reply:
    """A file with its content in base64, or what is in a folder; raw where that is asked for."""
    ref = call.query.get("ref") or call.repo.default_branch
    tree = call.world.objects.commit(call.repo.full_name, resolve(call, ref)).tree
    path = _path(call)
    found = _listed(call, path, tree, ref)
    if isinstance(found, list):
        return Reply(200, found)
    body = blob_of(call, found.sha)
    if "raw" in call.accept:
        return Reply(200, body, {"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    return Reply(200, {**_row(call, path, found, ref), "encoding": "base64", "content": encoded(body)})


@route("PUT", CONTENTS, "contents:write")
def put_content(call: Call) -> Reply:
    """Write a file and commit it; an existing one is named with the sha it has now."""
    body, path, branch = decoded(call.need("content")), _path(call), _branch(call)
    if not path:
        raise Refused(422, "path cannot be blank", page=_PAGE)
    there = _check_sha(call, branch, path)
    blob = call.world.objects.write_blob(call.repo.full_name, body)
    sha = _commit(call, branch, {path: blob})
    tree = call.world.objects.commit(call.repo.full_name, sha).tree
    content = _file(call, path, tree, branch)
    commit = documents_code.git_commit(call.world, call.repo, sha)
    return Reply(200 if there else 201, {"content": content, "commit": commit})


@route("DELETE", CONTENTS, "contents:write")
def delete_content(call: Call) -> Reply:
    """Delete a file and commit that."""
    path, branch = _path(call), _branch(call)
    call.need("sha")
    if not _check_sha(call, branch, path):
        raise Refused(404, "Not Found", page=f"{_PAGE}#delete-a-file")
    sha = _commit(call, branch, {path: None})
    return Reply(200, {"content": None, "commit": documents_code.git_commit(call.world, call.repo, sha)})


def _branch(call: Call) -> str:
    name = call.text("branch") or call.repo.default_branch
    if f"refs/heads/{name}" not in call.repo.refs:
        raise Refused(404, f"Branch {name} not found", page=_PAGE)
    return name


def _check_sha(call: Call, branch: str, path: str) -> bool:
    """Whether the file is there; 409 and 422 where the caller does not know it as it is."""
    it = call.repo
    tip = call.world.objects.commit(it.full_name, it.refs[f"refs/heads/{branch}"])
    known = call.world.objects.files(it.full_name, tip.tree).get(path)
    given = call.text("sha")
    if known is not None and given is None:
        raise Refused(422, 'Invalid request.\n\n"sha" wasn\'t supplied.', page=_PAGE)
    if given is not None and given != known:
        raise Refused(409, f"{path} does not match {given}", page=_PAGE)
    return known is not None


def _commit(call: Call, branch: str, blobs: dict[str, str | None]) -> str:
    world, it = call.world, call.repo
    ref = f"refs/heads/{branch}"
    tip = it.refs[ref]
    tree = world.objects.graft(it.full_name, blobs, world.objects.commit(it.full_name, tip).tree)
    author = signature(call, "author") or pulls.author(world, call.login)
    committer = signature(call, "committer") or author
    made = Commit(tree=tree, parents=(tip,), author=author, committer=committer, message=call.need("message"))
    sha = world.objects.write_commit(it.full_name, made)
    move(call, ref, sha, status=409)
    return sha
