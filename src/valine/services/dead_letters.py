"""What a queue keeps of an envelope that was set aside."""

from __future__ import annotations

import msgspec

from valine.documents import decode
from valine.errors import StoreError
from valine.ports import Envelope


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
