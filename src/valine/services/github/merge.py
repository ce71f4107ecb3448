"""Bringing a branch up to date, and merging exactly one head. Both look first: the last attempt may have worked.

https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from valine.orchestrator.model.effects import FindMerged, MergePullRequest, UpdateBranch
from valine.orchestrator.model.events import BranchUpdated, Merged, MergeRefused, NotMerged
from valine.orchestrator.model.states import Sha
from valine.services.github import errors
from valine.services.github.api import GitHubApi
from valine.services.github.pulls import PULL, get_pull
from valine.services.github.shapes import GitCommit, MergeAnswer, Pull

Reason = Literal["moved", "retargeted", "conflict", "rules", "draft", "closed"]
METHOD_NOT_ALLOWED, CONFLICT, INVALID = 405, 409, 422
SOON = timedelta(seconds=2)
POLLS = 5


async def merge(api: GitHubApi, effect: MergePullRequest) -> Merged | MergeRefused:
    """Merged at this head, now or before; or why GitHub will not. Ambiguous if it may have been."""
    known = _judge(api, effect, await get_pull(api, effect.pull_request))
    if known is not None:
        return known
    body = {
        "sha": effect.head,
        "merge_method": effect.method,
        "commit_title": effect.title,
        "commit_message": effect.message,
    }
    refusals = {METHOD_NOT_ALLOWED, CONFLICT, INVALID}
    answer = await api.write("PUT", f"{PULL}/merge", body, pull_number=effect.pull_request, expected=refusals)
    if answer.status in refusals:
        return await _refused(api, effect, answer.status, answer.words)
    said = answer.read(MergeAnswer)
    seen = await _poll(api, effect.pull_request, lambda pull: pull.merged)
    if seen.base.ref != effect.base:  # retargeted while we merged it
        return _no(effect, "retargeted", seen.base.ref)
    if not seen.merged or said.sha is None:
        raise errors.ambiguous(f"GitHub says that it merged #{effect.pull_request}, but does not show it")
    return Merged(issue=effect.issue, sha=Sha(said.sha))


def _judge(api: GitHubApi, effect: MergePullRequest, pull: Pull) -> Merged | MergeRefused | None:
    """What is settled by how the pull request stands; None if nothing stands in the way. Raises Transient for soon."""
    if pull.head.sha != effect.head:
        return _no(effect, "moved", f"the head is {pull.head.sha[:12]}")
    if pull.merged and pull.base.ref == effect.base:
        if pull.merge_commit_sha is None:
            raise errors.transient("unreachable", "GitHub does not tell the merge commit yet", api.clock.now() + SOON)
        return Merged(issue=effect.issue, sha=Sha(pull.merge_commit_sha))
    if pull.base.ref != effect.base:
        return _no(effect, "retargeted", pull.base.ref)
    if pull.state == "closed":
        return _no(effect, "closed", "the pull request is closed")
    if pull.draft:
        return _no(effect, "draft", "the pull request is a draft")
    if pull.mergeable is None:
        raise errors.transient("unreachable", "GitHub is computing whether it can be merged", api.clock.now() + SOON)
    return None


async def _refused(api: GitHubApi, effect: MergePullRequest, status: int, words: str) -> Merged | MergeRefused:
    """What a refusal means: the message tells little by itself, so the pull request is looked at."""
    if "base branch was modified" in words.lower() or "in progress" in words.lower():
        raise errors.transient("unreachable", words, api.clock.now() + SOON)
    pull = await get_pull(api, effect.pull_request)
    known = _judge(api, effect, pull)
    if known is not None:
        return known
    if status == CONFLICT:
        return _no(effect, "moved", words)
    if pull.mergeable is False or "conflict" in words.lower():
        return _no(effect, "conflict", words)
    return _no(effect, "rules", words)


def _no(effect: MergePullRequest, reason: Reason, detail: str) -> MergeRefused:
    return MergeRefused(issue=effect.issue, reason=reason, detail=errors.redact(detail))


async def find_merged(api: GitHubApi, effect: FindMerged) -> Merged | NotMerged:
    """Whether it was merged into its base, whenever that was."""
    pull = await get_pull(api, effect.pull_request)
    if not pull.merged or pull.base.ref != effect.base:
        return NotMerged(issue=effect.issue)
    if pull.merge_commit_sha is None:
        raise errors.transient("unreachable", "GitHub does not tell the merge commit yet", api.clock.now() + SOON)
    return Merged(issue=effect.issue, sha=Sha(pull.merge_commit_sha))


async def update_branch(api: GitHubApi, effect: UpdateBranch) -> BranchUpdated:
    """The branch holds the base. If its head is not the expected one, that is judged, and nothing is written.

    https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request-branch
    """
    head = (await get_pull(api, effect.pull_request)).head.sha
    if head == effect.head:
        body = {"expected_head_sha": effect.head}
        path = f"{PULL}/update-branch"
        answer = await api.write("PUT", path, body, pull_number=effect.pull_request, expected={INVALID})
        if answer.status == INVALID and "no new commits" in answer.words.lower():
            return BranchUpdated(issue=effect.issue, head=effect.head, clean=True)
        head = (await _poll(api, effect.pull_request, lambda pull: pull.head.sha != effect.head)).head.sha
        if head == effect.head and answer.status == INVALID:
            raise errors.permanent("invalid", answer.words)
    if head == effect.head:
        raise errors.transient("unreachable", "GitHub is updating the branch", api.clock.now() + SOON)
    return BranchUpdated(issue=effect.issue, head=Sha(head), clean=await _clean(api, effect, head))


async def _poll(api: GitHubApi, number: int, enough: Callable[[Pull], bool]) -> Pull:
    """The pull request once it shows what it should, or as it is after 5 seconds: GitHub answers before it has done."""
    for _ in range(POLLS):
        pull = await get_pull(api, number)
        if enough(pull):
            return pull
        await api.clock.sleep(1)
    return await get_pull(api, number)


async def _clean(api: GitHubApi, effect: UpdateBranch, head: str) -> bool:
    """Whether that commit is exactly git's merge of the approved head and the base that were known."""
    path = "/repos/{owner}/{repo}/git/commits/{commit_sha}"
    commit = (await api.get(path, commit_sha=head)).read(GitCommit)
    return [parent.sha for parent in commit.parents] == [effect.head, effect.base] and commit.tree.sha == effect.tree
