"""What a refresh of GitHub brought back: observations as values, taken at one moment, judged by nobody yet."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from valine.orchestrator.model.plan import Base, PullRef
from valine.orchestrator.model.run import PullSeen
from valine.orchestrator.model.states import IssueNumber, Login


class Blocker(msgspec.Struct, frozen=True, kw_only=True):
    """An issue that another one is marked as blocked by. `repository` is None for one of the same repository."""

    number: int
    open: bool
    repository: str | None = None


class IssueSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as GitHub shows it, its body reduced to a hash and the dependencies it mentions."""

    number: IssueNumber
    title: str
    body_hash: str
    open: bool
    labels: tuple[str, ...] = ()
    assignees: tuple[Login, ...] = ()
    milestone: str | None = None
    created_at: datetime
    updated_at: datetime
    blocked_by: tuple[Blocker, ...] = ()
    mentions: tuple[IssueNumber, ...] = ()  # "depends on #n", "blocked by #n" in the body (planner.mentioned)
    pulls: tuple[PullRef, ...] = ()  # open pull requests that close it


class PlanWorld(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Everything a plan is made from. `policy` is the text of .github/valine.toml, None where there is none.

    `web` is the repository's address for people, empty where GitHub did not tell it.
    """

    began_at: datetime
    base: Base
    web: str = ""
    policy: str | None
    issues: tuple[IssueSeen, ...]


class WorkWorld(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How the issues and pull requests of a run stand. What was asked for and not found is in `missing`."""

    began_at: datetime
    base: Base
    issues: tuple[IssueSeen, ...] = ()
    pulls: tuple[PullSeen, ...] = ()
    missing: tuple[int, ...] = ()
    required_checks: tuple[str, ...] = ()


FailureCode = Literal["unreachable", "limited", "unauthorized", "forbidden", "not_found", "stranger", "invalid", "lost"]


class Failure(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Why something outside could not be done, by what to do next.

    `code` says what kind of trouble: `unreachable` (down, timed out, 5xx), `limited`, `unauthorized` (the token),
    `forbidden` (its permissions), `not_found` (the repository or what was named), `stranger` (the name is taken by
    something that is not ours), `invalid` (refused as it stands), `lost` (a message or channel is gone).
    """

    kind: Literal["transient", "permanent", "ambiguous"]
    code: FailureCode
    detail: str = ""
    retry_at: datetime | None = None
