"""The one call that the endpoints make to AWS for a command, SQS' SendMessage, without botocore.

botocore takes longer to import, and to make a client, than all the rest of an endpoint's cold start, and Discord waits
for 3 seconds only.
The request is signed with the credentials that Lambda gives in the environment, and made once. If it gets no answer it
may have been taken: whoever knocked comes again, and the queue swallows the repeat by its id.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from valine.documents import encode
from valine.errors import Busy, StoreError, Unanswered
from valine.services.aws.sqs_message import message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from valine.ports import Envelope

TIMEOUT: Final = 2.0  # seconds, of Discord's three
LARGEST_ANSWER: Final = 64 * 1024  # bytes: what is longer is cut, and then is no JSON
TARGET: Final = "AmazonSQS.SendMessage"
CONTENT: Final = "application/x-amz-json-1.0"
OK: Final = 200
TOO_MANY, SERVER_ERROR = 429, 500
_CROWDED: Final = ("Throttl", "TooManyRequests", "RequestLimit", "RequestThrottled", "ServiceUnavailable")


class Credentials(NamedTuple):
    """What Lambda gives to a process for all its life."""

    key: str
    secret: str
    token: str | None
    region: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Credentials:
        """Those of this environment. Raises StoreError if it has none."""
        try:
            key, secret, region = (
                environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")
            )
        except KeyError as error:
            raise StoreError(f"SQS cannot be asked: {error.args[0]} is missing. Lambda sets it.") from error
        return cls(key, secret, environ.get("AWS_SESSION_TOKEN"), region)


class SqsProducer:
    """A Producer on that queue. It is found at its own address, or at AWS_ENDPOINT_URL_SQS or AWS_ENDPOINT_URL."""

    def __init__(self, queue_url: str, environ: Mapping[str, str] = os.environ) -> None:
        self._queue_url = queue_url
        self._environ = environ

    async def put(self, envelope: Envelope, now: datetime) -> bool:
        parameters = message(encode(envelope), partition=envelope.partition, attempts=0, once=envelope.id)
        body = json.dumps({"QueueUrl": self._queue_url, **parameters}).encode()
        status, answer = await asyncio.to_thread(self._post, body, now)
        _check(status, answer, parameters["MessageBody"])
        return True

    def _post(self, body: bytes, now: datetime) -> tuple[int, Any]:
        """The status and the document that came back."""
        import http.client

        named = self._environ.get("AWS_ENDPOINT_URL_SQS") or self._environ.get("AWS_ENDPOINT_URL")
        place = urlsplit(named or self._queue_url)
        headers = signed(body, place.netloc, Credentials.of(self._environ), now)
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        with closing(kind(place.netloc, timeout=TIMEOUT)) as connection:
            try:
                connection.connect()
            except OSError as error:
                raise Busy(f"SQS is out of reach ({type(error).__name__}). Nothing was queued.") from error
            try:
                connection.request("POST", "/", body, headers)
                response = connection.getresponse()
                return response.status, json.loads(response.read(LARGEST_ANSWER))
            except (OSError, http.client.HTTPException, ValueError) as error:
                why = type(error).__name__
                raise Unanswered(f"SQS did not answer ({why}). Whether it took the message is not known.") from error


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
def signed(body: bytes, host: str, credentials: Credentials, now: datetime) -> dict[str, str]:
    """The headers of that SendMessage at that time, signed with AWS' Signature Version 4."""
    moment, day = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
    headers = {"Content-Type": CONTENT, "Host": host, "X-Amz-Date": moment, "X-Amz-Target": TARGET}
    if credentials.token:
        headers["X-Amz-Security-Token"] = credentials.token
    named = sorted((name.lower(), value) for name, value in headers.items())
    names = ";".join(name for name, _ in named)
    lines = "".join(f"{name}:{value}\n" for name, value in named)
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/{credentials.region}/sqs/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"Credential={credentials.key}/{scope}"
    headers["Authorization"] = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
    return headers


def _check(status: int, answer: Any, body: str) -> None:
    """Return if the message is on the queue. Raises Busy or StoreError."""
    told = answer if isinstance(answer, dict) else {}
    if status == OK:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
        if told.get("MD5OfMessageBody") != hashlib.md5(body.encode(), usedforsecurity=False).hexdigest():
            raise Busy("Something that is not SQS answered in its place. Is a proxy in between?")
        return
    code = str(told.get("__type", status)).rpartition("#")[2]
    if status == TOO_MANY or code.startswith(_CROWDED):
        raise Busy(f"SQS takes no more for the moment ({code}). Nothing was queued.")
    if status >= SERVER_ERROR:
        raise Unanswered(f"SQS failed by itself ({code}). Whether it took the message is not known.")
    why = told.get("message") or told.get("Message") or "it does not say why"
    raise StoreError(f"SQS refused SendMessage ({code}): {why}. Look at VALINE_QUEUE_URL and the function's role.")
