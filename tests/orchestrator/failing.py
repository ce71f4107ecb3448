"""Runs with an effect that fails."""

from typing import Any

import msgspec

from orchestrator.play import Play
from valine.orchestrator.model import events
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Pending, Run

replace = msgspec.structs.replace


def failure(kind: Any = "transient", code: Any = "unreachable", **changes: Any) -> Failure:
    return Failure(kind=kind, code=code, detail="so it said", **changes)


def executing() -> Play:
    """Approved, its messages posted, the branch of #1 next."""
    play = Play(2)
    play.plan()
    play.approve()
    return play


def fails(play: Play, key: str, why: Failure) -> Pending | None:
    play.decide(events.EffectFailed(at=play.now, key=key, failure=why), 1)
    return play.run.pending.get(key)


def refresh_fails(play: Play, why: Failure) -> Run:
    play.decide(events.LookFailed(at=play.now, failure=why), 1)
    return play.run
