"""The product on AWS in the world of the stories: its handlers, fed with the events that AWS makes, and moto's SQS.

    async with a_team(compose=aws.compose) as team: …

API Gateway, the queue's event source mapping and the schedule are played by `LambdaSystem`, which stands where the
stories have the system of one machine. A process that is killed is followed by another; its messages come back.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore import xform_name

from acceptance.crashes import Crash
from aws.lambda_events import http_event, schedule_event
from aws.sqs_endpoint import an_sqs_endpoint
from dynamodb import make_table
from moto_aws import make_queue, moto_aws, moto_client, receive
from valine.bootstrap import System
from valine.bootstrap import aws as functions
from valine.handlers import clock_handler, github_handler, http_api, worker_handler
from valine.ingress.endpoints import HttpAnswer, HttpRequest, Ingress
from valine.settings.functions import DiscordEndpoint, GitHubEndpoint, Place, WorkerPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    import httpx2

    from valine.bootstrap.aws import Clockwork, Hands
    from valine.services.aws.queue import SqsQueue
    from valine.services.aws.run_store import DynamoRunStore
    from valine.services.discord.admin import DiscordAdmin
    from valine.settings import Settings
    from valine_twins.clock import ManualClock

MINUTE = timedelta(minutes=1)
TIMEOUT = timedelta(seconds=20)  # of the worker's function
VISIBILITY = timedelta(seconds=120)
BATCH = 10
NUMBERS = count(1)


@dataclass
class Aws:
    """An account with a table and a queue; what its functions did is counted."""

    sqs: Any
    dynamodb: Any
    queue_url: str
    dead_url: str
    table: str
    batches: list[int] = field(default_factory=list)
    ticking: bool = True

    def compose(self, settings: Settings, **given: Any) -> System:
        """What stands in for assemble()."""
        return cast("System", LambdaSystem(self, settings, **given))

    def dead(self) -> list[str]:
        """The bodies in SQS' own dead-letter queue."""
        return [record["body"] for record in receive(self.sqs, self.dead_url, BATCH)]


@contextmanager
def an_account(dynamodb_at: str | None = None) -> Iterator[Aws]:
    """A new account, gone in the end; its DynamoDB is the one at that address, moto's without one."""
    with moto_aws(), pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        if dynamodb_at is not None:
            patch.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_at)
        sqs, dynamodb = moto_client("sqs"), moto_client("dynamodb")
        queue_url = make_queue(sqs)
        endpoint = stack.enter_context(an_sqs_endpoint(partial(ask, sqs)))
        patch.setenv("AWS_ENDPOINT_URL_SQS", endpoint.address)
        patch.setenv("AWS_REGION", "eu-central-1")  # Lambda sets it
        dead_url = queue_url.replace("valine.fifo", "valine-dead.fifo")
        yield Aws(sqs, dynamodb, queue_url, dead_url, make_table(dynamodb, f"RunStateTable{next(NUMBERS)}"))


