"""A run as people see it, and every sentence they read: pure functions of facts. Nothing here is ever decided on."""

from __future__ import annotations

from typing import Final

RENDER_VERSION: Final = 1  # of all texts and layouts; the history keeps it with each step
