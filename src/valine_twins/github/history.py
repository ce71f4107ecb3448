"""What the state was a few seconds ago, kept only while a read-lag fault may strike."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta
from typing import TYPE_CHECKING

from valine_twins.github.state import State

if TYPE_CHECKING:
    from datetime import datetime


class History:
    """Copies of the state with their times; empty, and free, unless started."""

    def __init__(self) -> None:
        self._copies: list[tuple[datetime, bytes]] = []
        self._longest = timedelta()

    def start(self, state: State, longest: timedelta, now: datetime) -> None:
        """From now on, remember at least that long."""
        self._longest = max(self._longest, longest)
        if not self._copies:
            self._copies.append((now, _copied(state)))

    def stop(self) -> None:
        """Remember nothing more."""
        self._copies.clear()
        self._longest = timedelta()

    def keep(self, state: State, now: datetime) -> None:
        """Note what a write has led to."""
        if not self._copies:
            return
        self._copies.append((now, _copied(state)))
        while len(self._copies) > 1 and self._copies[1][0] < now - self._longest:
            del self._copies[0]

    def at(self, moment: datetime) -> State | None:
        """The state as it was then; the oldest known if that is later; None if nothing is remembered."""
        if not self._copies:
            return None
        before = [kept for when, kept in self._copies if when <= moment]
        state = pickle.loads(before[-1] if before else self._copies[0][1])  # noqa: S301 - our own, of a moment ago
        return state if isinstance(state, State) else None


def _copied(state: State) -> bytes:
    # The log of deliveries is large and no reader of a lagging state asks for it. (Pickling copies several times
    # quicker than copy.deepcopy, and most copies are never asked for.)
    light = copy.copy(state)
    light.deliveries = {}
    return pickle.dumps(light, pickle.HIGHEST_PROTOCOL)
