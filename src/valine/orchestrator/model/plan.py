"""What is proposed and approved: issues, their order, and why the others are not among them. Plain frozen values."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from valine.orchestrator.model.policy import Policy
from valine.orchestrator.model.states import IssueNumber, Login, PullNumber, Reason, RunNumber, Sha


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who did something. `permissions` is Discord's effective bit field; `may_write` is GitHub's word."""

    id: str
    name: str
    platform: Literal["discord", "github", "valine"] = "discord"
    permissions: int = 0
    roles: tuple[str, ...] = ()
    may_write: bool = False


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """The branch that work starts from and goes back to, and where its head was when it was read."""

    branch: str
    sha: Sha
    tree: Sha


class PullRef(msgspec.Struct, frozen=True, kw_only=True):
    """An open pull request that already closes an issue."""

    number: PullNumber
    branch: str
    head: Sha
    author: str | None = None


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """An issue that carries the label but is not in the plan, and why."""

    issue: IssueNumber
    title: str
    reason: Reason
    by: tuple[int, ...] = ()
    elsewhere: tuple[str, ...] = ()  # blockers in other repositories: owner/name#7
    run: RunNumber | None = None


class PlanItem(msgspec.Struct, frozen=True, kw_only=True):
    """One issue in the plan. `depends_on` names items of the same plan only; `priority` 0 is the most urgent."""

    issue: IssueNumber
    title: str
    body_hash: str
    depends_on: tuple[IssueNumber, ...] = ()
    priority: int | None = None
    assignees: tuple[Login, ...] = ()
    own_assignee: bool = False  # the issue itself named them
    milestone: str | None = None
    adopts: PullRef | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What people approve. `digest` names exactly this content (see planner.digest).

    `web` is the repository's address for people, empty where it is not known; approval is not about it.
    """

    revision: int
    label: str
    limit: int | None
    base: Base
    web: str = ""
    policy: Policy
    items: tuple[PlanItem, ...]
    left_out: tuple[LeftOut, ...] = ()
    digest: str = ""
    revised_at: datetime
    revised_by: Actor | None = None
