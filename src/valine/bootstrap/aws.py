"""The functions of Lambda, composed: each of what it needs, from the environment and from the secrets it may read.

botocore is imported by the first call that needs it: no PING and no wrong signature does, nor a command that is stored.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from valine.bootstrap import wall_clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import httpx2

    from valine.engine.batches import Batches
    from valine.engine.scheduler import Scheduler
    from valine.ingress.endpoints import Ingress, IngressSettings
    from valine.orchestrator.model.run import Repository, Run
    from valine.ports import Clock, RunSummary
    from valine.services.aws.queue import SqsQueue
    from valine.services.aws.run_store import DynamoRunStore
    from valine.settings.functions import DiscordEndpoint, GitHubEndpoint, Place, WorkerPlace

READ_LIMIT: Final = 2.0  # seconds of Discord's three that an endpoint reads the table for an answer


class Kept(NamedTuple):
    """Where everything is kept."""

    store: DynamoRunStore
    queue: SqsQueue


class _ReadLater:
    """A RunReader of that table, made when it is first asked for something: it is what needs botocore."""

    def __init__(self, table: str) -> None:
        self._table = table

    @cached_property
    def _made(self) -> DynamoRunStore:
        from valine.services.aws.client import client
        from valine.services.aws.run_store import DynamoRunStore

        return DynamoRunStore(client("dynamodb"), self._table)

    async def repository(self, name: str) -> Repository:
        return await self._made.repository(name)

    async def run(self, repository: str, number: int) -> Run | None:
        return await self._made.run(repository, number)

    async def recent(self, repository: str, limit: int = 25, before: datetime | None = None) -> Sequence[RunSummary]:
        return await self._made.recent(repository, limit, before)


def keep(table: str, queue_url: str, clock: Clock) -> Kept:
    """The store on that table, and the queue at that address. Raises StoreError if AWS' region is not known."""
    from valine.services.aws.client import client
    from valine.services.aws.queue import SqsQueue
    from valine.services.aws.run_store import DynamoRunStore

    dynamodb = client("dynamodb")
    queue = SqsQueue(sqs=client("sqs"), queue_url=queue_url, dynamodb=dynamodb, table=table, clock=clock)
    return Kept(DynamoRunStore(dynamodb, table), queue)


def discord_endpoint(told: DiscordEndpoint, clock: Clock | None = None) -> Ingress:
    """The endpoint for interactions alone."""
    from valine.ingress.endpoints import IngressSettings

    settings = IngressSettings(
        repository=told.repository,
        application_id=told.application_id,
        guild_id=told.guild_id,
        public_key=told.public_key,
    )
    return _ingress(told, settings, clock)


def github_endpoint(told: GitHubEndpoint, clock: Clock | None = None) -> Ingress:
    """The endpoint for webhooks alone."""
    from valine.ingress.endpoints import IngressSettings

    return _ingress(
        told, IngressSettings(repository=told.repository, webhook_secret=told.webhook_secret.reveal()), clock
    )


def _ingress(place: Place, settings: IngressSettings, clock: Clock | None) -> Ingress:
    import asyncio

    from valine.ingress.endpoints import Ingress
    from valine.services.aws.sqs_producer import SqsProducer

    store = _ReadLater(place.table)
    queue = SqsProducer(place.queue_url)
    read_limit = partial(asyncio.timeout, READ_LIMIT)
    return Ingress(store=store, queue=queue, clock=clock or wall_clock(), settings=settings, read_limit=read_limit)


@dataclass(frozen=True, kw_only=True)
class Hands:
    """What the worker's function works with."""

    queue: SqsQueue
    batches: Batches
    clock: Clock


def hands(
    told: WorkerPlace,
    *,
    clock: Clock | None = None,
    github: httpx2.AsyncBaseTransport | None = None,
    discord: httpx2.AsyncBaseTransport | None = None,
) -> Hands:
    """The worker. Without `clock` and transports it is the real world's."""
    from valine.bootstrap.platforms import reach
    from valine.engine import Engine
    from valine.engine.batches import Batches
    from valine.engine.worker import Worker
    from valine.services.aws.metrics import EmfMeter

    clock = clock or wall_clock()
    store, queue = keep(told.table, told.queue_url, clock)
    reached = reach(told.platforms, clock, github, discord)
    engine = Engine(
        store=store, queue=queue, forge=reached.forge, chat=reached.chat, clock=clock, meter=EmfMeter(told.env)
    )
    worker = Worker(queue=queue, engine=engine, clock=clock)
    batches = Batches(worker=worker, engine=engine, queue=queue, clock=clock, rest=reached.pacer.rest)
    return Hands(queue=queue, batches=batches, clock=clock)


@dataclass(frozen=True, kw_only=True)
class Clockwork:
    """What the clock's function works with."""

    queue: SqsQueue
    scheduler: Scheduler
    clock: Clock


def clockwork(told: Place, clock: Clock | None = None) -> Clockwork:
    """The clock."""
    from valine.engine.scheduler import Scheduler

    clock = clock or wall_clock()
    store, queue = keep(told.table, told.queue_url, clock)
    return Clockwork(queue=queue, scheduler=Scheduler(store=store, queue=queue, clock=clock), clock=clock)


def with_its_secrets(environ: Mapping[str, str], names: tuple[str, ...]) -> Mapping[str, str]:
    """The environment, and of the secrets at VALINE_SECRETS_PREFIX those of these names.

    Raises ConfigurationError if they cannot be had.
    """
    prefix = environ.get("VALINE_SECRETS_PREFIX", "").strip()
    if not prefix or not names:
        return environ
    from valine.services.aws.secrets import fetch, with_secrets

    return with_secrets(environ, fetch(prefix, names))


def hang_up() -> None:
    """Before the process is frozen: keep no connection to AWS. Nothing is imported for it."""
    if "valine.services.aws.client" in sys.modules:
        from valine.services.aws import client as aws

        aws.hang_up()
