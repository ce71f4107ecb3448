"""AWS as the adapters see it: clients that send nothing twice, and each way a call can fail named by what to do next.

A call that got no answer is Busy: it may have happened, and whoever asked looks before asking again. Nothing is said
to be absent unless the service itself said so. botocore is imported by the first client, not by this module.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from valine.errors import Busy, Conflict, StoreError, TooLarge, ValineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.exceptions import ClientError

CONNECT_TIMEOUT = 2.0  # seconds
READ_TIMEOUT = 5.0

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
_LOST_RACES = frozenset({"ConditionalCheckFailed", "TransactionConflict", "TransactionInProgress"})
_CROWDED = frozenset(
    {
        "KmsThrottled",
        "LimitExceeded",
        "OverLimit",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingError",
        "TooManyRequests",
    }
)
_MISSING = frozenset({"ResourceNotFound", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"})
_NAMED_BY = {"DynamoDB": "VALINE_STORE", "SQS": "VALINE_QUEUE_URL", "Secrets Manager": "VALINE_SECRETS_PREFIX"}
_NOT_ALLOWED = frozenset(
    {"AccessDenied", "ExpiredToken", "InvalidClientTokenId", "InvalidSignature", "UnrecognizedClient"}
)
_INVALID = frozenset({"Validation", "ValidationError"})
_SERVER_ERROR = 500
_CLIENTS: Final[WeakSet[Any]] = WeakSet()


def client(
    service: str, *, region: str | None = None, endpoint_url: str | None = None, read_timeout: float = READ_TIMEOUT
) -> Any:
    """A botocore client that tries each call once and waits `read_timeout` seconds for its answer.

    No call is repeated below the engine, reads included: it asks again by itself. The credentials, and the region and
    address unless given, are the environment's. Raises StoreError if it names no region, or if there is no botocore.
    """
    try:
        from botocore.config import Config
    except ImportError as error:
        raise StoreError("This Valine was installed without its part for AWS. Install valine[aws].") from error

    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": 1},
        tcp_keepalive=True,
    )
    with translated(service):
        made = _session().create_client(service, region_name=region, endpoint_url=endpoint_url, config=config)
    _CLIENTS.add(made)
    return made


def hang_up() -> None:
    """Close the connections that all clients keep; the next call makes its own.

    Lambda freezes a process between invocations. It does not hear then that a connection was closed or dropped, and as
    no call is repeated, the first one over a dead connection would fail.
    """
    for one in tuple(_CLIENTS):
        one.close()


@cache
def _session() -> Any:
    """One for all clients: it keeps the descriptions of the services that it has read."""
    from botocore.session import Session

    return Session()


def ask(client: Any, operation: str, **parameters: Any) -> dict[str, Any]:
    """The answer to that operation. Raises Busy, Conflict, TooLarge or StoreError, never botocore's own errors.

    Only parameters that botocore itself rejects are raised as they are: they are a mistake in the program.
    """
    service = client.meta.service_model.service_id
    with translated(service):
        answer: dict[str, Any] = getattr(client, operation)(**parameters)
    if "RequestId" not in answer["ResponseMetadata"]:  # botocore reads any other 200 as an empty answer
        raise Busy(f"Something that is not {service} answered in its place. Is a proxy in between?")
    return answer


async def call(client: Any, operation: str, **parameters: Any) -> dict[str, Any]:
    """What ask() gives, without holding up others while it waits."""
    return await asyncio.to_thread(ask, client, operation, **parameters)


@contextmanager
def translated(service: str) -> Iterator[None]:
    """Turns botocore's errors into Valine's."""
    from botocore import exceptions

    try:
        yield
    except exceptions.ParamValidationError:
        raise
    except exceptions.ClientError as error:
        raise _refusal(service, error) from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        raise Busy(
            f"{service} is out of reach ({type(error).__name__}). Whether it did what was asked is not known."
        ) from error
    except exceptions.BotoCoreError as error:
        why = str(error).rstrip(".")
        raise StoreError(
            f"{service} could not be asked: {why}. Set AWS_DEFAULT_REGION, and AWS_PROFILE or a role."
        ) from error


def _refusal(service: str, error: ClientError) -> ValineError:
    """What an answer that is an error means."""
    code, text = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "TransactionCanceledException":
        reasons = [
            (one.get("Code", ""), one.get("Message", "")) for one in error.response.get("CancellationReasons", ())
        ]
    else:
        reasons = [(code.rpartition("#")[2].removesuffix("Exception"), text)]
    codes = {reason for reason, _ in reasons}
    if codes & _LOST_RACES:
        return Conflict("Somebody else stored first: nothing was stored.")
    if codes & _CROWDED:
        return Busy(f"{service} takes no more for the moment ({code}). Nothing was done.")
    if status >= _SERVER_ERROR:
        return Busy(f"{service} failed by itself ({code}). Whether it did what was asked is not known.")
    if any(reason in _INVALID and "size" in why for reason, why in reasons):
        return TooLarge(f"{service} says that it is too large: {_first(reasons)}")
    return StoreError(f"{service} refused {error.operation_name} ({code}): {_first(reasons)}{_remedy(service, codes)}")


def _first(reasons: list[tuple[str, str]]) -> str:
    """The first thing that was wrong; the items of a transaction that were right have the reason None."""
    return next((f"{why.rstrip('.')}." for reason, why in reasons if reason != "None" and why), "it does not say why.")


def _remedy(service: str, codes: set[str]) -> str:
    if codes & _MISSING and service in _NAMED_BY:
        return f" Deploy the stack, or correct {_NAMED_BY[service]}."
    if codes & _NOT_ALLOWED:
        return " Look at the permissions of the role, or of the profile, that Valine runs with."
    return ""
