"""Reading how the work of a run stands: its issues, pull requests and checks, the base, and what its branch requires.

Requests carry 25 pull requests: bigger ones time out. What does not resolve is told as missing, never as a failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal, TypeVar

import msgspec

from valine.orchestrator.decide.assess import awaited
from valine.orchestrator.model.observations import IssueSeen, WorkWorld
from valine.orchestrator.model.plan import Base
from valine.orchestrator.model.run import PullSeen, Run, Task, TestMerge
from valine.orchestrator.model.states import Login, PullNumber, Sha, TaskState
from valine.services.github import errors, queries
from valine.services.github.api import GitHubApi
from valine.services.github.checks import latest
from valine.services.github.graphql import NULL, Reply
from valine.services.github.nodes import (
    ChecksData,
    ChecksNode,
    Context,
    IssueNode,
    PullNode,
    Ref,
    Rollup,
    TestMergeNode,
    WorkData,
)
from valine.services.github.plan import head_name, issue_seen, no_repository, tip
from valine.services.github.rules import read_rules

T = TypeVar("T")
AT_ONCE = 25
MOST_PAGES = 20
RULES_KEPT = timedelta(minutes=1)
MERGEABLE: dict[str, Literal["yes", "no", "unknown"]] = {"MERGEABLE": "yes", "CONFLICTING": "no"}
REVIEW: dict[str | None, Literal["approved", "changes_requested", "required", "none"]] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes_requested",
    "REVIEW_REQUIRED": "required",
    None: "none",
}
STATE: dict[str, Literal["open", "closed", "merged"]] = {"OPEN": "open", "CLOSED": "closed", "MERGED": "merged"}


class Part(msgspec.Struct):
    """What one request brought."""

    base: Base
    issues: list[IssueSeen]
    pulls: list[PullSeen]
    missing: list[int]


class WorkReader:
    """Reads the work under way in one repository."""

    def __init__(self, api: GitHubApi) -> None:
        self._api = api
        self._rules: dict[str, tuple[datetime, tuple[str, ...]]] = {}

    async def read(self, run: Run, *, fresh: bool) -> WorkWorld:
        """The world of the run's tasks, without those of which nothing more can come."""
        began = self._api.clock.now()
        branch = run.plan.base.branch
        parts = [await self._part(tasks, branch) for tasks in _batches(_unfinished(run))]
        required = await self._required(branch, fresh=fresh)
        return WorkWorld(
            began_at=began,
            base=parts[0].base,
            issues=tuple(issue for part in parts for issue in part.issues),
            pulls=tuple(pull for part in parts for pull in part.pulls),
            missing=tuple(number for part in parts for number in part.missing),
            required_checks=required,
        )

    async def _required(self, branch: str, *, fresh: bool) -> tuple[str, ...]:
        now = self._api.clock.now()
        known = self._rules.get(branch)
        if fresh or known is None or now - known[0] >= RULES_KEPT:
            known = self._rules[branch] = (now, await read_rules(self._api, branch))
        return known[1]

    async def _part(self, tasks: tuple[Task, ...], branch: str) -> Part:
        issues = [task.issue for task in tasks]
        pulls = [task.pull_request for task in tasks if task.pull_request is not None]
        variables = {"owner": self._api.owner, "name": self._api.name, "base": f"refs/heads/{branch}"}
        reply = await self._api.graphql(queries.work(issues, pulls), variables)
        found = reply.read(WorkData).repository
        if found is None:
            raise no_repository(self._api, reply)
        base = tip(_node(found.get("ref"), Ref, reply), branch)
        if base is None:
            raise errors.permanent("not_found", f"the branch {branch} is gone")
        seen = {number: _node(found.get(f"i{number}"), IssueNode, reply) for number in issues}
        nodes = {number: _node(found.get(f"p{number}"), PullNode, reply) for number in pulls}
        return Part(
            base=base,
            issues=[issue_seen(node, "") for node in seen.values() if node is not None],
            pulls=[await self._pull(node, base) for node in nodes.values() if node is not None],
            missing=[number for number, node in [*seen.items(), *nodes.items()] if node is None],
        )

    async def _pull(self, node: PullNode, base: Base) -> PullSeen:
        return PullSeen(
            number=PullNumber(node.number),
            url=node.url,
            state=STATE.get(node.state, "closed"),
            draft=node.is_draft,
            branch=head_name(node),
            head=Sha(node.head_ref_oid),
            base=node.base_ref_name,
            mergeable=MERGEABLE.get(node.mergeable, "unknown"),
            merge_state=node.merge_state_status,
            review=REVIEW.get(node.review_decision, "required"),
            changed_files=node.changed_files,
            updated_at=node.updated_at,
            author=Login(node.author.login) if node.author else None,
            merge_sha=Sha(node.merge_commit.oid) if node.merge_commit else None,
            checks=latest(await self._contexts(node)),
            test_merge=_test_merge(node.potential_merge_commit, base, node.head_ref_oid),
        )

    async def _contexts(self, node: PullNode) -> list[Context]:
        """All checks of the head, page after page. Those of another commit count for nothing."""
        contexts: list[Context] = []
        rollup = _rollup(node, node.head_ref_oid)
        for _ in range(MOST_PAGES):
            if rollup is None:
                break
            contexts += rollup.contexts.all()
            if not rollup.contexts.page_info.has_next_page:
                break
            rollup = await self._more(node, rollup.contexts.page_info.end_cursor)
        return contexts

    async def _more(self, node: PullNode, after: str | None) -> Rollup:
        variables = {"owner": self._api.owner, "name": self._api.name, "number": node.number, "after": after}
        repository = (await self._api.graphql(queries.checks(), variables)).read(ChecksData).repository
        pull = repository.pull_request if repository else None
        rollup = _rollup(pull, node.head_ref_oid) if pull else None
        if rollup is None:
            # Half of the checks must not pass for all of them.
            raise errors.transient("unreachable", f"#{node.number} was pushed to while its checks were read")
        return rollup


def _unfinished(run: Run) -> tuple[Task, ...]:
    """The tasks to look at: not settled, merged with an issue that GitHub may yet close, or dropped and waited for."""
    closing = {task.issue for task in run.tasks if task.state is TaskState.MERGED and task.issue_open}
    return tuple(task for task in run.tasks if not task.settled or task.issue in closing or awaited(run, task))


def _batches(tasks: tuple[Task, ...]) -> Iterator[tuple[Task, ...]]:
    """25 tasks at a time; one empty batch for no tasks, because the base is wanted anyway."""
    for start in range(0, max(len(tasks), 1), AT_ONCE):
        yield tasks[start : start + AT_ONCE]


def _node(raw: msgspec.Raw | None, kind: type[T], reply: Reply) -> T | None:
    return None if raw is None or bytes(raw) == NULL else reply.part(raw, kind)


def _rollup(node: ChecksNode, head: str) -> Rollup | None:
    commits = node.commits.all()
    return commits[0].commit.status_check_rollup if commits and commits[0].commit.oid == head else None


def _test_merge(merge: TestMergeNode | None, base: Base, head: str) -> TestMerge | None:
    """GitHub's test merge, if it is of this very base and head: it is computed late, and kept when both move on."""
    if merge is None or [parent.oid for parent in merge.parents.all()] != [base.sha, head]:
        return None
    return TestMerge(base=base.sha, head=Sha(head), tree=Sha(merge.tree.oid))
