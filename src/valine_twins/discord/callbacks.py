"""The first answer to an interaction: which kinds fit which question, and what each of them does.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.discord import content, errors, messages, modals, objects
from valine_twins.discord.components import Checker
from valine_twins.discord.context import Reply
from valine_twins.discord.errors import bad_choice, bad_type, invalid_form
from valine_twins.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL
from valine_twins.discord.state import EPHEMERAL, LOADING, Interaction, Json, Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from valine_twins.discord.context import Call, Context

MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, FORM = 4, 5, 6, 7, 8, 9
FITTING = {
    COMMAND: (MESSAGE, DEFERRED, FORM),
    COMPONENT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, FORM),
    AUTOCOMPLETE: (CHOICES,),
    MODAL: (MESSAGE, DEFERRED),
}
SLASH_COMMAND_MESSAGE = 20


def take(at: Context, found: Interaction, body: object) -> None:
    """Take in the first answer. Raises ApiError, as the callback route would answer, if it is not a good one."""
    if found.state == "failed":
        raise errors.unknown_interaction()
    if found.state == "answered":
        raise errors.already_acknowledged()
    if not isinstance(body, dict):
        raise invalid_form([bad_type((), "object")])
    fitting = FITTING[found.kind]
    if found.kind == MODAL and found.source:
        fitting = (*fitting, DEFERRED_UPDATE, UPDATE)
    kind, data = body.get("type"), body.get("data")
    if kind not in fitting:
        raise invalid_form([bad_choice(("type",), fitting)])
    if data is not None and not isinstance(data, dict):
        raise invalid_form([bad_type(("data",), "object")])
    _EFFECTS[kind](at, found, data or {})
    found.state, found.answered_with = "answered", kind


def respond(at: Context, found: Interaction, data: Json) -> Message:
    """A new message from an interaction, for everybody or, if its flags say so, for one person."""
    channel = at.world.channels.get(found.channel)
    if channel is None:
        raise errors.unknown_channel()
    hidden = bool((data.get("flags") or 0) & EPHEMERAL)
    kind = SLASH_COMMAND_MESSAGE if found.kind == COMMAND else 0
    seen_by = found.by if hidden else None
    return messages.create(at, channel, at.world.bot, data, interaction=found.id, seen_by=seen_by, kind=kind)


def _message(at: Context, found: Interaction, data: Json) -> None:
    content.check(data)
    found.original = respond(at, found, data).id


def _deferred(at: Context, found: Interaction, data: Json) -> None:
    flags = data.get("flags") or 0
    if set(data) - {"flags"} or not isinstance(flags, int) or flags & ~EPHEMERAL:
        text = "A deferral carries the EPHEMERAL flag and nothing else"
        raise invalid_form([(("data", "flags"), "INTERACTION_DEFERRED_FLAGS", text)])
    waiting = respond(at, found, {"flags": flags})
    waiting.flags |= LOADING
    found.original = waiting.id


def _deferred_update(at: Context, found: Interaction, data: Json) -> None:
    del at, data
    found.original = found.source


def _update(at: Context, found: Interaction, data: Json) -> None:
    message = at.world.message(found.source or "")
    if message is None:
        raise errors.unknown_message()
    found.original = message.id
    if data:
        content.check(data, message=message)
        messages.edit(at, message, data)


def _choices(at: Context, found: Interaction, data: Json) -> None:
    del at
    checker = Checker()
    choices = checker.items(data, "choices", ("data",), 0, 25)
    for index, choice in enumerate(choices):
        place = ("data", "choices", index)
        if not isinstance(choice, dict):
            checker.problems.append(bad_type(place, "object"))
            continue
        checker.text(choice, "name", place, 1, 100)
        if not isinstance(choice.get("value"), (str, int, float)) or len(str(choice["value"])) > 100:
            checker.problems.append(bad_type((*place, "value"), "string, integer or number"))
    if checker.problems:
        raise invalid_form(checker.problems)
    found.choices = choices


def _form(at: Context, found: Interaction, data: Json) -> None:
    problems = modals.problems_of(data)
    if problems:
        raise invalid_form(problems)
    for other in at.world.interactions.values():  # a person has one modal open at a time
        other.modal_open = other.modal_open and other.by != found.by
    found.modal, found.modal_open = data, True


_EFFECTS: dict[int, Callable[[Context, Interaction, Json], None]] = {
    MESSAGE: _message,
    DEFERRED: _deferred,
    DEFERRED_UPDATE: _deferred_update,
    UPDATE: _update,
    CHOICES: _choices,
    FORM: _form,
}


def post(call: Call) -> Reply:
    """POST /interactions/{interaction_id}/{interaction_token}/callback: the other way to give the first answer."""
    world = call.at.world
    interaction_id = world.tokens.get(call.params["interaction_token"])
    if interaction_id is None or interaction_id != call.params["interaction_id"]:
        raise errors.unknown_interaction()
    found = world.interactions[interaction_id]
    take(call.at, found, call.parsed())
    if call.request.query.get("with_response") not in ("true", "True", "1"):
        return Reply(status=204)
    body: Json = {"interaction": {"id": found.id, "type": found.kind}}
    message = world.message(found.original or "")
    if message is not None:
        body["interaction"] |= {
            "response_message_id": message.id,
            "response_message_loading": bool(message.flags & LOADING),
            "response_message_ephemeral": message.seen_by is not None,
        }
    if message is not None and found.answered_with in (MESSAGE, UPDATE):
        body["resource"] = {"type": found.answered_with, "message": objects.message(world, message)}
    return Reply(body=body)
