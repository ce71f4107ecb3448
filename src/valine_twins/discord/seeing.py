"""Everything that a person could see on Discord, as JSON; and what only the twin knows: problems and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.discord import objects, places, transcript

if TYPE_CHECKING:
    from collections.abc import Mapping

    from valine_twins.discord.state import Channel, Guild, Interaction, Json, Message, World


def view(world: World) -> Json:
    """The whole. See the package's docstring for its shape."""
    names = _names(world)
    for channel in world.channels.values():
        places.settle(channel, world.now)
    top = [c for c in world.channels.values() if c.thread is None]
    application = world.application
    return {
        "application": {
            "id": application.id,
            "name": application.name,
            "public_key": application.public_key,
            "interactions_endpoint_url": application.endpoint,
        },
        "guild": _guild(world, world.guild) if world.guild else None,
        "channels": [_channel(world, c, names) for c in top],
        "ephemeral": _ephemeral(world, names),
        "interactions": [_interaction(i, names) for i in world.interactions.values()],
        "deliveries": [
            {"id": s.id, "kind": s.kind, "name": s.name, "interaction": s.interaction, "statuses": list(s.statuses)}
            for s in world.sent.values()
        ],
        "problems": list(world.problems),
        "commands": {"global": list(world.global_commands), "guild": list(world.guild_commands)},
        "requests": dict(world.requests),
        "statuses": dict(world.statuses),
    }


def _names(world: World) -> dict[str, str]:
    names = {u.id: u.name for u in world.users.values()}
    names |= {c.id: c.name for c in world.channels.values()}
    return names | ({r.id: r.name for r in world.guild.roles.values()} if world.guild else {})


def _guild(world: World, guild: Guild) -> Json:
    return {
        "id": guild.id,
        "name": guild.name,
        "owner": guild.owner,
        "roles": [objects.role(r) for r in guild.roles.values()],
        "members": [
            {"id": m.user, "name": world.users[m.user].name, "bot": world.users[m.user].bot, "roles": list(m.roles)}
            for m in guild.members.values()
        ],
    }


def _channel(world: World, channel: Channel, names: Mapping[str, str]) -> Json:
    hanging = {m.thread for m in channel.messages.values()}
    return {
        "id": channel.id,
        "name": channel.name,
        "type": channel.type,
        "messages": [_message(world, m, names) for m in channel.messages.values()],
        "threads": [_thread(world, c, names) for c in world.threads(channel.id) if c.id not in hanging],
    }


def _thread(world: World, channel: Channel, names: Mapping[str, str]) -> Json:
    thread = channel.thread
    if thread is None:
        return {}
    return {
        "id": channel.id,
        "name": channel.name,
        "type": channel.type,
        "archived": thread.archived,
        "locked": thread.locked,
        "members": list(thread.members),
        "messages": [_message(world, m, names) for m in channel.messages.values()],
    }


def _message(world: World, message: Message, names: Mapping[str, str]) -> Json:
    author = world.users[message.author]
    thread = world.channels.get(message.thread or "")
    shown: Json = {
        "id": message.id,
        "channel_id": message.channel,
        "author": {"id": author.id, "name": author.name, "bot": author.bot},
        "flags": message.flags,
        "content": message.content,
        "components": message.components,
        "embeds": message.embeds,
        "created": objects.stamp(message.created),
        "edited": objects.stamp(message.edited) if message.edited else None,
        "edits": message.edits,
        "notified": {
            "users": list(message.notified.users),
            "roles": list(message.notified.roles),
            "everyone": message.notified.everyone,
        },
        "interaction": message.interaction,
        "seen_by": names[message.seen_by] if message.seen_by else None,
        "thread": _thread(world, thread, names) if thread else None,
    }
    shown["text"] = "\n".join(transcript.body(shown, names))
    return shown


def _ephemeral(world: World, names: Mapping[str, str]) -> dict[str, list[Json]]:
    seen: dict[str, list[Json]] = {}
    for message in world.ephemerals.values():
        seen.setdefault(names[message.seen_by or ""], []).append(_message(world, message, names))
    return seen


def _interaction(found: Interaction, names: Mapping[str, str]) -> Json:
    return {
        "id": found.id,
        "kind": {2: "command", 3: "component", 4: "autocomplete", 5: "modal"}[found.kind],
        "name": found.name,
        "by": names[found.by],
        "channel": found.channel,
        "message": found.source,
        "state": found.state,
        "answered_with": found.answered_with,
        "original": found.original,
        "shown": found.shown,
        "choices": list(found.choices),
        "modal": found.modal if found.modal_open else None,
        "created": objects.stamp(found.created),
    }
