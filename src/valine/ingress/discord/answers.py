"""What an interaction is answered with, at once.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from valine.ingress.discord.payload import EPHEMERAL
from valine.orchestrator.text import shorten, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_CHOICES = 25
LONGEST_CHOICE = 100

PONG: dict[str, Any] = {"type": 1}


class Choice(msgspec.Struct, frozen=True):
    """A suggestion: `name` is shown, `value` is what the option then holds."""

    name: str
    value: str


def deferral(*, edits: bool) -> dict[str, Any]:
    """The promise of an answer: by editing the message whose button was clicked, or in a new ephemeral one.

    Type 5 carries the EPHEMERAL flag and nothing else.
    """
    return {"type": 6} if edits else {"type": 5, "data": {"flags": EPHEMERAL}}


def message(body: Mapping[str, Any]) -> dict[str, Any]:
    """A message that is the whole answer."""
    return {"type": 4, "data": dict(body)}


def choices(suggestions: Iterable[Choice]) -> dict[str, Any]:
    """The suggestions for an option, as many and as long as Discord takes; a value too long to give is left out.

    https://docs.discord.com/developers/interactions/application-commands#autocomplete
    """
    fitting = {choice.value: choice.name for choice in suggestions if 0 < size(choice.value) <= LONGEST_CHOICE}
    listed = [{"name": shorten(name, LONGEST_CHOICE), "value": value} for value, name in fitting.items()]
    return {"type": 8, "data": {"choices": [choice for choice in listed if choice["name"]][:MOST_CHOICES]}}
