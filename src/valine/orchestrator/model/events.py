"""What happened: the closed list of everything that can change a run, in the past tense, time included.

A command is what a person asked for; it is kept and deduplicated by its `id`. A hint says that something may have
changed; it is looked up. An observation is what a refresh brought back. A result is what became of an effect.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from valine.orchestrator.model.observations import Failure, PlanWorld, WorkWorld
from valine.orchestrator.model.plan import Actor
from valine.orchestrator.model.run import Hint, Posted
from valine.orchestrator.model.states import IssueNumber, Login, PullNumber, RunNumber, Sha


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What all commands carry. `id` is the interaction's or comment's; `run` None means the obvious one.

    `uid` is given by buttons, whose card may be older than a restored store: it must be that run's.
    `asked_at` is when the person did it, by the platform's clock; `at` is when the engine took it up.
    `number` is the issue or pull request it was written on, where it was a comment.
    """

    id: str
    by: Actor
    asked_at: datetime
    at: datetime
    run: RunNumber | None = None
    uid: str | None = None
    number: int | None = None


class PlanRequested(Command, frozen=True, kw_only=True, tag=True):
    """/plan. `label` None means the policy's; `found` is what the refresh brought, a Failure if it brought nothing."""

    channel: str
    label: str | None = None
    limit: int | None = None
    found: PlanWorld | Failure | None = None


class PlanEdited(Command, frozen=True, kw_only=True, tag=True):
    """Issues were taken out of the plan, on the card of this revision."""

    revision: int
    drop: tuple[IssueNumber, ...]


class PlanApproved(Command, frozen=True, kw_only=True, tag=True):
    """Yes to this revision and digest; None from a typed /approve, which means the one on show at `asked_at`."""

    revision: int | None = None
    digest: str | None = None
    found: PlanWorld | Failure | None = None


class PlanRejected(Command, frozen=True, kw_only=True, tag=True):
    """No to the plan."""

    revision: int | None = None
    digest: str | None = None


class ShipRequested(Command, frozen=True, kw_only=True, tag=True):
    """/ship: show what would be merged."""

    found: WorkWorld | Failure | None = None


class ShipConfirmed(Command, frozen=True, kw_only=True, tag=True):
    """Merge exactly the heads that the preflight showed; `heads` is their digest (graph.heads_digest)."""

    heads: str
    found: WorkWorld | Failure | None = None


class CancelRequested(Command, frozen=True, kw_only=True, tag=True):
    """The Cancel button: asks what to do with the pull requests."""


class CancelConfirmed(Command, frozen=True, kw_only=True, tag=True):
    """Stop the run; close its pull requests or leave them open."""

    close_pull_requests: bool


class RetryRequested(Command, frozen=True, kw_only=True, tag=True):
    """Try again what is held or failing: one task, or all."""

    issue: IssueNumber | None = None


class DropRequested(Command, frozen=True, kw_only=True, tag=True):
    """Take one task out of the run; its pull request stays."""

    issue: IssueNumber


class StatusRequested(Command, frozen=True, kw_only=True, tag=True):
    """A `/valine status` comment: tell how the run stands."""


class HintReceived(Hint, frozen=True, kw_only=True, tag=True):
    """A webhook came."""


class Woken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The run was due, or a time slice of work ended and there is more.

    `afresh` after a start, perhaps from a backup: nobody knows what Discord shows of the run.
    """

    at: datetime
    run: RunNumber
    uid: str
    afresh: bool = False


class WorldObserved(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A refresh of the work under way. `hint` is the newest hint that it should satisfy."""

    at: datetime
    world: WorkWorld
    hint: HintReceived | None = None


class PlanObserved(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A refresh of the issues of a plan that is still proposed."""

    at: datetime
    world: PlanWorld


class LookFailed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A refresh brought nothing."""

    at: datetime
    failure: Failure


class MessageEnsured(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Of histories from before documents had facts: a message was there, with the text of that time."""

    name: str
    posted: Posted


class Unchanged(msgspec.Struct, frozen=True, kw_only=True):
    """A page that shows what it must as it is, last written `at` that time (Posted.at)."""

    page: int
    at: datetime


class PageWritten(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Page `page` of `pages` of the document is on Discord, as `posted` says.

    `unchanged` are further pages of it that need not be written.
    """

    document: str
    page: int
    posted: Posted
    unchanged: tuple[Unchanged, ...] = ()


class PageRemoved(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A page that the document no longer needs is off Discord."""

    document: str
    page: int


class ThreadEnsured(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    thread: str


class BranchEnsured(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    issue: IssueNumber
    start: Sha


class PullRequestEnsured(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    issue: IssueNumber
    pull_request: PullNumber


class LabelEnsured(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    issue: IssueNumber
    present: bool


class AssigneesEnsured(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`dropped` are those whom GitHub silently did not assign."""

    issue: IssueNumber
    dropped: tuple[Login, ...] = ()


class CommentEnsured(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    issue: IssueNumber
    name: str


class BranchUpdated(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The branch has a new head; `clean` if it is exactly git's merge of the approved head and the base."""

    issue: IssueNumber
    head: Sha
    clean: bool


class Merged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    issue: IssueNumber
    sha: Sha


class MergeRefused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """GitHub said no for good (for now), with its words; or the pull request is not what was confirmed any more."""

    issue: IssueNumber
    reason: Literal["moved", "retargeted", "conflict", "rules", "draft", "closed"]
    detail: str


class NotMerged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The merge that was asked for did not come about."""

    issue: IssueNumber


class IssueClosed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    issue: IssueNumber


class BranchDeleted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`kept` if somebody pushed to it after the merge."""

    issue: IssueNumber
    kept: bool = False


class PullRequestClosed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    issue: IssueNumber


class ReleaseEnsured(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    tag: str
    url: str


Result = (
    MessageEnsured
    | PageWritten
    | PageRemoved
    | ThreadEnsured
    | BranchEnsured
    | PullRequestEnsured
    | LabelEnsured
    | AssigneesEnsured
    | CommentEnsured
    | BranchUpdated
    | Merged
    | MergeRefused
    | NotMerged
    | IssueClosed
    | BranchDeleted
    | PullRequestClosed
    | ReleaseEnsured
)


# When the message that the effect is about was last written, as it was known when the effect began; None: it never was.
# A thread, and a page not yet posted in it, go by the card's time. Unset if the effect is about no message, and in
# histories from before it was told.
Over = datetime | msgspec.UnsetType | None


class EffectSucceeded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What had to be so is so."""

    at: datetime
    key: str
    result: Result
    over: Over = msgspec.UNSET


class EffectFailed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An effect could not be ensured this time, or ever."""

    at: datetime
    key: str
    failure: Failure
    over: Over = msgspec.UNSET
    page: int = 1  # of the document, if it is about one


PersonCommand = (
    PlanRequested
    | PlanEdited
    | PlanApproved
    | PlanRejected
    | ShipRequested
    | ShipConfirmed
    | CancelRequested
    | CancelConfirmed
    | RetryRequested
    | DropRequested
    | StatusRequested
)
Event = PersonCommand | Woken | WorldObserved | PlanObserved | LookFailed | EffectSucceeded | EffectFailed
Inbound = PersonCommand | HintReceived | Woken
