"""What befalls Valine: time, faults, and the end of its process."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from valine_play.scenario import faults
from valine_play.scenario.phrase import Steps
from valine_play.scenario.stage import Died, Unmet

if TYPE_CHECKING:
    from valine_play.scenario.stage import Stage


plays = Steps()


@plays
async def wait(stage: Stage, *, time: timedelta) -> None:
    await stage.world.pass_time(time)


@plays
async def wait_quiet(stage: Stage) -> None:
    await stage.world.settle()


@plays
def fault(stage: Stage, *, service: str, fault: str, which: str, target: str) -> None:
    thrown = faults.fault(service, fault, which, target)
    (stage.world.on_github if service == "GitHub" else stage.world.on_discord)("throw_fault", **thrown)


@plays
def well(stage: Stage, *, service: str) -> None:
    (stage.world.on_github if service == "GitHub" else stage.world.on_discord)("clear_faults")


def _token(stage: Stage) -> str:
    token = stage.world.system.settings.github_token
    return "" if token is None else token.reveal()


@plays
def revoke(stage: Stage) -> None:
    stage.world.on_github("revoke_token", token=_token(stage))


@plays
def restore(stage: Stage) -> None:
    stage.world.on_github("issue_token", login="valine-bot", value=_token(stage))


@plays
def unknown_mergeability(stage: Stage, *, n: int) -> None:
    stage.world.on_github("set_behaviour", mergeable_unknown_looks=n)


@plays
def keep_issues(stage: Stage) -> None:
    stage.world.on_github("set_behaviour", close_on_merge=None)


@plays
def no_commits(stage: Stage, *, time: timedelta) -> None:
    stage.world.on_github("set_behaviour", no_commits_seconds=time.total_seconds())


@plays
def redeliver_discord(stage: Stage) -> None:
    """The newest delivery of an interaction."""
    sent = [one for one in stage.world.discord.view()["deliveries"] if one["interaction"]]
    if not sent:
        raise Unmet("Discord has delivered nothing yet")
    stage.world.on_discord("redeliver", delivery=sent[-1]["id"])


@plays
async def restart(stage: Stage) -> None:
    await stage.world.restart()


@plays
def crash(stage: Stage, *, which: str, target: str) -> None:
    def die() -> None:
        stage.died = True
        raise Died

    stage.meanwhile(faults.target_of(target), times(which), die)


def times(which: str) -> int:
    """How often: -1 for every time."""
    return -1 if which == "every" else int(which.removeprefix("the next").strip() or 1)
