"""The composition root: the only package that names concrete classes, and where settings become a running system.

Here is one machine, in `aws` the functions of Lambda. What is composed is imported when it is: each process pays only
for its own parts.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from valine.errors import ConfigurationError, StoreError
from valine.settings.parsers import DYNAMODB

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    import httpx2

    from valine.engine import Engine
    from valine.engine.worker import Worker
    from valine.ingress.endpoints import Ingress, IngressSettings
    from valine.ports import Clock, RunStore
    from valine.services.dead_letters import DeadLetter
    from valine.services.discord.admin import DiscordAdmin
    from valine.services.github.forge import GitHubForge
    from valine.services.sqlite.file import SqliteFile
    from valine.services.sqlite.precedence import Precedence
    from valine.services.sqlite.queue import SqliteQueue
    from valine.services.sqlite.run_store import SqliteRunStore
    from valine.settings import DiscordApplication, Settings

SQLITE = "sqlite:///"
READ_LIMIT = 2.0  # seconds of Discord's three that an endpoint reads the store for an answer


@dataclass(frozen=True, kw_only=True)
class System:
    """All parts of one deployment, wired. Close it, or use it as an async context manager."""

    settings: Settings
    clock: Clock
    store: SqliteRunStore
    queue: SqliteQueue
    ingress: Ingress
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
    precedence: Precedence | None = None,
) -> System:
    """The system that these settings describe, the one server of its file.

    Without `clock` and transports it is the real world's. `precedence` is what endpoints beside it have over it.
    Raises StoreError if the file cannot be served.
    """
    from valine.bootstrap.platforms import reach
    from valine.engine import Engine
    from valine.engine.worker import Worker
    from valine.ingress.endpoints import Ingress
    from valine.services.sqlite.file import SqliteFile
    from valine.services.sqlite.queue import SqliteQueue
    from valine.services.sqlite.run_store import SqliteRunStore

    clock = clock or wall_clock()
    give_way = (precedence or write_precedence()).give_way
    file = SqliteFile.open(store_path(settings.store), exclusive=True, give_way=give_way)
    store, queue = SqliteRunStore(file), SqliteQueue(file)
    reached = reach(settings, clock, github, discord)
    engine = Engine(store=store, queue=queue, forge=reached.forge, chat=reached.chat, clock=clock)
    return System(
        settings=settings,
        clock=clock,
        store=store,
        queue=queue,
        ingress=Ingress(store=store, queue=queue, clock=clock, settings=_ingress_settings(settings)),
        engine=engine,
        worker=Worker(queue=queue, engine=engine, clock=clock),
        admin=reached.admin,
        file=file,
        clients=reached.clients,
    )


def write_precedence() -> Precedence:
    """What gives the endpoints' writes to a file precedence over the worker's, if both get it."""
    from valine.services.sqlite.precedence import Precedence

    return Precedence()


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """What answers Discord and GitHub beside the system of the same file, in a thread of its own."""

    clock: Clock
    ingress: Ingress
    queue: SqliteQueue


@contextlib.contextmanager
def endpoints(
    settings: Settings, *, clock: Clock | None = None, precedence: Precedence | None = None
) -> Iterator[Endpoints]:
    """The endpoints, on a connection of their own that never waits in SQLite: Discord gives them three seconds.

    `precedence` is what they have over the worker's thread, which must have been given the same.
    Raises StoreError if the file cannot be opened, or was not made ready by assemble().
    """
    import asyncio

    from valine.ingress.endpoints import Ingress
    from valine.services.sqlite.file import SqliteFile
    from valine.services.sqlite.queue import SqliteQueue
    from valine.services.sqlite.retrying import Retrying, RetryingProducer, RetryingReader
    from valine.services.sqlite.run_store import SqliteRunStore

    clock = clock or wall_clock()
    with contextlib.closing(SqliteFile.open(store_path(settings.store), exclusive=False, busy_ms=0)) as file:
        queue, retrying = SqliteQueue(file), Retrying(clock, precedence or write_precedence())
        ingress = Ingress(
            store=RetryingReader(SqliteRunStore(file), retrying),
            queue=RetryingProducer(queue, retrying),
            clock=clock,
            settings=_ingress_settings(settings),
            read_limit=partial(asyncio.timeout, READ_LIMIT),
        )
        yield Endpoints(clock=clock, ingress=ingress, queue=queue)


class SetAside(Protocol):
    """What a queue keeps of envelopes that could not be dealt with."""

    async def dead_letters(self) -> Sequence[DeadLetter]:
        """All of them, in the order in which they were dead-lettered."""
        ...

    async def redrive(self, id: str, now: datetime) -> bool:  # noqa: A002 - the field's own name
        """Put that one at the end of its partition. False if there is none."""
        ...


class Closable(Protocol):
    """Something to let go of."""

    def close(self) -> None:
        """Let go of it."""
        ...


class Opened(NamedTuple):
    """A store with what its queue dead-lettered, what copies it to a new file, and what is to be closed in the end."""

    store: RunStore
    queue: SetAside
    back_up: Callable[[Path], None]
    file: Closable


def open_store(address: str, queue_url: str | None = None) -> Opened:
    """What lies at VALINE_STORE's address, beside a server or functions that may be running.

    Raises StoreError if there is none, ConfigurationError if it is on AWS and VALINE_QUEUE_URL is not known.
    """
    if address.startswith(DYNAMODB):
        from valine.bootstrap.aws import keep

        if queue_url is None:
            raise ConfigurationError(("VALINE_QUEUE_URL is missing (VALINE_STORE is on AWS)",))
        kept = keep(address.removeprefix(DYNAMODB), queue_url, wall_clock())
        return Opened(kept.store, kept.queue, _backed_up_there, contextlib.ExitStack())

    from valine.services.sqlite.file import SqliteFile
    from valine.services.sqlite.queue import SqliteQueue
    from valine.services.sqlite.run_store import SqliteRunStore

    file = SqliteFile.open(store_path(address), exclusive=False)
    return Opened(SqliteRunStore(file), SqliteQueue(file), file.back_up, file)


def _backed_up_there(_: Path) -> None:
    raise StoreError("DynamoDB keeps copies of its own. Nothing was copied: `aws dynamodb create-backup` makes one.")


@contextlib.asynccontextmanager
async def discord_admin(application: DiscordApplication) -> AsyncIterator[DiscordAdmin]:
    """The application's own settings on Discord, without the store: a server may be running beside it."""
    import httpx2

    from valine.bootstrap.platforms import to_application
    from valine.services.discord.admin import DiscordAdmin

    async with httpx2.AsyncClient() as client:
        yield DiscordAdmin(client, clock=wall_clock(), **to_application(application))


