"""REST routes of the Git database: blobs, trees, and refs by prefix. https://docs.github.com/en/rest/git"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from valine_twins.github import documents, documents_code
from valine_twins.github.rest import Call, Reply, listed, route
from valine_twins.github.rest_code import REPO
from valine_twins.github.world import JSON, Refused
from valine_twins.objects import StoreError

if TYPE_CHECKING:
    from valine_twins.objects import Entry

_TREES = "rest/git/trees#create-a-tree"


def decoded(text: str) -> bytes:
    """The bytes behind base64, with or without line breaks; 422 if it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error) as error:
        raise Refused(422, "content is not valid Base64") from error


def encoded(body: bytes) -> str:
    """Bytes in base64 as GitHub writes it: sixty characters a line."""
    text = base64.b64encode(body).decode()
    return "".join(f"{text[at : at + 60]}\n" for at in range(0, len(text), 60))


def blob_of(call: Call, sha: str) -> bytes:
    """A blob's bytes; 404 if there is none."""
    try:
        return call.world.objects.blob(call.repo.full_name, sha)
    except StoreError as error:
        raise Refused(404, "Not Found", page="rest/git/blobs#get-a-blob") from error


@route("POST", f"{REPO}/git/blobs", "contents:write")
def create_blob(call: Call) -> Reply:
    """Store a file's content, given as text or in base64."""
    text = call.need("content")
    encoding = call.text("encoding") or "utf-8"
    if encoding not in ("utf-8", "base64"):
        raise Refused(422, f'Invalid request.\n\n{encoding} is not a member of ["utf-8", "base64"].')
    body = decoded(text) if encoding == "base64" else text.encode()
    sha = call.world.objects.write_blob(call.repo.full_name, body)
    return Reply(201, {"sha": sha, "url": f"{documents.repository_url(call.world, call.repo)}/git/blobs/{sha}"})


@route("GET", f"{REPO}/git/blobs/{{file_sha}}", "contents:read")
def get_blob(call: Call) -> Reply:
    """A file's content, in base64 always."""
    sha = call.params["file_sha"]
    body = blob_of(call, sha)
    return Reply(
        200,
        {
            "sha": sha,
            "node_id": f"B_{sha}",
            "size": len(body),
            "url": f"{documents.repository_url(call.world, call.repo)}/git/blobs/{sha}",
            "content": encoded(body),
            "encoding": "base64",
        },
    )


def _tree_of(call: Call, name: str) -> str:
    """The tree that a branch, a commit's sha or a tree's sha names; 404 if none."""
    objects, it = call.world.objects, call.repo
    sha = it.refs.get(f"refs/heads/{name}", name)
    try:
        return objects.commit(it.full_name, sha).tree
    except StoreError:
        pass
    try:
        objects.tree(it.full_name, sha)
    except StoreError as error:
        raise Refused(404, "Not Found", page="rest/git/trees#get-a-tree") from error
    return sha


@route("GET", f"{REPO}/git/trees/{{tree_sha}}", "contents:read")
def get_tree(call: Call) -> Reply:
    """A tree; with `recursive`, whatever its value, all that is under it."""
    return _tree(call, _tree_of(call, call.params["tree_sha"]), 200, recursive="recursive" in call.query)


def _tree(call: Call, sha: str, status: int, *, recursive: bool = False) -> Reply:
    entries = call.world.objects.tree(call.repo.full_name, sha, recursive=recursive)
    url = f"{documents.repository_url(call.world, call.repo)}/git"
    rows = [_row(url, one) for one in entries]
    return Reply(status, {"sha": sha, "url": f"{url}/trees/{sha}", "tree": rows, "truncated": False})


def _row(url: str, one: Entry) -> JSON:
    row: JSON = {"path": one.path, "mode": one.mode, "type": one.kind, "sha": one.sha}
    if one.kind != "commit":
        row["url"] = f"{url}/{one.kind}s/{one.sha}"
    return row if one.size is None else {**row, "size": one.size}


@route("POST", f"{REPO}/git/trees", "contents:write")
def create_tree(call: Call) -> Reply:
    """Make a tree of entries, onto another if `base_tree` names one. New files are plain ones here: 100644."""
    objects, it = call.world.objects, call.repo
    rows = call.body.get("tree")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused(422, "Invalid request.\n\nFor 'properties/tree', nil is not an array.", page=_TREES)
    base = call.text("base_tree")
    onto = _tree_of(call, base) if base else None
    blobs: dict[str, str | None] = {}
    for row in rows:
        blobs |= _blobs(call, row, onto)
    try:
        made = objects.graft(it.full_name, blobs, onto)
    except StoreError as error:
        raise Refused(422, "tree.sha is not a valid blob", page=_TREES) from error
    return _tree(call, made, 201)


def _blobs(call: Call, row: dict[str, Any], onto: str | None) -> dict[str, str | None]:
    """What an entry puts where: a text or blob at its path, a tree's files under it, or nothing at all."""
    objects, name = call.world.objects, call.repo.full_name
    path, content, sha = row.get("path"), row.get("content"), row.get("sha")
    if not isinstance(path, str) or not path.strip("/"):
        raise Refused(422, "tree.path cannot be blank", page=_TREES)
    if path.startswith("/") or any(part in ("", ".", "..", ".git") for part in path.split("/")):
        raise Refused(422, "tree.path contains a malformed path component", page=_TREES)
    if isinstance(content, str):
        return {path: objects.write_blob(name, content.encode())}
    if "sha" not in row or not isinstance(sha, str | None):
        raise Refused(422, "Must supply either tree.sha or tree.content", page=_TREES)
    if sha is None:
        known = objects.files(name, onto) if onto else {}
        return {one: None for one in known if one == path or one.startswith(f"{path}/")}
    if row.get("type") != "tree":
        return {path: sha}
    try:
        return {f"{path}/{one}": blob for one, blob in objects.files(name, sha).items()}
    except StoreError as error:
        raise Refused(422, "tree.sha is not a valid tree", page=_TREES) from error


@route("GET", f"{REPO}/git/matching-refs/{{ref}}", "contents:read")
def matching_refs(call: Call) -> Reply:
    """The refs that begin so ("heads/valine/"), none being no error."""
    start = f"refs/{call.params['ref']}"
    found = sorted(ref for ref in call.repo.refs if ref.startswith(start) and not ref.startswith("refs/forks/"))
    return listed(call, [documents_code.ref(call.world, call.repo, ref) for ref in found])
