"""GitHub's rate limits, kept for real: a primary one an hour, and secondary ones a minute and an hour.

Refused requests count no points. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from valine_twins.github.world import Options

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
WRITE_POINTS = 5


@dataclass(slots=True)
class _Window:
    """What happened in the last stretch of time, and the most that ever did."""

    length: timedelta
    entries: deque[tuple[datetime, int]] = field(default_factory=deque)
    total: int = 0
    peak: int = 0

    def sum(self, now: datetime) -> int:
        while self.entries and self.entries[0][0] <= now - self.length:
            self.total -= self.entries.popleft()[1]
        return self.total

    def add(self, now: datetime, points: int) -> None:
        self.entries.append((now, points))
        self.total += points
        self.peak = max(self.peak, self.sum(now))

    def free_at(self) -> datetime:
        return self.entries[0][0] + self.length


@dataclass(slots=True)
class _Hourly:
    """The primary limit of one resource: it starts anew an hour after the first request."""

    used: int = 0
    reset: datetime | None = None

    def roll(self, now: datetime) -> datetime:
        if self.reset is None or self.reset <= now:
            self.used, self.reset = 0, now + _HOUR
        return self.reset


class _Account:
    """All the counters of one credential."""

    def __init__(self) -> None:
        self.primary = {"core": _Hourly(), "graphql": _Hourly()}
        self.content_minute, self.content_hour = _Window(_MINUTE), _Window(_HOUR)
        self.points = {"core": _Window(_MINUTE), "graphql": _Window(_MINUTE)}


@dataclass(slots=True, frozen=True)
class Limited:
    """A request that is over a limit: which one, and in how many seconds it may be tried again."""

    secondary: bool
    wait: int


class Limits:
    """The counters of all credentials. Refusals are counted, so that a test can see what a client did."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._accounts: dict[str, _Account] = {}
        self.refused = {"primary": 0, "secondary": 0}

    def check(self, who: str, resource: str, now: datetime, *, points: int, content: bool) -> Limited | None:
        """Whether a request is over a limit; if not, nothing is counted yet."""
        account = self._account(who)
        if not self._options.enforce_limits:
            return None
        hourly = account.primary[resource]
        reset = hourly.roll(now)
        if hourly.used >= self._options.primary_limit:
            self.refused["primary"] += 1
            return Limited(secondary=False, wait=math.ceil((reset - now).total_seconds()))
        most = self._options.points_per_minute if resource == "core" else self._options.graphql_points_per_minute
        windows = [(account.points[resource], points, most)]
        if content:
            windows += [
                (account.content_minute, 1, self._options.content_per_minute),
                (account.content_hour, 1, self._options.content_per_hour),
            ]
        full = [window for window, more, limit in windows if window.sum(now) + more > limit]
        if not full:
            return None
        self.refused["secondary"] += 1
        return Limited(secondary=True, wait=max(1, *(math.ceil((w.free_at() - now).total_seconds()) for w in full), 1))

    def count(self, who: str, resource: str, now: datetime, *, cost: int, points: int, content: bool) -> None:
        """Count a request that was let through."""
        account = self._account(who)
        account.primary[resource].roll(now)
        account.primary[resource].used += cost
        account.points[resource].add(now, points)
        if content:
            account.content_minute.add(now, 1)
            account.content_hour.add(now, 1)

    def give_back(self, who: str, resource: str, cost: int) -> None:
        """A 304 costs nothing of the primary limit."""
        self._account(who).primary[resource].used -= cost

    def standing(self, who: str, resource: str, now: datetime) -> dict[str, int]:
        """Limit, remaining, used and reset (seconds since 1970) of one resource."""
        hourly = self._account(who).primary[resource]
        reset = hourly.roll(now)
        limit = self._options.primary_limit
        left = max(0, limit - hourly.used)
        return {"limit": limit, "remaining": left, "used": hourly.used, "reset": math.ceil(reset.timestamp())}

    def view(self) -> dict[str, int]:
        """The busiest minute and hour of any credential, and how many requests were refused."""
        accounts = self._accounts.values()
        return {
            "content_peak_minute": max((one.content_minute.peak for one in accounts), default=0),
            "content_peak_hour": max((one.content_hour.peak for one in accounts), default=0),
            "points_peak_minute": max((one.points["core"].peak for one in accounts), default=0),
            "graphql_points_peak_minute": max((one.points["graphql"].peak for one in accounts), default=0),
            "refused_primary": self.refused["primary"],
            "refused_secondary": self.refused["secondary"],
        }

    def _account(self, who: str) -> _Account:
        return self._accounts.setdefault(who, _Account())
