"""The functions of Lambda, composed: each of what it needs, from the environment and from the secrets it may read.

botocore is imported by the first call to AWS: neither a PING nor a wrong signature needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from valine.bootstrap import wall_clock
from valine.services.queue_sqs import SqsQueue
from valine.services.run_store import DynamoRunStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx2

    from valine.config.functions import Place
    from valine.engine.alarms import Alarms
    from valine.intake import Intake
    from valine.ports import Clock
    from valine.worker.batches import Batches

Environ = Mapping[str, str] if TYPE_CHECKING else object


class Kept(NamedTuple):
    """Where everything is kept."""

    store: DynamoRunStore
    queue: SqsQueue


class _Client:
    """A client of an AWS service, made when it is first asked for something."""

    def __init__(self, service: str) -> None:
        self._service = service

    @cached_property
    def _made(self) -> Any:
        from valine.services.aws import client

        return client(self._service)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


def keep(table: str, queue_url: str, clock: Clock) -> Kept:
    """The store on that table, and the queue at that address."""
    dynamodb, sqs = _Client("dynamodb"), _Client("sqs")
    queue = SqsQueue(sqs=sqs, queue_url=queue_url, dynamodb=dynamodb, table=table, clock=clock)
    return Kept(DynamoRunStore(dynamodb, table), queue)
