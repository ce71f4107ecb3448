"""Who commands, and what a run tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from builders import an_actor
from orchestrator.play import Play
from valine.orchestrator import replies
from valine.orchestrator.model.decision import Decision
from valine.orchestrator.model.states import IssueNumber, MilestoneKind, RunNumber

if TYPE_CHECKING:
    from valine.orchestrator.model.decision import Outcome
    from valine.orchestrator.model.run import Milestone, Run

replace = msgspec.structs.replace

ONE, TWO = RunNumber(1), RunNumber(2)
MEMBER = an_actor("mia")
WRITER = an_actor("gus", platform="github", may_write=True)
EDIT: dict[str, Any] = {"run": ONE, "revision": 1, "drop": (IssueNumber(1),)}


def told(play: Play, kind: MilestoneKind) -> Milestone:
    return next(milestone for milestone in reversed(play.run.milestones) if milestone.kind is kind)


def is_shown_first(play: Play, outcome: Outcome, before: Run) -> bool:
    """Whether nothing was approved: the reply says that the card was not on show, which is now due, and its thread."""
    pending = {
        key: replace(entry, not_before=None)
        for key, entry in before.pending.items()
        if key in {"message:card", "thread"}
    }
    expected = replace(before, pending={**before.pending, **pending})
    same = replace(play.run, version=before.version, wake_at=before.wake_at) == expected
    return same and isinstance(outcome, Decision) and outcome.reply == replies.NotShownYet.of(before)
