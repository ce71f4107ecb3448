"""Check runs, check suites and commit statuses: how they are set, re-run and summed up.

A suite is what one app (and workflow) runs on one commit. A run replaces the earlier run of the same app, workflow
and name on that commit, as GitHub's lists show it. https://docs.github.com/en/rest/checks
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from valine_twins.github import documents, documents_code
from valine_twins.github.state import CheckRun, CheckSuite, Repository, Status
from valine_twins.github.world import JSON, Refused, World, pulls, stamp

if TYPE_CHECKING:
    from typing import Any

CONCLUSIONS = (
    "success",
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
    "stale",
    "startup_failure",
)
PASSING = ("success", "neutral", "skipped")
STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
STATUS_STATES = ("error", "failure", "pending", "success")


def app_id(slug: str) -> int:
    """The id of an App that was never registered here: always the same for the same slug."""
    return 15368 if slug == "github-actions" else 100_000 + zlib.crc32(slug.encode()) % 900_000


def run_state(run: CheckRun) -> str:
    """A run as the rules see it: success, pending or failure."""
    if run.status != "completed":
        return "pending"
    return "success" if run.conclusion in PASSING else "failure"


def latest_statuses(it: Repository, sha: str) -> dict[str, Status]:
    """The statuses of a commit that count, by context."""
    return {status.context: status for status in it.statuses if status.sha == sha}


def states(it: Repository, sha: str) -> list[tuple[str, str]]:
    """Name and state (success, pending, failure) of everything that was reported for a commit."""
    runs = [(run.name, run_state(run)) for run in it.checks.values() if run.sha == sha]
    words = {"error": "failure", "failure": "failure", "pending": "pending", "success": "success"}
    return runs + [(context, words[status.state]) for context, status in latest_statuses(it, sha).items()]


def state_of(it: Repository, sha: str, name: str) -> str:
    """One required check: success, pending, failure, or missing where nothing of that name was reported."""
    found = {state for reported, state in states(it, sha) if reported == name}
    return next((state for state in ("failure", "pending", "success") if state in found), "missing")


def rollup(it: Repository, sha: str) -> str | None:
    """All of a commit's checks as one StatusState; None where there are none."""
    found = {state for _, state in states(it, sha)}
    return next((state.upper() for state in ("failure", "pending", "success") if state in found), None)


def suite_result(it: Repository, suite: CheckSuite) -> tuple[str, str | None]:
    """Status and conclusion of a suite, from its runs."""
    runs = [run for run in it.checks.values() if run.suite == suite.id]
    if not runs or any(run.status != "completed" for run in runs):
        return ("in_progress" if any(run.status != "queued" for run in runs) else "queued"), None
    worst = [run.conclusion for run in runs if run.conclusion not in PASSING]
    return "completed", worst[0] if worst else "success"


def set_run(world: World, it: Repository, *, sha: str, name: str, app: str, sender: str, **fields: Any) -> CheckRun:
    """Report a check: a new run where there is none, or the last one of that name is over; else that one goes on."""
    workflow = fields.get("workflow")
    same = [
        run for run in it.checks.values() if (run.sha, run.name, run.app, run.workflow) == (sha, name, app, workflow)
    ]
    last = same[-1] if same else None
    if last is None or last.status == "completed":
        return create_run(world, it, sha=sha, name=name, app=app, sender=sender, **fields)
    return update_run(world, it, last, sender=sender, **fields)


def create_run(world: World, it: Repository, *, sha: str, name: str, app: str, sender: str, **fields: Any) -> CheckRun:
    """A new check run, which takes the place of an earlier one of the same name."""
    workflow = fields.pop("workflow", None)
    suite = _suite(world, it, sha, app, workflow)
    for run in [run for run in it.checks.values() if run.suite == suite.id and run.name == name]:
        it.superseded[run.id] = it.checks.pop(run.id)
    run = CheckRun(
        id=world.next_id(),
        suite=suite.id,
        name=name,
        sha=sha,
        app=app,
        workflow=workflow,
        status="queued",
        conclusion=None,
        started_at=world.now,
    )
    it.checks[run.id] = run
    _fill(world, run, fields)
    suite.updated_at = world.now
    announce(world, it, run, "created", sender)
    if run.status == "completed":
        _completed(world, it, run, suite, sender)
    return run


