from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from discord_bytes import NOW, PUBLIC_KEY, signed
from valine.errors import Untrusted
from valine.ingress.discord.interaction import verify

BODY = b'{"type":1}'


def changed(**headers: str | None) -> dict[str, str]:
    """Good headers but for these; None takes one away."""
    given = {**signed(BODY), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title, str.swapcase])
def test_a_signed_body_is_trusted_in_whatever_case_its_headers_are_written(case: Callable[[str], str]) -> None:
    headers = {case(name): value for name, value in signed(BODY).items()}

    verify(PUBLIC_KEY, headers, BODY, NOW)


@pytest.mark.parametrize("late", [-299, 299])
def test_a_timestamp_within_five_minutes_is_trusted(late: int) -> None:
    verify(PUBLIC_KEY, signed(BODY, at=NOW + timedelta(seconds=late)), BODY, NOW)


@pytest.mark.parametrize("off", [-3650 * 86400, -301, 301, 3650 * 86400])
def test_a_timestamp_more_than_five_minutes_old_or_ahead_is_not_trusted_though_the_signature_fits(off: int) -> None:
    with pytest.raises(Untrusted, match="5 minutes"):
        verify(PUBLIC_KEY, signed(BODY, at=NOW + timedelta(seconds=off)), BODY, NOW)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "ab",
        "a" * 127,
        "a" * 129,
        "a" * 130,
        "g" * 128,
        "é" * 128,
        "0x" + "a" * 126,
        " " + "a" * 127,
        "\u0661" * 128,
    ],
    ids=["missing", "empty", "short", "odd", "long", "longer", "non-hex", "non-ascii", "0x", "blank", "arabic digits"],
)
def test_a_signature_that_is_none_is_not_trusted(signature: Any) -> None:
    with pytest.raises(Untrusted):
        verify(PUBLIC_KEY, changed(X_Signature_Ed25519=signature), BODY, NOW)


@pytest.mark.parametrize("timestamp", [None, "", "soon", "1.5", "-1", "1_0", " 1", "١٢٣", "9" * 5000, "1e9"])
def test_a_timestamp_that_is_no_integer_is_not_trusted(timestamp: Any) -> None:
    with pytest.raises(Untrusted):
        verify(PUBLIC_KEY, changed(X_Signature_Timestamp=timestamp), BODY, NOW)


def test_a_changed_body_is_not_trusted() -> None:
    with pytest.raises(Untrusted):
        verify(PUBLIC_KEY, signed(BODY), BODY + b" ", NOW)


def test_a_changed_timestamp_is_not_trusted() -> None:
    with pytest.raises(Untrusted):
        verify(PUBLIC_KEY, changed(X_Signature_Timestamp=str(int(NOW.timestamp()) + 1)), BODY, NOW)


def test_somebody_elses_signature_is_not_trusted() -> None:
    stranger = Ed25519PrivateKey.from_private_bytes(b"s" * 32)

    with pytest.raises(Untrusted):
        verify(PUBLIC_KEY, signed(BODY, key=stranger), BODY, NOW)


def test_a_malformed_public_key_is_our_own_mistake_and_never_looks_like_a_bad_signature() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        verify(PUBLIC_KEY[:31], signed(BODY), BODY, NOW)
