"""Whether 32 bytes are a public key at all: a point of edwards25519 that is not of small order.

The cryptography package takes any 32 bytes, so a mistyped key would look like wrong signatures from Discord; a key of
small order (sixty-four zeros is one) would accept signatures that anybody can make.
https://datatracker.ietf.org/doc/html/rfc8032#section-5.1.3
"""

from __future__ import annotations

PRIME = 2**255 - 19
D = -121665 * pow(121666, -1, PRIME) % PRIME
IDENTITY = 1  # the y of the neutral point
SIZE = 32


def is_public_key(key: bytes) -> bool:
    """True if a signature by its owner, and by nobody else, could ever be verified with this key."""
    y = int.from_bytes(key, "little") & ~(1 << 255)
    if len(key) != SIZE or y >= PRIME:
        return False
    x_squared = _x_squared(y)
    if x_squared and pow(x_squared, (PRIME - 1) // 2, PRIME) != 1:  # Euler's criterion: no such x
        return False
    return _doubled(_doubled(_doubled(y))) != IDENTITY


def _x_squared(y: int) -> int:
    """From the curve: -x² + y² = 1 + d·x²·y²."""
    return (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME


def _doubled(y: int) -> int:
    """The y of twice the point. https://datatracker.ietf.org/doc/html/rfc8032#section-5.1.4."""
    x_squared = _x_squared(y)
    return (y * y + x_squared) * pow(1 - D * x_squared * y * y, -1, PRIME) % PRIME
