"""The one seam to Discord's REST API: a request goes out once, and always comes back as an `Answer`.

https://docs.discord.com/developers/reference
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

import httpx2

from valine import __version__
from valine.services.discord.answers import Answer, cut, limited, understand, unsent
from valine.services.discord.limits import Limits, Route
from valine.services.exchange import ACCEPTED, Bounds, TooLong, exchange

if TYPE_CHECKING:
    from datetime import datetime

    from valine.ports import Clock

log = logging.getLogger(__name__)

# https://docs.discord.com/developers/reference#user-agent
USER_AGENT: Final = f"DiscordBot (https://github.com/valine, {__version__})"
TIMEOUT: Final = httpx2.Timeout(10.0, connect=5.0)
BOUNDS: Final = Bounds(seconds=12, size=8 * 1024 * 1024)  # all of an exchange: 100 messages are the longest answer
LONGEST_WAIT: Final = 5.0  # seconds that are waited for a bucket here; what takes longer is the engine's to schedule
NEVER_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
Method = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]


class DiscordApi:
    """Discord's API as one bot: authorised, limited, timed out. `api_url` ends with the version: …/api/v10."""

    def __init__(
        self, client: httpx2.AsyncClient, *, bot_token: str, api_url: str, clock: Clock, bounds: Bounds = BOUNDS
    ) -> None:
        self._client = client
        self._bounds = bounds
        self._authorization = f"Bot {bot_token}"
        self._url = api_url.rstrip("/")
        self._clock = clock
        self._limits = Limits()

    async def get(self, template: str, ids: dict[str, str], *, query: dict[str, str] | None = None) -> Answer:
        """Read. `template` is a path with the names of its ids in braces."""
        return await self._send("GET", template, ids, query=query)

    async def write(self, method: Method, template: str, ids: dict[str, str], body: Any) -> Answer:
        """Write."""
        return await self._send(method, template, ids, body=body)

    async def answer(self, body: Any, *, application: str, token: str) -> Answer:
        """Replace what an interaction shows. Its token authorises; the bot's is not sent along.

        https://docs.discord.com/developers/interactions/receiving-and-responding#edit-original-interaction-response
        """
        ids = {"webhook": application, "token": token}
        return await self._send("PATCH", "/webhooks/{webhook}/{token}/messages/@original", ids, body=body)

    async def _send(
        self,
        method: Method,
        template: str,
        ids: dict[str, str],
        *,
        body: Any = None,
        query: dict[str, str] | None = None,
    ) -> Answer:
        major = "/".join(ids[name] for name in ("channel", "guild", "webhook", "token") if name in ids)
        route = Route(name=f"{method} {template}", major=major, interaction="token" in ids)
        kept_back = await self._wait(route)
        if kept_back is not None:
            return Answer(status=0, failure=limited(kept_back, "waiting for Discord's rate limit"))
        began = self._clock.now()
        answer = await self._exchange(route, self._request(method, _path(template, ids), body, query, route))
        took = (self._clock.now() - began).total_seconds()
        # The template, not the path: an interaction's token is part of that.
        log.debug("%s: %d in %.3f s", route.name, answer.status, took, extra={"discord_code": answer.code})
        return answer

    async def _wait(self, route: Route) -> datetime | None:
        """None once the request may go; the time to try again if that is too far away."""
        deadline = None
        while (until := self._limits.take(route, self._clock.now())) is not None:
            seconds = (until - self._clock.now()).total_seconds()
            deadline = LONGEST_WAIT if deadline is None else deadline
            if seconds > deadline + 0.01:
                return until
            deadline -= seconds
            await self._clock.sleep(seconds)
        return None

    def _request(
        self, method: Method, path: str, body: Any, query: dict[str, str] | None, route: Route
    ) -> httpx2.Request:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **ACCEPTED}
        if not route.interaction:
            headers["Authorization"] = self._authorization
        return self._client.build_request(
            method, self._url + path, json=body, params=query, headers=headers, timeout=TIMEOUT
        )

    async def _exchange(self, route: Route, request: httpx2.Request) -> Answer:
        write = request.method != "GET"
        try:
            received = await exchange(self._client, request, self._bounds)
        except NEVER_SENT as error:
            return unsent(f"cannot be reached ({type(error).__name__})")
        except httpx2.RequestError as error:
            return cut(f"did not answer ({type(error).__name__})", write=write)
        except TooLong as error:
            return cut(str(error), write=write)
        now = self._clock.now()
        answer = understand(received.status, received.headers, received.body, write=write, now=now)
        self._limits.learn(route, received.status, received.headers, answer.body, now)
        return answer


def _path(template: str, ids: dict[str, str]) -> str:
    """The path with these ids in it: whatever they hold, they stay in their places."""
    return template.format(**{name: quote(value, safe=":@!$&'()*+,;=") for name, value in ids.items()})
