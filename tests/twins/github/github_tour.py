"""One day that calls every route of the twin, for tests that hold the whole of it against GitHub's descriptions."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from twins.github.github_world import GitHubWorld

if TYPE_CHECKING:
    from datetime import datetime

TRACK = """
query Track($owner: String!, $name: String!, $after: String) {
  rateLimit { cost remaining resetAt }
  repository(owner: $owner, name: $name) {
    ref(qualifiedName: "refs/heads/main") { name target { oid } }
    object(expression: "HEAD:README.md") { oid ... on Blob { text byteSize isTruncated } }
    i1: issue(number: 1) {
      number title body state stateReason url updatedAt
      labels(first: 50) { nodes { name } }
      assignees(first: 10) { nodes { login } }
    }
    p3: pullRequest(number: 3) {
      id number url title body state isDraft headRefName headRefOid baseRefName baseRefOid isCrossRepository
      mergeable mergeStateStatus reviewDecision changedFiles updatedAt merged mergedAt
      mergeCommit { oid }
      potentialMergeCommit { oid tree { oid } parents(first: 2) { nodes { oid } } }
      author { login }
      labels(first: 50) { nodes { name } }
      assignees(first: 10) { nodes { login } }
      closingIssuesReferences(first: 5) { nodes { number } }
      commits(last: 1) { nodes { commit { oid statusCheckRollup {
        state
        contexts(first: 100, after: $after) {
          totalCount pageInfo { hasNextPage endCursor }
          nodes {
            __typename
            ... on CheckRun {
              databaseId name status conclusion startedAt completedAt detailsUrl
              isRequired(pullRequestNumber: 3)
              checkSuite { app { slug databaseId } workflowRun { workflow { name } } }
            }
            ... on StatusContext { id context state createdAt targetUrl isRequired(pullRequestNumber: 3) }
          }
        }
      } } } }
    }
  }
}
"""
PLAN = """
query Plan($owner: String!, $name: String!, $label: String!, $after: String) {
  rateLimit { cost remaining resetAt }
  repository(owner: $owner, name: $name) {
    id nameWithOwner isArchived
    defaultBranchRef { name target { oid ... on Commit { tree { oid } } } }
    policy: object(expression: "HEAD:.github/valine.toml") { ... on Blob { text oid isTruncated byteSize } }
    issues(first: 100, after: $after, labels: [$label], states: [OPEN], orderBy: {field: CREATED_AT, direction: ASC}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        number title body url createdAt updatedAt state stateReason
        labels(first: 50) { nodes { name } }
        assignees(first: 10) { nodes { login } }
        milestone { title number }
        blockedBy(first: 20) { nodes { number state repository { nameWithOwner } } }
        closedByPullRequestsReferences(first: 5, includeClosedPrs: false) {
          nodes { number state isDraft url headRefName headRefOid baseRefName isCrossRepository author { login } }
        }
      }
    }
  }
}
"""


def jwt(app_id: int, now: datetime, **claims: Any) -> str:
    """An App's token, unsigned: the twin looks at the claims only unless it is given a verifier."""
    said = {"iss": str(app_id), "iat": int(now.timestamp()) - 60, "exp": int(now.timestamp()) + 540, **claims}
    parts = ({"alg": "RS256", "typ": "JWT"}, said)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".c2ln"
    )


def tour() -> GitHubWorld:
    """Every route at least once, most with success."""
    world = GitHubWorld().start(required_checks=["ci"], required_reviews=1)
    app = world.act(
        "register_app", slug="valine", webhook_url="http://app.test/hook", webhook_secret="s", events=["push"]
    )
    world.act("create_hook", url="http://valine.test/github/webhook", secret="s3cret")
    world.act("create_issue", title="Fix login", body="It fails.", labels=["ready"], assignees=["ana"], milestone="May")
    world.act("create_issue", title="Then logout", labels=["ready"], blocked_by=[1], by="bo")
    _write_a_task(world)
    _people_work(world)
    _read_everything(world)
    _finish(world)
    _keep_house(world)
    _write_files(world)
    _administer(world, app)
    return world


def _write_a_task(world: GitHubWorld) -> None:
    base = world.api("GET", "/branches/main").json["commit"]
    commit = {"message": "Start", "tree": base["commit"]["tree"]["sha"], "parents": [base["sha"]]}
    commit["author"] = {"name": "Valine", "email": "v@example.test", "date": "2026-03-02T09:00:00Z"}
    sha = world.api("POST", "/git/commits", commit).json["sha"]
    world.api("POST", "/git/refs", {"ref": "refs/heads/valine/r1/1-fix-login", "sha": sha})
    pull = {"title": "Fix login", "head": "valine/r1/1-fix-login", "base": "main", "body": "Closes #1", "draft": True}
    world.api("POST", "/pulls", pull)
    world.api("POST", "/pulls", pull)
    world.api("POST", "/issues/1/labels", {"labels": ["in-progress"]})
    world.api("POST", "/issues/3/assignees", {"assignees": ["ana", "bo"]})
    world.api("POST", "/issues/1/comments", {"body": "Started in #3"})
    world.api("PATCH", "/pulls/3", {"title": "Fix the login"})
    world.api("POST", "/issues", {"title": "Another", "labels": ["later"]})
    world.api(
        "PATCH", "/issues/4", {"state": "closed", "state_reason": "not_planned", "labels": ["x"], "assignees": []}
    )


