"""REST routes of branches and commits in bulk, and merging one branch into another.

https://docs.github.com/en/rest/commits/commits and https://docs.github.com/en/rest/branches/branches
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from valine_twins.github import documents, documents_code, merging, pulls
from valine_twins.github.rest import Call, Reply, listed, route
from valine_twins.github.rest_code import REPO, move, resolve
from valine_twins.github.world import JSON, Refused
from valine_twins.github.world import pulls as all_pulls
from valine_twins.objects import Commit, Signature

if TYPE_CHECKING:
    from collections.abc import Iterable


@route("GET", f"{REPO}/branches", "contents:read")
def list_branches(call: Call) -> Reply:
    """The branches by name, each with its newest commit's sha."""
    wanted = {"true": True, "false": False}.get(call.query.get("protected", ""))
    heads = [ref.removeprefix("refs/heads/") for ref in sorted(call.repo.refs) if ref.startswith("refs/heads/")]
    rows = [_branch(call, name, call.repo.refs[f"refs/heads/{name}"]) for name in heads]
    return listed(call, [row for row in rows if wanted in (None, row["protected"])])


def _branch(call: Call, name: str, sha: str) -> JSON:
    url = f"{documents.repository_url(call.world, call.repo)}/commits/{sha}"
    return {"name": name, "commit": {"sha": sha, "url": url}, "protected": bool(merging.rules_for(call.repo, name))}


@route("GET", f"{REPO}/commits", "contents:read")
def list_commits(call: Call) -> Reply:
    """A branch's history, newest first, by sha, path, author, since and until."""
    head = resolve(call, call.query.get("sha") or call.repo.default_branch)
    found = reversed(call.world.objects.ahead(call.repo.full_name, None, head))
    chosen = [sha for sha in _by(call, found) if _touches(call, sha, call.query.get("path", "").strip("/"))]
    some = listed(call, chosen)
    return Reply(200, [documents_code.commit(call.world, call.repo, sha) for sha in some.body], some.headers)


def _by(call: Call, shas: Iterable[str]) -> Iterable[str]:
    author, since, until = call.query.get("author"), _moment(call, "since"), _moment(call, "until")
    for sha in shas:
        commit = call.world.objects.commit(call.repo.full_name, sha)
        date = commit.committer.date
        if author is not None and author.lower() not in (commit.author.name.lower(), commit.author.email.lower()):
            continue
        if (since is None or date >= since) and (until is None or date <= until):
            yield sha


def _moment(call: Call, name: str) -> datetime | None:
    text = call.query.get(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(422, "Validation Failed", errors=[{"code": "invalid", "field": name}]) from error
    return found if found.tzinfo else found.replace(tzinfo=call.world.now.tzinfo)


def _touches(call: Call, sha: str, path: str) -> bool:
    if not path:
        return True
    objects, name = call.world.objects, call.repo.full_name
    commit = objects.commit(name, sha)
    if commit.parents:
        changed = [one.path for one in objects.changes(name, objects.commit(name, commit.parents[0]).tree, commit.tree)]
    else:
        changed = list(objects.files(name, commit.tree))
    return any(one == path or one.startswith(f"{path}/") for one in changed)


@route("GET", f"{REPO}/commits/{{commit_sha}}/pulls", "pull_requests:read")
def pulls_of_commit(call: Call) -> Reply:
    """The pull requests that a commit is part of."""
    sha = resolve(call, call.params["commit_sha"])
    found = [
        one
        for one in all_pulls(call.repo)
        if sha == one.merge_commit or sha in merging.commits(call.world, call.repo, one)
    ]
    return listed(call, [documents_code.pull(call.world, call.repo, one) for one in found])


@route("POST", f"{REPO}/merges", "contents:write")
def merge_branches(call: Call) -> Reply:
    """Merge a branch or commit into a branch: 204 if it is in there already, 409 if they do not fit."""
    world, it = call.world, call.repo
    base, head = call.need("base"), call.need("head")
    tip = it.refs.get(f"refs/heads/{base}")
    if tip is None:
        raise Refused(404, "Base does not exist", page="rest/branches/branches#merge-a-branch")
    theirs = resolve(call, head)
    if not world.objects.ahead(it.full_name, tip, theirs):
        return Reply(204)
    merged = world.objects.merge(it.full_name, tip, theirs)
    if merged.tree is None:
        raise Refused(409, "Merge conflict", page="rest/branches/branches#merge-a-branch")
    made = Commit(
        tree=merged.tree,
        parents=(tip, theirs),
        author=pulls.author(world, call.login),
        committer=Signature("GitHub", "noreply@github.test", world.now),
        message=call.text("commit_message") or f"Merge {head} into {base}",
    )
    sha = world.objects.write_commit(it.full_name, made)
    move(call, f"refs/heads/{base}", sha, status=409)
    return Reply(201, documents_code.commit(world, it, sha))
