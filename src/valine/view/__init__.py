"""A run as people see it, and every sentence they read: pure functions of facts. Nothing here is ever decided on."""

from __future__ import annotations

from typing import Final

# Raised with every change of a card's or board's words or layout: what an older version wrote is then written again.
RENDER_VERSION: Final = 1
