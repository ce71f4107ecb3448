"""What a run is: plain frozen values, small enough to store whole, named as people of the field name them.

A run holds titles, hashes and summaries, never the bodies of issues. All times are aware UTC datetimes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from valine.orchestrator.model.plan import Actor, Plan
from valine.orchestrator.model.states import (
    IssueNumber,
    Login,
    MilestoneKind,
    PullNumber,
    RunNumber,
    RunStatus,
    RunUid,
    Sha,
    Stage,
    Step,
    TaskState,
    Why,
)

# Of everything that is stored, envelopes included. Raise it when a field is added whose loss would matter, or a stored
# value changes its meaning: older builds then refuse the document instead of dropping what they do not know. With it go
# a migration if one is needed (documents.py), a step by which older builds refuse the file (services/sqlite_schema.py),
# and the fields (tests/contract/stored_fields.json).
SCHEMA = 2


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The latest result of one check. `key` is app/workflow/name, or the context of a commit status."""

    key: str
    name: str = ""  # the last part of the key alone, which may have slashes of its own
    state: Literal["passed", "pending", "failed"]
    required: bool = False
    url: str | None = None


class TestMerge(msgspec.Struct, frozen=True, kw_only=True):
    """GitHub's own clean merge of a pull request's head into its base: the tree that an update must give."""

    __test__ = False  # not a test class, whatever pytest thinks of the name

    base: Sha
    head: Sha
    tree: Sha


class PullSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request as it was last seen. In a stored task `checks` keeps only what did not pass."""

    number: PullNumber
    url: str
    state: Literal["open", "closed", "merged"]
    draft: bool
    branch: str
    head: Sha
    base: str
    mergeable: Literal["yes", "no", "unknown"]
    merge_state: str  # GitHub's mergeStateStatus: CLEAN, BEHIND, BLOCKED, DIRTY, DRAFT, UNSTABLE …
    review: Literal["approved", "changes_requested", "required", "none"]
    changed_files: int
    updated_at: datetime
    author: str | None = None
    merge_sha: Sha | None = None
    checks: tuple[Check, ...] = ()
    test_merge: TestMerge | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A reason with its particulars: issue numbers in `by`, names or a message in `detail`."""

    why: Why
    by: tuple[int, ...] = ()
    detail: str = ""


SETTLED = (TaskState.MERGED, TaskState.DROPPED, TaskState.FAILED)


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One issue's way from approval to merge."""

    issue: IssueNumber
    title: str
    body_hash: str
    depends_on: tuple[IssueNumber, ...] = ()
    assignees: tuple[Login, ...] = ()  # whom the plan gives it to
    own_assignee: bool = False  # the issue itself named them
    branch: str
    adopted: bool = False
    state: TaskState = TaskState.QUEUED
    note: Note | None = None
    done: tuple[Step, ...] = ()
    start: Sha | None = None  # our first commit on the branch
    pull_request: PullNumber | None = None
    unassigned: tuple[Login, ...] = ()  # GitHub dropped them silently
    issue_open: bool = True
    edited: bool = False  # the issue changed after approval
    pull: PullSeen | None = None
    passed_checks: tuple[str, ...] = ()  # keys of the checks that passed on the head
    passed_names: tuple[str, ...] = ()  # their bare names: what rules and webhooks call them
    known_checks: tuple[str, ...] = ()  # a check once seen that is missing counts as pending
    head_since: datetime | None = None
    waiting_since: datetime | None = None  # since when some check has been pending or missing on the head
    announced: str | None = msgspec.field(default=None, name="told")  # for what it was last held, and at which head
    refusal: Note | None = None  # what GitHub said to our last merge or write; forgotten when the head moves
    merge_asked: bool = False  # when the run was cancelled, and nobody knew what would come of it
    updated_to: Sha | None = None  # the head that our own update of the branch gave it, until it is seen
    merged_sha: Sha | None = None
    merged_at: datetime | None = None  # when that was known
    merged_by_hand: bool = False

    @property
    def settled(self) -> bool:
        """True when nothing will change any more: merged, dropped or failed."""
        return self.state in SETTLED


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's yes to exactly one revision of the plan."""

    by: Actor
    at: datetime
    revision: int
    digest: str


