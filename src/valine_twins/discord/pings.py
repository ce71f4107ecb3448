"""Trying out the endpoint: PINGs, and deliveries that must not be let in, which Discord too sends on purpose.

https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, get_args

import msgspec

from valine_twins.discord import objects
from valine_twins.discord.context import Context
from valine_twins.discord.state import Json, Sent
from valine_twins.transport import Acted, ActError, Delivery

Forgery = Literal[
    "wrong_signature",
    "changed_body",
    "old_timestamp",
    "future_timestamp",
    "missing_signature",
    "missing_timestamp",
    "short_signature",
    "odd_signature",
    "not_hex",
    "not_ascii",
]


def _body(at: Context) -> bytes:
    body: Json = {
        "id": at.new_id(),
        "application_id": at.world.application.id,
        "type": 1,
        "token": at.rng.randbytes(48).hex(),
        "version": 1,
        "app_permissions": "0",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "attachment_size_limit": 10485760,
        "user": objects.user(at.world, at.world.guild.owner if at.world.guild else at.world.bot),
    }
    return msgspec.json.encode(body)


def try_out(at: Context, url: str) -> tuple[Delivery, ...]:
    """A PING with a good signature and one with a wrong one."""
    good = Sent(id=at.new_id(), kind="ping", name="ping")
    bad = Sent(id=at.new_id(), kind="bad ping", name="ping")
    at.world.sent |= {good.id: good, bad.id: bad}
    wrong = at.pump.signed(bad.id, url, _body(at), at.now)
    return (*at.pump.send(good.id, "ping", url, _body(at), at.now), _with(wrong, signature=_flipped(wrong)))


def forge(at: Context, *, how: str = "wrong_signature", delivery: str | None = None) -> Acted:
    """A delivery that the product must answer with 401: of a PING, or of an interaction that was really delivered."""
    if how not in get_args(Forgery):
        message = f"cannot forge by {how}; there are: {', '.join(get_args(Forgery))}"
        raise ActError(message)
    url = at.world.application.endpoint
    if url is None:
        message = "the application has no interactions endpoint"
        raise ActError(message)
    body = _body(at)
    if delivery is not None:
        sent = at.world.sent.get(delivery)
        if sent is None or sent.interaction is None:
            message = f"no interaction was delivered as {delivery}"
            raise ActError(message)
        body = at.world.interactions[sent.interaction].body
    forged = Sent(id=at.new_id(), kind="forged", name=how)
    at.world.sent[forged.id] = forged
    return Acted(value={"delivery": forged.id}, deliveries=(_forged(at, how, forged.id, url, body),))


def _forged(at: Context, how: str, sent_id: str, url: str, body: bytes) -> Delivery:
    away = {"old_timestamp": timedelta(minutes=-10), "future_timestamp": timedelta(minutes=10)}.get(how, timedelta())
    good = msgspec.structs.replace(at.pump.signed(sent_id, url, body, at.now + away), at=at.now)
    signature = good.headers["X-Signature-Ed25519"]
    if how == "changed_body":
        return msgspec.structs.replace(good, body=body.replace(b'"version":1', b'"version":2'))
    if how.startswith("missing_"):
        name = "X-Signature-Ed25519" if how == "missing_signature" else "X-Signature-Timestamp"
        return msgspec.structs.replace(good, headers={k: v for k, v in good.headers.items() if k != name})
    wrong = {
        "wrong_signature": _flipped(good),
        "short_signature": signature[:64],
        "odd_signature": signature[:-1],
        "not_hex": "z" * 128,
        "not_ascii": "é" * 128,
    }
    return _with(good, signature=wrong.get(how, signature))


def _flipped(good: Delivery) -> str:
    signature = good.headers["X-Signature-Ed25519"]
    return ("1" if signature[0] == "0" else "0") + signature[1:]


def _with(delivery: Delivery, *, signature: str) -> Delivery:
    return msgspec.structs.replace(delivery, headers=delivery.headers | {"X-Signature-Ed25519": signature})
