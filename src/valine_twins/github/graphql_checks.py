"""GraphQL's view of checks: the rollup of a commit, its check runs and its status contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine_twins.github import checks, documents_code, merging
from valine_twins.github.graphql_nodes import ActorNode, Connection, Scope
from valine_twins.github.state import CheckRun, Pull, Status
from valine_twins.github.world import WEB, node_id, stamp

if TYPE_CHECKING:
    from valine_twins.github.state import CheckSuite, Repository


class RollupNode:
    """All checks of one commit."""

    typename = "StatusCheckRollup"

    def __init__(self, scope: Scope, it: Repository, sha: str) -> None:
        self.scope, self.it, self.sha = scope, it, sha
        self.id = f"SCR_{sha}"
        self.state = checks.rollup(it, sha)

    def contexts(self, _info: Any, **page: Any) -> Connection:
        self.scope.require("checks|statuses:read")
        found: list[CheckRun | Status] = [run for run in self.it.checks.values() if run.sha == self.sha]
        found += checks.latest_statuses(self.it, self.sha).values()
        return Connection("contexts", found, self._node, page)

    def _node(self, one: CheckRun | Status) -> CheckRunNode | StatusNode:
        return (
            CheckRunNode(self.scope, self.it, one)
            if isinstance(one, CheckRun)
            else StatusNode(self.scope, self.it, one)
        )


def _required(it: Repository, name: str, number: int | None, id_: str | None) -> bool:
    for issue in it.issues.values():
        if isinstance(issue, Pull) and (issue.number == number or node_id("PR", issue.id) == id_):
            return any(name in rules.required_checks for rules in merging.rules_for(it, issue.base))
    return False


class CheckRunNode:
    """A check run."""

    typename = "CheckRun"

    def __init__(self, scope: Scope, it: Repository, run: CheckRun) -> None:
        self.scope, self.it, self.run = scope, it, run
        self.id = node_id("CR", run.id)
        self.database_id = run.id
        self.name = run.name
        self.status = run.status.upper()
        self.conclusion = run.conclusion.upper() if run.conclusion else None
        self.started_at, self.completed_at = stamp(run.started_at), stamp(run.completed_at)
        self.details_url = run.details_url
        self.title, self.summary = run.title, run.summary
        self.url = f"{WEB}/{it.full_name}/runs/{run.id}"

    def is_required(
        self, _info: Any, *, pull_request_number: int | None = None, pull_request_id: str | None = None
    ) -> bool:
        return _required(self.it, self.run.name, pull_request_number, pull_request_id)

    @property
    def check_suite(self) -> SuiteNode:
        return SuiteNode(self.scope, self.it, self.it.suites[self.run.suite])


class SuiteNode:
    """A check suite."""

    typename = "CheckSuite"

    def __init__(self, scope: Scope, it: Repository, suite: CheckSuite) -> None:
        status, conclusion = checks.suite_result(it, suite)
        self.id = node_id("CS", suite.id)
        self.status, self.conclusion = status.upper(), conclusion.upper() if conclusion else None
        app = documents_code.app_of(scope.world, suite.app)
        self.app = {"id": app["node_id"], "databaseId": app["id"], "name": app["name"], "slug": app["slug"]}
        workflow = {"id": node_id("W", suite.id), "name": suite.workflow}
        self.workflow_run = {"id": node_id("WFR", suite.id), "workflow": workflow} if suite.workflow else None


class StatusNode:
    """A commit status."""

    typename = "StatusContext"

    def __init__(self, scope: Scope, it: Repository, status: Status) -> None:
        self.it, self.about = it, status
        self.id = node_id("SC", status.id)
        self.context, self.state = status.context, status.state.upper()
        self.description, self.target_url = status.description, status.target_url
        self.created_at = stamp(status.created_at)
        self.creator = ActorNode(scope, it, status.creator)

    def is_required(
        self, _info: Any, *, pull_request_number: int | None = None, pull_request_id: str | None = None
    ) -> bool:
        return _required(self.it, self.about.context, pull_request_number, pull_request_id)
