"""Finding a channel or message as the bot: what it does not see is refused before anything else is looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from valine_twins.discord import errors
from valine_twins.discord.permissions import Permission, may

if TYPE_CHECKING:
    from datetime import datetime

    from valine_twins.discord.context import Context
    from valine_twins.discord.state import Channel, Message


def channel(at: Context, channel_id: str) -> Channel:
    """A channel that the bot sees. Raises 10003 or 50001."""
    found = at.world.channels.get(channel_id)
    if found is None:
        raise errors.unknown_channel()
    if not may(at.world, at.world.bot, Permission.VIEW_CHANNEL, found):
        raise errors.missing_access()
    settle(found, at.now)
    return found


def message(found: Channel, message_id: str) -> Message:
    """A message in a channel. Raises 10008."""
    if message_id not in found.messages:
        raise errors.unknown_message()
    return found.messages[message_id]


def need(at: Context, found: Channel, *wanted: Permission) -> None:
    """Raises 50013 unless the bot has every permission in the channel."""
    if not all(may(at.world, at.world.bot, permission, found) for permission in wanted):
        raise errors.missing_permissions()


def settle(found: Channel, now: datetime) -> None:
    """Archive a thread that was quiet for too long: Discord does so by itself."""
    thread = found.thread
    if thread is None or thread.archived:
        return
    ends = thread.last_active + timedelta(minutes=thread.archive_after)
    if now >= ends:
        thread.archived, thread.archive_changed = True, ends


def refuse_archived(found: Channel | None) -> None:
    """Raises 50083 for a thread that is archived: https://docs.discord.com/developers/topics/threads"""
    if found is not None and found.thread and found.thread.archived:
        raise errors.archived_thread()