def _people_work(world: GitHubWorld) -> None:
    world.act("push", branch="valine/r1/1-fix-login", files={"src/login.py": "ok = True\n"}, by="ana")
    world.act("set_check", name="ci", number=3, status="in_progress", workflow="CI")
    world.act("set_check", name="ci", number=3, conclusion="success", workflow="CI")
    world.act("set_status", context="deploy", state="pending", number=3)
    world.act("ready_for_review", number=3, by="ana")
    world.act("review", number=3, by="acme", verdict="approve", body="Good")
    world.act("review", number=3, by="bo", verdict="comment")
    world.act("push", branch="main", files={"CHANGES": "x\n"}, by="ana")


def _read_everything(world: GitHubWorld) -> None:
    for path in (
        "",
        "/issues",
        "/issues/1",
        "/issues/3",
        "/issues/1/comments",
        "/issues/comments",
        "/issues/2/dependencies/blocked_by",
        "/issues/1/labels",
        "/assignees",
        "/assignees/ana",
        "/assignees/bo",
        "/collaborators",
        "/collaborators/ana",
        "/collaborators/dora",
        "/collaborators/ana/permission",
        "/git/commits/" + world.head(),
        "/commits/main",
        "/commits",
        "/commits/main/status",
        "/commits/main/statuses",
        "/commits/valine%2Fr1%2F1-fix-login/check-suites",
        f"/commits/{world.head('valine/r1/1-fix-login')}/pulls",
        "/commits/valine%2Fr1%2F1-fix-login/check-runs",
        "/git/ref/heads/valine/r1/1-fix-login",
        "/compare/main...valine/r1/1-fix-login",
        "/branches",
        "/branches/main",
        "/git/matching-refs/heads/valine",
        "/git/trees/main",
        "/contents/src",
        "/contents/src/cart.py",
        "/contents/nowhere",
        "/labels",
        "/labels/ready",
        "/milestones",
        "/milestones/1",
        "/rules/branches/main",
        "/pulls",
        "/pulls/3",
        "/pulls/3/files",
        "/pulls/3/commits",
        "/pulls/3/reviews",
        "/pulls/99",
        "/nowhere",
    ):
        world.api("GET", path)
    comment = world.shop()["comments"][0]["id"]
    world.api("GET", f"/issues/comments/{comment}")
    world.api("PATCH", f"/issues/comments/{comment}", {"body": "Started, in #3"})
    suite = next(iter(world.twin._state.repositories["acme/shop"].suites))
    world.api("GET", f"/check-suites/{suite}")
    world.api("GET", f"/check-suites/{suite}/check-runs")
    world.api("POST", "/issues/1/comments", {"body": "Started, in #3"})
    world.api("DELETE", f"/issues/comments/{world.shop()['comments'][-1]['id']}")
    world.query(PLAN, owner="acme", name="shop", label="ready")
    world.query(TRACK, owner="acme", name="shop")
    world.request("GET", "/user")
    world.request("GET", "/rate_limit")


def _finish(world: GitHubWorld) -> None:
    head = world.head("valine/r1/1-fix-login")
    world.api("PUT", "/pulls/3/update-branch", {"expected_head_sha": head})
    world.api("POST", f"/statuses/{world.head('valine/r1/1-fix-login')}", {"state": "success", "context": "deploy"})
    world.api("PUT", "/pulls/3/merge", {"merge_method": "squash"})
    world.act("set_check", name="ci", number=3, conclusion="success", workflow="CI")
    world.api("PUT", "/pulls/3/merge", {"merge_method": "squash", "sha": world.head("valine/r1/1-fix-login")})
    world.api("GET", "/pulls/3/merge")
    world.api("GET", "/pulls/3")
    world.api("GET", "/issues/1")
    world.api("DELETE", "/issues/1/labels/in-progress")
    world.api("DELETE", "/issues/3/assignees", {"assignees": ["ana"]})
    world.api("PATCH", "/git/refs/heads/valine/r1/1-fix-login", {"sha": world.head(), "force": True})
    world.api("DELETE", "/git/refs/heads/valine/r1/1-fix-login")
    world.api("POST", "/releases/generate-notes", {"tag_name": "v1"})
    world.api("POST", "/releases", {"tag_name": "v1", "name": "v1", "body": "Notes"})
    world.api("GET", "/releases")
    world.api("GET", "/releases/tags/v1")
    world.api("GET", "/releases/latest")
    made = world.api("POST", "/releases", {"tag_name": "v2", "draft": True}).json["id"]
    world.api("GET", f"/releases/{made}")
    world.api("PATCH", f"/releases/{made}", {"name": "Two", "body": "More", "draft": False})
    world.api("DELETE", f"/releases/{made}")


