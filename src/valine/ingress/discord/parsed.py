"""What an interaction can mean: a closed list, so that whoever answers has an answer for each."""

from __future__ import annotations

import msgspec

from valine.orchestrator.model.events import PersonCommand
from valine.orchestrator.replies import Reply
from valine.ports import ReplyTo


class Ping(msgspec.Struct, frozen=True):
    """Discord asks whether we are here."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A command to be queued; `deferral` is the answer once it is."""

    command: PersonCommand
    reply_to: ReplyTo
    deferral: dict[str, object]


class StatusAsked(msgspec.Struct, frozen=True, kw_only=True):
    """How a run stands, or all active ones (None), to be answered from the store. A button also gives the uid."""

    run: int | None = None
    uid: str | None = None


class SuggestionsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What could go into the option, given the text typed so far. Empty names: there is nothing to suggest."""

    command: str = ""
    option: str = ""
    text: str = ""


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """It goes no further: this is said to the person alone."""

    reply: Reply


Parsed = Ping | Asked | StatusAsked | SuggestionsAsked | Refused
