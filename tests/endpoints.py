"""The endpoints of one machine, on the real SQLite store and queue: `await endpoints.discord(slash("plan"))`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import github_bytes
from builders import an_active
from discord_bytes import APPLICATION, GUILD, NOW, PUBLIC_KEY, encoded, signed
from valine.ingress.endpoints import HttpAnswer, HttpRequest, Ingress, IngressSettings
from valine.orchestrator.model.run import Repository, Run
from valine.ports import Commit, Envelope, Queue, RunStore
from valine.services.sqlite.file import SqliteFile
from valine.services.sqlite.queue import SqliteQueue
from valine.services.sqlite.run_store import SqliteRunStore

Json = dict[str, Any]
SETTINGS = IngressSettings(
    repository=github_bytes.REPOSITORY,
    application_id=APPLICATION,
    guild_id=GUILD,
    public_key=PUBLIC_KEY,
    webhook_secret=github_bytes.SECRET,
)


class StandingClock:
    """It is NOW."""

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        """Nothing to wait for."""


class Broken:
    """A store and a queue of which every method raises the same."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        async def fail(*_: object) -> None:
            raise self._error

        return fail


class EndpointsUnderTest:
    """An Endpoints with what stands behind it."""

    def __init__(self, store: RunStore | None = None, queue: Queue | None = None) -> None:
        self._file = SqliteFile.open(":memory:", exclusive=True)
        self.store = store or SqliteRunStore(self._file)
        self.queue = queue or SqliteQueue(self._file)
        self.ingress = Ingress(store=self.store, queue=self.queue, clock=StandingClock(), settings=SETTINGS)

    def close(self) -> None:
        """Let go of the store."""
        self._file.close()

    async def discord(self, interaction: Json) -> Json:
        """What a signed interaction is answered with."""
        answer = await self.discord_bytes(encoded(interaction))
        assert answer.status == 200, answer
        assert answer.headers["content-type"] == "application/json"
        decoded: Json = json.loads(answer.body)
        return decoded

    async def discord_bytes(self, body: bytes, method: str = "POST", **headers: str) -> HttpAnswer:
        """What these bytes are answered with, well signed unless the headers are given otherwise."""
        given = signed(body) | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.ingress.discord(HttpRequest(method=method, path="/discord", headers=given, body=body))

    async def github(self, event: str, payload: Json, **headers: str) -> HttpAnswer:
        """What a signed webhook is answered with."""
        return await self.github_bytes(event, github_bytes.encoded(payload), **headers)

    async def github_bytes(self, event: str, body: bytes, method: str = "POST", **headers: str) -> HttpAnswer:
        """What these bytes are answered with, well signed unless the headers are given otherwise."""
        given = github_bytes.signed(body, event, **headers)
        return await self.ingress.github(HttpRequest(method=method, path="/github/webhook", headers=given, body=body))

    async def queued(self) -> list[Envelope]:
        """All that lies on the queue, taken off it."""
        found: list[Envelope] = []
        while (taken := await self.queue.receive(NOW)) is not None:
            found.append(taken.envelope)
            await self.queue.ack(taken)
        return found

    async def keep(self, *runs: Run) -> None:
        """Store these runs; those that are not over are listed as active."""
        for run in runs:
            record = await self.store.repository(run.repository)
            active = () if run.final else (an_active(run.number, uid=run.uid, status=run.status),)
            kept = Repository(name=record.name, version=record.version, active=(*record.active, *active))
            await self.store.commit(Commit(repository=kept, run=run), NOW)
