"""A Discord interaction, from signed bytes to what it means. Verify first; only what is verified is read.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.errors import Malformed
from valine.ingress.decoding import decode
from valine.ingress.discord import answers, commands
from valine.ingress.discord.parsed import Asked, Parsed, Ping, Refused, StatusAsked, SuggestionsAsked
from valine.ingress.discord.payload import Data, Interaction, Kind
from valine.ingress.signatures import verify_ed25519 as verify
from valine.orchestrator import replies
from valine.ports import ReplyTo

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["read", "verify"]

THREADS = (10, 11, 12)  # https://docs.discord.com/developers/resources/channel#channel-object-channel-types


def read(body: bytes, now: datetime, *, application_id: str, guild_id: str) -> Parsed:
    """What the interaction means to the deployment that serves this application in this guild (None: in any).

    Raises Malformed if it is not an interaction at all.
    """
    interaction = decode(body, Interaction)
    if interaction.type == Kind.PING:
        return Ping()
    outsider = _outsider(interaction, application_id, guild_id)
    if interaction.type == Kind.AUTOCOMPLETE:  # only suggestions may answer it, so a refusal is none
        return SuggestionsAsked() if outsider or interaction.data is None else _suggestions(interaction.data)
    return outsider or _request(interaction, now)


def _outsider(interaction: Interaction, application_id: str, guild_id: str) -> Refused | None:
    """A refusal for whoever is not in the server that this deployment serves."""
    if interaction.application_id != application_id:
        return Refused(reply=replies.AnotherServer())
    if interaction.guild_id is None or interaction.member is None:
        return Refused(reply=replies.DirectMessage())
    if interaction.guild_id != guild_id:
        return Refused(reply=replies.AnotherServer())
    return None


def _suggestions(data: Data) -> SuggestionsAsked:
    for option in data.options:
        if option.focused:
            return SuggestionsAsked(
                command=data.name, option=option.name, text=commands.option_text(option.value) or ""
            )
    return SuggestionsAsked()


def _request(interaction: Interaction, now: datetime) -> Parsed:
    member, data = interaction.member, interaction.data
    if member is None or data is None or not interaction.token:
        raise Malformed("the interaction lacks its member, data or token")
    common = commands.Common(
        id=f"discord:{interaction.id}",
        by=member.actor(),
        asked_at=interaction.asked_at,
        at=now,
    )
    if interaction.type == Kind.COMMAND:
        meant = commands.command(data, _channel(interaction), common)
    elif interaction.type == Kind.COMPONENT:
        meant = commands.component(data, common)
    else:
        meant = Refused(reply=replies.UnknownComponent())
    if isinstance(meant, StatusAsked | Refused):
        return meant
    edits = interaction.type == Kind.COMPONENT and interaction.ephemeral
    return Asked(
        command=meant,
        reply_to=ReplyTo(at=now, token=interaction.token, edits=edits),
        deferral=answers.deferral(edits=edits),
    )


def _channel(interaction: Interaction) -> str:
    """Where a plan's card goes: a thread can't have threads of its own, so its channel is meant."""
    channel = interaction.channel
    if channel is not None and channel.type in THREADS and channel.parent_id:
        return channel.parent_id
    if interaction.channel_id is None:
        raise Malformed("the interaction lacks its channel")
    return interaction.channel_id
