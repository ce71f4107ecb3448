"""What the twin of GitHub remembers, as plain data: no behaviour, no clock, and nothing that cannot be copied.

Git objects are not here (they are the object store's); `Repository.refs` mirrors the store's refs, because the twin
is the only one who moves them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Role = Literal["read", "triage", "write", "maintain", "admin"]
ROLES: tuple[Role, ...] = ("read", "triage", "write", "maintain", "admin")
ReviewState = Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"]


@dataclass(slots=True)
class User:
    """An account: a person, an organisation, or the bot that an App acts as."""

    id: int
    login: str
    kind: Literal["User", "Organization", "Bot"] = "User"


@dataclass(slots=True)
class App:
    """A registered GitHub App."""

    id: int
    slug: str
    name: str
    client_id: str
    owner: str
    public_key: str | None
    permissions: dict[str, str]
    events: list[str]
    created_at: datetime


@dataclass(slots=True)
class Installation:
    """An App installed on an account; `repositories` None means all of the account's."""

    id: int
    app_id: int
    account: str
    repositories: list[str] | None
    permissions: dict[str, str]
    created_at: datetime


@dataclass(slots=True)
class Token:
    """A credential. `permissions` None is a classic token: whatever its owner may do."""

    value: str
    login: str
    installation: int | None = None
    permissions: dict[str, str] | None = None
    repositories: list[str] | None = None
    expires_at: datetime | None = None


@dataclass(slots=True)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(slots=True)
class Milestone:
    """A milestone of a repository."""

    id: int
    number: int
    title: str
    creator: str
    created_at: datetime


@dataclass(slots=True)
class Comment:
    """A comment on an issue or pull request."""

    id: int
    number: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True, kw_only=True)
class Issue:
    """An issue; a pull request is one too, with the same numbers, labels, assignees and comments."""

    id: int
    number: int
    title: str
    body: str | None
    author: str
    created_at: datetime
    updated_at: datetime
    open: bool = True
    state_reason: str | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    milestone: int | None = None
    blocked_by: list[tuple[str, int]] = field(default_factory=list)
    closed_at: datetime | None = None
    closed_by: str | None = None
    comments: int = 0


@dataclass(slots=True)
class Review:
    """One review of a pull request."""

    id: int
    author: str
    state: ReviewState
    body: str
    commit: str
    submitted_at: datetime


@dataclass(slots=True, kw_only=True)
class Pull(Issue):
    """A pull request. `fork` is the owner of the head's repository where that is not this one."""

    pull_id: int
    head: str
    base: str
    head_sha: str
    base_sha: str
    draft: bool = False
    fork: str | None = None
    reviews: list[Review] = field(default_factory=list)
    merged_at: datetime | None = None
    merged_by: str | None = None
    merge_commit: str | None = None
    # How often mergeability will still be "being computed", and what moved last.
    refreshes_left: int = 0
    moved: Literal["head", "base", "nothing"] = "nothing"


@dataclass(slots=True, kw_only=True)
class CheckRun:
    """A check run; the latest of a (app, workflow, name) on a commit is the only one kept."""

    id: int
    suite: int
    name: str
    sha: str
    app: str
    workflow: str | None
    status: str
    conclusion: str | None
    started_at: datetime
    completed_at: datetime | None = None
    details_url: str | None = None
    external_id: str = ""
    title: str | None = None
    summary: str | None = None


@dataclass(slots=True)
class CheckSuite:
    """The check runs that one app (and workflow) made on one commit."""

    id: int
    sha: str
    branch: str | None
    app: str
    workflow: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True, kw_only=True)
class Status:
    """A commit status, the older kind of check; the latest of a context counts."""

    id: int
    sha: str
    context: str
    state: str
    creator: str
    created_at: datetime
    description: str | None = None
    target_url: str | None = None


@dataclass(slots=True)
class Rules:
    """What must be so before a branch that `pattern` names may take a pull request ("~DEFAULT_BRANCH" or a glob)."""

    id: int
    pattern: str = "~DEFAULT_BRANCH"
    required_checks: list[str] = field(default_factory=list)
    strict: bool = False
    required_reviews: int = 0
    dismiss_stale: bool = False
    merge_queue: bool = False


@dataclass(slots=True, kw_only=True)
class Release:
    """A release."""

    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    draft: bool
    prerelease: bool
    author: str
    created_at: datetime
    published_at: datetime | None


@dataclass(slots=True, kw_only=True)
class Repository:
    """A repository with everything people see in it."""

    id: int
    owner: str
    name: str
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime
    default_branch: str = "main"
    private: bool = True
    archived: bool = False
    drafts: bool = True
    merge_methods: list[str] = field(default_factory=lambda: ["merge", "squash", "rebase"])
    delete_branch_on_merge: bool = False
    members: dict[str, Role] = field(default_factory=dict)
    rules: list[Rules] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    refs_made: dict[str, datetime] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    milestones: list[Milestone] = field(default_factory=list)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    suites: dict[int, CheckSuite] = field(default_factory=dict)
    checks: dict[int, CheckRun] = field(default_factory=dict)
    # Checks that were re-run: GitHub still answers for them, but no list shows them.
    superseded: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        """The name as addresses and people write it: "owner/name"."""
        return f"{self.owner}/{self.name}"


@dataclass(slots=True, kw_only=True)
class Hook:
    """A webhook of a repository, or of an App (then `app` is set and `repository` is not)."""

    id: int
    url: str
    secret: str
    events: list[str]
    created_at: datetime
    repository: str | None = None
    app: int | None = None
    active: bool = True


@dataclass(slots=True, kw_only=True)
class DeliveryRecord:
    """One attempt to deliver an event to a hook, as the deliveries log shows it."""

    id: int
    guid: str
    hook: int
    event: str
    action: str | None
    repository_id: int | None
    installation_id: int | None
    delivered_at: datetime
    headers: dict[str, str]
    body: bytes
    redelivery: bool = False
    status: str = "pending"
    status_code: int = 0
    response_body: str = ""


@dataclass(slots=True)
class Closing:
    """An issue that a merge will close a moment later."""

    due: datetime
    repository: str
    number: int
    by: str


@dataclass(slots=True)
class State:
    """All of it. Repositories are keyed by their name in lower case: GitHub does not mind the case."""

    last_id: int = 1000
    users: dict[str, User] = field(default_factory=dict)
    apps: dict[int, App] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    hooks: dict[int, Hook] = field(default_factory=dict)
    deliveries: dict[int, DeliveryRecord] = field(default_factory=dict)
    closings: list[Closing] = field(default_factory=list)
