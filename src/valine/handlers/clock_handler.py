"""The clock, once a minute: wakes the runs whose time has come, and releases what was put off. It reads no secret."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from valine.bootstrap import aws
from valine.handlers.warm import Made, Warm
from valine.settings.functions import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from valine.bootstrap.aws import Clockwork

log = logging.getLogger("valine.handlers")


def make(environ: Mapping[str, str]) -> Made[Clockwork]:
    """The clock of this environment. Raises ConfigurationError."""
    return Made(aws.clockwork(Place.load(environ)))


_warm = Warm(make)
_warm.prepare()


def handler(_: object, __: object) -> dict[str, int]:
    """How many runs were woken and how many envelopes released. Raises what kept it from that: Lambda counts it."""
    return _warm.run(tick(_warm.get()))


async def tick(clockwork: Clockwork) -> dict[str, int]:
    """Wake and release; if one of them fails, the other is done all the same."""
    now = clockwork.clock.now()
    try:
        released = await clockwork.queue.release(now)
    finally:
        woken = await clockwork.scheduler.enqueue_due()
    log.info("woken: %d, released: %d", woken, released)
    return {"woken": woken, "released": released}
