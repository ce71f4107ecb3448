"""Interactions: what a person asks becomes a signed delivery, which must be answered within three seconds.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from valine_twins.discord import objects
from valine_twins.discord.permissions import effective
from valine_twins.discord.state import Interaction, Json, Sent
from valine_twins.transport import Acted, ActError

if TYPE_CHECKING:
    from datetime import datetime

    from valine_twins.discord.context import Context
    from valine_twins.discord.state import Channel, Message, World
    from valine_twins.transport import Delivery

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
ANSWER_LIMIT = timedelta(seconds=3)
TOKEN_LIFE = timedelta(minutes=15)
# What the person reads when nothing good came back in time.
FAILED = {
    COMMAND: "The application did not respond",
    COMPONENT: "This interaction failed",
    AUTOCOMPLETE: "Loading options failed",
    MODAL: "Something went wrong. Try again.",
}


def ask(  # noqa: PLR0913 - what Discord itself needs to know of an act
    at: Context,
    kind: int,
    name: str,
    data: Json,
    *,
    by: str,
    channel: Channel,
    source: Message | None = None,
    parent: str | None = None,
) -> Acted:
    """Let somebody's act reach the product: remembers it, and delivers it.

    Returns {"interaction": id, "delivery": id}; the delivery itself, unless a fault held it back. Raises ActError when
    the application has no endpoint.
    """
    _need_endpoint(at)
    interaction_id = at.new_id()
    found = Interaction(
        id=interaction_id,
        token=base64.urlsafe_b64encode(f"interaction:{interaction_id}:".encode() + at.rng.randbytes(96)).decode(),
        kind=kind,
        name=name,
        by=by,
        channel=channel.id,
        created=at.now,
        deadline=at.now + ANSWER_LIMIT,
        body=b"",
        source=source.id if source else None,
        parent=parent,
    )
    found.body = msgspec.json.encode(_payload(at, found, channel, data, source))
    sent = Sent(id=at.new_id(), kind="interaction", name=name, interaction=found.id)
    at.world.interactions[found.id] = found
    at.world.tokens[found.token] = found.id
    at.world.sent[sent.id] = sent
    deliveries = deliver(at, sent)
    at.world.waiting.append(found.id)
    return Acted(value={"interaction": found.id, "delivery": sent.id}, deliveries=deliveries)


def deliver(at: Context, sent: Sent) -> tuple[Delivery, ...]:
    """Send an interaction, for the first time or once more, with a fresh signature over the same body."""
    url = _need_endpoint(at)
    body = at.world.interactions[sent.interaction or ""].body
    deliveries = at.pump.send(sent.id, sent.name, url, body, at.now)
    for delivery in deliveries:
        known = at.world.sent.get(delivery.id)
        late = at.world.interactions.get(known.interaction or "") if known else None
        if late is not None:  # Discord's limit begins when the delivery leaves
            late.deadline = max(late.deadline, delivery.at + ANSWER_LIMIT)
    return deliveries


def _need_endpoint(at: Context) -> str:
    url = at.world.application.endpoint
    if url is None:
        message = "the application has no interactions endpoint; set one (PATCH /applications/@me, or the constructor)"
        raise ActError(message)
    return url


def _payload(at: Context, found: Interaction, channel: Channel, data: Json, source: Message | None) -> Json:
    world = at.world
    guild = world.guild
    if guild is None:
        message = "there is no guild yet"
        raise ActError(message)
    if world.bot not in guild.members:
        message = "the bot is not in the guild; invite_bot first"
        raise ActError(message)
    member = objects.interacting_member(world, found.by, channel)
    body: Json = {
        "id": found.id,
        "application_id": world.application.id,
        "type": found.kind,
        "token": found.token,
        "version": 1,
        "data": data,
        "guild_id": guild.id,
        "guild": {"id": guild.id, "locale": guild.locale, "features": []},
        "guild_locale": guild.locale,
        "channel_id": channel.id,
        "channel": objects.channel(world, channel) | {"permissions": member["permissions"]},
        "member": member,
        "locale": "en-US",
        "app_permissions": str(effective(world, world.bot, channel)),
        "entitlements": [],
        "authorizing_integration_owners": objects.owners(world),
        "context": 0,
        "attachment_size_limit": 10485760,
    }
    return body | {"message": objects.message(world, source)} if source else body


def settle(world: World, now: datetime) -> bool:
    """Give up on what was not answered in time; whether there was any."""
    failed = False
    for interaction_id in list(world.waiting):
        found = world.interactions[interaction_id]
        if found.state == "waiting" and now > found.deadline:
            fail(world, found, "no answer within 3 seconds")
            failed = True
        if found.state != "waiting":
            world.waiting.remove(interaction_id)
    return failed


def fail(world: World, found: Interaction, why: str) -> None:
    """The person reads that it failed, the token is dead, and the reason is kept for whoever looks."""
    found.state = "failed"
    found.shown = FAILED[found.kind]
    world.problems.append(f"{describe(world, found)}: {why}")


def describe(world: World, found: Interaction) -> str:
    """An interaction in a few words."""
    what = {COMMAND: f"/{found.name}", AUTOCOMPLETE: f"autocomplete of /{found.name}", MODAL: f"modal {found.name}"}
    return f"{what.get(found.kind, found.name)} by {world.users[found.by].name} (interaction {found.id})"
