"""Carries a twin's deliveries to the product, in the order of their time, and its answers back to the twin."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

import httpx2

from valine_twins.transport import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from valine_twins.clock import Clock
    from valine_twins.transport import Delivery, Twin


class DeliveryPump:
    """The deliveries of one twin that are under way. `client` reaches the product, over HTTP or in this process.

    `hearer` is told of every answer: the address it came from, its status and body.
    """

    def __init__(
        self,
        twin: Twin,
        client: httpx2.AsyncClient,
        clock: Clock,
        hearer: Callable[[str, int, bytes], None] | None = None,
    ) -> None:
        self._twin = twin
        self._client = client
        self._clock = clock
        self._hearer = hearer
        self._waiting: list[tuple[datetime, int, Delivery]] = []
        self._order = itertools.count()

    def post(self, deliveries: Iterable[Delivery]) -> None:
        """Take deliveries; each is made when its time has come."""
        for delivery in deliveries:
            heapq.heappush(self._waiting, (delivery.at, next(self._order), delivery))

    @property
    def next_at(self) -> datetime | None:
        """When the next delivery is due, if any is waiting."""
        return self._waiting[0][0] if self._waiting else None

    async def deliver_next(self) -> bool:
        """Make the next delivery if it is due; whether there was one."""
        if not self._waiting or self._waiting[0][0] > self._clock.now():
            return False
        _, _, delivery = heapq.heappop(self._waiting)
        response = await self._carry(delivery)
        self.post(self._twin.delivered(delivery, response, self._clock.now()))
        return True

    async def _carry(self, delivery: Delivery) -> Response | None:
        try:
            answer = await self._client.post(delivery.url, headers=delivery.headers, content=delivery.body)
        except httpx2.TransportError:
            return None
        if self._hearer is not None:
            self._hearer(delivery.url, answer.status_code, answer.content)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(status=answer.status_code, headers=headers, body=answer.content)
