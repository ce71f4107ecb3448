"""Everything a person could see on the platform, as JSON-able values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine_twins.github import checks, documents, merging
from valine_twins.github.state import Pull
from valine_twins.github.webhooks import delivery_document
from valine_twins.github.world import stamp

if TYPE_CHECKING:
    from valine_twins.github.serving import Server
    from valine_twins.github.state import Issue, Repository
    from valine_twins.github.world import World

_LOG = 50


def everything(world: World, server: Server) -> dict[str, Any]:
    """The whole platform."""
    state = world.state
    return {
        "repositories": {it.full_name: _repository(world, it) for it in state.repositories.values()},
        "hooks": [
            {"id": hook.id, "url": hook.url, "events": hook.events, "repository": hook.repository, "app": hook.app}
            for hook in state.hooks.values()
        ],
        "deliveries": [delivery_document(record) for record in state.deliveries.values()],
        "requests": {"github": dict(sorted(server.counts.items()))},
        "limits": server.limits.view(),
    }


def _repository(world: World, it: Repository) -> dict[str, Any]:
    heads = {ref.removeprefix("refs/heads/"): sha for ref, sha in it.refs.items() if ref.startswith("refs/heads/")}
    return {
        "default_branch": it.default_branch,
        "archived": it.archived,
        "private": it.private,
        "members": dict(it.members),
        "labels": [label.name for label in it.labels.values()],
        "issues": [_issue(it, one) for one in it.issues.values() if not isinstance(one, Pull)],
        "pull_requests": [_pull(world, it, one) for one in it.issues.values() if isinstance(one, Pull)],
        "comments": [
            {"id": one.id, "number": one.number, "author": one.author, "body": one.body, "at": stamp(one.created_at)}
            for one in it.comments.values()
        ],
        "branches": {name: {"head": sha, "log": _log(world, it, sha)} for name, sha in heads.items()},
        "tags": {ref.removeprefix("refs/tags/"): sha for ref, sha in it.refs.items() if ref.startswith("refs/tags/")},
        "releases": [
            {"tag": one.tag, "name": one.name, "body": one.body, "draft": one.draft, "author": one.author}
            for one in it.releases
        ],
    }


def _log(world: World, it: Repository, head: str) -> list[dict[str, Any]]:
    found = []
    for sha in world.objects.log(it.full_name, head, _LOG):
        commit = world.objects.commit(it.full_name, sha)
        found.append(
            {
                "sha": sha,
                "message": commit.message,
                "author": commit.author.name,
                "at": stamp(commit.committer.date),
                "parents": list(commit.parents),
            }
        )
    return found


def _issue(it: Repository, one: Issue) -> dict[str, Any]:
    return {
        "number": one.number,
        "url": documents.issue_web(it, one),
        "title": one.title,
        "body": one.body,
        "state": "open" if one.open else "closed",
        "state_reason": one.state_reason,
        "author": one.author,
        "labels": list(one.labels),
        "assignees": list(one.assignees),
        "blocked_by": [list(pair) for pair in one.blocked_by],
        "closed_by": one.closed_by,
        "comments": one.comments,
    }


def _pull(world: World, it: Repository, one: Pull) -> dict[str, Any]:
    runs = [
        {"name": run.name, "status": run.status, "conclusion": run.conclusion, "app": run.app, "workflow": run.workflow}
        for run in it.checks.values()
        if run.sha == one.head_sha
    ]
    judged = merging.judge(world, it, one, look=False)
    statuses = [{"context": s.context, "state": s.state} for s in checks.latest_statuses(it, one.head_sha).values()]
    return {
        **_issue(it, one),
        "state": "merged" if one.merged_at else "open" if one.open else "closed",
        "draft": one.draft,
        "head": one.head,
        "head_sha": one.head_sha,
        "base": one.base,
        "fork": one.fork,
        "merge_commit": one.merge_commit,
        "merged_by": one.merged_by,
        "merge_state": judged.state,
        "conflicts": list(merging.test_merge(world, it, one).conflicts) if judged.state == "DIRTY" else [],
        "review_decision": merging.review_decision(world, it, one),
        "reviews": [{"author": r.author, "state": r.state, "commit": r.commit} for r in one.reviews],
        "checks": runs,
        "statuses": statuses,
    }
