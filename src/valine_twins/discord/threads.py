"""Threads and channels: a thread's id is its message's, it falls asleep by itself, and its name may rarely change.

https://docs.discord.com/developers/topics/threads and https://docs.discord.com/developers/resources/channel
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.discord import errors, limits, objects, places
from valine_twins.discord.context import Reply
from valine_twins.discord.errors import Problem, bad_choice, bad_length, bad_type, required
from valine_twins.discord.permissions import Permission, may
from valine_twins.discord.state import HAS_THREAD, Channel, Json, Thread

if TYPE_CHECKING:
    from valine_twins.discord.context import Call, Context

ARCHIVE_AFTER = (60, 1440, 4320, 10080)
MOST_ACTIVE = 1000


def _check(body: Json, *, name_needed: bool) -> None:
    problems: list[Problem] = []
    name = body.get("name")
    if name is None and name_needed:
        problems.append(required(("name",)))
    elif name is not None and not isinstance(name, str):
        problems.append(bad_type(("name",), "string"))
    elif isinstance(name, str) and not 1 <= len(name) <= 100:
        problems.append(bad_length(("name",), 1, 100))
    if body.get("auto_archive_duration") not in (None, *ARCHIVE_AFTER):
        problems.append(bad_choice(("auto_archive_duration",), ARCHIVE_AFTER))
    problems += [
        bad_type((key,), "boolean") for key in ("archived", "locked") if key in body and not isinstance(body[key], bool)
    ]
    if problems:
        raise errors.invalid_form(problems)


def _open(at: Context, parent: Channel, thread_id: str, body: Json, owner: str) -> Channel:
    if sum(not c.thread.archived for c in at.world.threads(parent.id) if c.thread) >= MOST_ACTIVE:
        raise errors.ApiError(400, 160006, "Maximum number of active threads reached")
    thread = Thread(
        owner=owner,
        parent=parent.id,
        archive_after=body.get("auto_archive_duration") or 4320,
        archive_changed=at.now,
        last_active=at.now,
        members={owner: at.now},
    )
    opened = Channel(id=thread_id, name=body["name"], thread=thread)
    at.world.channels[thread_id] = opened
    return opened


def start_from_message(call: Call) -> Reply:
    """POST /channels/{channel_id}/messages/{message_id}/threads"""
    at, body = call.at, call.form()
    channel = places.channel(at, call.params["channel_id"])
    message = places.message(channel, call.params["message_id"])
    places.need(at, channel, Permission.CREATE_PUBLIC_THREADS)
    _check(body, name_needed=True)
    if channel.thread:
        raise errors.ApiError(400, 50024, "Cannot execute action on this channel type")
    if message.id in at.world.channels:
        raise errors.ApiError(400, 160004, "A thread has already been created for this message")
    opened = _open(at, channel, message.id, body, at.world.bot)
    message.thread, message.flags = opened.id, message.flags | HAS_THREAD
    return Reply(status=201, body=objects.channel(at.world, opened))


def start(call: Call) -> Reply:
    """POST /channels/{channel_id}/threads: without a message, always public here."""
    at, body = call.at, call.form()
    channel = places.channel(at, call.params["channel_id"])
    places.need(at, channel, Permission.CREATE_PUBLIC_THREADS)
    _check(body, name_needed=True)
    if channel.thread:
        raise errors.ApiError(400, 50024, "Cannot execute action on this channel type")
    if body.get("type", 12) != 11:
        # Without a type Discord makes a private thread, and for that no bot here has the permission.
        raise errors.missing_permissions()
    opened = _open(at, channel, at.new_id(), body, at.world.bot)
    return Reply(status=201, body=objects.channel(at.world, opened))


def get(call: Call) -> Reply:
    """GET /channels/{channel_id}"""
    return Reply(body=objects.channel(call.at.world, places.channel(call.at, call.params["channel_id"])))


def patch(call: Call) -> Reply:
    """PATCH /channels/{channel_id}: name; of a thread also archived, locked, auto_archive_duration."""
    at, body = call.at, call.form()
    channel = places.channel(at, call.params["channel_id"])
    _check(body, name_needed=False)
    if channel.thread is None:
        places.need(at, channel, Permission.MANAGE_CHANNELS)
    else:
        _may_change(at, channel, channel.thread, body)
    if body.get("name") not in (None, channel.name):
        _rename(at, channel, body["name"])
    if channel.thread:
        _change(at, channel.thread, body)
    return Reply(body=objects.channel(at.world, channel))


def _may_change(at: Context, channel: Channel, thread: Thread, body: Json) -> None:
    manages = may(at.world, at.world.bot, Permission.MANAGE_THREADS, channel)
    if manages:
        return
    only_wakes = body == {"archived": False} and not thread.locked
    if "locked" in body or (thread.owner != at.world.bot and not only_wakes) or thread.locked:
        raise errors.missing_permissions()
    if thread.archived and body.get("archived") is not False:
        raise errors.archived_thread()


def _rename(at: Context, channel: Channel, name: str) -> None:
    wait = limits.recent(channel.renames, at.options.rename_limit, at.now) if at.options.enforce_limits else 0.0
    if wait:
        raise errors.ApiError(429, 0, "You are being rate limited.", retry_after=wait)
    channel.name = name


def _change(at: Context, thread: Thread, body: Json) -> None:
    if "auto_archive_duration" in body:
        thread.archive_after = body["auto_archive_duration"] or thread.archive_after
    if "locked" in body:
        thread.locked = body["locked"]
    if "archived" in body and body["archived"] != thread.archived:
        thread.archived, thread.archive_changed = body["archived"], at.now
        thread.last_active = at.now


def add_member(call: Call) -> Reply:
    """PUT /channels/{channel_id}/thread-members/{user_id}, `@me` for the bot itself."""
    at = call.at
    channel = places.channel(at, call.params["channel_id"])
    user = call.params["user_id"].replace("@me", at.world.bot)
    if channel.thread is None:
        raise errors.ApiError(400, 50024, "Cannot execute action on this channel type")
    if user not in at.world.users:
        raise errors.unknown_user()
    if at.world.guild is None or user not in at.world.guild.members:
        raise errors.unknown_member()
    places.need(at, channel, Permission.SEND_MESSAGES_IN_THREADS)
    places.refuse_archived(channel)
    channel.thread.members.setdefault(user, at.now)
    return Reply(status=204)
