"""The parts of Discord's interactions that Valine reads. What may vary or be absent is optional or left unjudged.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Annotated, Any

import msgspec

from valine.orchestrator.model.plan import Actor

Snowflake = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,20}$")]
Token = Annotated[str, msgspec.Meta(pattern="^[!-~]{0,4000}$")]  # it becomes part of an address

DISCORD_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
EPHEMERAL = 1 << 6
BIT_FIELD = re.compile(r"[0-9]{1,40}")


class Kind(IntEnum):
    """What sort of interaction it is. Others exist, and more will: they are answered as unknown."""

    PING = 1
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class User(msgspec.Struct, frozen=True):
    """A Discord account."""

    id: Snowflake
    username: str = ""
    global_name: str | None = None


class Member(msgspec.Struct, frozen=True):
    """Who did it, with the permissions they have in this channel, as the text of a large integer."""

    user: User
    roles: tuple[str, ...] = ()
    permissions: Any = None

    def actor(self) -> Actor:
        """The person; permissions that cannot be read count as none."""
        bits = self.permissions
        readable = isinstance(bits, str) and BIT_FIELD.fullmatch(bits) is not None
        return Actor(
            id=self.user.id,
            name=self.user.global_name or self.user.username or self.user.id,
            permissions=int(bits) if readable else 0,
            roles=self.roles,
        )


class Option(msgspec.Struct, frozen=True):
    """What was filled in; `focused` while it is being typed."""

    name: str
    value: Any = None
    focused: bool = False


class Data(msgspec.Struct, frozen=True):
    """A command's name and options, or a component's custom_id and chosen values."""

    name: str = ""
    type: Any = 1  # of the command: 1 is a slash command
    options: tuple[Option, ...] = ()
    custom_id: str = ""
    values: tuple[str, ...] = ()

    def value(self, name: str) -> Any:
        """The value of that option, None if it was not given."""
        return next((option.value for option in self.options if option.name == name), None)


class Channel(msgspec.Struct, frozen=True):
    """Where it happened; a thread has the channel that it hangs in as `parent_id`."""

    type: Any = None
    parent_id: Snowflake | None = None


class Message(msgspec.Struct, frozen=True):
    """The message whose button was clicked."""

    flags: int = 0


class Interaction(msgspec.Struct, frozen=True):
    """One interaction. `member` is there in servers only, `message` with components only."""

    id: Snowflake
    type: int
    token: Token = ""
    application_id: str | None = None
    guild_id: str | None = None
    channel_id: Snowflake | None = None
    channel: Channel | None = None
    member: Member | None = None
    message: Message | None = None
    data: Data | None = None

    @property
    def asked_at(self) -> datetime:
        """When Discord made it: its id says so. https://docs.discord.com/developers/reference#snowflakes"""
        return DISCORD_EPOCH + timedelta(milliseconds=int(self.id) >> 22)

    @property
    def ephemeral(self) -> bool:
        """True if it came from a message that only this person sees."""
        return self.message is not None and bool(self.message.flags & EPHEMERAL)
