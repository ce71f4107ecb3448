"""What a setting's text must look like: each reader gives the value, or raises ValueError with the rest of its line."""

from __future__ import annotations

import math
import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from valine.settings.ed25519 import is_public_key
from valine.settings.secret import Secret

# https://docs.discord.com/developers/reference#snowflakes: 64 bits
DIGITS: Final = re.compile(r"[0-9]{1,20}")
REPOSITORY: Final = re.compile(r"[A-Za-z0-9_-]{1,100}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
HEX_KEY: Final = re.compile(r"[0-9a-fA-F]{64}")
VISIBLE: Final = re.compile(r"[!-~]+")
PEM: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.+-----END [A-Z ]*PRIVATE KEY-----\s*", re.DOTALL)
SHORTEST_WEBHOOK_SECRET: Final = 12  # characters
DYNAMODB: Final = "dynamodb://"
TABLE: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}")


def digits(text: str) -> str:
    """An id: digits only."""
    if not DIGITS.fullmatch(text):
        raise ValueError("must be digits only, 20 at most")
    return text


def public_key(text: str) -> str:
    """Discord's public key, in lower case."""
    if not HEX_KEY.fullmatch(text):
        raise ValueError(f"must be 64 hex digits (this has {len(text)} characters)")
    if not is_public_key(bytes.fromhex(text)):
        raise ValueError("is not an Ed25519 public key; copy it again from the application's General Information page")
    return text.lower()


def token(text: str) -> Secret:
    """A token as it goes into a header."""
    if not VISIBLE.fullmatch(text):
        raise ValueError("must be one word of plain ASCII")
    return Secret(text)


def private_key(text: str) -> Secret:
    r"""A PEM private key (RSA, not encrypted); a `\n` written out counts as a line's end."""
    # Deferred: most processes have a token, and no App.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem = text.replace("\\r", "").replace("\\n", "\n").strip() + "\n"
    if not PEM.fullmatch(pem):
        raise ValueError("must be a PEM private key, from -----BEGIN … PRIVATE KEY----- to -----END … PRIVATE KEY-----")
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except Exception:  # noqa: BLE001 - whatever its parser says, the text is no usable key
        raise ValueError("is a damaged or encrypted PEM private key; download it again from the App's page") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("must be an RSA private key, as GitHub makes them for Apps")  # noqa: TRY004 - a wrong value
    return Secret(pem)


def repository(text: str) -> str:
    """owner/name."""
    if not REPOSITORY.fullmatch(text):
        raise ValueError("must be owner/name, such as octo-org/octo-repo")
    return text


def url(text: str) -> str:
    """An http(s) address without query, its last slash taken off."""
    wrong = ValueError("must be an address such as https://example.com, without user, query or fragment")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not VISIBLE.fullmatch(text):
        raise wrong
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise wrong
    return text.rstrip("/")


def platform_url(text: str) -> str:
    """An address that tokens are sent to: https, or http to this machine alone, as the twins have it."""
    address = url(text)
    parts = urlsplit(address)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError("must begin with https://, or the token would cross the network readable for all")
    return address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def webhook_secret(text: str) -> Secret:
    """What webhooks are signed with: long enough not to be guessed."""
    if len(text) < SHORTEST_WEBHOOK_SECRET:
        raise ValueError(
            f"must have {SHORTEST_WEBHOOK_SECRET} characters at least, or it can be guessed; `openssl rand -hex 32` "
            "makes one, for here and for the webhook's settings"
        )
    return Secret(text)


def store(text: str) -> str:
    """sqlite:///path (four slashes for an absolute one) or dynamodb://table."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in {"sqlite", "dynamodb"}:
        raise ValueError("must be sqlite:///path or dynamodb://table")
    if scheme == "sqlite" and (not rest.startswith("/") or rest == "/" or rest.endswith("/")):
        raise ValueError("must name a file: sqlite:///valine.db, or sqlite:////var/lib/valine.db for an absolute path")
    if scheme == "dynamodb" and not TABLE.fullmatch(rest):
        raise ValueError("must name a table: dynamodb://RunStateTable")
    return text


def seconds(text: str) -> float:
    """A length of time, zero or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise ValueError("must be a number of seconds, zero or more")
    return value


def plain(text: str) -> str:
    """Any text."""
    return text
