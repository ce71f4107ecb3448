"""What a button or select carries: an action on exactly one run, in the 100 characters that Discord gives."""

from __future__ import annotations

import re
from typing import Literal, get_args

import msgspec

Action = Literal[
    "approve",  # revision, digest
    "reject",  # revision, digest
    "drop",  # revision; the select's values are the issues to take out
    "ship",  # ask for the preflight
    "confirm",  # the digest of the heads shown
    "cancel",  # ask what to do with the pull requests
    "cancel-keep",
    "cancel-close",
    "retry",
    "status",
]
ACTIONS: dict[str, Action] = {action: action for action in get_args(Action)}
PATTERN = re.compile(r"v1:([a-z-]{1,16}):([0-9]{1,9}):([a-z2-7]{12})((?::[a-z0-9.-]{1,24}){0,2})\Z")


class CustomId(msgspec.Struct, frozen=True, kw_only=True):
    """An action, the run's number and uid, and up to two arguments of letters, digits, dots and dashes."""

    action: Action
    run: int
    uid: str
    arguments: tuple[str, ...] = ()

    def write(self) -> str:
        """The text that goes to Discord."""
        return ":".join(("v1", self.action, str(self.run), self.uid, *self.arguments))


def read(text: str) -> CustomId | None:
    """What `write` wrote; None for anything else, such as a button of another version or another app's."""
    match = PATTERN.match(text)
    if match is None or match[1] not in ACTIONS:
        return None
    arguments = tuple(match[4].split(":")[1:])
    return CustomId(action=ACTIONS[match[1]], run=int(match[2]), uid=match[3], arguments=arguments)
