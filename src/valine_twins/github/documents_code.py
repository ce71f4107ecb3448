"""Commits, refs, pull requests, reviews, checks and statuses as GitHub's REST API and webhooks write them.

https://docs.github.com/en/rest/pulls/pulls and https://docs.github.com/en/rest/checks/runs
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine_twins.github import checks, documents, merging
from valine_twins.github.documents import repository_url
from valine_twins.github.state import App, Pull
from valine_twins.github.world import EPOCH, JSON, WEB, World, node_id, pulls, stamp

if TYPE_CHECKING:
    from valine_twins.github.state import CheckRun, CheckSuite, Repository, Review, Status
    from valine_twins.objects import Change, Signature


def _person(who: Signature) -> JSON:
    return {"name": who.name, "email": who.email, "date": stamp(who.date)}


def git_commit(world: World, it: Repository, sha: str) -> JSON:
    """A commit as the Git database shows it."""
    commit = world.objects.commit(it.full_name, sha)
    api = f"{repository_url(world, it)}/git"
    web = f"{WEB}/{it.full_name}/commit"
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "url": f"{api}/commits/{sha}",
        "html_url": f"{web}/{sha}",
        "author": _person(commit.author),
        "committer": _person(commit.committer),
        "tree": {"sha": commit.tree, "url": f"{api}/trees/{commit.tree}"},
        "message": commit.message,
        "parents": [{"sha": p, "url": f"{api}/commits/{p}", "html_url": f"{web}/{p}"} for p in commit.parents],
        "verification": dict(_UNSIGNED),
    }


_UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def commit(world: World, it: Repository, sha: str) -> JSON:
    """A commit as repositories show it."""
    known = world.objects.commit(it.full_name, sha)
    api = f"{repository_url(world, it)}/commits"
    web = f"{WEB}/{it.full_name}/commit"
    tree = {"sha": known.tree, "url": f"{repository_url(world, it)}/git/trees/{known.tree}"}
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "commit": {
            "author": _person(known.author),
            "committer": _person(known.committer),
            "message": known.message,
            "tree": tree,
            "url": f"{repository_url(world, it)}/git/commits/{sha}",
            "comment_count": 0,
            "verification": dict(_UNSIGNED),
        },
        "url": f"{api}/{sha}",
        "html_url": f"{web}/{sha}",
        "comments_url": f"{api}/{sha}/comments",
        "author": _account(world, known.author),
        "committer": _account(world, known.committer),
        "parents": [{"sha": p, "url": f"{api}/{p}", "html_url": f"{web}/{p}"} for p in known.parents],
    }


def _account(world: World, who: Signature) -> JSON | None:
    known = world.state.users.get(who.name.lower())
    return documents.user(world, known.login) if known else None


def ref(world: World, it: Repository, name: str) -> JSON:
    """A ref; `name` is in full ("refs/heads/main")."""
    api = f"{repository_url(world, it)}/git"
    sha = it.refs[name]
    return {
        "ref": name,
        "node_id": f"REF_{it.id}_{name}",
        "url": f"{api}/{name}",
        "object": {"sha": sha, "type": "commit", "url": f"{api}/commits/{sha}"},
    }


def changed_file(world: World, it: Repository, sha: str, change: Change) -> JSON:
    """One file of a comparison."""
    return {
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{WEB}/{it.full_name}/blob/{sha}/{change.path}",
        "raw_url": f"{WEB}/{it.full_name}/raw/{sha}/{change.path}",
        "contents_url": f"{repository_url(world, it)}/contents/{change.path}?ref={sha}",
    }


def _side(world: World, it: Repository, which: Pull, name: str) -> JSON:
    head = name == "head"
    owner = which.fork if head and which.fork else it.owner
    branch = which.head if head else which.base
    return {
        "label": f"{owner}:{branch}",
        "ref": branch,
        "sha": which.head_sha if head else which.base_sha,
        "user": documents.user(world, owner),
        "repo": None if head and which.fork else documents.repository(world, it),
    }


def pull(world: World, it: Repository, which: Pull) -> JSON:
    """A pull request as lists show it."""
    api = f"{repository_url(world, it)}/pulls/{which.number}"
    as_issue = documents.issue(world, it, which)
    issue_api = as_issue["url"]
    web = as_issue["html_url"]
    links = {
        "self": api,
        "html": web,
        "issue": issue_api,
        "comments": f"{issue_api}/comments",
        "review_comments": f"{api}/comments",
        "review_comment": f"{repository_url(world, it)}/pulls/comments{{/number}}",
        "commits": f"{api}/commits",
        "statuses": f"{repository_url(world, it)}/statuses/{which.head_sha}",
    }
    same = ("node_id", "number", "state", "locked", "title", "user", "body", "labels", "milestone", "created_at")
    more = ("updated_at", "closed_at", "assignee", "assignees", "author_association", "active_lock_reason")
    return {
        "url": api,
        "id": which.pull_id,
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": issue_api,
        **{key: as_issue[key] for key in (*same, *more)},
        **{
            f"{key}_url": links[key] for key in ("commits", "review_comments", "review_comment", "comments", "statuses")
        },
        "merged_at": stamp(which.merged_at),
        "merge_commit_sha": merging.merge_commit(world, it, which),
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _side(world, it, which, "head"),
        "base": _side(world, it, which, "base"),
        "_links": {key: {"href": address} for key, address in links.items()},
        "auto_merge": None,
        "draft": which.draft,
    }


def full_pull(world: World, it: Repository, which: Pull, *, look: bool = False) -> JSON:
    """A pull request by itself. A `look` counts towards mergeability becoming known; a webhook's copy does not."""
    judged = merging.judge(world, it, which, look=look)
    files = merging.changes(world, it, which)
    return {
        **pull(world, it, which),
        "merged": which.merged_at is not None,
        "mergeable": judged.mergeable,
        "rebaseable": judged.mergeable,
        "mergeable_state": judged.state.lower(),
        "merged_by": documents.user(world, which.merged_by) if which.merged_by else None,
        "comments": which.comments,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(merging.commits(world, it, which)),
        "additions": sum(change.additions for change in files),
        "deletions": sum(change.deletions for change in files),
        "changed_files": len(files),
    }


