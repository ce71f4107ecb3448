"""Making and removing a task's branch. Our first commit always has the same sha, so a repeat finds what it made.

https://docs.github.com/en/rest/git/commits · https://docs.github.com/en/rest/git/refs
"""

from __future__ import annotations

from datetime import timedelta

from valine.orchestrator.model.effects import EnsureBranch, EnsureBranchDeleted
from valine.orchestrator.model.events import BranchDeleted, BranchEnsured
from valine.orchestrator.model.states import Sha
from valine.services.github import errors
from valine.services.github.api import GitHubApi
from valine.services.github.people import timestamp
from valine.services.github.shapes import Comparison, GitCommit, GitRef

AUTHOR = {"name": "Valine", "email": "valine@users.noreply.github.com"}
REF = "/repos/{owner}/{repo}/git/ref/heads{/branch*}"
REFS = "/repos/{owner}/{repo}/git/refs/heads{/branch*}"
NOT_FOUND, INVALID = 404, 422
SOON = timedelta(seconds=2)


async def ensure_branch(api: GitHubApi, effect: EnsureBranch) -> BranchEnsured:
    """The branch holds our first commit. Permanent `stranger` if it is somebody else's."""
    sha = await _commit(api, effect)
    body = {"ref": f"refs/heads/{effect.branch}", "sha": sha}
    answer = await api.write("POST", "/repos/{owner}/{repo}/git/refs", body, expected={INVALID})
    if answer.status != INVALID or "already exists" in answer.words:
        # A write is believed when it is seen: everything else of the task stands on this branch.
        await _check_ours(api, effect.branch, sha)
    elif "does not exist" in answer.words:
        # "Object does not exist": the commit of a moment ago has not reached every replica.
        raise errors.transient("unreachable", answer.words, api.clock.now() + SOON)
    else:
        raise errors.permanent("invalid", answer.words)
    return BranchEnsured(issue=effect.issue, start=Sha(sha))


async def _commit(api: GitHubApi, effect: EnsureBranch) -> str:
    who = {**AUTHOR, "date": timestamp(effect.date)}
    body = {
        "message": effect.message,
        "tree": effect.tree,
        "parents": [effect.parent],
        "author": who,
        "committer": who,
    }
    answer = await api.write("POST", "/repos/{owner}/{repo}/git/commits", body)
    return answer.read(GitCommit).sha


async def _check_ours(api: GitHubApi, branch: str, sha: str) -> None:
    """Raise unless the branch is at our commit or beyond it."""
    head = await head_of(api, branch)
    if head is None:
        raise errors.ambiguous(f"GitHub says that the branch {branch} exists, but does not show it")
    if head == sha:
        return
    path = "/repos/{owner}/{repo}/compare/{base}...{head}"
    answer = await api.get(path, base=sha, head=head, expected={NOT_FOUND})
    if answer.status != NOT_FOUND:
        comparison = answer.read(Comparison)
        if comparison.status in {"ahead", "identical"} and comparison.merge_base_commit.sha == sha:
            return
    raise errors.permanent("stranger", f"the branch {branch} exists and is not ours")


async def head_of(api: GitHubApi, branch: str) -> str | None:
    """The commit that the branch is at; None if GitHub shows no such branch."""
    answer = await api.get(REF, branch=branch.split("/"), expected={NOT_FOUND})
    return None if answer.status == NOT_FOUND else answer.read(GitRef).object.sha


async def _sure_head_of(api: GitHubApi, branch: str) -> str | None:
    """The same; None if there is surely no such branch."""
    found = await api.find(REF, branch=branch.split("/"))
    return None if found is None else found.read(GitRef).object.sha


async def ensure_branch_deleted(api: GitHubApi, effect: EnsureBranchDeleted) -> BranchDeleted:
    """The branch is gone, or kept because somebody pushed to it."""
    head = await _sure_head_of(api, effect.branch)
    if head is None:
        return BranchDeleted(issue=effect.issue)
    if head != effect.head:
        return BranchDeleted(issue=effect.issue, kept=True)
    answer = await api.write("DELETE", REFS, branch=effect.branch.split("/"), expected={NOT_FOUND, INVALID})
    if answer.status == INVALID and "does not exist" not in answer.words:
        raise errors.permanent("invalid", answer.words)
    look = _sure_head_of if answer.status == NOT_FOUND else head_of
    if answer.status != INVALID and await look(api, effect.branch) == effect.head:
        raise errors.ambiguous(f"GitHub did not delete the branch {effect.branch}")
    return BranchDeleted(issue=effect.issue)
