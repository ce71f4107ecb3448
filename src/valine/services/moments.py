"""Times as the stores keep them: whole microseconds since 1970, which sort as the times do and lose nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)


def to_micros(moment: datetime) -> int:
    """The moment as a number. It must be aware."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(number: int) -> datetime:
    """The moment of that number, UTC."""
    return _EPOCH + number * _MICROSECOND


def to_seconds(moment: datetime) -> int:
    """The moment in whole seconds, rounded down, as DynamoDB's time to live has it."""
    return (moment - _EPOCH) // _SECOND
