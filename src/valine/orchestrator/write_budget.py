"""How fast a repository may be written to: at least an interval apart, 80 a minute, 500 an hour.

Writes are reserved in the repository's record before they are made, so that a crash can only over-count.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from datetime import datetime

    from valine.orchestrator.model.run import Repository

A_MINUTE = 80
AN_HOUR = 500
MINUTE = 60
HOUR = 3600


def wait(repository: Repository, at: datetime, cost: int) -> float:
    """Seconds until `cost` more writes may be made; 0.0 if they may be made now."""
    now = at.timestamp()
    seconds = 0.0
    for span, most in ((MINUTE, A_MINUTE), (HOUR, AN_HOUR)):
        recent = [write for write in repository.writes if write > now - span]
        if len(recent) + cost > most:
            # The write that must have aged out of the span; a second more, since times are whole seconds.
            seconds = max(seconds, recent[len(recent) + cost - most - 1] + span + 1 - now)
    return seconds


def reserve(repository: Repository, at: datetime, cost: int) -> Repository:
    """The record with `cost` writes noted at this time, and those older than an hour forgotten."""
    now = int(at.timestamp())
    kept = tuple(write for write in repository.writes if write > now - HOUR)
    return msgspec.structs.replace(repository, writes=(*kept, *((now,) * cost)))
