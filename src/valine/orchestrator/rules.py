"""Which rules a decision was made under. The history keeps the number with each step, and replay hands it back.

A change in what `decide` makes of the same state and event raises RULES, with a line here that says what changed, and
keeps the older way where `state.rules` is lower. So what was decided before the change replays as it was decided; what
changes only how something looks raises `valine.view.RENDER_VERSION` instead.

1. Everything decided before the number was kept; histories without it were decided under these.
"""

from __future__ import annotations

from typing import Final

RULES: Final = 1
