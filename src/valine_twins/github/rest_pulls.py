"""REST routes of pull requests. https://docs.github.com/en/rest/pulls/pulls"""

from __future__ import annotations

from valine_twins.github import documents_code, issues, merging, pulls
from valine_twins.github.branches import retarget
from valine_twins.github.rest import Call, Reply, listed, route
from valine_twins.github.state import Pull
from valine_twins.github.world import Refused
from valine_twins.github.world import pulls as all_pulls

PULLS = "/repos/{owner}/{repo}/pulls"
PULL = f"{PULLS}/{{pull_number}}"
READ, WRITE = "pull_requests:read", "pull_requests:write"


def _pull(call: Call) -> Pull:
    return pulls.find(call.repo, call.number("pull_number"))


def _full(call: Call, which: Pull, status: int = 200) -> Reply:
    return Reply(status, documents_code.full_pull(call.world, call.repo, which, look=True))


@route("GET", PULLS, READ)
def list_pulls(call: Call) -> Reply:
    """Pull requests, newest first, by state, head ("owner:branch") and base."""
    state, head, base = call.query.get("state", "open"), call.query.get("head"), call.query.get("base")
    found = [
        one
        for one in all_pulls(call.repo)
        if state in ("all", "open" if one.open else "closed")
        and (base is None or one.base == base)
        # A head that names no owner filters nothing, as on GitHub.
        and (head is None or ":" not in head or head.lower() == f"{one.fork or call.repo.owner}:{one.head}".lower())
    ]
    sort = call.query.get("sort", "created")
    key = {"updated": "updated_at", "popularity": "comments"}.get(sort, "created_at")
    direction = call.query.get("direction") or ("desc" if sort == "created" else "asc")
    found.sort(key=lambda one: (getattr(one, key), one.number), reverse=direction == "desc")
    return listed(call, found, documents_code.pull)


@route("POST", PULLS, WRITE, role="read")
def create_pull(call: Call) -> Reply:
    """Open a pull request."""
    if "title" not in call.body:
        raise Refused(
            422,
            "Validation Failed",
            errors=[{"resource": "Issue", "code": "missing_field", "field": "title"}],
            page="rest/pulls/pulls#create-a-pull-request",
        )
    made = pulls.create(
        call.world,
        call.repo,
        title=call.need("title"),
        head=call.need("head"),
        base=call.need("base"),
        by=call.login,
        body=call.text("body"),
        draft=call.body.get("draft") is True,
    )
    return Reply(201, documents_code.full_pull(call.world, call.repo, made))


@route("GET", PULL, READ)
def get_pull(call: Call) -> Reply:
    """One pull request; looking starts, and brings nearer, the computation of its mergeability."""
    return _full(call, _pull(call))


@route("PATCH", PULL, WRITE)
def edit_pull(call: Call) -> Reply:
    """Change title, body, base or state."""
    world, it, which = call.world, call.repo, _pull(call)
    base, state = call.text("base"), call.text("state")
    if base is not None and base != which.base:
        if f"refs/heads/{base}" not in it.refs:
            raise Refused(
                422, "Validation Failed", errors=[{"resource": "PullRequest", "code": "invalid", "field": "base"}]
            )
        retarget(world, it, which, base, call.login)
    issues.edit(world, it, which, call.login, title=call.text("title"), body=call.text("body"))
    if state == "closed":
        issues.close(world, it, which, call.login)
    elif state == "open":
        issues.reopen(world, it, which, call.login)
    return _full(call, which)


@route("PUT", f"{PULL}/merge", "contents:write")
def merge_pull(call: Call) -> Reply:
    """Merge."""
    which = _pull(call)
    fields = {key: call.text(key) for key in ("sha", "commit_title", "commit_message")}
    made = pulls.merge(call.world, call.repo, which, call.login, call.text("merge_method") or "merge", **fields)
    return Reply(200, {"sha": made, "merged": True, "message": "Pull Request successfully merged"})


@route("GET", f"{PULL}/merge", READ)
def is_merged(call: Call) -> Reply:
    """204 if merged, else 404."""
    if _pull(call).merged_at is None:
        raise Refused(404, "Not Found")
    return Reply(204)


@route("PUT", f"{PULL}/update-branch", WRITE)
def update_branch(call: Call) -> Reply:
    """Merge the base into the head."""
    which = _pull(call)
    pulls.update_branch(call.world, call.repo, which, call.login, call.text("expected_head_sha"))
    url = f"{call.world.options.api_url}/repos/{call.repo.full_name}/pulls/{which.number}"
    return Reply(202, {"message": "Updating pull request branch.", "url": url})


@route("GET", f"{PULL}/files", READ)
def list_files(call: Call) -> Reply:
    """The files it changes."""
    which = _pull(call)
    found = merging.changes(call.world, call.repo, which)
    return listed(call, [documents_code.changed_file(call.world, call.repo, which.head_sha, one) for one in found])


@route("GET", f"{PULL}/commits", READ)
def list_commits(call: Call) -> Reply:
    """Its commits, oldest first."""
    found = merging.commits(call.world, call.repo, _pull(call))
    return listed(call, [documents_code.commit(call.world, call.repo, sha) for sha in found])
