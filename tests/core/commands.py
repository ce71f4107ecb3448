"""Who commands, and what a run tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builders import an_actor
from core.play import Play
from valine.orchestrator.states import IssueNumber, MilestoneKind, RunNumber

if TYPE_CHECKING:
    from valine.orchestrator.model import Milestone

ONE, TWO = RunNumber(1), RunNumber(2)
MEMBER = an_actor("mia")
WRITER = an_actor("gus", platform="github", may_write=True)
EDIT: dict[str, Any] = {"run": ONE, "revision": 1, "drop": (IssueNumber(1),)}


def told(play: Play, kind: MilestoneKind) -> Milestone:
    return next(milestone for milestone in reversed(play.run.milestones) if milestone.kind is kind)
