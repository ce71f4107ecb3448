"""SQS at an address of this machine: it takes messages and keeps them, or hands every request on to somebody."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Handle = Callable[[str, dict[str, Any]], dict[str, Any]]


class SqsEndpoint(ThreadingHTTPServer):
    """What came through it: the headers and bodies of requests. `handle` gives the answer to each by its operation."""

    daemon_threads = True

    def __init__(self, handle: Handle | None) -> None:
        super().__init__(("127.0.0.1", 0), _Endpoint)
        self.handle = handle or taken
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.status = 200

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SqsEndpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((dict(self.headers.items()), body))
        told = self.server.handle(self.headers["X-Amz-Target"].rpartition(".")[2], json.loads(body))
        answer = json.dumps(told).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("x-amzn-RequestId", "1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing."""


def taken(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html."""
    if operation != "SendMessage":
        return {}
    md5 = hashlib.md5(request["MessageBody"].encode(), usedforsecurity=False).hexdigest()
    return {"MessageId": "1", "MD5OfMessageBody": md5}


@contextmanager
def an_sqs_endpoint(handle: Handle | None = None) -> Iterator[SqsEndpoint]:
    """Open while this lasts."""
    server = SqsEndpoint(handle)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
