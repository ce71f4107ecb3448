"""The queue's worker: a batch of SQS in, the messages that were not settled out.

Of the secrets it reads DISCORD_BOT_TOKEN, and GITHUB_TOKEN or GITHUB_APP_PRIVATE_KEY.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from valine.bootstrap import aws
from valine.errors import StoreError
from valine.handlers.warm import Made, Warm
from valine.settings.functions import WorkerPlace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from valine.bootstrap.aws import Hands

log = logging.getLogger("valine.handlers")


class Context(Protocol):
    """What Lambda tells of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the process is killed."""
        ...


def make(environ: Mapping[str, str]) -> Made[Hands]:
    """The worker of this environment. Raises ConfigurationError."""
    told = WorkerPlace.load(aws.with_its_secrets(environ, WorkerPlace.wanted(environ)))
    return Made(aws.hands(told), told.platforms.secrets)


_warm = Warm(make)
_warm.prepare()


def handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The messages that SQS must hand out again.

    Raises ConfigurationError, and so fails the whole batch, while our own configuration is at fault.
    """
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return _warm.run(work(_warm.get(), event["Records"], left))


async def work(hands: Hands, records: Sequence[Mapping[str, Any]], left: timedelta) -> dict[str, Any]:
    """Deal with the records in the time that is left; those that were not settled, as SQS is told of them."""
    ends = hands.clock.now() + left
    batch = []
    try:
        for record in records:
            hands.queue.hand_over(record)
            delivery = await hands.queue.receive(hands.clock.now())
            if delivery is not None:  # else it is stored elsewhere: this version cannot read it
                batch.append(delivery)
    except StoreError as error:
        log.error("handed back: %s", error)  # noqa: TRY400 - the sentence says it all
        return _failures(records)
    suspects = {delivery.receipt for delivery in batch if delivery.received > 1}
    unsettled = {delivery.receipt for delivery in await hands.batches.work(batch, ends, suspects)}
    return _failures([record for record in records if record["receiptHandle"] in unsettled])


def _failures(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in records]}
