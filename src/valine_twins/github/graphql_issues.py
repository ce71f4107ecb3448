"""GraphQL's issues and pull requests."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from valine_twins.github import auth, documents, issues, merging
from valine_twins.github.graphql_code import CommitNode, RefNode, ref_node
from valine_twins.github.graphql_nodes import ActorNode, CommentNode, Connection, LabelNode, MilestoneNode, Node, Scope
from valine_twins.github.world import node_id, stamp

if TYPE_CHECKING:
    from valine_twins.github.state import Issue, Pull, Repository, Review
    from valine_twins.objects import Change


class IssueNode(Node):
    """An issue."""

    typename = "Issue"
    about: Issue

    @property
    def id(self) -> str:
        return node_id("I", self.about.id)

    @property
    def database_id(self) -> int:
        return self.about.id

    @property
    def body(self) -> str:
        return self.about.body or ""

    @property
    def author(self) -> ActorNode:
        return ActorNode(self.scope, self.it, self.about.author)

    @property
    def url(self) -> str:
        return documents.issue_web(self.it, self.about)

    @property
    def state(self) -> str:
        return "OPEN" if self.about.open else "CLOSED"

    @property
    def state_reason(self) -> str | None:
        return self.about.state_reason.upper() if self.about.state_reason else None

    @property
    def closed(self) -> bool:
        return not self.about.open

    @property
    def created_at(self) -> str | None:
        return stamp(self.about.created_at)

    @property
    def updated_at(self) -> str | None:
        return stamp(self.about.updated_at)

    @property
    def closed_at(self) -> str | None:
        return stamp(self.about.closed_at)

    @property
    def repository(self) -> Any:
        from valine_twins.github.graphql_repository import RepositoryNode

        return RepositoryNode(self.scope, self.it)

    @property
    def milestone(self) -> MilestoneNode | None:
        known = next((one for one in self.it.milestones if one.number == self.about.milestone), None)
        return MilestoneNode(self.scope, self.it, known) if known else None

    def labels(self, _info: Any, **page: Any) -> Connection:
        found = [self.it.labels[name.lower()] for name in self.about.labels]
        return Connection("labels", found, lambda one: LabelNode(self.scope, self.it, one), page)

    def assignees(self, _info: Any, **page: Any) -> Connection:
        return Connection("assignees", self.about.assignees, lambda one: ActorNode(self.scope, self.it, one), page)

    def comments(self, _info: Any, **page: Any) -> Connection:
        found = [one for one in self.it.comments.values() if one.number == self.about.number]
        return Connection("comments", found, lambda one: CommentNode(self.scope, self.it, one), page)

    def blocked_by(self, _info: Any, **page: Any) -> Connection:
        found = []
        for name, number in self.about.blocked_by:
            it = self.scope.world.state.repositories.get(name.lower())
            blocker = it.issues.get(number) if it and auth.sees(self.scope.world, self.scope.token, it) else None
            if it is not None and blocker is not None:
                found.append((it, blocker))
        return Connection("blockedBy", found, lambda pair: IssueNode(self.scope, *pair), page)

    def blocking(self, _info: Any, **page: Any) -> Connection:
        me = (self.it.full_name, self.about.number)
        found = [
            (it, one)
            for it in self.scope.world.state.repositories.values()
            for one in it.issues.values()
            if me in one.blocked_by
        ]
        return Connection("blocking", found, lambda pair: IssueNode(self.scope, *pair), page)

    def closed_by_pull_requests_references(
        self, _info: Any, *, include_closed_prs: bool = False, **page: Any
    ) -> Connection:
        found = issues.closed_by_references(self.it, self.about)
        found = [one for one in found if one.open or include_closed_prs or one.merged_at]
        name = "closedByPullRequestsReferences"
        return Connection(name, found, lambda one: PullNode(self.scope, self.it, one), page)


class ReviewNode(Node):
    """A review."""

    typename = "PullRequestReview"

    def __init__(self, scope: Scope, it: Repository, about: Review) -> None:
        super().__init__(scope, it, about)
        self.id = node_id("PRR", about.id)
        self.author = ActorNode(scope, it, about.author)
        self.submitted_at = stamp(about.submitted_at)
        self.commit = CommitNode(scope, it, about.commit)


class PullNode(IssueNode):
    """A pull request."""

    typename = "PullRequest"
    about: Pull

    @property
    def id(self) -> str:
        return node_id("PR", self.about.id)

    @property
    def database_id(self) -> int:
        return self.about.pull_id

    @property
    def state(self) -> str:
        return "MERGED" if self.about.merged_at else super().state

    @cached_property
    def judged(self) -> merging.Judged:
        # One query is one look, however many of these fields it asks for.
        return merging.judge(self.scope.world, self.it, self.about, look=True)

    @property
    def mergeable(self) -> str:
        return {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}[self.judged.mergeable]

    @property
    def merge_state_status(self) -> str:
        return self.judged.state

    @property
    def review_decision(self) -> str | None:
        return merging.review_decision(self.scope.world, self.it, self.about)

    @property
    def is_draft(self) -> bool:
        return self.about.draft

    @property
    def is_cross_repository(self) -> bool:
        return self.about.fork is not None

    @property
    def head_ref_name(self) -> str:
        return self.about.head

    @property
    def head_ref_oid(self) -> str:
        return self.about.head_sha

    @property
    def head_ref(self) -> RefNode | None:
        return None if self.about.fork else ref_node(self.scope, self.it, f"refs/heads/{self.about.head}")

    @property
    def base_ref_name(self) -> str:
        return self.about.base

    @property
    def base_ref_oid(self) -> str:
        return self.about.base_sha

    @property
    def base_ref(self) -> RefNode | None:
        return ref_node(self.scope, self.it, f"refs/heads/{self.about.base}")

    @property
    def merged(self) -> bool:
        return self.about.merged_at is not None

    @property
    def merged_at(self) -> str | None:
        return stamp(self.about.merged_at)

    @property
    def merged_by(self) -> ActorNode | None:
        return ActorNode(self.scope, self.it, self.about.merged_by) if self.about.merged_by else None

    @property
    def merge_commit(self) -> CommitNode | None:
        return CommitNode(self.scope, self.it, self.about.merge_commit) if self.about.merge_commit else None

    @property
    def potential_merge_commit(self) -> CommitNode | None:
        if not self.about.open or self.judged.mergeable is None:
            return None
        sha = merging.merge_commit(self.scope.world, self.it, self.about)
        return CommitNode(self.scope, self.it, sha) if sha else None

    @cached_property
    def files(self) -> tuple[Change, ...]:
        return merging.changes(self.scope.world, self.it, self.about)

    @property
    def changed_files(self) -> int:
        return len(self.files)

    @property
    def additions(self) -> int:
        return sum(change.additions for change in self.files)

    @property
    def deletions(self) -> int:
        return sum(change.deletions for change in self.files)

    def commits(self, _info: Any, **page: Any) -> Connection:
        found = merging.commits(self.scope.world, self.it, self.about) or (self.about.head_sha,)
        return Connection("commits", found, lambda sha: PullCommitNode(self.scope, self.it, sha), page)

    def closing_issues_references(self, _info: Any, **page: Any) -> Connection:
        found = issues.closing_references(self.it, self.about)
        return Connection("closingIssuesReferences", found, lambda one: IssueNode(self.scope, self.it, one), page)

    def reviews(self, _info: Any, **page: Any) -> Connection:
        return Connection("reviews", self.about.reviews, lambda one: ReviewNode(self.scope, self.it, one), page)

    def latest_opinionated_reviews(self, _info: Any, *, writers_only: bool = False, **page: Any) -> Connection:
        del writers_only  # others' opinions are not kept apart: only writers' count here
        found = list(merging.latest_reviews(self.scope.world, self.it, self.about).values())
        return Connection("latestOpinionatedReviews", found, lambda one: ReviewNode(self.scope, self.it, one), page)


class PullCommitNode(Node):
    """A commit as part of a pull request; `about` is its sha."""

    typename = "PullRequestCommit"

    @property
    def id(self) -> str:
        return f"PURC_{self.about}"

    @property
    def commit(self) -> CommitNode:
        return CommitNode(self.scope, self.it, self.about)
