"""A process that Lambda froze: it did not hear that its connections were closed meanwhile, and nobody sees that."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from builders import REPOSITORY
from dynamodb import environment
from valine.errors import Busy
from valine.handlers.warm import Made, Warm
from valine.services.aws.client import client
from valine.services.aws.run_store import DynamoRunStore

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.proof


class _Once(BaseHTTPRequestHandler):
    """It answers one request of a connection, offers to keep it, and hangs up on the next one without an answer."""

    protocol_version = "HTTP/1.1"
    answered = False

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        if self.answered:
            self.close_connection = True
            return
        self.answered = True
        self.send_response(200)
        self.send_header("x-amzn-RequestId", "1")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def store() -> Iterator[DynamoRunStore]:
    with environment(), ThreadingHTTPServer(("127.0.0.1", 0), _Once) as server:
        threading.Thread(target=server.serve_forever).start()
        one = client("dynamodb", endpoint_url=f"http://127.0.0.1:{server.server_port}")
        try:
            yield DynamoRunStore(one, "RunStateTable")
        finally:
            one.close()
            server.shutdown()


@contextmanager
def a_process(parts: Any) -> Iterator[Warm[Any]]:
    warm = Warm(lambda _: Made(parts))
    yield warm
    if warm._runner is not None:
        warm._runner.close()


def test_the_next_invocation_does_not_trust_the_connections_of_the_last(store: DynamoRunStore) -> None:
    with a_process(store) as warm:
        for _ in range(3):
            assert warm.run(warm.get().run(REPOSITORY, 1)) is None


async def test_within_an_invocation_connections_are_kept(store: DynamoRunStore) -> None:
    await store.run(REPOSITORY, 1)

    with pytest.raises(Busy, match="ConnectionClosed"):
        await store.run(REPOSITORY, 1)
