"""What people have said yes to: plans, and heads of pull requests. Valine's own idea of that is not asked for."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from storm.stage import LEADS
from valine.orchestrator import naming
from valine.orchestrator.planning import planner

if TYPE_CHECKING:
    from storm.world import World
    from valine.orchestrator.model.run import Run, Task
    from valine_twins.github.state import Pull


class Consent:
    """Every yes of somebody who may give it, and every head that it may have been about."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._plans = {approval.digest for run in world.runs() for approval in run.approvals}
        self._confirmed: set[str] = set()  # digests of heads
        self._heads: dict[int, list[str]] = {}  # the heads that each pull request ever had

    def clicked(self, by: str, custom_id: str) -> None:
        """Somebody clicked that; if they may, it counts as their yes."""
        _, action, _, _, *arguments = custom_id.split(":")
        if by in LEADS and action == "approve":
            self._plans.add(arguments[1])
        if by in LEADS and action == "confirm":
            self._confirmed.add(arguments[0])

    def typed(self, by: str, name: str) -> None:
        """Somebody typed a command; /approve means what is on show."""
        if by in LEADS and name == "approve":
            self._plans |= {run.plan.digest for run in self._world.runs()}

    def approved(self, run: Run) -> bool:
        """Whether somebody approved the plan as it is."""
        return planner.digest(run.plan) in self._plans

    def confirmed(self, run: Run, issue: int, head: str) -> bool:
        """Whether somebody confirmed this head, with some heads of the others; or it is our update of such a one."""
        others = [
            [None, *dict.fromkeys(self._heads_of(task))] if task.issue != issue else [head]
            for task in run.tasks
            if task.pull_request is not None
        ]
        tasks = [task for task in run.tasks if task.pull_request is not None]
        for heads in itertools.product(*others):
            pairs = [f"{task.issue}={sha}" for task, sha in zip(tasks, heads, strict=True) if sha is not None]
            if naming.short_hash(*pairs) in self._confirmed:
                return True
        commit = self._world.github._objects.commit(self._world.repository, head)
        updated = len(commit.parents) > 1 and commit.author.name == "valine-bot"
        return updated and self.confirmed(run, issue, commit.parents[0])

    def _heads_of(self, task: Task) -> list[str]:
        """Every head that the task's pull request may have shown: its branch's commits, and what was forced away."""
        pull = self._world.pull(task.pull_request)
        if pull is None:
            return []
        seen = self._heads.setdefault(pull.number, [])
        return [*seen, pull.head_sha, *self._behind(pull)]

    def _behind(self, pull: Pull) -> list[str]:
        objects, name = self._world.github._objects, self._world.repository
        return list(objects.log(name, pull.head_sha, 8))

    def note_heads(self) -> None:
        """Somebody may move something: note the heads as they are."""
        for number, pull in self._world.code.issues.items():
            head = getattr(pull, "head_sha", None)
            if head is not None and head not in self._heads.setdefault(number, []):
                self._heads[number].append(head)
