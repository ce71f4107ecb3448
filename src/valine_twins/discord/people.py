"""Acts of people: commands, clicks, choices and forms, which come out as deliveries, and plain words in a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine_twins.discord import commands, finding, interactions, messages, modals, objects
from valine_twins.discord.components import BUTTON, LINK, STRING_SELECT
from valine_twins.discord.context import Context
from valine_twins.discord.permissions import Permission, may
from valine_twins.transport import Acted, ActError

if TYPE_CHECKING:
    from valine_twins.discord.state import Channel, Interaction, Json

USER, CHANNEL, ROLE = 6, 7, 8


def command(
    at: Context, *, by: str, name: str, options: dict[str, Any] | None = None, channel: str | None = None
) -> Acted:
    """Somebody sends a slash command; without `channel` in the first one."""
    user, place = finding.person(at, by), _entered(at, by, channel)
    found = commands.find(at, name.removeprefix("/"), user, place)
    filled = commands.fill_in(found, _ids(at, found, options or {}))
    return interactions.ask(at, interactions.COMMAND, found["name"], _data(at, found, filled), by=user, channel=place)


def autocomplete(
    at: Context,
    *,
    by: str,
    name: str,
    option: str,
    text: str = "",
    channel: str | None = None,
    options: dict[str, Any] | None = None,
) -> Acted:
    """Somebody types into an option with autocomplete; `options` are those filled in before."""
    user, place = finding.person(at, by), _entered(at, by, channel)
    found = commands.find(at, name.removeprefix("/"), user, place)
    offered = [o["name"] for o in found.get("options", []) if o.get("autocomplete")]
    if option not in offered and not found.get("lenient"):
        message = f"/{found['name']} completes {offered or 'nothing'}, not {option}"
        raise ActError(message)
    filled = commands.fill_in(found, {**(options or {}), option: text}, focused=option)
    for entry in filled:
        if entry["name"] == option:
            entry["focused"] = True
    return interactions.ask(
        at, interactions.AUTOCOMPLETE, found["name"], _data(at, found, filled), by=user, channel=place
    )


def click(
    at: Context,
    *,
    by: str,
    custom_id: str | None = None,
    label: str | None = None,
    message: str | None = None,
    channel: str | None = None,
) -> Acted:
    """Somebody clicks a button, by custom id or label, on `message` or the newest message that has it."""
    user = finding.person(at, by)
    where = finding.channel(at, channel) if channel is not None else None

    def matches(component: Json) -> bool:
        return component.get("type") == BUTTON and _is(component, custom_id=custom_id, label=label)

    found, button = finding.component(
        at, user, matches, f"button {label or custom_id}", message_id=message, where=where
    )
    if button["style"] == LINK:
        text = f"{label} is a link: it opens {button['url']} and tells nobody"
        raise ActError(text)
    data = {"custom_id": button["custom_id"], "component_type": BUTTON, "id": button["id"]}
    place = finding.channel(at, found.channel)
    return interactions.ask(at, interactions.COMPONENT, button["custom_id"], data, by=user, channel=place, source=found)


def select(
    at: Context,
    *,
    by: str,
    values: list[str],
    custom_id: str | None = None,
    placeholder: str | None = None,
    message: str | None = None,
    channel: str | None = None,
) -> Acted:
    """Somebody chooses in a select with given options; each of `values` is an option's value or label."""
    user = finding.person(at, by)
    where = finding.channel(at, channel) if channel is not None else None

    def matches(component: Json) -> bool:
        return component.get("type") == STRING_SELECT and _is(component, custom_id=custom_id, placeholder=placeholder)

    found, menu = finding.component(
        at, user, matches, f"select {placeholder or custom_id or ''}", message_id=message, where=where
    )
    chosen = [_option(menu, value) for value in values]
    if not menu["min_values"] <= len(set(chosen)) <= menu["max_values"] or len(set(chosen)) != len(chosen):
        text = f"{menu['custom_id']} takes {menu['min_values']} to {menu['max_values']} different values"
        raise ActError(text)
    data = {"custom_id": menu["custom_id"], "component_type": STRING_SELECT, "id": menu["id"], "values": chosen}
    place = finding.channel(at, found.channel)
    return interactions.ask(at, interactions.COMPONENT, menu["custom_id"], data, by=user, channel=place, source=found)


def _is(component: Json, **wanted: str | None) -> bool:
    return all(component.get(key) == value for key, value in wanted.items() if value is not None)


def _option(menu: Json, wanted: str) -> str:
    for option in menu["options"]:
        if wanted in (option["value"], option["label"]):
            return str(option["value"])
    text = f"{menu['custom_id']} has no option {wanted}; it has {[o['label'] for o in menu['options']]}"
    raise ActError(text)


