"""Acts that make the place: a guild with its roles, members and channels, and what an owner changes in it later.

Permissions are given as a number, its digits, or a list of names such as ["MANAGE_GUILD"].
"""

from __future__ import annotations

from typing import Any

from valine_twins.discord import finding
from valine_twins.discord.context import Context
from valine_twins.discord.permissions import BOT_INVITE, EVERYBODY_BY_DEFAULT
from valine_twins.discord.state import Channel, Guild, Member, Overwrite, Role, User
from valine_twins.transport import Acted, ActError

Bits = int | str | list[str]


def create_guild(  # noqa: PLR0913 - takes all, each with a default
    at: Context,
    *,
    name: str = "Valine",
    owner: str = "olga",
    roles: dict[str, Bits] | None = None,
    members: dict[str, list[str]] | None = None,
    channels: list[str] | None = None,
    everyone: Bits = EVERYBODY_BY_DEFAULT,
    bot_permissions: Bits | None = BOT_INVITE,
    locale: str = "en-US",
) -> Acted:
    """A guild with everything in it; `members` maps names to names of roles, no `bot_permissions` leaves the bot out.

    Returns {"guild", "bot", "roles": {name: id}, "members": {name: id}, "channels": {name: id}}.
    """
    if at.world.guild is not None:
        message = "there is a guild already, and a twin has one"
        raise ActError(message)
    boss = _account(at, owner)
    guild_id = at.new_id()
    all_have = Role(id=guild_id, name="@everyone", permissions=finding.bits(everyone), position=0)
    guild = Guild(id=guild_id, name=name, owner=boss, locale=locale, roles={guild_id: all_have})
    at.world.guild = guild
    guild.members[boss] = Member(user=boss, roles=[], joined=at.now)
    for role, permissions in (roles or {}).items():
        add_role(at, name=role, permissions=permissions)
    for member, names in (members or {}).items():
        add_member(at, name=member, roles=names)
    for channel in channels or ["general"]:
        create_channel(at, name=channel)
    if bot_permissions is not None:
        invite_bot(at, permissions=bot_permissions)
    return Acted(value=_inventory(at, guild))


def _inventory(at: Context, guild: Guild) -> dict[str, Any]:
    return {
        "guild": guild.id,
        "bot": at.world.bot,
        "roles": {r.name: r.id for r in guild.roles.values()},
        "members": {at.world.users[u].name: u for u in guild.members},
        "channels": {c.name: c.id for c in at.world.channels.values()},
    }


def _account(at: Context, name: str) -> str:
    if any(u.name == name for u in at.world.users.values()):
        message = f"there is a {name} already"
        raise ActError(message)
    user = User(id=at.new_id(), name=name)
    at.world.users[user.id] = user
    return user.id


def add_role(at: Context, *, name: str, permissions: Bits = 0, mentionable: bool = False) -> Acted:
    """A role. Returns its id."""
    roles = finding.guild(at).roles
    role = Role(
        id=at.new_id(), name=name, permissions=finding.bits(permissions), position=len(roles), mentionable=mentionable
    )
    roles[role.id] = role
    return Acted(value=role.id)


def add_member(at: Context, *, name: str, roles: list[str] | None = None) -> Acted:
    """A new account, in the guild. Returns its id."""
    guild = finding.guild(at)
    held = [finding.role(at, role) for role in roles or []]
    user = _account(at, name)
    guild.members[user] = Member(user=user, roles=held, joined=at.now)
    return Acted(value=user)


def remove_member(at: Context, *, name: str) -> Acted:
    """Somebody, or the bot, leaves the guild."""
    user = finding.person(at, name)
    del finding.guild(at).members[user]
    return Acted(value=user)


def set_roles(at: Context, *, member: str, roles: list[str]) -> Acted:
    """Give a member exactly these roles."""
    finding.guild(at).members[finding.person(at, member)].roles = [finding.role(at, role) for role in roles]
    return Acted()


def set_permissions(
    at: Context,
    *,
    role: str | None = None,
    member: str | None = None,
    channel: str | None = None,
    permissions: Bits | None = None,
    allow: Bits = 0,
    deny: Bits = 0,
) -> Acted:
    """Of a role in the guild (`permissions`), or in a channel of a role or member (`allow` and `deny`)."""
    if channel is None:
        if role is None or permissions is None:
            message = "in the guild a role has permissions; in a channel a role or member has allow and deny"
            raise ActError(message)
        finding.guild(at).roles[finding.role(at, role)].permissions = finding.bits(permissions)
        return Acted()
    if (role is None) == (member is None):
        message = "name a role or a member"
        raise ActError(message)
    whose = finding.role(at, role) if role is not None else finding.person(at, member or "")
    overwrite = Overwrite(
        id=whose, kind=0 if role is not None else 1, allow=finding.bits(allow), deny=finding.bits(deny)
    )
    finding.channel(at, channel).overwrites[whose] = overwrite
    return Acted()


def create_channel(at: Context, *, name: str) -> Acted:
    """A text channel. Returns its id."""
    finding.guild(at)
    channel = Channel(id=at.new_id(), name=name)
    at.world.channels[channel.id] = channel
    return Acted(value=channel.id)


def invite_bot(at: Context, *, permissions: Bits = BOT_INVITE) -> Acted:
    """The product's bot joins, with a role of its own that has these permissions."""
    guild = finding.guild(at)
    if at.world.bot in guild.members:
        message = "the bot is in the guild already"
        raise ActError(message)
    role = Role(
        id=at.new_id(),
        name=at.world.application.name,
        permissions=finding.bits(permissions),
        position=len(guild.roles),
        managed=True,
    )
    guild.roles[role.id] = role
    guild.members[at.world.bot] = Member(user=at.world.bot, roles=[role.id], joined=at.now)
    return Acted(value=at.world.bot)


def delete_channel(at: Context, *, channel: str) -> Acted:
    """A channel goes, and its threads with it; or one thread."""
    gone = finding.channel(at, channel)
    for thread in list(at.world.threads(gone.id)):
        del at.world.channels[thread.id]
    del at.world.channels[gone.id]
    return Acted(value=gone.id)


def archive_thread(at: Context, *, thread: str, archived: bool = True, locked: bool = False) -> Acted:
    """Somebody archives a thread, or wakes it; `locked` keeps others from waking it."""
    found = finding.channel(at, thread)
    if found.thread is None:
        message = f"{found.name} is no thread"
        raise ActError(message)
    found.thread.archived, found.thread.locked = archived, locked
    found.thread.archive_changed = found.thread.last_active = at.now
    return Acted(value=found.id)
