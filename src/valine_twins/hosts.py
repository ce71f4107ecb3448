"""Whether a request names this machine as its host: what a rebound name sends does not.

https://www.rfc-editor.org/rfc/rfc9110#section-7.4 (421: not for this server)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)


def names_loopback(headers: Mapping[str, str]) -> bool:
    """True if the host is a loopback address, or its usual name, with any port."""
    return LOOPBACK.fullmatch(headers.get("host", "")) is not None
