"""The versions of the rules that runs are decided by. A step of a history is told again by those of its time.

1. A message counted as shown by the digest of its rendered text. Those texts are gone: what was on show, and when it
   was to be written, is left out when such a step is told again.
2. A document counts as shown by the key of its facts.
"""

from __future__ import annotations

RULES = 2
FACTS = 2  # from here on facts decide what is shown
