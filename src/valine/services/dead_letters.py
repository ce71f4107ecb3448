"""What a queue keeps of envelopes that could not be dealt with, and how long those of a newer Valine wait for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from valine.documents import decode, encode
from valine.errors import StoreError
from valine.ports import Envelope

# An envelope of a newer schema is met while a newer Valine takes an older one's place, or the other way round. It is
# tried again until that is over, and then kept with the dead letters, from where it can be redriven.
NEWER_AGAIN: Final = timedelta(minutes=1)
NEWER_FOR: Final = timedelta(hours=1)


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An envelope that was dead-lettered (None: this version cannot read it): why, and how often it was taken."""

    id: str
    envelope: Envelope | None
    trouble: str
    attempts: int


TOKEN_LIFE = timedelta(minutes=15)  # https://docs.discord.com/developers/interactions/receiving-and-responding


def token_until(envelope: Envelope) -> datetime | None:
    """Until when the interaction token in it is of use; None if it has none."""
    reply_to = envelope.reply_to
    return reply_to.at + TOKEN_LIFE if reply_to is not None and reply_to.token is not None else None


def without_token(envelope: Envelope) -> Envelope:
    """The envelope without its interaction token; where there is no comment to answer either, with nobody to answer."""
    reply_to = envelope.reply_to
    if reply_to is None or reply_to.token is None:
        return envelope
    left = None if reply_to.number is None else msgspec.structs.replace(reply_to, token=None)
    return msgspec.structs.replace(envelope, reply_to=left)


def document_without_token(document: bytes) -> bytes:
    """The stored envelope without its interaction token; what this version cannot read is left as it is."""
    envelope = readable(document)
    return document if envelope is None or token_until(envelope) is None else encode(without_token(envelope))


def readable(document: bytes) -> Envelope | None:
    """The envelope, None if this version cannot read it."""
    try:
        return decode(document, Envelope)
    except StoreError:
        return None
