# ruff: noqa: D101 - see the module's docstring
"""GitHub's GraphQL answers as types: only the fields that are asked for (see queries.py).

Most nodes say by their name what they are; where a name is not enough there is a docstring.
https://docs.github.com/en/graphql/reference/objects
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from valine.services.github.moment import Moment

T = TypeVar("T")


class Node(msgspec.Struct, frozen=True, rename="camel"):
    """What all GraphQL shapes share: names are camelCase over there."""


class PageInfo(Node, frozen=True):
    has_next_page: bool = False
    end_cursor: str | None = None


class Many(Node, Generic[T], frozen=True):
    """A connection. GitHub puts null for a node that the token may not see."""

    nodes: list[T | None] | None = None
    page_info: PageInfo = PageInfo()

    def all(self) -> list[T]:
        """The nodes that are there."""
        return [node for node in self.nodes or [] if node is not None]


class Named(Node, frozen=True):
    name: str


class Titled(Node, frozen=True):
    title: str


class Actor(Node, frozen=True):
    login: str


class Owned(Node, frozen=True):
    name_with_owner: str


class Oid(Node, frozen=True):
    oid: str


class Tip(Node, frozen=True):
    oid: str
    tree: Oid | None = None


class Ref(Node, frozen=True):
    target: Tip | None = None
    name: str = ""


class Blob(Node, frozen=True):
    text: str | None = None
    is_truncated: bool = False


class Dependency(Node, frozen=True):
    number: int
    state: str
    repository: Owned


class ClosingPull(Node, frozen=True):
    number: int
    state: str
    head_ref_name: str
    head_ref_oid: str
    is_cross_repository: bool = False
    author: Actor | None = None
    repository: Owned | None = None


class IssueNode(Node, frozen=True):
    number: int
    title: str
    created_at: Moment
    updated_at: Moment
    state: str
    body: str | None = None
    labels: Many[Named] | None = None
    assignees: Many[Actor] | None = None
    milestone: Titled | None = None
    blocked_by: Many[Dependency] | None = None
    closed_by_pull_requests_references: Many[ClosingPull] | None = None


class PlanRepository(Node, frozen=True):
    name_with_owner: str
    issues: Many[IssueNode]
    url: str = ""
    is_archived: bool = False
    default_branch_ref: Ref | None = None
    policy: Blob | None = None


class PlanData(Node, frozen=True):
    repository: PlanRepository | None = None


class Workflow(Node, frozen=True):
    name: str


class WorkflowRun(Node, frozen=True):
    workflow: Workflow | None = None


class App(Node, frozen=True):
    slug: str


class Suite(Node, frozen=True):
    app: App | None = None
    workflow_run: WorkflowRun | None = None


class CheckRunNode(Node, tag_field="__typename", tag="CheckRun", frozen=True):
    name: str
    status: str
    conclusion: str | None = None
    database_id: int | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None
    details_url: str | None = None
    is_required: bool = False
    check_suite: Suite | None = None


class StatusNode(Node, tag_field="__typename", tag="StatusContext", frozen=True):
    context: str
    state: str
    created_at: Moment
    target_url: str | None = None
    is_required: bool = False


Context = CheckRunNode | StatusNode


class Rollup(Node, frozen=True):
    contexts: Many[Context]


class Checked(Node, frozen=True):
    oid: str
    status_check_rollup: Rollup | None = None


class PullCommit(Node, frozen=True):
    commit: Checked


class TestMergeNode(Node, frozen=True):
    oid: str
    tree: Oid
    parents: Many[Oid]


class ChecksNode(Node, frozen=True):
    commits: Many[PullCommit]


class PullNode(ChecksNode, kw_only=True, frozen=True):
    number: int
    url: str
    state: str
    is_draft: bool
    head_ref_name: str
    head_ref_oid: str
    base_ref_name: str
    mergeable: str
    changed_files: int
    updated_at: Moment
    merge_state_status: str = "UNKNOWN"
    is_cross_repository: bool = False
    review_decision: str | None = None
    merge_commit: Oid | None = None
    potential_merge_commit: TestMergeNode | None = None
    author: Actor | None = None


class WorkData(Node, frozen=True):
    """Aliases are many, so each is read by itself."""

    repository: dict[str, msgspec.Raw] | None = None


class ChecksRepository(Node, frozen=True):
    pull_request: ChecksNode | None = None


class ChecksData(Node, frozen=True):
    repository: ChecksRepository | None = None
