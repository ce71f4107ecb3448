"""GitHub as Valine's forge: the port's five promises, kept by one module each. Nothing here retries a write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

import httpx2
import msgspec

from valine.errors import Ambiguous, Transient
from valine.orchestrator.model.effects import (
    EnsureAssignees,
    EnsureBranch,
    EnsureBranchDeleted,
    EnsureComment,
    EnsureIssueClosed,
    EnsureLabel,
    EnsurePullRequest,
    EnsurePullRequestClosed,
    EnsureRelease,
    FindMerged,
    ForgeEffect,
    MergePullRequest,
    UpdateBranch,
)
from valine.orchestrator.model.events import Result
from valine.orchestrator.model.observations import PlanWorld, WorkWorld
from valine.orchestrator.model.run import Run
from valine.ports import Clock, NewComment
from valine.services.github import people
from valine.services.github.api import GitHubApi
from valine.services.github.auth import Auth
from valine.services.github.branches import ensure_branch, ensure_branch_deleted
from valine.services.github.issues import ensure_assignees, ensure_comment, ensure_issue_closed, ensure_label
from valine.services.github.merge import find_merged, merge, update_branch
from valine.services.github.plan import PlanReader
from valine.services.github.pulls import ensure_pull_request, ensure_pull_request_closed
from valine.services.github.releases import ensure_release
from valine.services.github.survey import Survey, survey
from valine.services.github.work import WorkReader
from valine.services.pacing import Pacer


class GitHubForge:
    """One repository on GitHub, or on GitHub Enterprise Server. The client's own settings do not matter."""

    def __init__(
        self, client: httpx2.AsyncClient, *, repository: str, api_url: str, auth: Auth, clock: Clock, pacer: Pacer
    ) -> None:
        self._api = GitHubApi(client, repository=repository, api_url=api_url, auth=auth, clock=clock, pacer=pacer)
        self._plan = PlanReader(self._api)
        self._work = WorkReader(self._api)

    async def plan_world(self, label: str | None) -> PlanWorld:
        return await self._plan.read(label)

    async def work_world(self, run: Run, *, fresh: bool = True) -> WorkWorld:
        return await self._work.read(run, fresh=fresh)

    async def comments_since(self, since: datetime) -> Sequence[NewComment]:
        return await people.comments_since(self._api, since)

    async def may_write(self, login: str) -> bool:
        return await people.may_write(self._api, login)

    async def survey(self) -> Survey:
        """What the repository lets this token do, for `valine doctor`."""
        return await survey(self._api)

    async def perform(self, effect: ForgeEffect) -> Result:
        self._api.unconfirmed = False
        try:
            return await self._perform(effect)
        except Transient as error:
            if not self._api.unconfirmed:
                raise
            # What failed was asked after a write: the write itself may well have happened.
            raise Ambiguous(msgspec.structs.replace(error.failure, kind="ambiguous")) from error

    async def _perform(self, effect: ForgeEffect) -> Result:  # noqa: C901, PLR0911, PLR0912 - a table of effects
        match effect:
            case EnsureBranch():
                return await ensure_branch(self._api, effect)
            case EnsurePullRequest():
                return await ensure_pull_request(self._api, effect)
            case EnsureLabel():
                return await ensure_label(self._api, effect)
            case EnsureAssignees():
                return await ensure_assignees(self._api, effect)
            case EnsureComment():
                return await ensure_comment(self._api, effect)
            case UpdateBranch():
                return await update_branch(self._api, effect)
            case MergePullRequest():
                return await merge(self._api, effect)
            case FindMerged():
                return await find_merged(self._api, effect)
            case EnsureIssueClosed():
                return await ensure_issue_closed(self._api, effect)
            case EnsureBranchDeleted():
                return await ensure_branch_deleted(self._api, effect)
            case EnsurePullRequestClosed():
                return await ensure_pull_request_closed(self._api, effect)
            case EnsureRelease():
                return await ensure_release(self._api, effect)
            case _:
                assert_never(effect)
