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
from valine.handlers.warm import Warm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from valine.bootstrap.aws import Hands
    from valine.ports import Taken

log = logging.getLogger("valine.handlers")

_warm: Warm[Hands] = Warm(lambda environ: aws.hands(environ))
_warm.prepare()

Record = Mapping[str, Any] if TYPE_CHECKING else object


class Context(Protocol):
    """What Lambda tells of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the process is killed."""
        ...


def handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The messages that SQS must hand out again. Raises, and so fails the whole batch, if the worker cannot be made."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return _warm.run(work(_warm.get(), event["Records"], left))


async def work(hands: Hands, records: Sequence[Record], left: timedelta) -> dict[str, Any]:
    """Deal with the records in the time that is left; those that were not settled, as SQS is told of them."""
    ends = hands.clock.now() + left
    taken, unsettled = await _taken(hands, records)
    again = {one.receipt for one in taken.values() if ...}
    for one in await hands.batches.work(list(taken.values()), ends):
        ...
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in unsettled]}
