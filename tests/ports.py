"""A port for a server that must be told its port before it listens, and one where nobody ever does."""

from __future__ import annotations

import random
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def free_port() -> int:
    """One that nobody listens on, and that the system gives to nobody meanwhile: those lie above 32768.

    https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range)
    """
    for port in random.SystemRandom().sample(range(15_000, 32_000), 100):  # pytest's workers share a seed
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("a hundred ports are all in use")


@contextmanager
def closed_port() -> Iterator[int]:
    """One where every connection is refused: it is taken, so nobody else gets it, and nobody listens."""
    with socket.socket() as delivery:
        delivery.bind(("127.0.0.1", 0))
        yield delivery.getsockname()[1]
