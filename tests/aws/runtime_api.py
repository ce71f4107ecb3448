"""A Lambda function as AWS runs it: Amazon's own runtime client in a process, and the Runtime API that it talks to.

    with a_function("valine.handlers.discord_handler.handler", path=[folder], env=settings) as function:
        answer = function.invoke(event).payload

`path` is where the code lies: a folder or zip that is unpacked as the package is on Lambda, or the sources with their
dependencies. The interpreter must be able to import `awslambdaric`, as Lambda's can; `client` is a folder to find it
in, where the interpreter itself has none. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

API = "/2018-06-01/runtime"
ARN = "arn:aws:lambda:eu-central-1:123456789012:function:valine-test"
LARGEST = 6 * 1024 * 1024  # bytes of an event: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
STARTS_WITHIN = 30.0  # seconds; Lambda gives 10, on a machine of its own
TURN = 0.05


@dataclass(frozen=True, kw_only=True)
class Invoked:
    """What became of an invocation: the handler's answer, or the error that the platform shows."""

    payload: Any = None
    error: dict[str, Any] | None = None
    seconds: float = 0.0


class _Api(ThreadingHTTPServer):
    """The Runtime API of one function: what waits to be invoked, and what was answered."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Endpoint)
        self.waiting: queue.Queue[tuple[str, bytes, float]] = queue.Queue()
        self.answered: dict[str, Invoked] = {}
        self.ready = threading.Event()  # the runtime has asked for its first invocation: initialisation is over
        self.failed: dict[str, Any] | None = None  # at initialisation
        self.life = 0  # of the process: what an earlier one asks for is not given to it
        threading.Thread(target=self.serve_forever, args=(TURN,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Api

    def do_GET(self) -> None:
        life = self.server.life
        self.server.ready.set()
        while self.server.life == life:
            with contextlib.suppress(queue.Empty):
                request, event, deadline = self.server.waiting.get(timeout=TURN)
                self._give(request, event, deadline)
                return
        self.close_connection = True

    def _give(self, request: str, event: bytes, deadline: float) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(event)))
        self.send_header("Lambda-Runtime-Aws-Request-Id", request)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(deadline * 1000)))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", ARN)
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700")
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self) -> None:
        body = json.loads(self._body() or b"null")
        *_, request, outcome = self.path.split("/")
        if self.path == f"{API}/init/error":
            self.server.failed = body
        elif outcome == "error":
            self.server.answered[request] = Invoked(error=body)
        else:
            self.server.answered[request] = Invoked(payload=body)
        accepted = b'{"status":"OK"}'
        self.send_response(202)
        self.send_header("Content-Length", str(len(accepted)))
        self.end_headers()
        self.wfile.write(accepted)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = b""
        while size := int(self.rfile.readline(), 16):
            parts += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return parts

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: the function's own log is what matters."""


class Function:
    """One function with at most one process, kept warm between invocations and started anew after it died."""

    def __init__(
        self,
        handler: str,
        *,
        path: Sequence[Path | str],
        env: Mapping[str, str],
        log: Path,
        python: str = sys.executable,
        client: Path | str | None = None,
        timeout: float = 20.0,
    ) -> None:
        self.handler = handler
        self.timeout = timeout
        self.init_seconds = 0.0
        self.lives = 0
        self._path = [str(place) for place in path]
        self._client = [str(client)] if client else []
        self._python = python
        self._given = dict(env)
        self._log = log
        self._api = _Api()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """All that the function wrote: its log lines and metrics."""
        return self._log.read_text() if self._log.exists() else ""

    def start(self) -> None:
        """A cold start: return when the handler is imported and the runtime asks for work. Raises if it does not."""
        self._api.ready.clear()
        self._api.failed = None
        began = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._python, "-m", "awslambdaric", self.handler],
                env=self._environment(),
                cwd=self._path[0] if Path(self._path[0]).is_dir() else None,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.lives += 1
        while not self._api.ready.wait(TURN / 50):
            self._check_start(self._process, time.monotonic() - began)
        self.init_seconds = time.monotonic() - began

    def _check_start(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        failed = self._api.failed
        if failed or process.poll() is not None or seconds > STARTS_WITHIN:
            self.kill()
            raise AssertionError(f"{self.handler} did not start: {failed}\n{self.log[-3000:]}")

    def invoke(self, event: Any, *, timeout: float | None = None, killed_after: float | None = None) -> Invoked:
        """The answer to one event; the process is killed when its time is out, as Lambda does.

        `killed_after` kills it sooner than it was told: a time-out that it could not foresee.
        """
        encoded = json.dumps(event).encode()
        assert len(encoded) <= LARGEST, "Lambda takes no event larger than 6 MB"
        if self._process is None or self._process.poll() is not None:
            self.start()
        process = self._process
        assert process is not None
        request, began = str(uuid.uuid4()), time.monotonic()
        allowed = timeout or self.timeout
        self._api.waiting.put((request, encoded, time.time() + allowed))
        ends = began + (killed_after or allowed)
        while request not in self._api.answered:
            if process.poll() is not None:
                self.kill()
                return Invoked(error={"errorType": "Runtime.ExitError", "errorMessage": f"exit {process.returncode}"})
            if time.monotonic() > ends:
                self.kill()
                trouble = f"Task timed out after {allowed:.2f} seconds"
                return Invoked(error={"errorType": "Sandbox.Timedout", "errorMessage": trouble})
            time.sleep(0.001)
        answer = self._api.answered.pop(request)
        return Invoked(payload=answer.payload, error=answer.error, seconds=time.monotonic() - began)

    def kill(self) -> None:
        """The process is gone at once; the next invocation is a cold start."""
        self._api.life += 1
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None
        with contextlib.suppress(queue.Empty):
            self._api.waiting.get_nowait()  # an event that nobody had taken yet is not the next process's

    def close(self) -> None:
        """The function and its Runtime API are gone."""
        self.kill()
        self._api.shutdown()
        self._api.server_close()

    def _environment(self) -> dict[str, str]:
        """What Lambda sets, and what the function's own configuration adds; nothing of whoever runs the tests."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": os.pathsep.join([*self._path, *self._client]),
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": "valine-test",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "LAMBDA_TASK_ROOT": self._path[0],
            **self._given,
        }


@contextlib.contextmanager
def a_function(handler: str, **options: Any) -> Iterator[Function]:
    """The function, gone in the end. `options` are Function's."""
    function = Function(handler, **options)
    try:
        yield function
    finally:
        function.close()
