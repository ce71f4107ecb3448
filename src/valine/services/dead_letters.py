"""What a queue keeps of envelopes that could not be dealt with, and how long those of a newer Valine wait for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from valine.documents import decode
from valine.errors import StoreError
from valine.ports import Envelope

# An envelope of a newer schema is met while a newer Valine takes an older one's place, or the other way round. It is
# tried again until that is over, and then kept with the dead letters, from where it can be redriven.
NEWER_AGAIN: Final = timedelta(minutes=1)
NEWER_FOR: Final = timedelta(hours=1)


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An envelope that was set aside (None: this version cannot read it): why, and how often it was taken."""

    id: str
    envelope: Envelope | None
    trouble: str
    attempts: int


def readable(document: bytes) -> Envelope | None:
    """The envelope, None if this version cannot read it."""
    try:
        return decode(document, Envelope)
    except StoreError:
        return None
