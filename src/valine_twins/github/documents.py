"""Accounts, repositories, issues and comments as GitHub's REST API and webhooks write them.

Fields that GitHub always sends are always there; what the twin does not model has the value of a plain repository.
https://docs.github.com/en/rest/issues/issues
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.github.state import Pull
from valine_twins.github.world import EPOCH, JSON, WEB, World, node_id, stamp

if TYPE_CHECKING:
    from valine_twins.github.state import App, Comment, Issue, Label, Milestone, Repository

_USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def user(world: World, login: str) -> JSON:
    """A simple user."""
    who = world.user(login)
    api = f"{world.options.api_url}/users/{who.login}"
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node_id("U", who.id),
        "avatar_url": f"{WEB}/avatars/{who.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{WEB}/{who.login}",
        **{key: api + tail for key, tail in _USER_LINKS.items()},
        "type": who.kind,
        "site_admin": False,
    }


def profile(world: World, login: str) -> JSON:
    """The signed-in user, as the user itself sees it."""
    blank = dict.fromkeys(("company", "location", "email", "hireable", "bio"))
    public = ("public_repos", "public_gists", "followers", "following")
    private = ("private_gists", "total_private_repos", "owned_private_repos", "disk_usage", "collaborators")
    counts = {**dict.fromkeys((*public, *private), 0), "two_factor_authentication": True, "user_view_type": "private"}
    when = {"created_at": stamp(EPOCH), "updated_at": stamp(EPOCH)}
    return {**user(world, login), "name": login, "blog": "", **blank, **counts, **when}


def repository_url(world: World, repository: Repository) -> str:
    """The address of a repository in the API."""
    return f"{world.options.api_url}/repos/{repository.full_name}"


def minimal_repository(world: World, repository: Repository) -> JSON:
    """What every mention of a repository carries."""
    api = repository_url(world, repository)
    return {
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
        "owner": user(world, repository.owner),
        "html_url": f"{WEB}/{repository.full_name}",
        "description": None,
        "fork": False,
        "url": api,
        **{key: api + tail for key, tail in _REPOSITORY_LINKS.items()},
    }


def repository(world: World, it: Repository) -> JSON:
    """A repository as webhooks and pull requests carry it."""
    web = f"{WEB}/{it.full_name}"
    issues = sum(issue.open for issue in it.issues.values())
    zeros = ("forks_count", "stargazers_count", "watchers_count", "size", "forks", "watchers")
    return {
        **minimal_repository(world, it),
        "git_url": f"git://github.test/{it.full_name}.git",
        "ssh_url": f"git@github.test:{it.full_name}.git",
        "clone_url": f"{world.options.api_url}/{it.full_name}.git",  # where git is answered
        "svn_url": web,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        **dict.fromkeys(zeros, 0),
        "default_branch": it.default_branch,
        "open_issues_count": issues,
        "open_issues": issues,
        "is_template": False,
        "topics": [],
        **dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True),
        **dict.fromkeys(("has_pages", "has_discussions", "disabled"), False),
        "archived": it.archived,
        "visibility": "private" if it.private else "public",
        "license": None,
        "web_commit_signoff_required": False,
        "custom_properties": {},
        "pushed_at": stamp(it.pushed_at),
        "created_at": stamp(it.created_at),
        "updated_at": stamp(it.updated_at),
    }


def full_repository(world: World, it: Repository, login: str) -> JSON:
    """A repository as GET /repos/{owner}/{repo} gives it, with what the asker may do."""
    levels = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read"}
    return {
        **repository(world, it),
        "permissions": {key: world.may(it, login, role) for key, role in levels.items()},  # type: ignore[arg-type]
        **{f"allow_{method}_merge": method in it.merge_methods for method in ("squash", "rebase")},
        "allow_merge_commit": "merge" in it.merge_methods,
        "allow_auto_merge": False,
        "delete_branch_on_merge": it.delete_branch_on_merge,
        "subscribers_count": 0,
        "network_count": 0,
    }


def label(world: World, it: Repository, which: Label) -> JSON:
    """A label."""
    return {
        "id": which.id,
        "node_id": node_id("LA", which.id),
        "url": f"{repository_url(world, it)}/labels/{which.name}",
        "name": which.name,
        "color": which.color,
        "default": False,
        "description": which.description,
    }


def labels(world: World, it: Repository, names: list[str]) -> list[JSON]:
    """Labels by name, in the order they were put on."""
    return [label(world, it, it.labels[name.lower()]) for name in names]


def milestone(world: World, it: Repository, number: int | None) -> JSON | None:
    """A milestone, or null."""
    which: Milestone | None = next((one for one in it.milestones if one.number == number), None)
    if which is None:
        return None
    url = f"{repository_url(world, it)}/milestones/{which.number}"
    mine = [issue.open for issue in it.issues.values() if issue.milestone == number]
    return {
        "url": url,
        "html_url": f"{WEB}/{it.full_name}/milestone/{which.number}",
        "labels_url": f"{url}/labels",
        "id": which.id,
        "node_id": node_id("MI", which.id),
        "number": which.number,
        "state": "open",
        "title": which.title,
        "description": None,
        "creator": user(world, which.creator),
        "open_issues": sum(mine),
        "closed_issues": len(mine) - sum(mine),
        "created_at": stamp(which.created_at),
        "updated_at": stamp(which.created_at),
        "closed_at": None,
        "due_on": None,
    }


def association(it: Repository, login: str) -> str:
    """What somebody is to a repository."""
    if login.lower() == it.owner.lower():
        return "OWNER"
    return "COLLABORATOR" if any(login.lower() == name.lower() for name in it.members) else "NONE"


def issue_web(it: Repository, which: Issue) -> str:
    """The address that people open."""
    return f"{WEB}/{it.full_name}/{'pull' if isinstance(which, Pull) else 'issues'}/{which.number}"


def reactions(url: str) -> JSON:
    """Nobody reacts here."""
    kinds = ("total_count", "+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": f"{url}/reactions", **dict.fromkeys(kinds, 0)}


def issue(world: World, it: Repository, which: Issue) -> JSON:
    """An issue; a pull request seen as one carries `pull_request`, which is how programs tell them apart."""
    url = f"{repository_url(world, it)}/issues/{which.number}"
    people = [user(world, login) for login in which.assignees]
    document: JSON = {
        "url": url,
        "repository_url": repository_url(world, it),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": issue_web(it, which),
        "id": which.id,
        "node_id": node_id("PR" if isinstance(which, Pull) else "I", which.id),
        "number": which.number,
        "title": which.title,
        "user": user(world, which.author),
        "labels": labels(world, it, which.labels),
        "state": "open" if which.open else "closed",
        "state_reason": which.state_reason,
        "locked": False,
        "active_lock_reason": None,
        "assignee": people[0] if people else None,
        "assignees": people,
        "milestone": milestone(world, it, which.milestone),
        "comments": which.comments,
        "created_at": stamp(which.created_at),
        "updated_at": stamp(which.updated_at),
        "closed_at": stamp(which.closed_at),
        "author_association": association(it, which.author),
        "reactions": reactions(url),
        "body": which.body,
    }
    if isinstance(which, Pull):
        api = f"{repository_url(world, it)}/pulls/{which.number}"
        web = issue_web(it, which)
        links = {"url": api, "html_url": web, "diff_url": f"{web}.diff", "patch_url": f"{web}.patch"}
        document |= {"draft": which.draft, "pull_request": {**links, "merged_at": stamp(which.merged_at)}}
    return document


def comment(world: World, it: Repository, which: Comment) -> JSON:
    """A comment."""
    about = it.issues[which.number]
    url = f"{repository_url(world, it)}/issues/comments/{which.id}"
    return {
        "url": url,
        "html_url": f"{issue_web(it, about)}#issuecomment-{which.id}",
        "issue_url": f"{repository_url(world, it)}/issues/{which.number}",
        "id": which.id,
        "node_id": node_id("IC", which.id),
        "user": user(world, which.author),
        "created_at": stamp(which.created_at),
        "updated_at": stamp(which.updated_at),
        "author_association": association(it, which.author),
        "body": which.body,
        "reactions": reactions(url),
        "performed_via_github_app": None,
    }


def app(world: World, which: App) -> JSON:
    """A GitHub App."""
    return {
        "id": which.id,
        "slug": which.slug,
        "node_id": node_id("A", which.id),
        "client_id": which.client_id,
        "owner": user(world, which.owner),
        "name": which.name,
        "description": None,
        "external_url": f"{WEB}/apps/{which.slug}",
        "html_url": f"{WEB}/apps/{which.slug}",
        "created_at": stamp(which.created_at),
        "updated_at": stamp(which.created_at),
        "permissions": which.permissions,
        "events": which.events,
    }
