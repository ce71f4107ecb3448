"""Waiting for what happens in another thread or process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def until(what: str, look: Callable[[], T | None], seconds: float = 60.0) -> T:
    """What `look` gives once it gives something. AssertionError, naming what was waited for, if it never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not happen in {seconds} s: {what}")
