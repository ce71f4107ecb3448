"""The words for where things stand, and the types of ids. What each of them means is said beside it."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

RunUid = NewType("RunUid", str)
RunNumber = NewType("RunNumber", int)
IssueNumber = NewType("IssueNumber", int)
PullNumber = NewType("PullNumber", int)
Sha = NewType("Sha", str)
Login = NewType("Login", str)


class RunStatus(StrEnum):
    """Where a run stands, as it is stored. The last three are final."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """What a run is busy with."""

    PROPOSED = "proposed"
    EXECUTING = "executing"
    TRACKING = "tracking"
    SHIPPING = "shipping"
    DONE = "done"


class TaskState(StrEnum):
    """Where one issue's work stands."""

    QUEUED = "queued"
    STARTED = "started"
    CHECKING = "checking"
    READY = "ready"
    HELD = "held"
    MERGED = "merged"
    DROPPED = "dropped"
    FAILED = "failed"


class Step(StrEnum):
    """The steps of a task that are done once and for all, in this order."""

    BRANCH = "branch"
    PULL_REQUEST = "pull_request"
    LABEL = "label"
    ASSIGN = "assign"
    COMMENT = "comment"
    ISSUE_CLOSED = "issue_closed"
    BRANCH_DELETED = "branch_deleted"
    UNLABEL = "unlabel"
    PULL_REQUEST_CLOSED = "pull_request_closed"


class Reason(StrEnum):
    """Why an issue is not in the plan."""

    CLAIMED = "claimed"  # by another active run: `run`
    BLOCKED = "blocked"  # by issues outside the plan: `by`
    CYCLE = "cycle"  # it depends on itself through `by`
    LIMIT = "limit"  # beyond the limit asked for
    DROPPED = "dropped"  # taken out by a person
    GONE = "gone"  # closed, or its label was taken off, after it was proposed
    UNCLEAR = "unclear"  # several open pull requests close it: `by`


class Why(StrEnum):
    """Why a task is held, or what it waits for. view/tasks.py has the sentence for each."""

    # held: somebody must do something
    FOREIGN = "stranger"  # a branch or pull request of that name is not ours
    REFUSED = "refused"  # GitHub refused a write for good: `detail`
    CLOSED = "closed"
    GONE = "gone"
    RETARGETED = "retargeted"
    ISSUE_CLOSED = "issue_closed"
    EMPTY = "empty"
    CONFLICT = "conflict"
    CHANGES_REQUESTED = "changes_requested"
    CHECKS_FAILED = "checks_failed"
    CHECKS_SLOW = "checks_slow"
    NO_CHECKS = "no_checks"
    RULES = "rules"  # a branch rule or merge queue refuses: `detail`
    HEAD_MOVED = "head_moved"  # since /ship was confirmed
    REVIEW_REQUIRED = "review_required"
    DEPENDENCY = "dependency"  # waits for `by`
    # waiting: nobody need do anything special
    DRAFT = "draft"
    CHECKS = "checks"
    MERGEABLE = "mergeable"


class MilestoneKind(StrEnum):
    """What is worth a line in the thread."""

    PROPOSED = "proposed"
    REVISED = "revised"
    APPROVED = "approved"
    OPENED = "opened"
    HELD = "held"
    EDITED = "edited"
    UNASSIGNED = "unassigned"
    SKIPPED = "skipped"  # GitHub refused a step that is not needed to ship: `note` has its words
    SHIPPING = "shipping"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DROPPED = "dropped"
    RETRIED = "retried"
    FAILED = "failed"
