"""A guild to play in: `stage.act("command", by="ana", name="plan")`, `stage.post("/channels/…", {...})`."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from valine_twins.discord import DiscordTwin, Options
from valine_twins.transport import Delivery, Request, Response

START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ENDPOINT = "https://valine.test/discord"
DEFER = {"type": 5, "data": {"flags": 64}}

Json = dict[str, Any]

COMMANDS: list[Json] = [
    {
        "name": "plan",
        "description": "Propose a plan",
        "options": [
            {"type": 3, "name": "label", "description": "Label of the issues", "autocomplete": True},
            {"type": 4, "name": "limit", "description": "How many at most", "min_value": 1, "max_value": 250},
        ],
    },
    {"name": "status", "description": "Tell how a run stands"},
]
CARD: Json = {
    "flags": 1 << 15,
    "allowed_mentions": {"parse": []},
    "components": [
        {
            "type": 17,
            "components": [
                {"type": 10, "content": "## Plan r1\n**3 issues** · [#41](https://github.test/41)"},
                {"type": 14},
                {
                    "type": 1,
                    "components": [
                        {"type": 2, "style": 3, "label": "Approve", "custom_id": "approve:r1"},
                        {"type": 2, "style": 4, "label": "Reject", "custom_id": "reject:r1", "disabled": True},
                        {"type": 2, "style": 5, "label": "Open", "url": "https://github.test"},
                    ],
                },
                {
                    "type": 1,
                    "components": [
                        {
                            "type": 3,
                            "custom_id": "drop:r1",
                            "placeholder": "Drop issues",
                            "min_values": 1,
                            "max_values": 2,
                            "options": [
                                {"label": "#41 Fix login", "value": "41"},
                                {"label": "#42 Add logout", "value": "42"},
                            ],
                        }
                    ],
                },
            ],
        }
    ],
}
MODAL: Json = {
    "custom_id": "why:r1",
    "title": "Reject the plan",
    "components": [
        {
            "type": 18,
            "label": "Why?",
            "component": {"type": 4, "custom_id": "reason", "style": 2, "max_length": 200},
        },
        {
            "type": 18,
            "label": "How",
            "component": {
                "type": 21,
                "custom_id": "how",
                "required": False,
                "options": [{"label": "Close", "value": "close"}, {"label": "Keep", "value": "keep"}],
            },
        },
    ],
}


class Stage:
    """A twin with a guild, and a clock that moves when it is told to."""

    def __init__(self, options: Options | None = None, *, furnished: bool = True) -> None:
        self.now = START
        self.twin = DiscordTwin(random.Random(1), now=START, endpoint=ENDPOINT, options=options)  # noqa: S311 - repeatable
        self.app = self.twin.application_id
        self.made: Json = {}
        self.deliveries: tuple[Delivery, ...] = ()
        self.last: Delivery
        if furnished:
            self.made = self.act(
                "create_guild",
                roles={"leads": ["MANAGE_GUILD"]},
                members={"ana": ["leads"], "ben": []},
                channels=["plans", "random"],
            )
            self.put(f"/applications/{self.app}/commands", COMMANDS)

    @property
    def plans(self) -> str:
        """The id of the first channel."""
        return str(self.made["channels"]["plans"])

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        path, _, query = path.partition("?")
        sent = {
            "user-agent": "DiscordBot (https://valine.test, 1)",
            "authorization": f"Bot {self.twin.bot_token}",
            "content-type": "application/json",
        } | {k.replace("_", "-"): v for k, v in headers.items()}
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        pairs = dict(pair.split("=", 1) for pair in query.split("&") if pair)
        request = Request(method=method, path="/api/v10" + path, query=pairs, headers=sent, body=raw)
        answer = self.twin.handle(request, self.now)
        if answer.deliveries:
            self.deliveries, self.last = answer.deliveries, answer.deliveries[0]
        return answer.response

    def get(self, path: str) -> Response:
        return self.request("GET", path)

    def post(self, path: str, body: Any = None) -> Response:
        return self.request("POST", path, body)

    def patch(self, path: str, body: Any) -> Response:
        return self.request("PATCH", path, body)

    def put(self, path: str, body: Any = None) -> Response:
        return self.request("PUT", path, body)

    def delete(self, path: str) -> Response:
        return self.request("DELETE", path)

    def say(self, body: Json, channel: str | None = None) -> Json:
        """The bot posts, and it works."""
        response = self.post(f"/channels/{channel or self.plans}/messages", body)
        assert response.status == 200, response.body
        return dict(read(response))

    def act(self, action: str, **arguments: Any) -> Any:
        acted = self.twin.act(action, arguments, self.now)
        self.deliveries = acted.deliveries
        if self.deliveries:
            self.last = self.deliveries[0]
        return acted.value

    def answer(self, body: Any, *, status: int = 200, after: float = 0.2, kind: str = "application/json") -> None:
        """The product answers the last delivery."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.wait(after)
        response = Response(status=status, headers={"content-type": kind}, body=raw)
        for delivery in self.deliveries:
            self.twin.delivered(delivery, response, self.now)

    def webhook(self, path: str = "/messages/@original") -> str:
        """The path of the newest interaction's webhook."""
        return f"/webhooks/{self.app}/{self.interaction()['token']}{path}"

    def interaction(self) -> Json:
        """The last delivery's body."""
        return dict(json.loads(self.last.body))

    @property
    def view(self) -> Json:
        view: Json = self.twin.view()
        return view

    @property
    def messages(self) -> list[Json]:
        """What is in the first channel."""
        return list(self.view["channels"][0]["messages"])

    @property
    def problems(self) -> list[str]:
        return list(self.view["problems"])


def read(response: Response) -> Any:
    """The JSON in a response."""
    return json.loads(response.body)


def code(response: Response) -> tuple[int, int]:
    """Status and Discord's code."""
    return response.status, read(response)["code"]