def update_run(world: World, it: Repository, run: CheckRun, *, sender: str, **fields: Any) -> CheckRun:
    """Let a check run go on."""
    fields.pop("workflow", None)
    was = run.status
    _fill(world, run, fields)
    suite = it.suites[run.suite]
    suite.updated_at = world.now
    if run.status == "completed" and was != "completed":
        _completed(world, it, run, suite, sender)
    return run


def _fill(world: World, run: CheckRun, fields: dict[str, Any]) -> None:
    conclusion = fields.get("conclusion") or None
    status = fields.get("status") or ("completed" if conclusion else run.status)
    if status not in STATUSES or (conclusion is not None and conclusion not in CONCLUSIONS):
        raise Refused(422, f"Invalid request.\n\n{conclusion or status} is not a member of the allowed values.")
    if status == "completed" and conclusion is None:
        raise Refused(422, "Invalid request.\n\nFor 'allOf/0', a completed check run needs a conclusion.")
    run.status, run.conclusion = status, conclusion if status == "completed" else None
    run.completed_at = world.now if status == "completed" else None
    for key in ("details_url", "external_id", "title", "summary"):
        if fields.get(key) is not None:
            setattr(run, key, fields[key])


def _completed(world: World, it: Repository, run: CheckRun, suite: CheckSuite, sender: str) -> None:
    announce(world, it, run, "completed", sender)
    if suite_result(it, suite)[0] == "completed":
        document = lambda: {"check_suite": documents_code.check_suite(world, it, suite)}  # noqa: E731
        world.emit(it, "check_suite", "completed", sender, document)


def _suite(world: World, it: Repository, sha: str, app: str, workflow: str | None) -> CheckSuite:
    for suite in it.suites.values():
        if (suite.sha, suite.app, suite.workflow) == (sha, app, workflow):
            return suite
    branch = next((which.head for which in pulls(it) if which.head_sha == sha), None)
    heads = (ref.removeprefix("refs/heads/") for ref, tip in it.refs.items() if tip == sha)
    suite = CheckSuite(world.next_id(), sha, branch or next(heads, None), app, workflow, world.now, world.now)
    it.suites[suite.id] = suite
    return suite


def rerun(world: World, it: Repository, run: CheckRun, *, vanish: bool, sender: str) -> CheckRun | None:
    """Ask for a check again: the earlier run is gone from the lists; a queued one comes at once unless it vanishes."""
    announce(world, it, run, "rerequested", sender)
    it.superseded[run.id] = it.checks.pop(run.id)
    if vanish:
        return None
    return create_run(
        world,
        it,
        sha=run.sha,
        name=run.name,
        app=run.app,
        sender=sender,
        workflow=run.workflow,
        details_url=run.details_url,
    )


def announce(world: World, it: Repository, run: CheckRun, action: str, sender: str) -> None:
    """Tell the hooks what happened to a check run; its suite rides along in full, as on GitHub."""

    def body() -> JSON:
        suite = documents_code.check_suite(world, it, it.suites[run.suite])
        brief = {key: value for key, value in suite.items() if key not in ("latest_check_runs_count", "check_runs_url")}
        brief.pop("head_commit")
        return {"check_run": {**documents_code.check_run(world, it, run), "check_suite": brief}}

    world.emit(it, "check_run", action, sender, body)


def set_status(world: World, it: Repository, *, sha: str, context: str, state: str, by: str, **fields: Any) -> Status:
    """Report a commit status."""
    if state not in STATUS_STATES:
        raise Refused(422, "Validation Failed", errors=[{"resource": "Status", "code": "custom", "field": "state"}])
    status = Status(
        id=world.next_id(),
        sha=sha,
        context=context,
        state=state,
        creator=by,
        created_at=world.now,
        description=fields.get("description"),
        target_url=fields.get("target_url"),
    )
    it.statuses.append(status)
    world.emit(it, "status", None, by, lambda: _status_body(world, it, status))
    return status


def _status_body(world: World, it: Repository, status: Status) -> JSON:
    at = [ref.removeprefix("refs/heads/") for ref, sha in it.refs.items() if sha == status.sha]
    commit = {"sha": status.sha, "url": f"{documents.repository_url(world, it)}/commits/{status.sha}"}
    return {
        "id": status.id,
        "sha": status.sha,
        "name": it.full_name,
        "target_url": status.target_url,
        "avatar_url": None,
        "context": status.context,
        "description": status.description,
        "state": status.state,
        "commit": documents_code.commit(world, it, status.sha),
        "branches": [{"name": name, "commit": commit, "protected": False} for name in at],
        "created_at": stamp(status.created_at),
        "updated_at": stamp(status.created_at),
    }
