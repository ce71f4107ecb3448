"""`valine simulate` as a process of its own, somebody who hears its deliveries, and the people, over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2

from waiting import until

SOURCE = Path(__file__).resolve().parents[2] / "src"
Json = dict[str, Any]


def environment(**more: str) -> dict[str, str]:
    """Ours, without settings of Valine's or git's that whoever runs the tests may have."""
    strange = ("VALINE_", "GITHUB_", "DISCORD_", "GIT_")
    return {name: value for name, value in os.environ.items() if not name.startswith(strange)} | more


class Hearer(BaseHTTPRequestHandler):
    """Takes every delivery, and notes its event and body. An interaction is to be answered through the API: 202."""

    heard: list[tuple[str, Json]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard.append((self.headers.get("X-GitHub-Event", "interaction"), body))
        self.send_response(202 if self.path == "/discord" else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


class Shop:
    """One repository of the twin, with the tokens of its people."""

    def __init__(self, stand: Stand, name: str, **options: Any) -> None:
        self.stand = stand
        self.name = name
        self.full_name = f"acme/{name}"
        members = {"ana": "write", "bo": "read", "chen": "write"}
        files = {"README.md": "# Shop\n", "src/cart.py": "total = 0\n"}
        given: Json = {"owner": "acme", "name": name, "members": members, "files": files, **options}
        self.head = stand.on_github("create_repository", **given)["head"]
        hook = f"{stand.product}/github/webhook"
        self.act("create_hook", url=hook, secret="s")
        self.token = self.token_of("ana")

    @property
    def url(self) -> str:
        return f"{self.stand.github}/{self.full_name}.git"

    def url_for(self, login: str) -> str:
        """The address with somebody's token in it."""
        return self.url.replace("http://", f"http://{login}:{self.token_of(login)}@")

    def token_of(self, login: str) -> str:
        return str(self.stand.on_github("issue_token", login=login)["token"])

    def act(self, action: str, **arguments: Any) -> Any:
        return self.stand.on_github(action, repository=self.full_name, **arguments)

    def view(self) -> Json:
        found: Json = self.stand.view()["repositories"][self.full_name]
        return found

    def pull(self, number: int) -> Json:
        return next(one for one in self.view()["pull_requests"] if one["number"] == number)

    def branches(self) -> dict[str, str]:
        return {name: branch["head"] for name, branch in self.view()["branches"].items()}

    def heard(self, event: str, **fields: Any) -> list[Json]:
        """The bodies of deliveries about this repository, of that event and with those fields."""
        return [
            body
            for name, body in list(self.stand.heard)
            if name == event
            and body["repository"]["full_name"] == self.full_name
            and all(body.get(key) == value for key, value in fields.items())
        ]


class Stand:
    """The process, and the addresses in it."""

    def __init__(self, folder: Path, product: str, heard: list[tuple[str, Json]]) -> None:
        self.product = product
        self.heard = heard
        self._client = httpx2.Client(trust_env=False, timeout=30)
        env = folder / "sim.env"
        options = ["--port", "0", "--product", product, "--env-file", str(env)]
        self._twins = subprocess.Popen(
            [sys.executable, "-m", "valine", "simulate", *options],
            cwd=folder,
            env=environment(PYTHONPATH=str(SOURCE)),
            stdout=subprocess.DEVNULL,
        )
        until("the twins listen", lambda: env.exists() and "VALINE_STORE" in env.read_text())
        self.settings = dict(line.split("=", 1) for line in env.read_text().splitlines() if line[0] != "#")
        self.github = self.settings["GITHUB_API_URL"]
        self.discord = self.settings["DISCORD_API_URL"]
        self.on_github("set_behaviour", enforce_limits=False)  # a test of limits switches them on

    def on_github(self, action: str, **arguments: Any) -> Any:
        return self._act(self.github, action, arguments)

    def on_discord(self, action: str, **arguments: Any) -> Any:
        return self._act(self.discord.removesuffix("/api/v10"), action, arguments)

    def _act(self, where: str, action: str, arguments: Json) -> Any:
        answer = self._client.post(f"{where}/_twin/act", json={"action": action, "arguments": arguments}).json()
        assert "error" not in answer, answer
        return answer["value"]

    def view(self) -> Json:
        found: Json = self._client.get(f"{self.github}/_twin/view").json()
        return found

    def discord_view(self) -> Json:
        found: Json = self._client.get(f"{self.discord.removesuffix('/api/v10')}/_twin/view").json()
        return found

    def close(self) -> None:
        self._client.close()
        self._twins.terminate()
        assert self._twins.wait(20) == 0


@contextmanager
def a_stand(folder: Path) -> Iterator[Stand]:
    """The twins with a hearer, until the block ends."""
    heard: list[tuple[str, Json]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OurHearer", (Hearer,), {"heard": heard}))
    hearing = threading.Thread(target=server.serve_forever, daemon=True)
    hearing.start()
    stand = Stand(folder, f"http://127.0.0.1:{server.server_port}", heard)
    try:
        yield stand
    finally:
        stand.close()
        server.shutdown()
        server.server_close()
        hearing.join()