def ask(sqs: Any, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """moto's answer, without what belongs to HTTP."""
    answer = getattr(sqs, xform_name(operation))(**request)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


class LambdaSystem:
    """The four functions, each with one warm process."""

    def __init__(
        self,
        aws: Aws,
        settings: Settings,
        *,
        clock: ManualClock,
        github: httpx2.AsyncBaseTransport,
        discord: httpx2.AsyncBaseTransport,
    ) -> None:
        place = {"table": aws.table, "queue_url": aws.queue_url}
        self.settings = settings
        self.clock = clock
        self.aws = aws
        self.transports: dict[str, httpx2.AsyncBaseTransport] = {"github": github, "discord": discord}
        self.told = WorkerPlace(platforms=settings, env="dev", **place)
        self.hands = self.another()
        self.clockwork: Clockwork = functions.clockwork(Place(**place), clock)
        self.store: DynamoRunStore
        self.store, _ = functions.keep(aws.table, aws.queue_url, clock)
        self.ingress = Gateway(settings, place, clock)
        self.queue = LambdaQueue(self)
        self.worker = Mapping(self)
        self.engine = Schedule(self)
        self.admin = _admin(settings, clock, discord)
        self.clients: tuple[()] = ()

    def another(self) -> Hands:
        """A new process of the worker's function."""
        return functions.hands(self.told, clock=self.clock, **self.transports)

    def cold_start(self) -> None:
        """The worker's process is gone: what comes next is a new one's."""
        self.hands = self.another()

    async def recover(self) -> None:
        """Nothing: whatever a function had in hand comes back by itself."""

    async def aclose(self) -> None:
        """Nothing: Lambda never says goodbye."""


class Gateway:
    """API Gateway before the two endpoints, each knowing only what its function is told. All comes `times` times."""

    def __init__(self, settings: Settings, place: dict[str, str], clock: ManualClock) -> None:
        self.times = 1
        self._discord = functions.discord_endpoint(
            DiscordEndpoint(
                repository=settings.github_repository,
                application_id=settings.discord_application_id,
                guild_id=settings.discord_guild_id,
                public_key=bytes.fromhex(settings.discord_public_key),
                **place,
            ),
            clock,
        )
        self._github = functions.github_endpoint(
            GitHubEndpoint(
                repository=settings.github_repository, webhook_secret=settings.github_webhook_secret, **place
            ),
            clock,
        )

    async def discord(self, request: HttpRequest) -> HttpAnswer:
        event = http_event(request.method, request.path, headers=request.headers, body=request.body)
        return await self._answered(event, partial(Ingress.discord, self._discord))

    async def github(self, request: HttpRequest) -> HttpAnswer:
        event = http_event(
            request.method, request.path, headers=request.headers, body=request.body, base64_encoded=True
        )
        return await self._answered(event, partial(github_handler.endpoint, self._github))

    async def _answered(
        self, event: dict[str, Any], endpoint: Callable[[HttpRequest], Coroutine[Any, Any, HttpAnswer]]
    ) -> HttpAnswer:
        answers = [await endpoint(http_api.request(through_json(event))) for _ in range(self.times)]
        told = through_json(http_api.response(answers[0]))
        return HttpAnswer(status=told["statusCode"], headers=told["headers"], body=told["body"].encode())


class LambdaQueue:
    """What the stories ask of a queue."""

    def __init__(self, system: LambdaSystem) -> None:
        self._system = system

    @property
    def inner(self) -> SqsQueue:
        return self._system.clockwork.queue

    async def next_at(self) -> datetime | None:
        """The next tick, if there is anything to do for it."""
        tick, aws = self._system.engine.next_tick, self._system.aws
        due = await self._system.store.due(tick, 1)
        values = {":due": {"S": "envelope"}, ":now": {"N": str(int(tick.timestamp() * 1_000_000))}}
        put_off = aws.dynamodb.query(
            TableName=aws.table,
            IndexName="DueIndex",
            KeyConditionExpression="due = :due AND wake_at <= :now",
            ExpressionAttributeValues=values,
        )["Items"]
        return tick if aws.ticking and (due or put_off) else None

    async def dead_letters(self) -> Any:
        return await self.inner.dead_letters()


class Mapping:
    """The event source mapping between the queue and the worker's function.

    It hands over each batch `times` times; `at_once` to two processes at the same time, which nothing should do.
    """

    def __init__(self, system: LambdaSystem) -> None:
        self._system = system
        self.times = 1
        self.at_once = False

    async def work_once(self) -> bool:
        """One batch; whether there was one. A Crash is the end of the worker's process, not of the story."""
        aws = self._system.aws
        records = receive(aws.sqs, aws.queue_url, BATCH)
        if not records:
            return False
        aws.batches.append(len(records))
        failed: set[str] = set()
        try:
            for _ in range(self.times):
                failed = await self._invoked(records)
        except Crash:
            self._system.cold_start()
            failed = {record["messageId"] for record in records}
        for record in records:
            if record["messageId"] not in failed:
                aws.sqs.delete_message(QueueUrl=aws.queue_url, ReceiptHandle=record["receiptHandle"])
        if failed:  # they come back when their visibility times out
            await self._system.clock.sleep(VISIBILITY.total_seconds())
        for record in records:
            if record["messageId"] in failed:
                comes_back(aws, record)
        return True

    async def _invoked(self, records: list[dict[str, Any]]) -> set[str]:
        """The ids of the messages that the function did not settle."""
        event = through_json({"Records": records})
        hands = [self._system.hands, self._system.another()] if self.at_once else [self._system.hands]
        told = await asyncio.gather(*(worker_handler.work(one, event["Records"], TIMEOUT) for one in hands))
        return {failed["itemIdentifier"] for answer in told for failed in through_json(answer)["batchItemFailures"]}


class Schedule:
    """The schedule of the clock's function, twice as quick: stories are at rest after 40 seconds with nothing due."""

    def __init__(self, system: LambdaSystem) -> None:
        self._system = system
        self.next_tick = system.clock.now()
        self.woken = 0

    async def sweep(self) -> int:
        """The tick, if it is time; how much there was to do for it."""
        if not self._system.aws.ticking or self._system.clock.now() < self.next_tick:
            return 0
        self.next_tick = self._system.clock.now() + MINUTE / 2
        through_json(schedule_event())
        told = await clock_handler.tick(self._system.clockwork)
        self.woken += told["woken"]
        return told["woken"] + told["released"]


def comes_back(aws: Aws, record: dict[str, Any]) -> None:
    """Its visibility timed out, unless it was deleted meanwhile."""
    with suppress(aws.sqs.exceptions.ReceiptHandleIsInvalid):
        aws.sqs.change_message_visibility(
            QueueUrl=aws.queue_url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
        )


def through_json(value: Any) -> Any:
    """As it comes out on the other side of Lambda."""
    return json.loads(json.dumps(value))


def _admin(settings: Settings, clock: ManualClock, transport: httpx2.AsyncBaseTransport) -> DiscordAdmin:
    from valine.bootstrap.platforms import reach

    return reach(settings, clock, None, transport).admin
