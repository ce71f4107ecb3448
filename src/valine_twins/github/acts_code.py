"""What developers do: push, open and review pull requests, merge by hand; and what CI reports."""

# ruff: noqa: PLR0913 - an act's arguments are the fields of its JSON

from __future__ import annotations

from typing import Any

from valine_twins.github import branches, checks, issues, pulls
from valine_twins.github.acts import Scene, act
from valine_twins.github.documents import issue_web
from valine_twins.github.state import CheckRun, Pull, ReviewState
from valine_twins.objects import Commit
from valine_twins.transport import ActError

_VERDICTS: dict[str, ReviewState] = {
    "approve": "APPROVED",
    "request_changes": "CHANGES_REQUESTED",
    "comment": "COMMENTED",
}


def _pull(scene: Scene, number: int) -> Pull:
    which = scene.issue(number)
    if not isinstance(which, Pull):
        msg = f"{number} is an issue, not a pull request"
        raise ActError(msg)
    return which


@act
def push(
    scene: Scene,
    *,
    branch: str,
    files: dict[str, str | None] | None = None,
    message: str = "Work",
    by: str | None = None,
    force: bool = False,
    from_: str | None = None,
    fork: str | None = None,
) -> dict[str, Any]:
    """Commit `files` (None deletes) and push. `from_`: what a new, or forced, branch starts at (the default branch)."""
    world, it = scene.world, scene.it
    who = fork or scene.actor(by, "write")
    ref = f"refs/forks/{fork.lower()}/{branch}" if fork else f"refs/heads/{branch}"
    old = it.refs.get(ref)
    if old is not None and from_ is not None and not force:
        msg = f"{branch} exists: push onto it without from_, or force"
        raise ActError(msg)
    tip = old if old is not None and from_ is None else scene.sha(from_ or it.default_branch)
    if files is not None:
        tree = world.objects.write_tree(it.full_name, files, world.objects.commit(it.full_name, tip).tree)
        signed = pulls.author(world, who)
        made = Commit(tree=tree, parents=(tip,), author=signed, committer=signed, message=message)
        tip = world.objects.write_commit(it.full_name, made)
    branches.move(world, it, ref, tip, who)
    return {"sha": tip}


@act
def merge_branch(scene: Scene, *, branch: str, other: str, by: str | None = None) -> dict[str, Any]:
    """Merge `other` into `branch` locally and push, as somebody who brings a branch up to date does."""
    world, it = scene.world, scene.it
    who = scene.actor(by, "write")
    ours, theirs = scene.sha(branch), scene.sha(other)
    merged = world.objects.merge(it.full_name, ours, theirs)
    if merged.tree is None:
        msg = f"{other} conflicts with {branch} in {', '.join(merged.conflicts)}: push a resolution with resolve"
        raise ActError(msg)
    return _push_merge(scene, branch, merged.tree, (ours, theirs), other, who)


@act
def resolve(
    scene: Scene, *, branch: str, other: str, files: dict[str, str | None], by: str | None = None
) -> dict[str, Any]:
    """Merge `other` into `branch`, with these files as the resolution of whatever is in conflict, and push."""
    world, it = scene.world, scene.it
    who = scene.actor(by, "write")
    ours, theirs = scene.sha(branch), scene.sha(other)
    root = world.objects.merge_base(it.full_name, ours, theirs)
    if root is None:
        msg = f"{branch} and {other} share no history"
        raise ActError(msg)
    merged = world.objects.merge(it.full_name, ours, theirs)
    tree = merged.tree or _receive_both(scene, root, ours, theirs, merged.conflicts, set(files))
    tree = world.objects.write_tree(it.full_name, files, tree)
    return _push_merge(scene, branch, tree, (ours, theirs), other, who)


def _receive_both(
    scene: Scene, root: str, ours: str, theirs: str, conflicts: tuple[str, ...], settled: set[str]
) -> str:
    """Our tree with what only they changed."""
    left = set(conflicts) - settled
    if left:
        msg = f"these files are in conflict and need a text: {', '.join(sorted(left))}"
        raise ActError(msg)
    world, name = scene.world, scene.it.full_name
    before, mine, other = (world.objects.commit(name, sha).tree for sha in (root, ours, theirs))
    blobs = world.objects.files(name, other)
    took = {
        change.path: world.objects.blob(name, blobs[change.path]).decode(errors="replace")
        if change.path in blobs
        else None
        for change in world.objects.changes(name, before, other)
        if change.path not in settled
    }
    return world.objects.write_tree(name, took, mine)


def _push_merge(scene: Scene, branch: str, tree: str, parents: tuple[str, str], other: str, who: str) -> dict[str, Any]:
    signed = pulls.author(scene.world, who)
    message = f"Merge branch '{other}' into {branch}"
    made = Commit(tree=tree, parents=parents, author=signed, committer=signed, message=message)
    sha = scene.world.objects.write_commit(scene.it.full_name, made)
    branches.move(scene.world, scene.it, f"refs/heads/{branch}", sha, who)
    return {"sha": sha}


@act
def delete_branch(scene: Scene, *, branch: str, by: str | None = None) -> None:
    """Delete a branch."""
    if f"refs/heads/{branch}" not in scene.it.refs or branch == scene.it.default_branch:
        msg = f"{branch} is not there, or is the default branch"
        raise ActError(msg)
    branches.move(scene.world, scene.it, f"refs/heads/{branch}", None, scene.actor(by, "write"))


