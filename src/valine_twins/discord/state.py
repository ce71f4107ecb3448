"""Everything that the twin remembers. Plain values: whoever holds a `World` holds all of it, and can copy it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

Json: TypeAlias = dict[str, Any]

TEXT_CHANNEL = 0
PUBLIC_THREAD = 11

SUPPRESS_EMBEDS = 1 << 2
HAS_THREAD = 1 << 5
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
COMPONENTS_V2 = 1 << 15


class Role(msgspec.Struct, kw_only=True):
    """A role; the one that everybody has has the guild's id."""

    id: str
    name: str
    permissions: int
    position: int
    mentionable: bool = False
    managed: bool = False


class User(msgspec.Struct, kw_only=True):
    """An account."""

    id: str
    name: str
    bot: bool = False


class Member(msgspec.Struct, kw_only=True):
    """An account in the guild, and the ids of its roles."""

    user: str
    roles: list[str]
    joined: datetime


class Guild(msgspec.Struct, kw_only=True):
    """The one guild of a twin."""

    id: str
    name: str
    owner: str
    locale: str
    roles: dict[str, Role] = {}
    members: dict[str, Member] = {}


class Overwrite(msgspec.Struct, kw_only=True):
    """What a channel allows and denies to a role (kind 0) or a member (kind 1)."""

    id: str
    kind: int
    allow: int = 0
    deny: int = 0


class Notified(msgspec.Struct, kw_only=True):
    """Who was mentioned, or whose phone was notified."""

    users: list[str] = []
    roles: list[str] = []
    everyone: bool = False


class Message(msgspec.Struct, kw_only=True):
    """A message. `seen_by` names the only person who sees an ephemeral one; `notified` whom it notified when it came.

    `answers` is the id of the message that a reply refers to.
    """

    id: str
    channel: str
    author: str
    created: datetime
    content: str = ""
    components: list[Json] = []
    embeds: list[Json] = []
    flags: int = 0
    kind: int = 0
    edited: datetime | None = None
    edits: int = 0
    nonce: str | int | None = None
    mentions: Notified = msgspec.field(default_factory=Notified)
    notified: Notified = msgspec.field(default_factory=Notified)
    interaction: str | None = None
    answers: str | None = None
    seen_by: str | None = None
    thread: str | None = None


class Thread(msgspec.Struct, kw_only=True):
    """What a channel has beyond others when it is a thread."""

    owner: str
    parent: str
    archive_after: int
    archive_changed: datetime
    last_active: datetime
    archived: bool = False
    locked: bool = False
    members: dict[str, datetime] = {}
    sent: int = 0


class Channel(msgspec.Struct, kw_only=True):
    """A text channel, or a thread if `thread` is there."""

    id: str
    name: str
    overwrites: dict[str, Overwrite] = {}
    messages: dict[str, Message] = {}
    thread: Thread | None = None
    last_message: str | None = None
    renames: list[datetime] = []
    old_edits: list[datetime] = []

    @property
    def type(self) -> int:
        """The channel's type, as Discord numbers it."""
        return PUBLIC_THREAD if self.thread else TEXT_CHANNEL


class Interaction(msgspec.Struct, kw_only=True):
    """One thing that a person asked of the product, and what became of it.

    `kind` is 2 command, 3 component, 4 autocomplete, 5 modal. `shown` is the failure that the person reads.
    """

    id: str
    token: str
    kind: int
    name: str
    by: str
    channel: str
    created: datetime
    deadline: datetime
    body: bytes
    source: str | None = None
    state: Literal["waiting", "answered", "failed"] = "waiting"
    answered_with: int | None = None
    original: str | None = None
    modal: Json | None = None
    modal_open: bool = False
    choices: list[Json] = []
    shown: str = ""
    parent: str | None = None


class Sent(msgspec.Struct, kw_only=True):
    """One delivery: what it was and what the product answered to it."""

    id: str
    kind: Literal["interaction", "again", "ping", "bad ping", "forged"]
    name: str
    interaction: str | None = None
    statuses: list[int | None] = []


class Application(msgspec.Struct, kw_only=True):
    """The product, as Discord knows it."""

    id: str
    name: str
    public_key: str
    bot_token: str
    endpoint: str | None


class World(msgspec.Struct, kw_only=True):
    """The whole state. `now` is the last moment that the twin heard of."""

    application: Application
    now: datetime
    guild: Guild | None = None
    users: dict[str, User] = {}
    channels: dict[str, Channel] = {}
    ephemerals: dict[str, Message] = {}
    interactions: dict[str, Interaction] = {}
    tokens: dict[str, str] = {}
    waiting: list[str] = []
    global_commands: list[Json] = []
    guild_commands: list[Json] = []
    command_creations: list[datetime] = []
    nonces: dict[str, tuple[str, str, datetime]] = {}
    sent: dict[str, Sent] = {}
    problems: list[str] = []
    requests: Counter[str] = msgspec.field(default_factory=Counter)
    statuses: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def bot(self) -> str:
        """The bot's user id, which is its application's."""
        return self.application.id

    def threads(self, parent: str) -> Iterator[Channel]:
        """The threads of a channel, oldest first."""
        return (c for c in self.channels.values() if c.thread and c.thread.parent == parent)

    def message(self, message_id: str) -> Message | None:
        """A message anywhere, ephemeral ones included."""
        if message_id in self.ephemerals:
            return self.ephemerals[message_id]
        found = (c.messages[message_id] for c in self.channels.values() if message_id in c.messages)
        return next(found, None)
