"""Which rules a decision was made by. The history keeps the number with each step, and replay hands it back.

A change in what `decide` makes of the same state and event raises RULES, with a line here that says what changed, and
keeps the older way where `state.rules` is lower. So what was decided before the change replays as it was decided; what
changes only how something looks raises `valine.view.RENDER_VERSION` instead.

1. Everything decided before the number was kept. A message counted as shown by the digest of its rendered text. Those
   texts are gone: what was on show, and when it was to be written, is not compared when such a step is replayed.
2. A document counts as shown by the key of its facts.
"""

from __future__ import annotations

from typing import Final

RULES: Final = 2
FACTS: Final = 2  # from here on facts decide what is shown
