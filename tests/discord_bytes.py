"""Interactions as Discord sends them, signed: `slash("approve", run="r12")`, `click("v1:…", ephemeral=True)`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

APPLICATION = "900000000000000001"
GUILD = "900000000000000002"
CHANNEL = "900000000000000003"
INTERACTION = "900000000000000099"
USER = "900000000000000010"
MANAGE_SERVER = 1 << 5
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC_KEY = KEY.public_key().public_bytes_raw()

Json = dict[str, Any]


def signed(body: bytes, at: datetime = NOW, key: Ed25519PrivateKey = KEY) -> dict[str, str]:
    """The headers that Discord would send with this body."""
    timestamp = str(int(at.timestamp()))
    signature = key.sign(timestamp.encode() + body).hex()
    return {
        "Content-Type": "application/json",
        "X-Signature-Ed25519": signature,
        "X-Signature-Timestamp": timestamp,
    }


def encoded(interaction: Json) -> bytes:
    """The body."""
    return json.dumps(interaction).encode()


def _user(**changes: Any) -> Json:
    return {
        "id": USER,
        "username": "ana",
        "global_name": "Ana Lopez",
        "discriminator": "0",
        "avatar": None,
        "primary_guild": None,
    } | changes


def _member(**changes: Any) -> Json:
    return {
        "user": _user(),
        "roles": ["900000000000000020"],
        "permissions": str(MANAGE_SERVER),
        "joined_at": (NOW - timedelta(days=99)).isoformat(),
        "deaf": False,
        "mute": False,
        "flags": 0,
    } | changes


def _channel(**changes: Any) -> Json:
    return {"id": CHANNEL, "type": 0, "name": "ship-room", "permissions": "2147483647"} | changes


def interaction(kind: int, **changes: Any) -> Json:
    """Anything Ana does in the channel of the configured guild."""
    return {
        "id": INTERACTION,
        "application_id": APPLICATION,
        "type": kind,
        "token": "token-1",
        "version": 1,
        "guild_id": GUILD,
        "guild": {"id": GUILD, "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "locale": "en-US",
        "channel_id": CHANNEL,
        "channel": _channel(),
        "member": _member(),
        "app_permissions": "309237763072",
        "authorizing_integration_owners": {"0": GUILD},
        "context": 0,
        "entitlements": [],
        "attachment_size_limit": 10485760,
    } | changes


def ping() -> Json:
    """Discord asks whether we are here."""
    return {
        "id": INTERACTION,
        "application_id": APPLICATION,
        "type": 1,
        "token": "token-1",
        "version": 1,
        "locale": "en-US",
        "attachment_size_limit": 10485760,
        "app_permissions": "0",
        "authorizing_integration_owners": {"0": GUILD},
        "entitlements": [],
    }


def _options(values: Json) -> list[Json]:
    return [{"name": name, "type": 4 if type(value) is int else 3, "value": value} for name, value in values.items()]


def slash(name: str, /, changes: Json | None = None, **options: Any) -> Json:
    """A slash command."""
    data = {"id": "900000000000000030", "name": name, "type": 1, "options": _options(options)}
    return interaction(2, data=data) | (changes or {})


def typing(name: str, option: str, text: str, changes: Json | None = None) -> Json:
    """A slash command whose option is being typed."""
    options = [option | {"focused": True} for option in _options({option: text})]
    return interaction(4, data={"id": "900000000000000030", "name": name, "type": 1, "options": options}) | (
        changes or {}
    )


def click(custom_id: str, *, ephemeral: bool = False, values: list[str] | None = None, **changes: Any) -> Json:
    """A click on a button, or a choice in a select if there are `values`."""
    data: Json = {"id": 5, "custom_id": custom_id, "component_type": 2 if values is None else 3}
    message: Json = {
        "id": "900000000000000040",
        "channel_id": CHANNEL,
        "author": _user(id=APPLICATION, username="valine"),
        "content": "",
        "timestamp": NOW.isoformat(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        "flags": 1 << 15 | (64 if ephemeral else 0),
        "components": [],
    }
    return interaction(3, data=data | ({} if values is None else {"values": values}), message=message) | changes
