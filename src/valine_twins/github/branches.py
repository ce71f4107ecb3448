"""Moving a branch, with everything that follows from it on GitHub.

A push updates the pull requests that come from the branch (stale approvals go, mergeability is computed anew) or
lead into it (one whose head arrived this way counts as merged). A deleted branch closes its pull requests.
https://docs.github.com/en/rest/git/refs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.github import documents, documents_code, merging
from valine_twins.github.world import JSON, WEB, Refused, World, pulls, stamp

if TYPE_CHECKING:
    from valine_twins.github.state import Pull, Repository
    from valine_twins.objects import Signature

NOTHING = "0" * 40


def head_ref(which: Pull) -> str:
    """The ref that a pull request's head follows; a fork's branches are kept beside the repository's own."""
    return f"refs/forks/{which.fork.lower()}/{which.head}" if which.fork else f"refs/heads/{which.head}"


def move(world: World, it: Repository, ref: str, sha: str | None, by: str) -> None:
    """Create, move or (None) delete a ref."""
    before = it.refs.get(ref)
    world.objects.set_ref(it.full_name, ref, sha)
    if sha is None:
        it.refs.pop(ref, None)
        it.refs_made.pop(ref, None)
    else:
        it.refs[ref] = sha
        it.refs_made.setdefault(ref, world.now)
    it.pushed_at = it.updated_at = world.now
    if not ref.startswith("refs/forks/"):
        world.emit(it, "push", None, by, lambda: push_body(world, it, ref, before, sha, by))
    concerned = [one for one in pulls(it) if one.open and ref in (head_ref(one), f"refs/heads/{one.base}")]
    into = any(head_ref(one) != ref for one in concerned)
    arrived = set(world.objects.ahead(it.full_name, before, sha)) if into and before and sha else set()
    for which in concerned:
        if head_ref(which) == ref:
            _head_moved(world, it, which, sha, by)
        else:
            _base_moved(world, it, which, sha, by, merged=which.head_sha in arrived)


def _head_moved(world: World, it: Repository, which: Pull, sha: str | None, by: str) -> None:
    if sha is None:
        close(world, it, which, by)
        return
    before, which.head_sha = which.head_sha, sha
    which.base_sha = merging.base_tip(it, which)
    unsettle(world, which, "head")
    which.updated_at = world.now
    if before != sha and any(rules.dismiss_stale for rules in merging.rules_for(it, which.base)):
        for review in which.reviews:
            if review.state == "APPROVED":
                review.state = "DISMISSED"
                announce_review(world, it, which, review.id, "dismissed", by)
    announce(world, it, which, "synchronize", by, before=before, after=sha)
    if not merging.commits(world, it, which):
        close(world, it, which, by)


def _base_moved(world: World, it: Repository, which: Pull, sha: str | None, by: str, *, merged: bool) -> None:
    if sha is None:
        # The branch that this one was stacked on was merged and deleted: GitHub retargets to where that one went.
        below = next((one for one in pulls(it) if one.merged_at and one.head == which.base and not one.fork), None)
        if below is None:
            close(world, it, which, by)
        else:
            retarget(world, it, which, below.base, by)
        return
    unsettle(world, which, "base")
    if merged:
        settle_merged(world, it, which, sha, by)


def unsettle(world: World, which: Pull, moved: str) -> None:
    """Mergeability has to be computed anew."""
    which.refreshes_left = world.options.mergeable_unknown_looks
    which.moved = "head" if moved == "head" else "base"


def retarget(world: World, it: Repository, which: Pull, base: str, by: str) -> None:
    """Let an open pull request lead into another branch."""
    if not which.open:
        message = "Cannot change the base branch of a closed pull request."
        error = {"resource": "PullRequest", "field": "base", "code": "custom", "message": message}
        raise Refused(422, "Validation Failed", errors=[error], page="rest/pulls/pulls#update-a-pull-request")
    was, which.base = which.base, base
    which.base_sha = it.refs[f"refs/heads/{base}"]
    which.updated_at = world.now
    unsettle(world, which, "base")
    change = {"base": {"ref": {"from": was}, "sha": {"from": which.base_sha}}}
    announce(world, it, which, "edited", by, changes=change)


