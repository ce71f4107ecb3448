"""AWS at an address of this machine, for processes that are not the test's own: moto's, one request at a time."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from dynamodb import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

# By what a request's X-Amz-Target begins with
SERVICES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "AmazonSSM": "ssm", "secretsmanager": "secretsmanager"}
_TURN = threading.Lock()  # moto loses updates when several threads call it at once


class Asked(NamedTuple):
    """Who asked for what: an access key, an action as roles name it, and of DynamoDB the index."""

    key: str
    action: str
    of_index: str | None = None


def asked(headers: Message, body: bytes) -> Asked:
    """What a role must allow for this request."""
    target, _, operation = headers["X-Amz-Target"].partition(".")
    key = re.search(r"Credential=(\w+)/", headers["Authorization"])
    assert key is not None
    if operation == "TransactWriteItems":
        (operation,) = {f"{kind}Item" for item in json.loads(body)["TransactItems"] for kind in item}
    return Asked(key[1], f"{SERVICES[target]}:{operation}", json.loads(body).get("IndexName"))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Endpoint)
        self.asked: set[Asked] = set()


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = HTTPHeaders()
        for name, value in self.headers.items():
            headers[name] = value
        service = SERVICES[self.headers["X-Amz-Target"].partition(".")[0]]
        url = f"https://{service}.{REGION}.amazonaws.com/"
        with _TURN:
            self.server.asked.add(asked(self.headers, body))
            answered = botocore_stubber.process_request(AWSPreparedRequest("POST", url, headers, body, False))  # noqa: FBT003 - botocore's order
        assert answered is not None
        status, told, content = answered
        content = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        for name, value in told.items():
            if name.lower() != "content-length":
                self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing."""


class Aws(NamedTuple):
    """Where it is, and all that was asked of it."""

    address: str
    asked: set[Asked]


@contextmanager
def aws_over_http() -> Iterator[Aws]:
    """The moto_aws() that is under way."""
    server = _Server()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield Aws(f"http://127.0.0.1:{server.server_port}", server.asked)
    finally:
        server.shutdown()
        server.server_close()
