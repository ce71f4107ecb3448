"""API Gateway: an address that hands each request to a function as an event, and its answer back as a response."""

from __future__ import annotations

import base64
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from aws.lambda_events import http_event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aws.runtime_api import Function


class _Route(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, functions: Mapping[str, Function], turn: threading.Lock, *given: object) -> None:
        self._functions = functions
        self._turn = turn
        super().__init__(*given)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._hand_on()

    def do_POST(self) -> None:
        self._hand_on()

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}  # as an HTTP API does
        event = http_event(self.command, self.path, headers=headers, body=body, base64_encoded=True)
        with self._turn:  # a function has one process here
            answer = self._functions[self.path].invoke(event).payload
        assert answer is not None, f"{self.path}: {self._functions[self.path].log[-2000:]}"
        content = answer["body"].encode()
        content = base64.b64decode(content) if answer.get("isBase64Encoded") else content
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing."""


@contextmanager
def a_gateway(port: int, functions: Mapping[str, Function]) -> Iterator[None]:
    """It listens on that port; `functions` are found by their path."""
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Route, functions, threading.Lock()))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