class Shipping(msgspec.Struct, frozen=True, kw_only=True):
    """A confirmed /ship: exactly these heads may be merged, by issue number."""

    by: Actor
    at: datetime
    round: int
    heads: dict[str, Sha]


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a document that is on Discord; without `message` it is there no longer.

    `facts` is the key of the facts that it shows (empty: not known), one of `pages` in the version `render` of the
    rendering. A deliberate repost raises `generation`. `at` is when it was last written or doubted, by our clock: who
    finds another time is stale. `shown_at` is when it came to show that, by Discord's clock (None: not known).
    """

    channel: str
    message: str
    at: datetime
    facts: str = ""
    pages: int = 1
    render: int = 0
    generation: int = 0
    shown_at: datetime | None = None


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """A line in the thread: what happened, by whom, to which issues. `key` is unique in its run."""

    key: str
    kind: MilestoneKind
    at: datetime
    by: Actor | None = None
    issues: tuple[IssueNumber, ...] = ()
    note: Note | None = None
    round: int = 0


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """Bookkeeping of an effect that is not done: since when it is wanted, how often it was tried, when it is due."""

    since: datetime
    attempts: int = 0
    not_before: datetime | None = None
    trouble: str = ""


class Hint(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook: something may have changed, and what it saw. All but `name` and the times may be unknown."""

    name: str  # the webhook's event and action: pull_request.synchronize
    delivery: str
    at: datetime
    issue: int | None = None  # an issue or pull request number
    branch: str | None = None
    head: Sha | None = None
    check: str | None = None  # the check's name or context
    state: Literal["passed", "pending", "failed"] | None = None
    updated_at: datetime | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One plan and all that comes of it. `version` counts commits: the store compares and swaps it."""

    uid: RunUid
    number: RunNumber
    repository: str
    version: int = 0
    schema: int = SCHEMA
    status: RunStatus = RunStatus.PENDING
    stage: Stage = Stage.PROPOSED
    plan: Plan
    requested_by: Actor
    channel: str
    created_at: datetime
    expires_at: datetime
    approvals: tuple[Approval, ...] = ()
    ended_by: Actor | None = None
    ended_at: datetime | None = None
    tasks: tuple[Task, ...] = ()
    shipping: Shipping | None = None
    rounds: int = 0  # how many times /ship was confirmed
    close_pull_requests: bool = False  # asked for when it was cancelled
    releases: dict[str, str] = {}  # tag to address; an empty address: GitHub refused it for good
    thread: str | None = None
    messages: dict[str, Posted] = {}
    milestones: tuple[Milestone, ...] = ()
    pending: dict[str, Pending] = {}
    refreshed_at: datetime | None = msgspec.field(default=None, name="looked_at")  # when the last refresh began
    refresh_at: datetime | None = msgspec.field(default=None, name="look_at")  # when the next one is due
    lag: int = 0  # looks in a row that were older than a hint
    unmet_hint: Hint | None = msgspec.field(default=None, name="doubt")  # the hint that they were older than
    required_checks: tuple[str, ...] = ()
    quiet_until: datetime | None = None  # GitHub's limits: nothing is written there before
    unreachable_since: datetime | None = None
    wake_at: datetime | None = None

    @property
    def name(self) -> str:
        """What people call it: r12."""
        return f"r{self.number}"

    @property
    def final(self) -> bool:
        """True once the run can never change its status again."""
        return self.stage is Stage.DONE

    def quiet(self, at: datetime) -> datetime | None:
        """Until when nothing is written to GitHub; None if it sets no limit at that time."""
        return self.quiet_until if self.quiet_until is not None and self.quiet_until > at else None

    def task(self, issue: int) -> Task | None:
        """The task of that issue, if there is one."""
        return next((task for task in self.tasks if task.issue == issue), None)


class Active(msgspec.Struct, frozen=True, kw_only=True):
    """An active run as the repository's record lists it."""

    uid: RunUid
    number: RunNumber
    status: RunStatus


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """What all runs of a repository share: the next number, who claims which issue, GitHub's write budget.

    `claims` maps an issue number (as text) to the run that has it; `writes` are the times (epoch seconds) of the
    writes of the last hour, reserved before they are made.
    """

    name: str
    version: int = 0
    schema: int = SCHEMA
    next_number: RunNumber = RunNumber(1)
    active: tuple[Active, ...] = ()
    claims: dict[str, RunNumber] = {}
    writes: tuple[int, ...] = ()
    comments_seen: datetime | None = None


def after_merges(run: Run, at: datetime) -> datetime:
    """That time, or right after the last merge that is noted: the order counts, and clocks may be wrong."""
    noted = [task.merged_at + timedelta(microseconds=1) for task in run.tasks if task.merged_at is not None]
    return max([at, *noted])


def announce(run: Run, milestone: Milestone) -> Run:
    """The run with one more line for its thread, unless it was told before."""
    if any(told.key == milestone.key for told in run.milestones):
        return run
    return msgspec.structs.replace(run, milestones=(*run.milestones, milestone))
