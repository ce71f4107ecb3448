"""Rate limits: a bucket per route and channel, guild or webhook, and one for the bot as a whole.

The numbers are not promised by Discord; a client that keeps to the headers never notices them.
https://docs.discord.com/developers/topics/rate-limits
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from valine_twins.discord.snowflakes import EPOCH

if TYPE_CHECKING:
    from datetime import datetime

MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = MESSAGES + "/{message_id}"
BUCKETS: dict[tuple[str, str], tuple[int, float]] = {
    ("POST", MESSAGES): (5, 5.0),
    ("PATCH", MESSAGE): (5, 5.0),
    ("DELETE", MESSAGE): (5, 1.0),
    ("GET", MESSAGES): (5, 1.0),
    ("POST", MESSAGE + "/threads"): (10, 10.0),
    ("POST", "/channels/{channel_id}/threads"): (10, 10.0),
}
WEBHOOKS = (5, 2.0)
OTHERS = (10, 5.0)


class Window:
    """So many in so many seconds, counted from the first of them."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._ends: datetime | None = None
        self._used = 0

    def take(self, now: datetime) -> float:
        """Use one up. Seconds to wait if there is none left, otherwise 0."""
        if self._ends is None or now >= self._ends:
            self._ends, self._used = now + timedelta(seconds=self.seconds), 0
        if self._used >= self.most:
            return (self._ends - now).total_seconds()
        self._used += 1
        return 0.0

    @property
    def left(self) -> int:
        """How many are left in this window."""
        return self.most - self._used

    def until(self) -> datetime:
        """When the window ends."""
        return self._ends or EPOCH


class Limiter:
    """All windows of one twin."""

    def __init__(self, whole: tuple[int, float]) -> None:
        self._whole = Window(*whole)
        self._windows: dict[tuple[str, str, str], Window] = {}

    def whole(self, now: datetime) -> float:
        """One request of the bot, whatever it asks for. Seconds to wait, or 0."""
        return self._whole.take(now)

    def take(self, method: str, template: str, major: str, now: datetime) -> tuple[float, dict[str, str]]:
        """One request to a bucket: seconds to wait or 0, and the headers that tell about it."""
        most, seconds = WEBHOOKS if template.startswith("/webhooks/") else BUCKETS.get((method, template), OTHERS)
        window = self._windows.setdefault((method, template, major), Window(most, seconds))
        wait = window.take(now)
        return wait, headers(method, template, most=window.most, left=window.left, ends=window.until(), now=now)


MILLISECOND = timedelta(milliseconds=1)


def headers(method: str, template: str, *, most: int, left: int, ends: datetime, now: datetime) -> dict[str, str]:
    """The five headers of every limited route. The bucket's name says nothing to a reader, as Discord's does."""
    bucket = hashlib.blake2b(f"{method} {template}".encode(), digest_size=16).hexdigest()
    return {
        "X-RateLimit-Limit": str(most),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": f"{ends.timestamp():.3f}",
        # Rounded up: who waits just so long is not too early by a part of a millisecond.
        "X-RateLimit-Reset-After": f"{-((now - ends) // MILLISECOND) / 1000:.3f}",
        "X-RateLimit-Bucket": bucket,
    }


def recent(moments: list[datetime], limit: tuple[int, float], now: datetime) -> float:
    """Note one more of something limited to (most, seconds). Seconds to wait if it is too many, otherwise 0."""
    most, seconds = limit
    moments[:] = [m for m in moments if (now - m).total_seconds() < seconds]
    if len(moments) >= most:
        return seconds - (now - moments[0]).total_seconds()
    moments.append(now)
    return 0.0
