"""REST routes of checks, statuses and releases. https://docs.github.com/en/rest/checks/runs"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine.simulator.github import checks, documents, documents_code, releases
from valine.simulator.github.rest import Call, Reply, listed, route
from valine.simulator.github.rest_code import REPO, resolve
from valine.simulator.github.world import Refused
from valine.simulator.objects import StoreError

if TYPE_CHECKING:
    from valine.simulator.github.state import CheckRun


def _known_sha(call: Call, sha: str) -> str:
    try:
        call.world.objects.commit(call.repo.full_name, sha)
    except StoreError as error:
        raise Refused(422, f"No commit found for SHA: {sha}") from error
    return sha


@route("POST", f"{REPO}/statuses/{{sha}}", "statuses:write", content=False)
def create_status(call: Call) -> Reply:
    """Report a commit status."""
    made = checks.set_status(
        call.world,
        call.repo,
        sha=_known_sha(call, call.params["sha"]),
        context=call.text("context") or "default",
        state=call.need("state"),
        by=call.login,
        description=call.text("description"),
        target_url=call.text("target_url"),
    )
    return Reply(201, documents_code.status(call.world, call.repo, made))


@route("GET", f"{REPO}/commits/{{ref}}/status", "statuses:read")
def combined_status(call: Call) -> Reply:
    """The statuses of a commit, and all of them in one word."""
    world, it = call.world, call.repo
    sha = resolve(call, call.params["ref"])
    found = list(checks.latest_statuses(it, sha).values())
    states = {status.state for status in found}
    word = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    url = f"{documents.repository_url(world, it)}/commits/{sha}"
    return Reply(
        200,
        {
            "state": word,
            "statuses": [documents_code.status(world, it, one) for one in found],
            "sha": sha,
            "total_count": len(found),
            "repository": documents.minimal_repository(world, it),
            "commit_url": url,
            "url": f"{url}/status",
        },
    )


@route("GET", f"{REPO}/commits/{{ref}}/check-runs", "checks:read")
def list_runs(call: Call) -> Reply:
    """The latest check runs of a commit."""
    sha = resolve(call, call.params["ref"])
    found = [
        documents_code.check_run(call.world, call.repo, run) for run in call.repo.checks.values() if run.sha == sha
    ]
    some = listed(call, found)
    return Reply(200, {"total_count": len(found), "check_runs": some.body}, some.headers)


def _app_slug(call: Call) -> str:
    installation = call.world.state.installations.get((call.token.installation if call.token else None) or 0)
    if installation is None:
        raise Refused(403, "You must authenticate via a GitHub App.", page="rest/checks/runs#create-a-check-run")
    return call.world.state.apps[installation.app_id].slug


def _run_fields(call: Call) -> dict[str, Any]:
    fields = {key: call.text(key) for key in ("status", "conclusion", "details_url", "external_id")}
    output = call.body.get("output")
    if isinstance(output, dict):
        fields |= {key: output.get(key) for key in ("title", "summary")}
    return fields


@route("POST", f"{REPO}/check-runs", "checks:write", content=False)
def create_run(call: Call) -> Reply:
    """Report a check run; only Apps may."""
    slug = _app_slug(call)
    sha = _known_sha(call, call.need("head_sha"))
    made = checks.create_run(
        call.world, call.repo, sha=sha, name=call.need("name"), app=slug, sender=call.login, **_run_fields(call)
    )
    return Reply(201, documents_code.check_run(call.world, call.repo, made))


def _run(call: Call) -> CheckRun:
    number = call.number("check_run_id")
    found = call.repo.checks.get(number) or call.repo.superseded.get(number)
    if found is None:
        raise Refused(404, "Not Found")
    return found


@route("GET", f"{REPO}/check-runs/{{check_run_id}}", "checks:read")
def get_run(call: Call) -> Reply:
    """One check run, even one that was re-run since."""
    return Reply(200, documents_code.check_run(call.world, call.repo, _run(call)))


@route("PATCH", f"{REPO}/check-runs/{{check_run_id}}", "checks:write", content=False)
def update_run(call: Call) -> Reply:
    """Let a check run go on; only the App that made it may."""
    run = _run(call)
    if _app_slug(call) != run.app:
        raise Refused(
            403, f"Invalid app_id `{call.login}` - check run can only be modified by the GitHub App that created it."
        )
    checks.update_run(call.world, call.repo, run, sender=call.login, **_run_fields(call))
    return Reply(200, documents_code.check_run(call.world, call.repo, run))


@route("GET", f"{REPO}/releases", "contents:read")
def list_releases(call: Call) -> Reply:
    """Releases, newest first."""
    newest = reversed(call.repo.releases)
    return listed(call, [releases.document(call.world, call.repo, one) for one in newest])


@route("POST", f"{REPO}/releases", "contents:write")
def create_release(call: Call) -> Reply:
    """Make a release, and its tag where that is new."""
    made = releases.create(
        call.world,
        call.repo,
        tag=call.need("tag_name"),
        target=call.text("target_commitish"),
        by=call.login,
        name=call.text("name"),
        body=call.text("body"),
        draft=call.body.get("draft") is True,
        prerelease=call.body.get("prerelease") is True,
        generate=call.body.get("generate_release_notes") is True,
    )
    return Reply(201, releases.document(call.world, call.repo, made))


@route("GET", f"{REPO}/releases/tags/{{tag}}", "contents:read")
def get_release(call: Call) -> Reply:
    """The published release of a tag."""
    found = next((one for one in call.repo.releases if one.tag == call.params["tag"] and not one.draft), None)
    if found is None:
        raise Refused(404, "Not Found", page="rest/releases/releases#get-a-release-by-tag-name")
    return Reply(200, releases.document(call.world, call.repo, found))


@route("POST", f"{REPO}/releases/generate-notes", "contents:write", content=False)
def generate_notes(call: Call) -> Reply:
    """Propose notes; nothing is written."""
    tag = call.need("tag_name")
    notes = releases.notes(call.world, call.repo, tag, call.text("previous_tag_name"), call.text("target_commitish"))
    return Reply(200, {"name": tag, "body": notes})
