"""REST routes of checks and statuses. https://docs.github.com/en/rest/checks/runs"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine_twins.github import checks, documents, documents_code
from valine_twins.github.rest import Call, Reply, listed, route
from valine_twins.github.rest_code import REPO, resolve
from valine_twins.github.world import Refused
from valine_twins.objects import StoreError

if TYPE_CHECKING:
    from valine_twins.github.state import CheckRun, CheckSuite


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
    return _runs(call, [run for run in call.repo.checks.values() if run.sha == sha])


def _runs(call: Call, runs: list[CheckRun]) -> Reply:
    """A page of check runs, those of a name or a status where the caller asks for one."""
    wanted = {"name": call.query.get("check_name"), "status": call.query.get("status")}
    found = [
        documents_code.check_run(call.world, call.repo, run)
        for run in runs
        if all(value in (None, getattr(run, key)) for key, value in wanted.items())
    ]
    some = listed(call, found)
    return Reply(200, {"total_count": len(found), "check_runs": some.body}, some.headers)


@route("GET", f"{REPO}/commits/{{ref}}/check-suites", "checks:read")
def list_suites(call: Call) -> Reply:
    """The check suites of a commit."""
    sha = resolve(call, call.params["ref"])
    found = [_suite(call, one) for one in call.repo.suites.values() if one.sha == sha]
    some = listed(call, found)
    return Reply(200, {"total_count": len(found), "check_suites": some.body}, some.headers)


def _suite(call: Call, which: CheckSuite) -> dict[str, Any]:
    repository = documents.minimal_repository(call.world, call.repo)
    return {**documents_code.check_suite(call.world, call.repo, which), "repository": repository}


@route("GET", f"{REPO}/check-suites/{{check_suite_id}}", "checks:read")
def get_suite(call: Call) -> Reply:
    """One check suite."""
    return Reply(200, _suite(call, _known_suite(call)))


@route("GET", f"{REPO}/check-suites/{{check_suite_id}}/check-runs", "checks:read")
def list_suite_runs(call: Call) -> Reply:
    """The check runs of a suite."""
    suite = _known_suite(call)
    return _runs(call, [run for run in call.repo.checks.values() if run.suite == suite.id])


def _known_suite(call: Call) -> CheckSuite:
    found = call.repo.suites.get(call.number("check_suite_id"))
    if found is None:
        raise Refused(404, "Not Found")
    return found


@route("GET", f"{REPO}/commits/{{ref}}/statuses", "statuses:read")
def list_statuses(call: Call) -> Reply:
    """Every status that was reported for a commit, newest first."""
    sha = resolve(call, call.params["ref"])
    found = [documents_code.status(call.world, call.repo, one) for one in call.repo.statuses if one.sha == sha]
    return listed(call, found[::-1])


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
