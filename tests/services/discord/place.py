"""One channel on Discord's twin with our chat in it, on a clock that moves only when somebody waits."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx2
import msgspec

from builders import NOON
from valine.services.discord import DiscordAdmin, DiscordChat
from valine.view.components import Message
from valine_twins.discord import DiscordTwin
from valine_twins.inprocess import TwinTransport
from valine_twins.transport import Delivery, Response

API = "https://discord.test/api/v10"
MARKER = "r1 · card · abcdefghijkl"

Sent = tuple[str, str, Any]
Handler = Callable[[httpx2.Request], httpx2.Response]


class HandClock:
    """Shows NOON until somebody waits."""

    def __init__(self) -> None:
        self.time = NOON
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=max(0.0, seconds))


class Place:
    """The twin, what was asked of it, and what can be seen there."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.sent: list[Sent] = []
        self.twin = DiscordTwin(random.Random(7), now=self.clock.now(), endpoint="https://valine.test/discord")  # noqa: S311 - repeatable random numbers
        self.guild = self.act("create_guild", members={"ana": []}, channels=["work"])
        self.channel: str = self.guild["channels"]["work"]
        self.client = httpx2.AsyncClient(transport=TwinTransport(self.twin, self.clock, lambda _: None, self._record))
        self.chat = DiscordChat(self.client, **self.credentials())
        self.admin = DiscordAdmin(self.client, **self.credentials())

    def credentials(self, **changes: Any) -> dict[str, Any]:
        given = {"application_id": self.twin.application_id, "bot_token": self.twin.bot_token, "api_url": API}
        return given | {"clock": self.clock} | changes

    def act(self, action: str, **arguments: Any) -> Any:
        return self.twin.act(action, arguments, self.clock.now()).value

    def fault(self, kind: str, method: str = "*", route: str = "*", **how: Any) -> None:
        self.act("throw_fault", kind=kind, method=method, route=route, **how)

    def asks(self, name: str = "status") -> Delivery:
        """Ana sends a command; what Discord would deliver."""
        return self.twin.act("command", {"by": "ana", "name": name}, self.clock.now()).deliveries[0]

    def defers(self, delivery: Delivery) -> None:
        """The command is answered by a deferral."""
        body = msgspec.json.encode({"type": 5, "data": {"flags": 64}})
        response = Response(status=200, headers={"content-type": "application/json"}, body=body)
        self.twin.delivered(delivery, response, self.clock.now())

    async def sends(self, **given: Any) -> str:
        """The id of the message that is ensured so."""
        return (await self.chat.ensure_message(**given)).message

    def messages(self) -> list[dict[str, Any]]:
        return list(self.twin.view()["channels"][0]["messages"])

    def texts(self) -> list[str]:
        return [str(message["text"]) for message in self.messages()]

    def requests(self) -> list[str]:
        """What was sent, ids left out: `PATCH /channels/…/messages/…`."""
        return [f"{method} {_without_ids(path)}" for method, path, _ in self.sent]

    def _record(self, method: str, path: str, body: bytes) -> None:
        self.sent.append((method, path, msgspec.json.decode(body) if body else None))


def a_message(text: str = "Plan r1", marker: str = MARKER) -> Message:
    """A message of Components V2 that has the marker."""
    parts = [{"type": 17, "components": [{"type": 10, "content": text}, {"type": 10, "content": f"-# {marker}"}]}]
    return Message(body={"flags": 1 << 15, "components": parts, "allowed_mentions": {"parse": []}})


def ensuring(place: Place, text: str = "Plan r1", **changes: Any) -> dict[str, Any]:
    """The arguments of ensure_message, now and for the first time unless told otherwise."""
    given: Mapping[str, Any] = {
        "channel": place.channel,
        "marker": MARKER,
        "nonce": "nonce-1",
        "message": a_message(text),
        "posted": None,
        "since": place.clock.now(),
        "first_attempt": True,
    }
    return {**given, **changes}


def _without_ids(path: str) -> str:
    parts = path.removeprefix("/api/v10").partition("?")[0].split("/")
    return "/".join("…" if len(part) > 16 else part for part in parts)