def submit_modal(at: Context, *, by: str, values: dict[str, Any] | None = None) -> Acted:
    """Somebody fills in the modal that is open before them, by the fields' custom ids, and sends it."""
    user = finding.person(at, by)
    asked = _open_modal(at, user)
    if asked is None or asked.modal is None:
        text = f"no modal is open before {by}"
        raise ActError(text)
    data = modals.submitted(asked.modal, values or {})
    source = at.world.message(asked.source or "")
    place = finding.channel(at, asked.channel)
    acted = interactions.ask(
        at, interactions.MODAL, data["custom_id"], data, by=user, channel=place, source=source, parent=asked.id
    )
    asked.modal_open = False
    return acted


def close_modal(at: Context, *, by: str) -> Acted:
    """Somebody closes the modal that is open before them, and sends nothing."""
    asked = _open_modal(at, finding.person(at, by))
    if asked is None:
        text = f"no modal is open before {by}"
        raise ActError(text)
    asked.modal_open = False
    return Acted()


def _open_modal(at: Context, user: str) -> Interaction | None:
    return next((i for i in at.world.interactions.values() if i.modal_open and i.by == user), None)


def say(at: Context, *, by: str, content: str, channel: str | None = None) -> Acted:
    """Somebody writes in a channel or thread. Returns the message's id."""
    user, place = finding.person(at, by), _entered(at, by, channel)
    needed = Permission.SEND_MESSAGES_IN_THREADS if place.thread else Permission.SEND_MESSAGES
    if not may(at.world, user, needed, place):
        text = f"{by} may not write in {place.name}"
        raise ActError(text)
    if not 1 <= len(content) <= 2000:
        text = "a message has 1 to 2000 characters"
        raise ActError(text)
    return Acted(value=messages.create(at, place, user, {"content": content}).id)


def delete_message(at: Context, *, message: str, by: str | None = None) -> Acted:
    """Somebody deletes a message: their own, or any with MANAGE_MESSAGES; without `by` it just goes."""
    found = finding.message(at, message)
    if by is not None:
        user, place = finding.person(at, by), at.world.channels[found.channel]
        if user not in (found.author, found.seen_by) and not may(at.world, user, Permission.MANAGE_MESSAGES, place):
            text = f"{by} may not delete others' messages"
            raise ActError(text)
    messages.delete(at, found)
    return Acted(value=found.id)


def redeliver(at: Context, *, delivery: str) -> Acted:
    """The same interaction is delivered once more, as a proxy or an impatient network does."""
    sent = at.world.sent.get(delivery)
    if sent is None or sent.interaction is None:
        text = f"no interaction was delivered as {delivery}"
        raise ActError(text)
    again = interactions.deliver(at, sent)
    return Acted(value={"interaction": sent.interaction, "delivery": sent.id}, deliveries=again)


def _entered(at: Context, by: str, channel: str | None) -> Channel:
    place = finding.channel(at, channel)
    if not may(at.world, finding.person(at, by), Permission.VIEW_CHANNEL, place):
        text = f"{by} does not see {place.name}"
        raise ActError(text)
    return place


def _ids(at: Context, found: Json, options: dict[str, Any]) -> dict[str, Any]:
    """People, roles and channels may be given by name."""
    kinds = {o["name"]: o["type"] for o in found.get("options", [])}
    ids = dict(options)
    for name, value in options.items():
        if kinds.get(name) == USER:
            ids[name] = finding.person(at, value)
        elif kinds.get(name) == ROLE:
            ids[name] = finding.role(at, value)
        elif kinds.get(name) == CHANNEL:
            ids[name] = finding.channel(at, value).id
    return ids


def _data(at: Context, found: Json, filled: list[Json]) -> Json:
    data: Json = {"id": found["id"], "name": found["name"], "type": 1, "options": filled}
    if "guild_id" in found:
        data["guild_id"] = found["guild_id"]
    resolved: Json = {}
    guild = finding.guild(at)
    for entry in filled:
        value = entry["value"]
        if entry["type"] == USER:
            member = objects.member(at.world, guild.members[value])
            del member["user"], member["deaf"], member["mute"]
            resolved.setdefault("users", {})[value] = objects.user(at.world, value)
            resolved.setdefault("members", {})[value] = member | {"permissions": "0"}
        elif entry["type"] == ROLE:
            resolved.setdefault("roles", {})[value] = objects.role(guild.roles[value])
        elif entry["type"] == CHANNEL:
            shown = objects.channel(at.world, at.world.channels[value]) | {"permissions": "0"}
            resolved.setdefault("channels", {})[value] = shown
    return data | {"resolved": resolved} if resolved else data