def review(world: World, it: Repository, on: Pull, which: Review) -> JSON:
    """A review; webhooks write its state in lower case."""
    web = f"{documents.issue_web(it, on)}#pullrequestreview-{which.id}"
    api = f"{repository_url(world, it)}/pulls/{on.number}"
    return {
        "id": which.id,
        "node_id": node_id("PRR", which.id),
        "user": documents.user(world, which.author),
        "body": which.body or None,
        "commit_id": which.commit,
        "submitted_at": stamp(which.submitted_at),
        "state": which.state.lower(),
        "html_url": web,
        "pull_request_url": api,
        "author_association": documents.association(it, which.author),
        "_links": {"html": {"href": web}, "pull_request": {"href": api}},
    }


def app_of(world: World, slug: str) -> JSON:
    """The App of a check; one that was never registered here (GitHub Actions, say) is made up."""
    known = next((app for app in world.state.apps.values() if app.slug == slug), None)
    made_up = App(checks.app_id(slug), slug, slug, f"Iv1.{slug}", slug, None, {"checks": "write"}, [], EPOCH)
    return documents.app(world, known or made_up)


def _pull_mentions(world: World, it: Repository, sha: str) -> list[JSON]:
    url = repository_url(world, it)
    short = {"id": it.id, "url": url, "name": it.name}
    return [
        {
            "url": f"{url}/pulls/{which.number}",
            "id": which.pull_id,
            "number": which.number,
            "head": {"ref": which.head, "sha": which.head_sha, "repo": short},
            "base": {"ref": which.base, "sha": which.base_sha, "repo": short},
        }
        for which in pulls(it)
        if which.open and which.head_sha == sha and which.fork is None
    ]


def check_run(world: World, it: Repository, which: CheckRun) -> JSON:
    """A check run."""
    url = f"{repository_url(world, it)}/check-runs/{which.id}"
    output = {"title": which.title, "summary": which.summary, "text": None}
    return {
        "id": which.id,
        "name": which.name,
        "node_id": node_id("CR", which.id),
        "head_sha": which.sha,
        "external_id": which.external_id,
        "url": url,
        "html_url": f"{WEB}/{it.full_name}/runs/{which.id}",
        "details_url": which.details_url,
        "status": which.status,
        "conclusion": which.conclusion,
        "started_at": stamp(which.started_at),
        "completed_at": stamp(which.completed_at),
        "output": {**output, "annotations_count": 0, "annotations_url": f"{url}/annotations"},
        "check_suite": {"id": which.suite},
        "app": app_of(world, which.app),
        "pull_requests": _pull_mentions(world, it, which.sha),
    }


def check_suite(world: World, it: Repository, which: CheckSuite) -> JSON:
    """A check suite, as webhooks carry it."""
    status, conclusion = checks.suite_result(it, which)
    url = f"{repository_url(world, it)}/check-suites/{which.id}"
    known = world.objects.commit(it.full_name, which.sha)
    people = {"author": known.author, "committer": known.committer}
    return {
        "id": which.id,
        "node_id": node_id("CS", which.id),
        "head_branch": which.branch,
        "head_sha": which.sha,
        "status": status,
        "conclusion": conclusion,
        "url": url,
        "before": next(iter(known.parents), "0" * 40),
        "after": which.sha,
        "pull_requests": _pull_mentions(world, it, which.sha),
        "app": app_of(world, which.app),
        "created_at": stamp(which.created_at),
        "updated_at": stamp(which.updated_at),
        "latest_check_runs_count": sum(run.suite == which.id for run in it.checks.values()),
        "check_runs_url": f"{url}/check-runs",
        "head_commit": {
            "id": which.sha,
            "tree_id": known.tree,
            "message": known.message,
            "timestamp": stamp(known.committer.date),
            **{key: {"name": who.name, "email": who.email} for key, who in people.items()},
        },
    }


def status(world: World, it: Repository, which: Status) -> dict[str, Any]:
    """A commit status."""
    return {
        "url": f"{repository_url(world, it)}/statuses/{which.sha}",
        "avatar_url": f"{WEB}/avatars/{world.user(which.creator).id}",
        "id": which.id,
        "node_id": node_id("SC", which.id),
        "state": which.state,
        "description": which.description,
        "target_url": which.target_url,
        "context": which.context,
        "created_at": stamp(which.created_at),
        "updated_at": stamp(which.created_at),
        "creator": documents.user(world, which.creator),
    }
