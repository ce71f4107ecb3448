"""Ids as Discord makes them: they sort by time and tell it. The moment is handed in; the same calls give the same ids.

https://docs.discord.com/developers/reference#snowflakes
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
TIME_SHIFT = 22


class Snowflakes:
    """A source of ids, each greater than the one before, even when many are made in one millisecond."""

    def __init__(self) -> None:
        self._last = 0

    def make(self, now: datetime) -> str:
        """An id that was never given out before, of the moment `now`."""
        self._last = max(milliseconds(now) << TIME_SHIFT, self._last + 1)
        return str(self._last)


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds from Discord's epoch to `moment`."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def moment_of(snowflake: str) -> datetime:
    """When an id was made."""
    return EPOCH + timedelta(milliseconds=int(snowflake) >> TIME_SHIFT)


def is_snowflake(text: object) -> bool:
    """Whether this looks like an id at all."""
    return isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 20
