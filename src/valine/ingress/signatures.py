"""Whether bytes are from whom they say, judged over the raw body before anything else looks at it.

Whatever is wrong with a signature, its form included, is Untrusted: the platforms send bad ones on purpose.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from valine.errors import Untrusted
from valine.ingress.decoding import header

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PUBLIC_KEY_LENGTH = 32
TOLERANCE = timedelta(minutes=5)
ED25519_HEX = re.compile(r"[0-9a-fA-F]{128}")
SHA256_HEX = re.compile(r"sha256=([0-9a-fA-F]{64})")
TIMESTAMP = re.compile(r"[0-9]{1,12}")


def verify_ed25519(public_key: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Return if Discord signed this body within 5 minutes of `now`; raise Untrusted if not.

    The signature is over the timestamp and the body. `public_key` is the application's, 32 bytes.
    https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint-validating-security-request-headers
    """
    key = Ed25519PublicKey.from_public_bytes(public_key)  # a wrong length is our own mistake: ValueError
    signature = _matched(ED25519_HEX, headers, "X-Signature-Ed25519")
    timestamp = _matched(TIMESTAMP, headers, "X-Signature-Timestamp")
    try:
        key.verify(bytes.fromhex(signature[0]), timestamp[0].encode("ascii") + body)
    except InvalidSignature as error:
        raise Untrusted("the signature is not of this body by this key") from error
    if abs(now.timestamp() - int(timestamp[0])) > TOLERANCE.total_seconds():
        raise Untrusted("the timestamp is more than 5 minutes off")


def verify_hmac_sha256(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """Return if GitHub signed this body with our secret; raise Untrusted if not. SHA-1 signatures are not looked at.

    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    if not secret:  # anybody can sign with nothing
        raise Untrusted("no webhook secret is configured")
    given = _matched(SHA256_HEX, headers, "X-Hub-Signature-256")
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    if not hmac.compare_digest(digest, bytes.fromhex(given[1])):
        raise Untrusted("the signature is not of this body with this secret")


def _matched(pattern: re.Pattern[str], headers: Mapping[str, str], name: str) -> re.Match[str]:
    value = header(headers, name)
    if value is None:
        raise Untrusted(f"{name} is missing")
    match = pattern.fullmatch(value)
    if match is None:
        raise Untrusted(f"{name} is malformed")
    return match
