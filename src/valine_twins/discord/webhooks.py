"""What comes after the first answer: the original is edited and followed up by the interaction's token, for 15 minutes.

https://docs.discord.com/developers/interactions/receiving-and-responding#followup-messages
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.discord import callbacks, content, errors, messages, objects, places
from valine_twins.discord.context import Reply
from valine_twins.discord.interactions import AUTOCOMPLETE, TOKEN_LIFE
from valine_twins.discord.state import LOADING, Interaction, Message

if TYPE_CHECKING:
    from valine_twins.discord.context import Call


def _interaction(call: Call) -> Interaction:
    world = call.at.world
    known = world.tokens.get(call.params["webhook_token"])
    if known is None or call.params["webhook_id"] != world.application.id:
        raise errors.unknown_webhook()
    found = world.interactions[known]
    if call.at.now - found.created > TOKEN_LIFE:
        raise errors.invalid_webhook_token()
    # Until the first answer was taken in there is no webhook yet, and after a failure there never will be.
    if found.state != "answered" or found.kind == AUTOCOMPLETE:
        raise errors.unknown_webhook()
    return found


def _message(call: Call) -> Message:
    found = _interaction(call)
    wanted = call.params["message_id"]
    message = call.at.world.message((found.original or "") if wanted == "@original" else wanted)
    if message is None or (message.id != found.original and message.interaction != found.id):
        raise errors.unknown_message()
    return message


def get(call: Call) -> Reply:
    """GET /webhooks/{application}/{token}/messages/{message_id} or …/@original"""
    return Reply(body=objects.message(call.at.world, _message(call)))


def patch(call: Call) -> Reply:
    """PATCH the same. After types 6 and 7 the original is the message whose component was used."""
    message, body = _message(call), call.form()
    channel = call.at.world.channels.get(message.channel)
    if message.seen_by is None:
        places.refuse_archived(channel)
    content.check(body, message=message)
    messages.edit(call.at, message, body)
    return Reply(body=objects.message(call.at.world, message))


def delete(call: Call) -> Reply:
    """DELETE the same."""
    messages.delete(call.at, _message(call))
    return Reply(status=204)


def post(call: Call) -> Reply:
    """POST /webhooks/{application}/{token}: one more message.

    The first one after a deferral takes the place of "is thinking …", and is as visible as the deferral said:
    https://github.com/discord/discord-api-docs/pull/7091
    """
    found, body = _interaction(call), call.form()
    content.check(body)
    original = call.at.world.message(found.original or "")
    if original is not None and original.flags & LOADING:
        messages.edit(call.at, original, body)
        return Reply(body=objects.message(call.at.world, original))
    return Reply(body=objects.message(call.at.world, callbacks.respond(call.at, found, body)))
