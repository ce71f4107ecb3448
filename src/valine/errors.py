"""Everything that can go wrong outside the core, named by what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from valine.orchestrator.model.observations import Failure


class ValineError(Exception):
    """Any error of Valine's own."""


class OutsideError(ValineError):
    """A platform did not do what was asked. `failure` says what to do next, as the core understands it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code}: {failure.detail}")
        self.failure = failure


class Transient(OutsideError):
    """It did not happen, and may if tried again (not before `failure.retry_at`, where that is known)."""


class Permanent(OutsideError):
    """It did not happen, and will not however often it is tried."""


class Ambiguous(OutsideError):
    """It may have happened: look before it is tried again."""


class Untrusted(ValineError):
    """Bytes that are not from whom they say: 401, nothing is stored. The text says what was wrong with them."""


class Malformed(ValineError):
    """Trusted bytes that make no sense: a 4xx with `status`, one log line, nothing is stored."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class ConfigurationError(ValineError):
    """Settings are missing or malformed: `problems` has a line for each. The process exits with 2."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StoreError(ValineError):
    """The store cannot be used: corrupt, unwritable, or served by somebody else. Its text says what to do."""


class Newer(StoreError):
    """A newer Valine wrote it. Nothing is wrong with it: keep it as it is for that version, or a later one."""


class Conflict(ValineError):
    """Somebody else committed first: load again and decide again."""


class Busy(StoreError):
    """The store is out of reach for the moment. `retry_at` is when to try again, if known."""

    def __init__(self, message: str, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class Unanswered(Busy):
    """It may have been stored: the answer was lost. Whoever asked looks before asking again."""


class TooLarge(StoreError):
    """A document is larger than every store can take. It will not get smaller by waiting: refuse what made it so."""
