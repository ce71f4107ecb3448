"""The forge against GitHub's twin: a small repository, somebody who works in it, and faults to throw."""

from __future__ import annotations

import random
from typing import Any

import httpx2

from builders import NOON, REPOSITORY
from services.github.forge_world import ManualClock, Recorder
from services.github.things import BRANCH, UID
from valine.orchestrator.model.effects import EnsureBranch, EnsurePullRequest, MergePullRequest, UpdateBranch
from valine.orchestrator.model.observations import PlanWorld
from valine.orchestrator.model.states import IssueNumber, PullNumber, Sha
from valine.orchestrator.naming import commit_message
from valine.services.github import GitHubForge, TokenAuth
from valine.services.github.plan import body_hash
from valine.services.pacing import Pacer
from valine_twins.github.twin import GitHubTwin
from valine_twins.inprocess import TwinTransport
from valine_twins.objects_memory import MemoryObjects

API = "http://github.test"
BODY = "The login is **broken** 🚪"


class TwinWorld:
    """Team/app with ana (who wrote issue 1) and bo as writers; Valine works as its own user."""

    def __init__(self, recorder: Recorder, **options: Any) -> None:
        self.clock = ManualClock()
        rng = random.Random(1)  # noqa: S311 - loaded on purpose
        self.twin = GitHubTwin(MemoryObjects(), rng, enforce_limits=False, **options)
        self.seen: list[str] = []

        def record(method: str, path: str, body: bytes) -> None:
            recorder(method, path, body)
            self.seen.append(f"{method} {path}")

        transport = TwinTransport(self.twin, self.clock, outbox=lambda _: None, recorder=record)
        self.client = httpx2.AsyncClient(transport=transport)
        owner, _, name = REPOSITORY.partition("/")
        files = {"app.py": "print(1)\n", "README.md": "# app\n"}
        members = {"ana": "write", "bo": "write", "valine": "write", "eve": "read"}
        self.act("create_repository", owner=owner, name=name, files=files, members=members)
        self.issue = self.act("create_issue", title="Fix login", body=BODY, labels=["ready"], by="ana")["number"]
        self.token = self.act("issue_token", login="valine")["token"]
        self.forge = GitHubForge(
            self.client,
            repository=REPOSITORY,
            api_url=API,
            auth=TokenAuth(self.token),
            clock=self.clock,
            pacer=Pacer(self.clock, 1.0),
        )

    def act(self, action: str, **arguments: Any) -> Any:
        """Somebody does something on GitHub."""
        return self.twin.act(action, arguments, self.clock.now()).value

    def fault(self, kind: str, route: str = "*", **arguments: Any) -> None:
        """Something goes wrong with the next request that matches."""
        self.act("throw_fault", kind=kind, route=route, **arguments)

    @property
    def view(self) -> dict[str, Any]:
        """The repository as people see it."""
        found: dict[str, Any] = self.twin.view()["repositories"][REPOSITORY]
        return found

    @property
    def pull(self) -> dict[str, Any]:
        """The only pull request."""
        (found,) = self.view["pull_requests"]
        return dict(found)

    async def look(self) -> PlanWorld:
        """The world of a plan."""
        return await self.forge.plan_world("ready")

    async def branch_effect(self) -> EnsureBranch:
        """What makes the branch of the issue, from the base as it is."""
        base = (await self.look()).base
        return EnsureBranch(
            issue=IssueNumber(self.issue),
            uid=UID,
            branch=BRANCH,
            parent=base.sha,
            tree=base.tree,
            message=commit_message(self.issue, "Fix login", UID),
            date=NOON,
        )

    def pull_effect(self, **changes: Any) -> EnsurePullRequest:
        """What opens its pull request."""
        return EnsurePullRequest(
            **{
                "issue": IssueNumber(self.issue),
                "uid": UID,
                "run": "r1",
                "branch": BRANCH,
                "base": "main",
                "title": "Fix login 🚪 `now` [x](y)",
                "body_hash": body_hash(BODY),
                **changes,
            }
        )

    async def opened(self, *, ready: bool = True) -> int:
        """A pull request of ours with work in it: its number."""
        await self.forge.perform(await self.branch_effect())
        await self.forge.perform(self.pull_effect())
        number = int(self.pull["number"])
        self.act("push", branch=BRANCH, files={"login.py": "ok\n"}, by="ana")
        if ready:
            self.act("ready_for_review", number=number, by="ana")
        self.seen.clear()
        return number

    def merge_effect(self, **changes: Any) -> MergePullRequest:
        """What merges it as it is now."""
        return MergePullRequest(
            **{
                "issue": IssueNumber(self.issue),
                "pull_request": PullNumber(self.pull["number"]),
                "head": Sha(self.pull["head_sha"]),
                "base": self.pull["base"],
                "method": "squash",
                "title": "Fix login (#2)",
                "message": f"Valine-Run: {UID}",
                **changes,
            }
        )

    def update_effect(self, base: str, tree: str) -> UpdateBranch:
        """What brings it up to date with that base, to that tree."""
        return UpdateBranch(
            issue=IssueNumber(self.issue),
            pull_request=PullNumber(self.pull["number"]),
            head=Sha(self.pull["head_sha"]),
            base=Sha(base),
            tree=Sha(tree),
        )
