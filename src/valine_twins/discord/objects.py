"""The twin's state as Discord's JSON: users, members, roles, guild, channels, messages, the application.

https://docs.discord.com/developers/resources/message#message-object and its neighbours
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from valine_twins.discord.permissions import effective

if TYPE_CHECKING:
    from collections.abc import Iterable

    from valine_twins.discord.state import Channel, Guild, Interaction, Json, Member, Message, Role, World


def stamp(moment: datetime) -> str:
    """A moment as Discord writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def user(world: World, user_id: str) -> Json:
    """An account."""
    found = world.users[user_id]
    body: Json = {
        "id": found.id,
        "username": found.name,
        "global_name": None if found.bot else found.name.capitalize(),
        "discriminator": "0",
        "avatar": None,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }
    return body | {"bot": True} if found.bot else body


def member(world: World, found: Member) -> Json:
    """An account in the guild."""
    return {
        "user": user(world, found.user),
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": list(found.roles),
        "joined_at": stamp(found.joined),
        "premium_since": None,
        "communication_disabled_until": None,
        "flags": 0,
        "pending": False,
        "deaf": False,
        "mute": False,
    }


def interacting_member(world: World, user_id: str, channel: Channel) -> Json:
    """Who acted, with what they may do in that channel."""
    guild = world.guild
    if guild is None or user_id not in guild.members:
        message = f"{user_id} is no member"
        raise KeyError(message)
    return member(world, guild.members[user_id]) | {"permissions": str(effective(world, user_id, channel))}


def role(found: Role) -> Json:
    """A role."""
    return {
        "id": found.id,
        "name": found.name,
        "permissions": str(found.permissions),
        "position": found.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": found.managed,
        "mentionable": found.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


# What a guild has that nothing here plays with.
PLAIN_GUILD: Json = {
    **dict.fromkeys(
        (
            "icon",
            "description",
            "home_header",
            "splash",
            "discovery_splash",
            "banner",
            "application_id",
            "afk_channel_id",
        )
    ),
    **dict.fromkeys(("system_channel_id", "widget_channel_id", "max_presences", "vanity_url_code", "rules_channel_id")),
    **dict.fromkeys(("safety_alerts_channel_id", "public_updates_channel_id", "incidents_data")),
    **dict.fromkeys(("system_channel_flags", "verification_level", "default_message_notifications", "mfa_level"), 0),
    **dict.fromkeys(("explicit_content_filter", "premium_tier", "premium_subscription_count", "nsfw_level"), 0),
    "afk_timeout": 300,
    "region": "deprecated",
    "widget_enabled": False,
    "nsfw": False,
    "premium_progress_bar_enabled": False,
    "max_members": 500000,
    "max_stage_video_channel_users": 50,
    "max_video_channel_users": 25,
    "features": [],
    "emojis": [],
    "stickers": [],
}


def guild(found: Guild) -> Json:
    """The guild."""
    return PLAIN_GUILD | {
        "id": found.id,
        "name": found.name,
        "owner_id": found.owner,
        "preferred_locale": found.locale,
        "roles": [role(r) for r in found.roles.values()],
    }


def channel(world: World, found: Channel) -> Json:
    """A text channel or a thread."""
    body: Json = {
        "id": found.id,
        "type": found.type,
        "guild_id": world.guild.id if world.guild else "0",
        "name": found.name,
        "last_message_id": found.last_message,
        "flags": 0,
        "rate_limit_per_user": 0,
    }
    return body | (_thread(found) if found.thread else _text_channel(world, found))


def _text_channel(world: World, found: Channel) -> Json:
    places = [c.id for c in world.channels.values() if c.thread is None]
    return {
        "parent_id": None,
        "topic": None,
        "nsfw": False,
        "position": places.index(found.id) if found.id in places else 0,
        "permission_overwrites": [
            {"id": o.id, "type": o.kind, "allow": str(o.allow), "deny": str(o.deny)} for o in found.overwrites.values()
        ],
    }


def _thread(found: Channel) -> Json:
    thread = found.thread
    if thread is None:
        return {}
    return {
        "parent_id": thread.parent,
        "owner_id": thread.owner,
        "message_count": len(found.messages),
        "total_message_sent": thread.sent,
        "member_count": len(thread.members),
        "thread_metadata": {
            "archived": thread.archived,
            "locked": thread.locked,
            "auto_archive_duration": thread.archive_after,
            "archive_timestamp": stamp(thread.archive_changed),
        },
    }


def message(world: World, found: Message) -> Json:
    """A message, as its author or any reader with the content intent gets it."""
    body: Json = {
        "id": found.id,
        "type": found.kind,
        "channel_id": found.channel,
        "author": user(world, found.author),
        "content": found.content,
        "components": found.components,
        "embeds": found.embeds,
        "attachments": [],
        "flags": found.flags,
        "timestamp": stamp(found.created),
        "edited_timestamp": stamp(found.edited) if found.edited else None,
        "mentions": _users(world, found.mentions.users),
        "mention_roles": list(found.mentions.roles),
        "mention_everyone": found.mentions.everyone,
        "pinned": False,
        "tts": False,
    }
    if found.nonce is not None:
        body["nonce"] = found.nonce
    if found.thread in world.channels:
        body["thread"] = channel(world, world.channels[found.thread])
    if found.answers is not None:
        body |= _reference(world, found)
    if found.interaction in world.interactions:
        body["application_id"] = body["webhook_id"] = world.application.id
        body["interaction_metadata"] = metadata(world, world.interactions[found.interaction])
    return body


def _reference(world: World, found: Message) -> Json:
    """What a reply refers to: null once that is gone, and never with what it refers to itself."""
    reference = {"type": 0, "channel_id": found.channel, "message_id": found.answers}
    if world.guild is not None:
        reference["guild_id"] = world.guild.id
    answered = world.message(found.answers or "")
    shown = None if answered is None else message(world, msgspec.structs.replace(answered, answers=None))
    return {"message_reference": reference, "referenced_message": shown}


def _users(world: World, ids: Iterable[str]) -> list[Json]:
    return [user(world, u) for u in ids if u in world.users]


def metadata(world: World, found: Interaction) -> Json:
    """Which interaction a message came from."""
    body: Json = {
        "id": found.id,
        "type": found.kind,
        "user": user(world, found.by),
        "authorizing_integration_owners": owners(world),
    }
    if found.kind == 3:
        body["interacted_message_id"] = found.source
    parent = world.interactions.get(found.parent or "")
    if parent is not None:
        body["triggering_interaction_metadata"] = metadata(world, parent)
    return body


def owners(world: World) -> dict[str, str]:
    """By whom the application was installed: the guild."""
    return {"0": world.guild.id if world.guild else "0"}


def application(world: World) -> dict[str, Any]:
    """The product, as its own bot token sees it."""
    found = world.application
    owner = world.guild.owner if world.guild else found.id
    return {
        "id": found.id,
        "name": found.name,
        "icon": None,
        "description": "",
        "type": None,
        "verify_key": found.public_key,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": found.endpoint,
        "role_connections_verification_url": None,
        "owner": user(world, owner),
        "bot": user(world, found.id),
        "approximate_guild_count": 1 if world.guild else 0,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "bot_public": True,
        "bot_require_code_grant": False,
        "team": None,
        "eligible_oauth2_scopes": [],
    }
