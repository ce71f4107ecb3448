"""How acts name things: people, roles and channels by name or id, a message by its id or by what is on it.

Everything here raises ActError with what there is instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.discord import components as parts
from valine_twins.discord import permissions, places
from valine_twins.discord.permissions import Permission, may
from valine_twins.transport import ActError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from valine_twins.discord.context import Context
    from valine_twins.discord.state import Channel, Guild, Json, Message


def guild(at: Context) -> Guild:
    """The guild."""
    if at.world.guild is None:
        message = "there is no guild yet: create_guild first"
        raise ActError(message)
    return at.world.guild


def person(at: Context, name: str) -> str:
    """The id of a member."""
    members = guild(at).members
    found = next((u for u in members if name.removeprefix("@") in (u, at.world.users[u].name)), None)
    if found is None:
        message = f"{name} is no member; there are: {_names(at.world.users[u].name for u in members)}"
        raise ActError(message)
    return found


def role(at: Context, name: str) -> str:
    """The id of a role."""
    roles = guild(at).roles
    found = next(
        (r.id for r in roles.values() if name.removeprefix("@") in (r.id, r.name, r.name.removeprefix("@"))), None
    )
    if found is None:
        message = f"no role {name}; there are: {_names(r.name for r in roles.values())}"
        raise ActError(message)
    return found


def channel(at: Context, name: str | None) -> Channel:
    """A channel or thread; the newest of that name, and without a name the first channel of all."""
    channels = list(at.world.channels.values())
    if name is None and channels:
        return channels[0]
    found = next((c for c in reversed(channels) if (name or "").removeprefix("#") in (c.id, c.name)), None)
    if found is None:
        message = f"no channel {name}; there are: {_names(c.name for c in channels)}"
        raise ActError(message)
    places.settle(found, at.now)
    return found


def message(at: Context, message_id: str) -> Message:
    """A message by its id."""
    found = at.world.message(message_id)
    if found is None:
        text = f"there is no message {message_id} (any more)"
        raise ActError(text)
    return found


def bits(wanted: int | str | list[str]) -> int:
    """Permissions as a number."""
    try:
        return permissions.parse(wanted)
    except ValueError as error:
        raise ActError(str(error)) from error


def visible(at: Context, user: str, where: Channel | None) -> list[Message]:
    """The messages that somebody sees, newest first."""
    channels = [where] if where else list(at.world.channels.values())
    seen = [m for c in channels if may(at.world, user, Permission.VIEW_CHANNEL, c) for m in c.messages.values()]
    mine = [m for m in at.world.ephemerals.values() if m.seen_by == user and (where is None or m.channel == where.id)]
    return sorted([*seen, *mine], key=lambda m: int(m.id), reverse=True)


def _one(at: Context, user: str, message_id: str) -> list[Message]:
    found = at.world.message(message_id)
    place = at.world.channels.get(found.channel) if found else None
    if found is None or place is None or found.seen_by not in (None, user):
        return []
    return [found] if found.seen_by or may(at.world, user, Permission.VIEW_CHANNEL, place) else []


def component(
    at: Context, user: str, matches: Callable[[Json], bool], what: str, *, message_id: str | None, where: Channel | None
) -> tuple[Message, Json]:
    """A component that somebody sees and can use, on the message named or the newest that has it."""
    seen = visible(at, user, where) if message_id is None else _one(at, user, message_id)
    if message_id is not None and not seen:
        text = f"{at.world.users[user].name} sees no message {message_id}"
        raise ActError(text)
    found = [(m, c) for m in seen for c in parts.walk(m.components) if matches(c)]
    usable = [(m, c) for m, c in found if not c.get("disabled")]
    if usable:
        return usable[0]
    if found:
        text = f"{what} is disabled"
        raise ActError(text)
    there = (
        c.get("label") or c.get("placeholder") or c.get("custom_id") for m in seen for c in parts.walk(m.components)
    )
    text = f"{at.world.users[user].name} sees no {what}; there are: {_names(dict.fromkeys(str(t) for t in there if t))}"
    raise ActError(text)


def _names(names: Iterable[str]) -> str:
    return ", ".join(list(names)[:40]) or "none"
