"""Things as GitHub shows them, and effects that ask for them, each as small as a test can bear."""

from __future__ import annotations

from typing import Any

from builders import HEAD, NOON, TREE
from valine.orchestrator.model.effects import (
    EnsureAssignees,
    EnsureBranch,
    EnsureBranchDeleted,
    EnsureComment,
    EnsureIssueClosed,
    EnsureLabel,
    EnsurePullRequest,
    EnsurePullRequestClosed,
    EnsureRelease,
    MergePullRequest,
    UpdateBranch,
    WorkStarted,
)
from valine.orchestrator.model.states import IssueNumber, Login, PullNumber, RunNumber, RunUid, Sha
from valine.orchestrator.naming import commit_message, github_marker
from valine.services.github.plan import body_hash

UID = RunUid("abcdefghijkl")
MARKER = github_marker(UID)
BRANCH = "valine/r1/41-fix-login"
OURS = "a" * 40
OTHER = "b" * 40
WHEN = "2026-11-02T12:00:00Z"
BRIEF = "The login is **broken** 🚪"

BRANCH_EFFECT = EnsureBranch(
    issue=IssueNumber(41),
    uid=UID,
    branch=BRANCH,
    parent=HEAD,
    tree=TREE,
    message=commit_message(41, "Fix login", UID),
    date=NOON,
)
PULL_EFFECT = EnsurePullRequest(
    issue=IssueNumber(41),
    uid=UID,
    run="r1",
    branch=BRANCH,
    base="main",
    title="Fix login 🚪 `now` [x](y)",
    body_hash=body_hash(BRIEF),
)
LABEL_EFFECT = EnsureLabel(issue=IssueNumber(41), label="in-progress", present=True)
UNLABEL_EFFECT = EnsureLabel(issue=IssueNumber(41), label="in progress/ü #1?", present=False)
ASSIGN_EFFECT = EnsureAssignees(issue=IssueNumber(41), numbers=(7, 41), logins=(Login("ana"), Login("bo")))
STARTED = WorkStarted(run=RunNumber(1), pull_request=PullNumber(7))
COMMENT_EFFECT = EnsureComment(issue=IssueNumber(41), number=41, name="started", marker=MARKER, about=STARTED)
UPDATE_EFFECT = UpdateBranch(issue=IssueNumber(41), pull_request=PullNumber(7), head=Sha(OURS), base=HEAD, tree=TREE)
MERGE_EFFECT = MergePullRequest(
    issue=IssueNumber(41),
    pull_request=PullNumber(7),
    head=Sha(OURS),
    base="main",
    method="squash",
    title="Fix login (#7)",
    message=f"Valine-Run: {UID}",
)
CLOSE_ISSUE_EFFECT = EnsureIssueClosed(issue=IssueNumber(41))
DELETE_EFFECT = EnsureBranchDeleted(issue=IssueNumber(41), branch=BRANCH, head=Sha(OURS))
CLOSE_PULL_EFFECT = EnsurePullRequestClosed(issue=IssueNumber(41), uid=UID, branch=BRANCH, pull_request=PullNumber(7))
RELEASE_EFFECT = EnsureRelease(uid=UID, tag="valine-r1", commit=HEAD, run=RunNumber(1), round=1, notes=())
EFFECTS = (
    BRANCH_EFFECT,
    PULL_EFFECT,
    LABEL_EFFECT,
    UNLABEL_EFFECT,
    ASSIGN_EFFECT,
    COMMENT_EFFECT,
    UPDATE_EFFECT,
    MERGE_EFFECT,
    CLOSE_ISSUE_EFFECT,
    DELETE_EFFECT,
    CLOSE_PULL_EFFECT,
    RELEASE_EFFECT,
)


def a_rest_pull(**changes: Any) -> dict[str, Any]:
    """Our pull request, open and mergeable."""
    return {
        "number": 7,
        "state": "open",
        "draft": False,
        "merged": False,
        "mergeable": True,
        "merge_commit_sha": None,
        "body": f"Closes #41 {MARKER}",
        "head": {"ref": BRANCH, "sha": OURS},
        "base": {"ref": "main", "sha": HEAD},
        **changes,
    }


def a_rest_issue(**changes: Any) -> dict[str, Any]:
    """Our issue."""
    return {"number": 41, "state": "open", "body": BRIEF, "assignees": [], **changes}


def a_ref(sha: str = OURS, branch: str = BRANCH) -> dict[str, Any]:
    return {"ref": f"refs/heads/{branch}", "object": {"type": "commit", "sha": sha}}


def a_commit(sha: str = OURS, tree: str = TREE, *parents: str) -> dict[str, Any]:
    return {"sha": sha, "tree": {"sha": tree}, "parents": [{"sha": parent} for parent in parents or (HEAD,)]}


def a_comment(body: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": 5,
        "created_at": WHEN,
        "updated_at": WHEN,
        "issue_url": "https://api.github.test/repos/team/app/issues/41",
        "body": body,
        "user": {"login": "ana", "type": "User"},
        **changes,
    }


def an_issue_node(number: int = 41, **changes: Any) -> dict[str, Any]:
    return {
        "number": number,
        "title": f"Issue {number}",
        "body": None,
        "createdAt": WHEN,
        "updatedAt": WHEN,
        "state": "OPEN",
        "labels": {"nodes": [{"name": "ready"}, None]},
        "assignees": {"nodes": [{"login": "ana"}]},
        "milestone": {"title": "v1"},
        **changes,
    }


def a_ref_node(sha: str = HEAD) -> dict[str, Any]:
    return {"name": "main", "target": {"oid": sha, "tree": {"oid": TREE}}}


def a_plan_page(*issues: dict[str, Any], after: str | None = None, **changes: Any) -> dict[str, Any]:
    """A page of the Plan query's data."""
    repository = {
        "nameWithOwner": "Team/App",
        "isArchived": False,
        "defaultBranchRef": a_ref_node(),
        "policy": None,
        "issues": {"pageInfo": {"hasNextPage": after is not None, "endCursor": after}, "nodes": list(issues)},
        **changes,
    }
    return {"data": {"rateLimit": None, "repository": repository}}


def a_pull_node(number: int = 7, *contexts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    rollup = {"contexts": {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": list(contexts)}}
    return {
        "number": number,
        "url": f"https://github.test/team/app/pull/{number}",
        "state": "OPEN",
        "isDraft": False,
        "headRefName": BRANCH,
        "headRefOid": OURS,
        "baseRefName": "main",
        "isCrossRepository": False,
        "mergeable": "MERGEABLE",
        "mergeStateStatus": "CLEAN",
        "reviewDecision": None,
        "changedFiles": 2,
        "updatedAt": WHEN,
        "mergeCommit": None,
        "potentialMergeCommit": None,
        "author": {"login": "ana"},
        "commits": {"nodes": [{"commit": {"oid": OURS, "statusCheckRollup": rollup if contexts else None}}]},
        **changes,
    }


def a_check(name: str = "test", conclusion: str | None = "SUCCESS", **changes: Any) -> dict[str, Any]:
    """A check run of GitHub Actions."""
    return {
        "__typename": "CheckRun",
        "databaseId": 1,
        "name": name,
        "status": "COMPLETED" if conclusion else "IN_PROGRESS",
        "conclusion": conclusion,
        "startedAt": WHEN,
        "completedAt": WHEN if conclusion else None,
        "detailsUrl": "https://ci.test/1",
        "isRequired": False,
        "checkSuite": {"app": {"slug": "github-actions"}, "workflowRun": {"workflow": {"name": "CI"}}},
        **changes,
    }
