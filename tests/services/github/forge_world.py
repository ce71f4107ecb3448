"""A GitHub that answers whatever a test says, and a clock that moves only when it is waited for.

Whatever is sent is held against GitHub's published descriptions where ../shared is there (see conftest.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from builders import NOON, REPOSITORY
from valine.errors import OutsideError
from valine.orchestrator.model.effects import ForgeEffect
from valine.ports import Forge
from valine.services.github import Auth, GitHubForge, TokenAuth
from valine.services.pacing import Pacer

API = "https://api.github.test"
TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ"

Said = httpx2.Response | Exception
Recorder = Callable[[str, str, bytes], None]


async def refusal_of(forge: Forge, effect: ForgeEffect) -> OutsideError:
    """The error that performing this effect raises."""
    with pytest.raises(OutsideError) as caught:
        await forge.perform(effect)
    return caught.value


class ManualClock:
    """Time that passes when somebody sleeps."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=max(seconds, 0))


class OddGitHub:
    """Answers from a list, in order; what was asked is kept in `seen` as "METHOD path"."""

    def __init__(self, recorder: Recorder) -> None:
        self.clock = ManualClock()
        self.seen: list[str] = []
        self.requests: list[httpx2.Request] = []
        self.bodies: list[Any] = []
        self._answers: list[Said] = []
        self._recorder = recorder
        self.takes = 0.0  # seconds that each request takes
        self.client = httpx2.AsyncClient(transport=httpx2.MockTransport(self._handle))

    def says(self, *answers: Said) -> None:
        """These answers come next."""
        self._answers += answers

    def forge(self, auth: Auth | None = None, api_url: str = API) -> GitHubForge:
        """A forge that asks here."""
        return GitHubForge(
            self.client,
            repository=REPOSITORY,
            api_url=api_url,
            auth=auth or TokenAuth(TOKEN),
            clock=self.clock,
            pacer=Pacer(self.clock, 1.0),
        )

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.raw_path.decode()
        self._recorder(request.method, path, request.content)
        self.seen.append(f"{request.method} {path}")
        self.requests.append(request)
        self.bodies.append(json.loads(request.content) if request.content else None)
        answer = self._answers.pop(0)
        self.clock.at += timedelta(seconds=self.takes)
        if isinstance(answer, Exception):
            raise answer
        return answer


def ok(body: Any, status: int = 200, /, **headers: str) -> httpx2.Response:
    """An answer that grants it."""
    return httpx2.Response(status, json=body, headers=_names(headers))


def no(status: int, message: str = "", errors: Any = None, **headers: str) -> httpx2.Response:
    """A refusal, as GitHub words it."""
    body = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    return httpx2.Response(status, json=body | ({"errors": errors} if errors else {}), headers=_names(headers))


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