@act
def open_pull_request(
    scene: Scene,
    *,
    head: str,
    title: str,
    body: str | None = None,
    base: str | None = None,
    draft: bool = False,
    by: str | None = None,
) -> dict[str, Any]:
    """Open a pull request from a branch, or "owner:branch" of a fork."""
    who = scene.actor(by)
    base = base or scene.it.default_branch
    made = pulls.create(scene.world, scene.it, title=title, head=head, base=base, by=who, body=body, draft=draft)
    return {"number": made.number, "url": issue_web(scene.it, made), "head": made.head_sha}


@act
def ready_for_review(scene: Scene, *, number: int, by: str | None = None) -> None:
    """Un-draft."""
    pulls.set_draft(scene.world, scene.it, _pull(scene, number), scene.actor(by, "write"), draft=False)


@act
def convert_to_draft(scene: Scene, *, number: int, by: str | None = None) -> None:
    """Draft again."""
    pulls.set_draft(scene.world, scene.it, _pull(scene, number), scene.actor(by, "write"), draft=True)


@act
def review(scene: Scene, *, number: int, by: str, verdict: str = "approve", body: str = "") -> dict[str, Any]:
    """Approve, request_changes or comment."""
    if verdict not in _VERDICTS:
        msg = f"{verdict!r} is no verdict; there are {', '.join(_VERDICTS)}"
        raise ActError(msg)
    made = pulls.review(scene.world, scene.it, _pull(scene, number), scene.actor(by), _VERDICTS[verdict], body)
    return {"id": made.id}


@act
def dismiss_review(scene: Scene, *, number: int, reviewer: str, by: str | None = None) -> None:
    """Dismiss somebody's last review."""
    which = _pull(scene, number)
    theirs = [one for one in which.reviews if one.author.lower() == reviewer.lower() and one.state != "DISMISSED"]
    if not theirs:
        msg = f"{reviewer} has no review of {number} to dismiss"
        raise ActError(msg)
    pulls.dismiss(scene.world, scene.it, which, theirs[-1], scene.actor(by, "write"))


def _commit(scene: Scene, sha: str | None, branch: str | None, number: int | None) -> str:
    if number is not None:
        return _pull(scene, number).head_sha
    if sha is None and branch is None:
        msg = "say which commit: sha, branch or number"
        raise ActError(msg)
    return scene.sha(sha or branch or "")


@act
def set_check(
    scene: Scene,
    *,
    name: str,
    sha: str | None = None,
    branch: str | None = None,
    number: int | None = None,
    status: str | None = None,
    conclusion: str | None = None,
    app: str = "github-actions",
    workflow: str | None = None,
    details_url: str | None = None,
) -> dict[str, Any]:
    """Report a check on a commit, a branch's or a pull request's head; `conclusion` completes it."""
    made = checks.set_run(
        scene.world,
        scene.it,
        sha=_commit(scene, sha, branch, number),
        name=name,
        app=app,
        sender=f"{app}[bot]",
        workflow=workflow,
        status=status,
        conclusion=conclusion,
        details_url=details_url,
    )
    return {"id": made.id}


@act
def rerun_check(
    scene: Scene,
    *,
    name: str,
    sha: str | None = None,
    branch: str | None = None,
    number: int | None = None,
    vanish: bool = False,
    by: str | None = None,
) -> dict[str, Any]:
    """Run a check again: the earlier run is gone. With `vanish`, the new one shows only when it is next reported."""
    commit = _commit(scene, sha, branch, number)
    found: list[CheckRun] = [one for one in scene.it.checks.values() if (one.sha, one.name) == (commit, name)]
    if not found:
        msg = f"no check {name!r} was reported for {commit}"
        raise ActError(msg)
    made = checks.rerun(scene.world, scene.it, found[-1], vanish=vanish, sender=scene.actor(by, "write"))
    return {"id": made.id if made else None}


@act
def set_status(
    scene: Scene,
    *,
    context: str,
    state: str,
    sha: str | None = None,
    branch: str | None = None,
    number: int | None = None,
    description: str | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """Report a commit status."""
    commit = _commit(scene, sha, branch, number)
    who = scene.actor(by, "write")
    made = checks.set_status(
        scene.world, scene.it, sha=commit, context=context, state=state, by=who, description=description
    )
    return {"id": made.id}


@act
def merge(scene: Scene, *, number: int, method: str = "merge", by: str | None = None) -> dict[str, Any]:
    """Press the merge button."""
    return {"sha": pulls.merge(scene.world, scene.it, _pull(scene, number), scene.actor(by, "write"), method)}


@act
def close_pull_request(scene: Scene, *, number: int, by: str | None = None) -> None:
    """Close without merging."""
    issues.close(scene.world, scene.it, _pull(scene, number), scene.actor(by))


@act
def reopen_pull_request(scene: Scene, *, number: int, by: str | None = None) -> None:
    """Open again."""
    issues.reopen(scene.world, scene.it, _pull(scene, number), scene.actor(by))


@act
def retarget(scene: Scene, *, number: int, base: str, by: str | None = None) -> None:
    """Let it lead into another branch."""
    if f"refs/heads/{base}" not in scene.it.refs:
        msg = f"there is no branch {base}"
        raise ActError(msg)
    branches.retarget(scene.world, scene.it, _pull(scene, number), base, scene.actor(by, "write"))


@act
def restore_branch(scene: Scene, *, number: int, by: str | None = None) -> None:
    """Bring a pull request's deleted branch back."""
    which = _pull(scene, number)
    branches.move(scene.world, scene.it, branches.head_ref(which), which.head_sha, scene.actor(by, "write"))