def _keep_house(world: GitHubWorld) -> None:
    world.api("POST", "/labels", {"name": "p0", "color": "ff0000", "description": "First"})
    world.api("PATCH", "/labels/p0", {"new_name": "p1", "color": "00ff00"})
    world.api("PUT", "/issues/2/labels", {"labels": ["p1", "ready"]})
    world.api("DELETE", "/labels/p1")
    world.api("DELETE", "/issues/2/labels")
    world.api("POST", "/milestones", {"title": "June"})
    world.api("PATCH", "/issues/2", {"milestone": 2})
    comment = world.api("POST", "/issues/2/comments", {"body": "Not yet"}).json["id"]
    world.api("DELETE", f"/issues/comments/{comment}")


def _write_files(world: GitHubWorld) -> None:
    world.act("set_rules")
    blob = world.api("POST", "/git/blobs", {"content": "AAEC/w==", "encoding": "base64"}).json["sha"]
    world.api("GET", f"/git/blobs/{blob}")
    base = world.api("GET", "/branches/main").json["commit"]
    rows = [
        {"path": "bin/noise", "mode": "100644", "type": "blob", "sha": blob},
        {"path": "notes/today.md", "mode": "100644", "type": "blob", "content": "Sun"},
    ]
    tree = world.api("POST", "/git/trees", {"base_tree": base["commit"]["tree"]["sha"], "tree": rows}).json["sha"]
    sha = world.api("POST", "/git/commits", {"message": "Noise", "tree": tree, "parents": [base["sha"]]}).json["sha"]
    world.api("POST", "/git/refs", {"ref": "refs/heads/noise", "sha": sha})
    world.api("POST", "/merges", {"base": "main", "head": "noise"})
    world.api("POST", "/merges", {"base": "main", "head": "noise"})
    text = base64.b64encode(b"Hello\n").decode()
    made = world.api(
        "PUT", "/contents/docs/hello.md", {"message": "Say hello", "content": text, "branch": "noise"}
    ).json
    named = {"sha": made["content"]["sha"], "branch": "noise"}
    world.api("PUT", "/contents/docs/hello.md", {"message": "Again", "content": text, **named})
    world.api("DELETE", "/contents/docs/hello.md", {"message": "Hush", **named})
    world.act("push", branch="noise", files={"more": "1"}, by="ana")
    number = world.api("POST", "/pulls", {"title": "Noise", "head": "noise", "base": "main"}).json["number"]
    world.token = world.act("issue_token", login="acme")["token"]
    review = world.api("POST", f"/pulls/{number}/reviews", {"event": "REQUEST_CHANGES", "body": "Why?"}).json["id"]
    world.api("GET", f"/pulls/{number}/reviews/{review}")
    world.api("PUT", f"/pulls/{number}/reviews/{review}/dismissals", {"message": "It is fine"})


def _administer(world: GitHubWorld, app: dict[str, Any]) -> None:
    world.token = world.act("issue_token", login="acme")["token"]
    hook = world.api("POST", "/hooks", {"config": {"url": "http://x.test", "secret": "s"}, "events": ["*"]}).json["id"]
    world.api("GET", "/hooks")
    log = world.api("GET", f"/hooks/{hook}/deliveries").json
    world.api("GET", f"/hooks/{hook}/deliveries/{log[0]['id']}")
    world.api("POST", f"/hooks/{hook}/deliveries/{log[0]['id']}/attempts")
    world.api("GET", f"/hooks/{hook}")
    world.api("PATCH", f"/hooks/{hook}", {"active": True, "add_events": ["push"]})
    world.api("POST", f"/hooks/{hook}/pings")
    world.api("DELETE", f"/hooks/{hook}")
    world.token = jwt(app["app_id"], world.now)
    world.request("GET", "/app")
    world.request("GET", "/app/installations")
    world.api("GET", "/installation")
    theirs = world.request("GET", "/app/hook/deliveries").json
    world.request("POST", f"/app/hook/deliveries/{theirs[0]['id']}/attempts")
    made = world.request("POST", f"/app/installations/{app['installation_id']}/access_tokens", {})
    world.token = made.json["token"]
    world.act("register_app", slug="ci", permissions={"checks": "write", "metadata": "read"})
    ci = world.twin.view()  # the view is JSON-able whatever happened
    json.dumps(ci)
    installation = max(world.twin._state.installations)
    world.token = world.act("issue_token", installation=installation)["token"]
    run = world.api("POST", "/check-runs", {"name": "lint", "head_sha": world.head(), "status": "in_progress"}).json
    world.api("GET", f"/check-runs/{run['id']}")
    world.api("PATCH", f"/check-runs/{run['id']}", {"conclusion": "failure", "output": {"title": "t", "summary": "s"}})
