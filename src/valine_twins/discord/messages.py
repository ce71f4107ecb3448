"""Messages: created, edited, listed, deleted; what they mention; the nonce that makes a repeat harmless.

https://docs.discord.com/developers/resources/message
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from valine_twins.discord import components as parts
from valine_twins.discord import content, errors, limits, mentions, objects, places
from valine_twins.discord.context import Reply
from valine_twins.discord.permissions import Permission, may
from valine_twins.discord.snowflakes import is_snowflake
from valine_twins.discord.state import EPHEMERAL, LOADING, SUPPRESS_NOTIFICATIONS, Channel, Json, Message, Notified

if TYPE_CHECKING:
    from collections.abc import Callable

    from valine_twins.discord.context import Call, Context

OLD = timedelta(hours=1)
REPLY = 19


def create(at: Context, channel: Channel, author: str, body: Json, **marks: Any) -> Message:
    """Write a checked body into a channel as a new message, or for one pair of eyes if `marks` has `seen_by`."""
    message = Message(id=at.new_id(), channel=channel.id, author=author, created=at.now, **marks)
    content.apply(body, message)
    message.flags |= (body.get("flags") or 0) & SUPPRESS_NOTIFICATIONS
    message.nonce = body.get("nonce")
    if message.seen_by:
        message.flags |= EPHEMERAL
        at.world.ephemerals[message.id] = message
    else:
        channel.messages[message.id] = message
        channel.last_message = message.id
        _enliven(at, channel)
    _mention(at, channel, message, body, notify=True)
    return message


def edit(at: Context, message: Message, body: Json) -> None:
    """Write a checked body over a message. Nobody is notified, except by the first words of a deferred one."""
    first_words = bool(message.flags & LOADING)
    content.apply(body, message)
    message.flags &= ~LOADING
    if not first_words:
        message.edited = at.now
        message.edits += 1
    channel = at.world.channels.get(message.channel)
    if channel is not None:
        _mention(at, channel, message, body, notify=first_words)


def _enliven(at: Context, channel: Channel) -> None:
    if channel.thread:
        channel.thread.sent += 1
        channel.thread.last_active = at.now
        channel.thread.archived = False


def _mention(at: Context, channel: Channel, message: Message, body: Json, *, notify: bool) -> None:
    allowed = body.get("allowed_mentions")
    texts = [message.content, *(c["content"] for c in parts.walk(message.components) if c["type"] == parts.TEXT)]
    answered = channel.messages.get(message.answers or "")
    message.mentions = mentions.of(
        at.world, channel, message.author, texts=texts, allowed=allowed, answered=answered.author if answered else None
    )
    if notify and not message.flags & (EPHEMERAL | SUPPRESS_NOTIFICATIONS):
        heard = message.mentions
        message.notified = Notified(users=list(heard.users), roles=list(heard.roles), everyone=heard.everyone)
        if channel.thread:  # somebody who is notified in a thread is added to it
            for user in heard.users:
                channel.thread.members.setdefault(user, at.now)


def delete(at: Context, message: Message) -> None:
    """Take a message away. A thread that hangs on it stays."""
    at.world.ephemerals.pop(message.id, None)
    channel = at.world.channels.get(message.channel)
    if channel is not None:
        channel.messages.pop(message.id, None)


def post(call: Call) -> Reply:
    """POST /channels/{channel_id}/messages"""
    at, body = call.at, call.form()
    channel = places.channel(at, call.params["channel_id"])
    places.need(at, channel, Permission.SEND_MESSAGES_IN_THREADS if channel.thread else Permission.SEND_MESSAGES)
    if channel.thread and channel.thread.locked and not may(at.world, at.world.bot, Permission.MANAGE_THREADS, channel):
        raise errors.ApiError(400, 160005, "Thread is locked")
    content.check(body)
    if body.get("embeds"):
        places.need(at, channel, Permission.EMBED_LINKS)
    if (body.get("flags") or 0) & EPHEMERAL:
        raise errors.invalid_form([(("flags",), "MESSAGE_FLAGS_INVALID", "Only an interaction's answer is ephemeral")])
    marks = _as_reply(channel, body.get("message_reference"))
    first = _first_of_nonce(at, channel, body)
    message = first or create(at, channel, at.world.bot, body, **marks)
    _remember_nonce(at, channel, message, body)
    return Reply(body=objects.message(at.world, message))


def _as_reply(channel: Channel, reference: object) -> Json:
    """What marks a message as an answer to another; one that is not there is refused, unless that may be."""
    if not isinstance(reference, dict):
        return {}
    wanted = str(reference.get("message_id"))
    if wanted in channel.messages:
        return {"kind": REPLY, "answers": wanted}
    if reference.get("fail_if_not_exists") is False:
        return {}
    raise errors.invalid_form([(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")])


def _nonce_key(at: Context, channel: Channel, body: Json) -> str:
    return f"{at.world.bot} {channel.id} {body['nonce']}"


def _first_of_nonce(at: Context, channel: Channel, body: Json) -> Message | None:
    if body.get("nonce") is None or not body.get("enforce_nonce"):
        return None
    channel_id, message_id, when = at.world.nonces.get(_nonce_key(at, channel, body), ("", "", at.now))
    fresh = (at.now - when).total_seconds() < at.options.nonce_seconds
    return channel.messages.get(message_id) if fresh and channel_id == channel.id else None


def _remember_nonce(at: Context, channel: Channel, message: Message, body: Json) -> None:
    if body.get("nonce") is not None:
        key = _nonce_key(at, channel, body)
        if at.world.nonces.get(key, ("", "", at.now))[1] != message.id:  # a repeat does not make it last longer
            at.world.nonces[key] = (channel.id, message.id, at.now)


def patch(call: Call) -> Reply:
    """PATCH /channels/{channel_id}/messages/{message_id}"""
    at, body = call.at, call.form()
    channel = places.channel(at, call.params["channel_id"])
    message = places.message(channel, call.params["message_id"])
    if message.author != at.world.bot:
        raise errors.ApiError(403, 50005, "Cannot edit a message authored by another user")
    places.refuse_archived(channel)
    content.check(body, message=message)
    limit_old_edits(at, channel, message)
    edit(at, message, body)
    return Reply(body=objects.message(at.world, message))


def limit_old_edits(at: Context, channel: Channel, message: Message) -> None:
    """Raises 30046 when messages over an hour old are edited too often in a channel."""
    if at.options.enforce_limits and at.now - message.created >= OLD:
        wait = limits.recent(channel.old_edits, at.options.old_edit_limit, at.now)
        if wait:
            text = "Maximum number of edits to messages older than 1 hour reached. Try again later."
            raise errors.ApiError(429, 30046, text, retry_after=wait)


def remove(call: Call) -> Reply:
    """DELETE /channels/{channel_id}/messages/{message_id}"""
    channel = places.channel(call.at, call.params["channel_id"])
    message = places.message(channel, call.params["message_id"])
    if message.author != call.at.world.bot:
        places.need(call.at, channel, Permission.MANAGE_MESSAGES)
    places.refuse_archived(channel)
    delete(call.at, message)
    return Reply(status=204)


def get(call: Call) -> Reply:
    """GET /channels/{channel_id}/messages/{message_id}"""
    channel = places.channel(call.at, call.params["channel_id"])
    places.need(call.at, channel, Permission.READ_MESSAGE_HISTORY)
    return Reply(body=_as_read(call.at, places.message(channel, call.params["message_id"])))


def page(call: Call) -> Reply:
    """GET /channels/{channel_id}/messages with one of after, before, around, and limit; newest first."""
    at, query = call.at, call.request.query
    channel = places.channel(at, call.params["channel_id"])
    limit = query.get("limit", "50")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        raise errors.invalid_form([(("limit",), "NUMBER_TYPE_COERCE", "int value should be between 1 and 100.")])
    for key in ("after", "before", "around"):
        if key in query and not is_snowflake(query[key]):
            raise errors.invalid_form([((key,), "NUMBER_TYPE_COERCE", f'Value "{query[key]}" is not snowflake.')])
    if not may(at.world, at.world.bot, Permission.READ_MESSAGE_HISTORY, channel):
        return Reply(body=[])  # documented: no messages rather than an error
    chosen = _choose(list(channel.messages.values()), query, int(limit))
    return Reply(body=[_as_read(at, m) for m in reversed(chosen)])


def _choose(oldest_first: list[Message], query: dict[str, str], limit: int) -> list[Message]:
    if "around" in query:
        middle = int(query["around"])
        older = [m for m in oldest_first if int(m.id) < middle]
        later = [m for m in oldest_first if int(m.id) >= middle]
        return older[max(0, len(older) - limit // 2) :] + later[: limit - limit // 2]
    if "after" in query:
        return [m for m in oldest_first if int(m.id) > int(query["after"])][:limit]
    if "before" in query:
        return [m for m in oldest_first if int(m.id) < int(query["before"])][-limit:]
    return oldest_first[-limit:]


def _as_read(at: Context, message: Message) -> Json:
    """Without the content intent a bot reads others' words only where it is mentioned.

    https://docs.discord.com/developers/events/gateway#message-content-intent
    """
    body = objects.message(at.world, message)
    bot = at.world.bot
    if at.options.message_content_intent or message.author == bot or bot in message.mentions.users:
        return body
    return body | {"content": "", "components": [], "embeds": []}


def find_component(message: Message, matches: Callable[[Json], bool]) -> Json | None:
    """The first component of a message that matches."""
    return next((c for c in parts.walk(message.components) if matches(c)), None)
