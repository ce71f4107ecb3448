"""Receipts that are not acknowledged count against an envelope only where its worker stopped."""

from __future__ import annotations

from typing import Any

import pytest

from builders import NOON, a_woken
from valine.engine.worker import MOST_RECEIPTS, Worker
from valine.errors import StoreError
from valine.ports import Delivery, Envelope

ENVELOPE = Envelope(id="wake:1", partition="team/app", urgent=False, inbound=a_woken())


class FullQueue:
    """Cannot note an acknowledgement, as on a full disk."""

    def __init__(self) -> None:
        self.full = True
        self.done_with: list[str] = []
        self.dead: list[str] = []

    async def ack(self, delivery: Delivery) -> None:
        if self.full:
            raise StoreError("The disk is full.")
        self.done_with.append(delivery.envelope.id)

    async def dead_letter(self, delivery: Delivery, trouble: str) -> None:
        self.dead.append(trouble)


class StoppedClock:
    def now(self) -> Any:
        return NOON


async def nothing(_taken: Delivery) -> None:
    """It is handled well each time."""


def received(times: int) -> Delivery:
    return Delivery(envelope=ENVELOPE, receipt=str(times), attempts=times - 1, received=times)


async def test_what_a_living_worker_cannot_acknowledge_is_handled_again_and_again() -> None:
    queue: Any = FullQueue()
    clock: Any = StoppedClock()
    engine: Any = None
    worker = Worker(queue=queue, engine=engine, clock=clock)
    for times in range(1, MOST_RECEIPTS + 3):
        with pytest.raises(StoreError):
            await worker.deal(received(times), nothing)

    queue.full = False
    await worker.deal(received(MOST_RECEIPTS + 3), nothing)

    assert (queue.done_with, queue.dead) == ([ENVELOPE.id], [])
