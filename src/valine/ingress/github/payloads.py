"""The parts of GitHub's webhooks that Valine reads, and what each one saw.

GitHub's own payloads do not all fit its schema, so what may be absent or odd is optional, and times are read last.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from valine.ingress.github.checks import CheckState, check_state, status_state
from valine.orchestrator.model.states import Sha

Number = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]

SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
HEADS = "refs/heads/"
QUEUED_PULL = re.compile(r"/pr-([0-9]{1,9})-[0-9a-f]+$")


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook saw of the world, as far as it tells."""

    issue: int | None = None
    branch: str | None = None
    head: Sha | None = None
    check: str | None = None
    state: CheckState | None = None
    updated_at: datetime | None = None


class RepositoryNamed(msgspec.Struct, frozen=True):
    """Which repository it is about."""

    full_name: str


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What all webhooks have. `saw()` is None for one that can't matter to any run."""

    action: str | None = None
    repository: RepositoryNamed | None = None

    def observed(self) -> Observed | None:
        """What this one tells, a hint at most."""
        return None


class Head(msgspec.Struct, frozen=True):
    """Where a pull request comes from."""

    sha: str | None = None
    ref: str | None = None


class Pull(msgspec.Struct, frozen=True):
    """A pull request."""

    number: Number
    head: Head | None = None
    updated_at: Any = None


class PullPayload(Payload, frozen=True, kw_only=True):
    """pull_request, pull_request_review."""

    pull_request: Pull

    def observed(self) -> Observed:
        """The pull request and its head."""
        pull, head = self.pull_request, self.pull_request.head or Head()
        return Observed(issue=pull.number, branch=head.ref, head=_sha(head.sha), updated_at=moment(pull.updated_at))


class Issue(msgspec.Struct, frozen=True):
    """An issue or pull request, by the number that they share."""

    number: Number
    updated_at: Any = None


class IssuePayload(Payload, frozen=True, kw_only=True):
    """issues."""

    issue: Issue

    def observed(self) -> Observed | None:
        """The issue."""
        return Observed(issue=self.issue.number, updated_at=moment(self.issue.updated_at))


class User(msgspec.Struct, frozen=True):
    """A GitHub account; `type` is User, Bot, Organization …"""

    login: str
    type: str | None = None


class Comment(msgspec.Struct, frozen=True):
    """A comment. Its author is gone if the account was deleted."""

    id: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    user: User | None = None
    body: str | None = None
    created_at: Any = None


class CommentPayload(Payload, frozen=True, kw_only=True):
    """issue_comment, on issues and pull requests alike. Without a command it changes nothing that a refresh would
    see.
    """

    issue: Issue
    comment: Comment


class Suite(msgspec.Struct, frozen=True):
    """All checks of one app on one head."""

    head_branch: str | None = None
    head_sha: str | None = None
    status: str | None = None
    conclusion: str | None = None
    updated_at: Any = None


class SuitePayload(Payload, frozen=True, kw_only=True):
    """check_suite. Its list of pull requests is often empty: the head tells whose it is."""

    check_suite: Suite

    def observed(self) -> Observed:
        """The head and how the suite as a whole stands."""
        suite = self.check_suite
        return Observed(
            branch=suite.head_branch,
            head=_sha(suite.head_sha),
            state=check_state(suite.status, suite.conclusion),
            updated_at=moment(suite.updated_at),
        )


class CheckRun(msgspec.Struct, frozen=True):
    """One check. Until it is completed it has no conclusion."""

    name: str | None = None
    head_sha: str | None = None
    status: str | None = None
    conclusion: str | None = None
    started_at: Any = None
    completed_at: Any = None
    check_suite: Suite | None = None


class CheckRunPayload(Payload, frozen=True, kw_only=True):
    """check_run."""

    check_run: CheckRun

    def observed(self) -> Observed:
        """The check and the head that it is about."""
        run = self.check_run
        return Observed(
            branch=run.check_suite.head_branch if run.check_suite is not None else None,
            head=_sha(run.head_sha),
            check=run.name,
            state=check_state(run.status, run.conclusion),
            updated_at=moment(run.completed_at) or moment(run.started_at),
        )


class BranchNamed(msgspec.Struct, frozen=True):
    """A branch that contains the commit."""

    name: str


class StatusPayload(Payload, frozen=True, kw_only=True):
    """A commit status. `branches` are those that contain the commit: one alone is meant."""

    sha: str | None = None
    context: str | None = None
    state: str | None = None
    branches: tuple[BranchNamed, ...] = ()
    updated_at: Any = None

    def observed(self) -> Observed:
        """The status's context and the commit that it is about."""
        return Observed(
            branch=self.branches[0].name if len(self.branches) == 1 else None,
            head=_sha(self.sha),
            check=self.context,
            state=status_state(self.state),
            updated_at=moment(self.updated_at),
        )


class PushPayload(Payload, frozen=True, kw_only=True):
    """push. A branch that was deleted has no head; tags concern nobody."""

    ref: str
    after: str | None = None

    def observed(self) -> Observed | None:
        """The branch and its new head."""
        if not self.ref.startswith(HEADS):
            return None
        return Observed(branch=self.ref.removeprefix(HEADS), head=_sha(self.after))


class RefPayload(Payload, frozen=True, kw_only=True):
    """create, delete."""

    ref: str
    ref_type: str | None = None

    def observed(self) -> Observed | None:
        """The branch that came or went."""
        return Observed(branch=self.ref) if self.ref_type == "branch" else None


class MergeGroup(msgspec.Struct, frozen=True):
    """What the merge queue builds: refs/heads/gh-readonly-queue/main/pr-104-…"""

    head_ref: str | None = None


class MergeGroupPayload(Payload, frozen=True, kw_only=True):
    """merge_group. The queue's own branch names the pull request; its head is no pull request's head."""

    merge_group: MergeGroup

    def observed(self) -> Observed:
        """The pull request in the queue."""
        match = QUEUED_PULL.search(self.merge_group.head_ref or "")
        return Observed(issue=int(match[1]) if match is not None else None)


PAYLOADS: dict[str, type[Payload]] = {
    "issues": IssuePayload,
    "issue_comment": CommentPayload,
    "pull_request": PullPayload,
    "pull_request_review": PullPayload,
    "check_suite": SuitePayload,
    "check_run": CheckRunPayload,
    "status": StatusPayload,
    "push": PushPayload,
    "merge_group": MergeGroupPayload,
    "create": RefPayload,
    "delete": RefPayload,
}
WANTED_EVENTS = frozenset(PAYLOADS) - {"merge_group", "create", "delete"}  # these only make looks a little earlier


def moment(value: Any) -> datetime | None:
    """A time in UTC, None if it is none."""
    try:
        found = msgspec.convert(value, datetime | None)
        return None if found is None or found.tzinfo is None else found.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return None


def _sha(value: str | None) -> Sha | None:
    known = value is not None and SHA.fullmatch(value) is not None and value.strip("0") != ""
    return Sha(value) if known and value is not None else None