class Outside(NamedTuple):
    """What a deployment stands on, to be looked at: GitHub, Discord, and a client for its own endpoints."""

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
    import httpx2

    from valine.bootstrap.platforms import reach

    reached = reach(settings, clock or wall_clock(), github, discord)
    async with httpx2.AsyncClient(transport=web) as to_endpoints:
        try:
            yield Outside(reached.forge, reached.admin, to_endpoints)
        finally:
            for client in reached.clients:
                await client.aclose()


def wall_clock() -> Clock:
    """The real time."""
    from valine.services.clock import SystemClock

    return SystemClock()


def store_path(address: str) -> str:
    """Where `sqlite:///path` lies, relative to the working directory (four slashes: absolute), as most tools read it.

    Raises StoreError for what is not a file of one machine.
    """
    if not address.startswith(SQLITE):
        raise StoreError(f"{address} is not served on one machine. Set VALINE_STORE to sqlite:///path.")
    return address.removeprefix(SQLITE)


def _ingress_settings(settings: Settings) -> IngressSettings:
    from valine.ingress.endpoints import IngressSettings

    return IngressSettings(
        repository=settings.github_repository,
        application_id=settings.discord_application_id,
        guild_id=settings.discord_guild_id,
        public_key=bytes.fromhex(settings.discord_public_key),
        webhook_secret=settings.github_webhook_secret.reveal(),
    )
