"""GraphQL's repository, and the root of queries and mutations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from valine_twins.github import auth, pulls
from valine_twins.github.graphql_code import BlobNode, CommitNode, RefNode, TreeNode, ref_node
from valine_twins.github.graphql_issues import IssueNode, PullNode
from valine_twins.github.graphql_nodes import ActorNode, Connection, QueryError, Scope
from valine_twins.github.state import Pull
from valine_twins.github.world import WEB, Refused, node_id, stamp
from valine_twins.github.world import pulls as all_pulls
from valine_twins.objects import StoreError

if TYPE_CHECKING:
    from valine_twins.github.state import Issue, Repository

_ORDER = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "COMMENTS": "comments"}


class RepositoryNode:
    """A repository."""

    typename = "Repository"

    def __init__(self, scope: Scope, it: Repository) -> None:
        self.scope, self.it = scope, it
        self.id, self.database_id = node_id("R", it.id), it.id
        self.name, self.name_with_owner = it.name, it.full_name
        self.is_archived, self.is_private = it.archived, it.private
        self.url = f"{WEB}/{it.full_name}"

    @property
    def default_branch_ref(self) -> RefNode | None:
        self.scope.require("contents:read")
        return ref_node(self.scope, self.it, f"refs/heads/{self.it.default_branch}")

    def ref(self, _info: Any, *, qualified_name: str) -> RefNode | None:
        self.scope.require("contents:read")
        names = (
            qualified_name,
            f"refs/heads/{qualified_name}",
            f"refs/{qualified_name}",
            f"refs/tags/{qualified_name}",
        )
        return next((ref_node(self.scope, self.it, name) for name in names if name in self.it.refs), None)

    def object(self, _info: Any, *, expression: str | None = None, oid: str | None = None) -> TreeNode | None:
        """What git's "HEAD:path" notation or a sha names; null if nothing."""
        self.scope.require("contents:read")
        revision, colon, path = (expression or oid or "").partition(":")
        name = self.it.default_branch if revision == "HEAD" else revision
        objects, full = self.scope.world.objects, self.it.full_name
        found = next(
            (self.it.refs[ref] for ref in (f"refs/heads/{name}", f"refs/tags/{name}", name) if ref in self.it.refs),
            name,
        )
        try:
            commit = objects.commit(full, found)
        except StoreError:
            return None
        if not colon:
            return CommitNode(self.scope, self.it, found)
        if not path:
            return TreeNode(self.scope, self.it, commit.tree)
        blob = objects.files(full, commit.tree).get(path)
        return BlobNode(self.scope, self.it, blob) if blob else None

    def issue(self, _info: Any, *, number: int) -> IssueNode:
        self.scope.require("issues|pull_requests:read")
        found = self.it.issues.get(number)
        if found is None or isinstance(found, Pull):
            raise QueryError("NOT_FOUND", f"Could not resolve to an Issue with the number of {number}.")
        return IssueNode(self.scope, self.it, found)

    def pull_request(self, _info: Any, *, number: int) -> PullNode:
        self.scope.require("pull_requests:read")
        found = self.it.issues.get(number)
        if not isinstance(found, Pull):
            raise QueryError("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
        return PullNode(self.scope, self.it, found)

    def issue_or_pull_request(self, _info: Any, *, number: int) -> IssueNode:
        found = self.it.issues.get(number)
        if found is None:
            raise QueryError("NOT_FOUND", f"Could not resolve to an issue or pull request with the number of {number}.")
        return self._node(found)

    def _node(self, one: Issue) -> IssueNode:
        return PullNode(self.scope, self.it, one) if isinstance(one, Pull) else IssueNode(self.scope, self.it, one)

    def issues(self, _info: Any, **asked: Any) -> Connection:
        """Issues only: pull requests never show here."""
        self.scope.require("issues:read")
        found = [one for one in self.it.issues.values() if not isinstance(one, Pull)]
        states = asked.pop("states", None)
        found = [one for one in found if not states or ("OPEN" if one.open else "CLOSED") in states]
        return self._connection("issues", found, asked)

    def pull_requests(self, _info: Any, **asked: Any) -> Connection:
        """Pull requests by state, branches and labels."""
        self.scope.require("pull_requests:read")
        states, head, base = (asked.pop(key, None) for key in ("states", "head_ref_name", "base_ref_name"))
        found = [
            one
            for one in all_pulls(self.it)
            if (not states or ("MERGED" if one.merged_at else "OPEN" if one.open else "CLOSED") in states)
            and head in (None, one.head)
            and base in (None, one.base)
        ]
        return self._connection("pullRequests", found, asked)

    def _connection(self, name: str, found: Any, asked: dict[str, Any]) -> Connection:
        labels, order = asked.pop("labels", None), asked.pop("order_by", None)
        wanted = {label.lower() for label in labels or ()}
        found = [one for one in found if not wanted or wanted & {label.lower() for label in one.labels}]
        order = order or {"field": "CREATED_AT", "direction": "ASC"}
        key = _ORDER[order["field"]]
        found.sort(key=lambda one: (getattr(one, key), one.number), reverse=order["direction"] == "DESC")
        return Connection(name, found, self._node, asked)


class Root:
    """Query and Mutation."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def rate_limit(self, _info: Any, **_: Any) -> dict[str, Any]:
        """How much is left; this query is counted in already."""
        standing = self.scope.standing or {}
        cost = {"cost": self.scope.cost, "nodeCount": self.scope.node_count}
        return {**standing, **cost, "resetAt": stamp(datetime.fromtimestamp(standing.get("reset", 0), UTC))}

    @property
    def viewer(self) -> ActorNode:
        """Who asks."""
        login = self.scope.token.login if self.scope.token else "ghost"
        return ViewerNode(self.scope, None, login)  # type: ignore[arg-type]  # an account is in no repository

    def repository(self, _info: Any, *, owner: str, name: str, **_: Any) -> RepositoryNode:
        """A repository; what the token cannot see is not there."""
        it = self.scope.world.state.repositories.get(f"{owner}/{name}".lower())
        if it is None or not auth.sees(self.scope.world, self.scope.token, it):
            raise QueryError("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return RepositoryNode(self.scope, it)

    def node(self, _info: Any, *, id: str) -> IssueNode | RepositoryNode:  # noqa: A002 - GitHub's name
        """An issue, pull request or repository by its id."""
        for it in self.scope.world.state.repositories.values():
            if auth.sees(self.scope.world, self.scope.token, it):
                if node_id("R", it.id) == id:
                    return RepositoryNode(self.scope, it)
                for issue in it.issues.values():
                    if node_id("PR" if isinstance(issue, Pull) else "I", issue.id) == id:
                        return (
                            PullNode(self.scope, it, issue)
                            if isinstance(issue, Pull)
                            else IssueNode(self.scope, it, issue)
                        )
        raise QueryError("NOT_FOUND", f"Could not resolve to a node with the global id of '{id}'")

    def mark_pull_request_ready_for_review(self, info: Any, *, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
        """Un-draft."""
        return self._set_draft(info, input, draft=False)

    def convert_pull_request_to_draft(self, info: Any, *, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
        """Draft again."""
        return self._set_draft(info, input, draft=True)

    def _set_draft(self, info: Any, given: dict[str, Any], *, draft: bool) -> dict[str, Any]:
        self.scope.require("pull_requests:write")
        found = self.node(info, id=given["pullRequestId"])
        if not isinstance(found, PullNode):
            raise QueryError(
                "NOT_FOUND", f"Could not resolve to a node with the global id of '{given['pullRequestId']}'"
            )
        world, token = self.scope.world, self.scope.token
        login = token.login if token else "ghost"
        if token is None or (token.installation is None and not world.may(found.it, login, "write")):
            raise QueryError(
                "FORBIDDEN", f"{login} does not have the correct permissions to execute `PullRequestDraft`"
            )
        try:
            pulls.set_draft(world, found.it, found.about, login, draft=draft)
        except Refused as refusal:
            raise QueryError("UNPROCESSABLE", refusal.message) from refusal
        return {"clientMutationId": given.get("clientMutationId"), "pullRequest": found}


class ViewerNode(ActorNode):
    """The viewer: a User even where an App asks."""

    typename = "User"
