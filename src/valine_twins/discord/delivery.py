"""Deliveries: signed as Discord signs them, and struck by the faults that are thrown at them.

https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint-validating-security-request-headers
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from valine_twins.transport import Delivery

if TYPE_CHECKING:
    import random

    from valine_twins.faults import FaultInjector


class DeliveryPump:
    """Holds the private key, and a delivery that waits to arrive after the next one."""

    def __init__(self, rng: random.Random, faults: FaultInjector) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
        self._faults = faults
        self._held: list[Delivery] = []

    @property
    def public_key(self) -> str:
        """The 64 hex digits that the application's page shows."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, timestamp: str, body: bytes) -> str:
        """The signature over timestamp and body, in hex."""
        return self._key.sign(timestamp.encode() + body).hex()

    def signed(self, delivery_id: str, url: str, body: bytes, at: datetime) -> Delivery:
        """A delivery with a good signature of the moment that it leaves."""
        timestamp = str(int(at.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Discord-Interactions/1.0 (+https://discord.com)",
            "X-Signature-Ed25519": self.sign(timestamp, body),
            "X-Signature-Timestamp": timestamp,
        }
        return Delivery(id=delivery_id, url=url, headers=headers, body=body, at=at)

    def send(self, delivery_id: str, name: str, url: str, body: bytes, now: datetime) -> tuple[Delivery, ...]:
        """What leaves because of this: the delivery, unless a fault drops, doubles, holds back or delays it."""
        late = self._faults.strike(("webhook_late",), "POST", name)
        at = now + timedelta(seconds=late.seconds) if late else now
        delivery = self.signed(delivery_id, url, body, at)
        fault = self._faults.strike(("webhook_dropped", "webhook_doubled", "webhook_reordered"), "POST", name)
        kind = fault.kind if fault else ""
        if kind == "webhook_dropped":
            return ()
        if kind == "webhook_reordered":
            self._held.append(delivery)
            return ()
        held, self._held = self._held, []
        following = tuple(msgspec.structs.replace(h, at=max(h.at, at)) for h in held)
        return (delivery, delivery, *following) if kind == "webhook_doubled" else (delivery, *following)
