"""Who may do what where: Discord's own computation, from base permissions over roles to a channel's overwrites.

https://docs.discord.com/developers/topics/permissions#permission-overwrites
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from valine_twins.discord.state import Channel, Member, World


class Permission(enum.IntFlag):
    """The permissions that anything in the twin asks for, with Discord's bits."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


EVERYTHING = (1 << 53) - 1
BOT_INVITE = 309237763072  # view, send, embed, attach, history, public threads, send in threads

EVERYBODY_BY_DEFAULT = int(
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)


def parse(wanted: int | str | Iterable[str]) -> int:
    """Permissions as a number, its digits, or a list of names. Raises ValueError for a name unknown to the twin."""
    if isinstance(wanted, int):
        return wanted
    if isinstance(wanted, str):
        return int(wanted)
    bits = 0
    for name in wanted:
        if name not in Permission.__members__:
            message = f"no permission {name}; there are {', '.join(Permission.__members__)}"
            raise ValueError(message)
        bits |= Permission[name]
    return bits


def effective(world: World, user: str, channel: Channel | None = None) -> int:
    """What somebody may do, in a channel or in the guild at large. Nothing for those who are not members."""
    guild = world.guild
    member = guild.members.get(user) if guild else None
    if guild is None or member is None:
        return 0
    if guild.owner == user:
        return EVERYTHING
    base = guild.roles[guild.id].permissions
    for role in member.roles:
        base |= guild.roles[role].permissions
    if base & Permission.ADMINISTRATOR:
        return EVERYTHING
    return base if channel is None else _in_channel(world, base, member, channel)


def _in_channel(world: World, base: int, member: Member, channel: Channel) -> int:
    # A thread inherits from the channel that it hangs on.
    place = world.channels[channel.thread.parent] if channel.thread else channel
    everyone = world.guild.id if world.guild else ""
    allowed = base
    if everyone in place.overwrites:
        allowed = (allowed & ~place.overwrites[everyone].deny) | place.overwrites[everyone].allow
    of_roles = [place.overwrites[role] for role in member.roles if role in place.overwrites]
    for overwrite in of_roles:
        allowed &= ~overwrite.deny
    for overwrite in of_roles:
        allowed |= overwrite.allow
    if member.user in place.overwrites:
        allowed = (allowed & ~place.overwrites[member.user].deny) | place.overwrites[member.user].allow
    # Without the view there is nothing else either.
    return allowed if allowed & Permission.VIEW_CHANNEL else 0


def may(world: World, user: str, permission: Permission, channel: Channel | None = None) -> bool:
    """Whether somebody has a permission, in a channel or in the guild at large."""
    return bool(effective(world, user, channel) & permission)
