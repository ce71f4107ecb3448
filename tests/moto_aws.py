"""moto's AWS inside the test's own process: SQS, parameters and secrets, and a second opinion on DynamoDB.

moto loses updates when several threads call it at once, so every call waits for the one before it.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dynamodb import environment
from valine.services.aws import client

if TYPE_CHECKING:
    from collections.abc import Iterator

_TURN = threading.Lock()


class OneByOne:
    """A botocore client whose calls, and those of all others like it, come one after the other."""

    def __init__(self, one: Any) -> None:
        self._client = one
        self.meta = one.meta

    def __getattr__(self, operation: str) -> Any:
        call = getattr(self._client, operation)

        def alone(**parameters: Any) -> Any:
            with _TURN:
                return call(**parameters)

        return alone


@contextmanager
def moto_aws() -> Iterator[None]:
    """An AWS of its own, empty, that ends with this."""
    from moto import mock_aws

    with environment(), mock_aws():
        yield


def moto_client(service: str) -> OneByOne:
    """A client of the moto_aws() that is under way."""
    return OneByOne(client(service))
