"""What ails a platform, the store, the queue or a clock for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from storm.profiles import KEPT_OUT, OUTAGE

if TYPE_CHECKING:
    from storm.choices import Bits
    from storm.profiles import Weights
    from storm.world import World

LONGEST = 1200.0  # seconds


class Outages:
    """What a seed's profile has of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._now: set[str] = set()

    def plan(self) -> None:
        """Have them happen."""
        profile, choices = self._world.profile, self._world.choices
        for number in range(profile.outages):
            self._plan(choices.unusual(f"spell {number + 1}", 0.7, _outage))
        chance = 0.15 if profile.outages else 0.0
        self._plan(choices.unusual("kept out", chance, lambda bits: _outage(bits, KEPT_OUT)))

    def on(self, service: str) -> str | None:
        """What ails that service for the time being."""
        if not self._now:
            return None
        if service == "github":
            if "token refused" in self._now:
                return "token refused"
            if "limits without headers" in self._now:
                return "limit without headers"
        if service == "discord" and "bot token refused" in self._now:
            return "token refused"
        return "unreachable" if f"{service} down" in self._now else None

    def calm_down(self) -> None:
        """None any more."""
        self._now.clear()
        for process in self._world.processes:
            process.clock.off = timedelta()
        self._let_in()
        self._channel(closed=False)

    def _plan(self, outage: str | None) -> None:
        if outage is not None:
            kind, start, length = outage.rsplit(" ", 2)
            self._world.loop.after(float(start), self._begins, kind, float(length))

    def _begins(self, kind: str, length: float) -> None:
        world = self._world
        if world.choices.calm:
            return
        world.faults[f"spell: {kind}"] += 1
        world.tell(None, f"{kind}, for {length:.0f} s")
        if kind == "clock jump":
            process = world.processes[int(length) % len(world.processes)]
            process.clock.off += timedelta(seconds=length if length > LONGEST / 2 else -length / 10)
            return
        if kind == "bot shut out":
            world.on_github("remove_member", login="valine-bot")
        if kind == "channel closed":
            self._channel(closed=True)
        self._now.add(kind)
        world.loop.after(length, self._ends, kind)

    def _ends(self, kind: str) -> None:
        self._now.discard(kind)
        if kind == "bot shut out":
            self._let_in()
        if kind == "channel closed":
            self._channel(closed=False)
        self._world.enqueue_due()

    def _let_in(self) -> None:
        self._world.on_github("add_member", login="valine-bot", role="write")

    def _channel(self, *, closed: bool) -> None:
        """Whether the bot may see the team's channel, and write there."""
        deny = ["VIEW_CHANNEL", "SEND_MESSAGES"] if closed else []
        self._world.on_discord("set_permissions", member="valine", channel="shipping", deny=deny)


def _outage(bits: Bits, kinds: Weights = OUTAGE) -> str:
    return f"{bits.weighed(kinds)} {bits.below(bits.among((20, 60, 60, 300)))} {30 + bits.below(int(LONGEST) - 30)}"
