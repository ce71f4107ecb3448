"""The composition root: the only file that names concrete classes, and where settings become a running system."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import httpx2

from valine.engine import Engine
from valine.errors import StoreError
from valine.intake import Intake, IntakeSettings
from valine.services.clock import SystemClock
from valine.services.discord.admin import DiscordAdmin
from valine.services.discord.chat import DiscordChat
from valine.services.github.auth import AppAuth, TokenAuth
from valine.services.github.forge import GitHubForge
from valine.services.pacing import Pacer
from valine.services.queue_sqlite import SqliteQueue
from valine.services.run_store_sqlite import SqliteRunStore
from valine.services.sqlite_file import SqliteFile
from valine.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from valine.config import Settings
    from valine.ports import Clock
    from valine.services.github.auth import Auth

SQLITE = "sqlite:///"


@dataclass(frozen=True, kw_only=True)
class System:
    """All parts of one deployment, wired. Close it, or use it as an async context manager."""

    settings: Settings
    clock: Clock
    store: SqliteRunStore
    queue: SqliteQueue
    intake: Intake
    engine: Engine
    worker: Worker
    admin: DiscordAdmin
    file: SqliteFile
    clients: tuple[httpx2.AsyncClient, ...]

    async def recover(self) -> None:
        """What a process before this one had in hand when it stopped is taken up again."""
        await self.queue.recover()
        await self.engine.catch_up(self.settings.github_repository)

    async def aclose(self) -> None:
        """Let go of the file and the connections."""
        for client in self.clients:
            await client.aclose()
        self.file.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def assemble(
    settings: Settings,
    *,
    clock: Clock | None = None,
    github: httpx2.AsyncBaseTransport | None = None,
    discord: httpx2.AsyncBaseTransport | None = None,
) -> System:
    """The system that these settings describe, the one server of its file.

    Without `clock` and transports it is the real world's. Raises StoreError if the file cannot be served.
    """
    clock = clock or SystemClock()
    file = SqliteFile.open(store_path(settings.store), exclusive=True)
    store, queue = SqliteRunStore(file), SqliteQueue(file)
    to_github, to_discord = httpx2.AsyncClient(transport=github), httpx2.AsyncClient(transport=discord)
    forge = _forge(settings, to_github, clock)
    to = _to_discord(settings)
    chat = DiscordChat(to_discord, clock=clock, **to)
    engine = Engine(store=store, queue=queue, forge=forge, chat=chat, clock=clock)
    return System(
        settings=settings,
        clock=clock,
        store=store,
        queue=queue,
        intake=Intake(store=store, queue=queue, clock=clock, settings=_intake_settings(settings)),
        engine=engine,
        worker=Worker(queue=queue, engine=engine, clock=clock),
        admin=DiscordAdmin(to_discord, clock=clock, **to),
        file=file,
        clients=(to_github, to_discord),
    )


class Opened(NamedTuple):
    """A store and its queue, and the file to close."""

    store: SqliteRunStore
    queue: SqliteQueue
    file: SqliteFile


def open_store(address: str) -> Opened:
    """What lies at VALINE_STORE's address, beside a server that may be running.

    Raises StoreError if there is none.
    """
    file = SqliteFile.open(store_path(address), exclusive=False)
    return Opened(SqliteRunStore(file), SqliteQueue(file), file)


@contextlib.asynccontextmanager
async def discord_admin(settings: Settings) -> AsyncIterator[DiscordAdmin]:
    """The application's own settings on Discord, without the store: a server may be running beside it."""
    async with httpx2.AsyncClient() as client:
        yield DiscordAdmin(client, clock=SystemClock(), **_to_discord(settings))


class Outside(NamedTuple):
    """What a deployment stands on, to be looked at: GitHub, Discord, and a client for its own doors."""

    forge: GitHubForge
    discord: DiscordAdmin
    web: httpx2.AsyncClient


@contextlib.asynccontextmanager
async def outside(
    settings: Settings,
    *,
    clock: Clock | None = None,
    github: httpx2.AsyncBaseTransport | None = None,
    discord: httpx2.AsyncBaseTransport | None = None,
    web: httpx2.AsyncBaseTransport | None = None,
) -> AsyncIterator[Outside]:
    """The platforms as these settings reach them, without the store: a server may be running beside it.

    Without `clock` and transports it is the real world's.
    """
    clock = clock or SystemClock()
    async with (
        httpx2.AsyncClient(transport=github) as to_github,
        httpx2.AsyncClient(transport=discord) as to_discord,
        httpx2.AsyncClient(transport=web) as to_doors,
    ):
        admin = DiscordAdmin(to_discord, clock=clock, **_to_discord(settings))
        yield Outside(_forge(settings, to_github, clock), admin, to_doors)


def wall_clock() -> Clock:
    """The real time."""
    return SystemClock()


def store_path(address: str) -> str:
    """Where `sqlite:///path` lies, relative to the working directory (four slashes: absolute), as most tools read it.

    Raises StoreError for what is not a file of one machine.
    """
    if not address.startswith(SQLITE):
        raise StoreError(f"{address} is not served on one machine. Set VALINE_STORE to sqlite:///path.")
    return address.removeprefix(SQLITE)


def _forge(settings: Settings, client: httpx2.AsyncClient, clock: Clock) -> GitHubForge:
    return GitHubForge(
        client,
        repository=settings.github_repository,
        api_url=settings.github_api_url,
        auth=_auth(settings, client, clock),
        clock=clock,
        pacer=Pacer(clock, settings.write_interval),
    )


def _to_discord(settings: Settings) -> dict[str, str]:
    return {
        "application_id": settings.discord_application_id,
        "bot_token": settings.discord_bot_token.reveal(),
        "api_url": settings.discord_api_url,
    }


def _auth(settings: Settings, client: httpx2.AsyncClient, clock: Clock) -> Auth:
    if settings.github_token is not None:
        return TokenAuth(settings.github_token.reveal())
    return AppAuth(
        client,
        app_id=settings.github_app_id or "",
        private_key=settings.github_app_private_key.reveal() if settings.github_app_private_key else "",
        repository=settings.github_repository,
        api_url=settings.github_api_url,
        clock=clock,
    )


def _intake_settings(settings: Settings) -> IntakeSettings:
    return IntakeSettings(
        repository=settings.github_repository,
        application_id=settings.discord_application_id,
        guild_id=settings.discord_guild_id,
        public_key=bytes.fromhex(settings.discord_public_key),
        webhook_secret=settings.github_webhook_secret.reveal(),
    )
