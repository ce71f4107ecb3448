"""A shell around a twin for the same process: an httpx2 transport in front, a list of deliveries behind."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import httpx2

from valine_twins.transport import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from valine_twins.clock import Clock
    from valine_twins.transport import Delivery, Twin


class TwinTransport(httpx2.AsyncBaseTransport):
    """Carries a client's requests to a twin, and hands what the twin will deliver to `outbox`.

    `recorder` is told of every request (method, path with query, body) before it is handled.
    """

    def __init__(
        self,
        twin: Twin,
        clock: Clock,
        outbox: Callable[[Sequence[Delivery]], None],
        recorder: Callable[[str, str, bytes], None] | None = None,
    ) -> None:
        self._twin = twin
        self._clock = clock
        self._outbox = outbox
        self._recorder = recorder

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The twin's response; ReadTimeout for one that is lost, after the time it took."""
        body = await request.aread()
        if self._recorder is not None:
            self._recorder(request.method, request.url.raw_path.decode(), body)
        answer = self._twin.handle(
            Request(
                method=request.method,
                path=request.url.path,
                query=dict(parse_qsl(request.url.query.decode(), keep_blank_values=True)),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body,
            ),
            self._clock.now(),
        )
        self._outbox(answer.deliveries)
        if answer.response.delay:
            await self._clock.sleep(answer.response.delay)
        if answer.response.lost:
            message = "the answer was lost"
            raise httpx2.ReadTimeout(message, request=request)
        return httpx2.Response(
            answer.response.status, headers=answer.response.headers, content=answer.response.body, request=request
        )
