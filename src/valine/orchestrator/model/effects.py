"""What must be so outside: each effect names a state to ensure, never a call to make, and can be repeated safely.

An effect has a `key`, unique in its run, and the number of GitHub writes it may cost (`writes`).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from valine.orchestrator.facts.documents import NoteRow
from valine.orchestrator.model.states import IssueNumber, Login, PullNumber, RunNumber, RunUid, Sha
from valine.orchestrator.replies import Reply


class EnsureDocument(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The document of the run (card, board, milestone.x …) is on Discord, all its pages, with the facts of today.

    `outdated` if it shows them already, and only the wording is an older version's: that is nothing to wake up for.
    """

    document: str
    outdated: bool = False
    writes: ClassVar[int] = 0

    @property
    def key(self) -> str:
        return f"message:{self.document}"


class EnsureThread(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The card has its thread, named after the run."""

    run: RunNumber
    writes: ClassVar[int] = 0

    @property
    def key(self) -> str:
        return "thread"


class EnsureBranch(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The branch exists and contains our first commit: parent's tree, fixed date, so always the same sha."""

    issue: IssueNumber
    uid: RunUid
    branch: str
    parent: Sha
    tree: Sha
    message: str  # carries the run's uid as a trailer
    date: datetime
    writes: ClassVar[int] = 2

    @property
    def key(self) -> str:
        return f"branch:{self.issue}"


class EnsurePullRequest(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A pull request from `branch` to `base` closes the issue and has our uid; a draft where GitHub allows it."""

    issue: IssueNumber
    uid: RunUid
    run: str
    branch: str
    base: str
    title: str
    body_hash: str  # of the issue as it was approved: another body is not quoted as the brief
    writes: ClassVar[int] = 2  # where drafts are not supported, the plain one is the second

    @property
    def key(self) -> str:
        return f"pull_request:{self.issue}"


class EnsureLabel(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The issue carries the label (`present`), or does not."""

    issue: IssueNumber
    label: str
    present: bool
    writes: ClassVar[int] = 1

    @property
    def key(self) -> str:
        return f"{'label' if self.present else 'unlabel'}:{self.issue}"


class EnsureAssignees(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """These people are among the assignees of each number (a pull request, and the issue if it had nobody)."""

    issue: IssueNumber
    numbers: tuple[int, ...]
    logins: tuple[Login, ...]
    writes: ClassVar[int] = 2

    @property
    def key(self) -> str:
        return f"assign:{self.issue}"


class WorkStarted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The issue's work happens in this pull request; or goes on there, if it was adopted."""

    run: RunNumber
    pull_request: PullNumber
    adopted: bool = False


class EnsureComment(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The issue or pull request `number` has a comment that has `marker`: about its work, or an answer."""

    issue: IssueNumber
    number: int
    name: str
    marker: str
    about: WorkStarted | Reply
    writes: ClassVar[int] = 1

    @property
    def key(self) -> str:
        return f"comment:{self.number}:{self.name}"


class UpdateBranch(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The base is merged into the pull request's branch; `tree` is what git's clean merge of both gives."""

    issue: IssueNumber
    pull_request: PullNumber
    head: Sha
    base: Sha
    tree: Sha
    writes: ClassVar[int] = 1

    @property
    def key(self) -> str:
        return update_key(self.issue, self.head)


class MergePullRequest(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Exactly this head is merged, into this base; title and message are the commit's."""

    issue: IssueNumber
    pull_request: PullNumber
    head: Sha
    base: str
    method: Literal["merge", "squash", "rebase"]
    title: str
    message: str
    writes: ClassVar[int] = 1

    @property
    def key(self) -> str:
        return f"merge:{self.issue}:{self.head[:12]}"


class FindMerged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What came of a merge that was asked for when the run was cancelled is known. Nothing is asked any more."""

    issue: IssueNumber
    pull_request: PullNumber
    base: str
    writes: ClassVar[int] = 0

    @property
    def key(self) -> str:
        return f"find:{self.issue}"


class EnsureIssueClosed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The issue is closed as completed."""

    issue: IssueNumber
    writes: ClassVar[int] = 1

    @property
    def key(self) -> str:
        return f"close:{self.issue}"


class EnsureBranchDeleted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The branch is gone, if its head is still the one that was merged; pushed to since, it is left alone."""

    issue: IssueNumber
    branch: str
    head: Sha
    writes: ClassVar[int] = 1

    @property
    def key(self) -> str:
        return f"delete:{self.issue}"


class EnsurePullRequestClosed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The pull request is closed (merged counts). Without its number (its opening was never answered for) it is looked
    for: it comes from `branch` and has the uid.
    """

    issue: IssueNumber
    uid: RunUid
    branch: str
    pull_request: PullNumber | None = None
    writes: ClassVar[int] = 1

    @property
    def key(self) -> str:
        return f"close_pull_request:{self.issue}"


class EnsureRelease(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A release with this tag exists at the commit and has our uid; its notes are of a round of shipping."""

    uid: RunUid
    tag: str
    commit: Sha
    run: RunNumber
    round: int
    notes: tuple[NoteRow, ...]
    writes: ClassVar[int] = 1

    @property
    def key(self) -> str:
        return f"release:{self.tag}"


ChatEffect = EnsureDocument | EnsureThread
ForgeEffect = (
    EnsureBranch
    | EnsurePullRequest
    | EnsureLabel
    | EnsureAssignees
    | EnsureComment
    | UpdateBranch
    | MergePullRequest
    | FindMerged
    | EnsureIssueClosed
    | EnsureBranchDeleted
    | EnsurePullRequestClosed
    | EnsureRelease
)
Effect = ChatEffect | ForgeEffect


def on_github(key: str) -> bool:
    """Whether the effect of that key is one of GitHub's, and not of Discord's."""
    return key.partition(":")[0] not in {"message", "thread"}


def update_key(issue: int, head: Sha) -> str:
    """The key of the effect that updates the branch of that issue from that head."""
    return f"update:{issue}:{head[:12]}"