def close(world: World, it: Repository, which: Pull, by: str) -> None:
    """Close a pull request without merging it."""
    which.base_sha = merging.base_tip(it, which)
    which.open = False
    which.closed_at = which.updated_at = world.now
    which.closed_by = by
    announce(world, it, which, "closed", by)


def settle_merged(world: World, it: Repository, which: Pull, commit: str, by: str) -> None:
    """Note that a pull request's commits are in its base now, by whatever way, and close what it closes."""
    # Imported late: issues are closed by merges, and branches close pull requests.
    from valine_twins.github import issues

    which.open = False
    which.merged_at = which.closed_at = which.updated_at = world.now
    which.merged_by = which.closed_by = by
    which.merge_commit = commit
    announce(world, it, which, "closed", by)
    issues.close_by_merge(world, it, which, by)


def announce(world: World, it: Repository, which: Pull, action: str, by: str, **more: object) -> None:
    """Tell the hooks what happened to a pull request."""
    world.emit(
        it,
        "pull_request",
        action,
        by,
        lambda: {"number": which.number, "pull_request": documents_code.full_pull(world, it, which), **more},
    )


def announce_review(world: World, it: Repository, which: Pull, review: int, action: str, by: str) -> None:
    """Tell the hooks of a review."""

    def body() -> JSON:
        opinion = next(one for one in which.reviews if one.id == review)
        shown = documents_code.pull(world, it, which)
        return {"review": documents_code.review(world, it, which, opinion), "pull_request": shown}

    world.emit(it, "pull_request_review", action, by, body)


def push_body(world: World, it: Repository, ref: str, before: str | None, after: str | None, by: str) -> JSON:
    """What a push event says; its repository has times as numbers, unlike every other event's."""
    new = _pushed(world, it, before, after)
    commits = [_pushed_commit(world, it, sha) for sha in new]
    old = before or NOTHING
    forced = bool(before and after and world.objects.merge_base(it.full_name, before, after) != before)
    plain = documents.repository(world, it)
    numbers = {"created_at": int(it.created_at.timestamp()), "pushed_at": int(it.pushed_at.timestamp())}
    return {
        "ref": ref,
        "before": old,
        "after": after or NOTHING,
        "repository": {**plain, **numbers, "stargazers": 0, "master_branch": it.default_branch},
        "pusher": {"name": by, "email": f"{by}@users.noreply.github.test"},
        "created": before is None,
        "deleted": after is None,
        "forced": forced,
        "base_ref": None,
        "compare": f"{WEB}/{it.full_name}/compare/{old[:12]}...{(after or NOTHING)[:12]}",
        "commits": commits,
        "head_commit": _pushed_commit(world, it, after) if after else None,
    }


def _pushed(world: World, it: Repository, before: str | None, after: str | None) -> tuple[str, ...]:
    default = it.refs.get(f"refs/heads/{it.default_branch}")
    since = before or (default if default != after else None)
    if after is None:
        return ()
    return world.objects.ahead(it.full_name, since, after)[-20:] if since else (after,)


def _pushed_commit(world: World, it: Repository, sha: str) -> JSON:
    commit = world.objects.commit(it.full_name, sha)
    parent = world.objects.commit(it.full_name, commit.parents[0]).tree if commit.parents else None
    changed = world.objects.changes(it.full_name, parent, commit.tree) if parent else ()
    paths = {kind: [one.path for one in changed if one.status == kind] for kind in ("added", "removed", "modified")}
    return {
        "id": sha,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message,
        "timestamp": stamp(commit.committer.date),
        "url": f"{WEB}/{it.full_name}/commit/{sha}",
        "author": _who(commit.author),
        "committer": _who(commit.committer),
        **paths,
    }


def _who(who: Signature) -> JSON:
    return {"name": who.name, "email": who.email, "username": who.name}
