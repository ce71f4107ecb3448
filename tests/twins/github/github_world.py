"""What the twin's tests share: a world with a repository, a client that speaks HTTP to it, and people who act."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from valine_twins.github import GitHubTwin
from valine_twins.objects_memory import MemoryObjects
from valine_twins.transport import Delivery, Request, Response

SHARED = Path(__file__).parents[3] / ".." / "shared"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Reply:
    """An answer, decoded."""

    def __init__(self, response: Response) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.raw = response
        self.json: Any = None
        if response.body and self.headers.get("content-type", "").startswith("application/json"):
            self.json = json.loads(response.body)

    @property
    def message(self) -> str:
        return str(self.json["message"])


class GitHubWorld:
    """acme/shop with ana (write), bo (read) and the bot (write), whose token the client uses."""

    def __init__(self, objects: Any = None, **options: Any) -> None:
        self.now = START
        self.objects = objects if objects is not None else MemoryObjects()
        self.twin = GitHubTwin(self.objects, random.Random(7), **options)  # noqa: S311 - repeatable, not secret
        self.deliveries: list[Delivery] = []
        self.exchanges: list[tuple[str, str, Any, Reply]] = []
        self.token = ""

    def start(self, **repository: Any) -> GitHubWorld:
        members = {"ana": "write", "bo": "read", "valine-bot": "write"}
        files = {"README.md": "# Shop\n", "src/cart.py": "total = 0\n"}
        self.act(
            "create_repository", **{"owner": "acme", "name": "shop", "members": members, "files": files, **repository}
        )
        self.token = self.act("issue_token", login="valine-bot")["token"]
        return self

    def act(self, action: str, **arguments: Any) -> Any:
        acted = self.twin.act(action, arguments, self.now)
        self.deliveries += acted.deliveries
        return acted.value

    def request(
        self, method: str, path: str, body: Any = None, /, *, headers: dict[str, str] | None = None, **query: str
    ) -> Reply:
        sent = {"user-agent": "test", "authorization": f"Bearer {self.token}", **(headers or {})}
        request = Request(
            method=method,
            path=path,
            query=query,
            headers={name: value for name, value in sent.items() if value},
            body=b"" if body is None else json.dumps(body).encode(),
        )
        answer = self.twin.handle(request, self.now)
        self.deliveries += answer.deliveries
        reply = Reply(answer.response)
        self.exchanges.append((method, path, body, reply))
        return reply

    def api(self, method: str, path: str, body: Any = None, /, **more: Any) -> Reply:
        return self.request(method, f"/repos/acme/shop{path}", body, **more)

    def query(self, document: str, **variables: Any) -> Any:
        return self.request("POST", "/graphql", {"query": document, "variables": variables}).json

    def look(self, number: int, fields: str) -> Any:
        document = f'{{repository(owner:"acme",name:"shop"){{pullRequest(number:{number}){{{fields}}}}}}}'
        return self.query(document)["data"]["repository"]["pullRequest"]

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def heard(self) -> list[str]:
        """The events delivered so far, as "event" or "event.action"."""
        words = []
        for one in self.deliveries:
            action = json.loads(one.body).get("action")
            words.append(one.headers["X-GitHub-Event"] + (f".{action}" if action else ""))
        return words

    def shop(self) -> Any:
        return self.twin.view()["repositories"]["acme/shop"]

    def head(self, branch: str = "main") -> str:
        return str(self.shop()["branches"][branch]["head"])

    def branch_with_work(self, branch: str, files: dict[str, str] | None = None) -> str:
        return str(self.act("push", branch=branch, files=files or {f"{branch}.txt": "work\n"}, by="ana")["sha"])

    def pull(self, branch: str = "work", files: dict[str, str] | None = None, **fields: Any) -> int:
        self.branch_with_work(branch, files)
        given = {"head": branch, "title": f"About {branch}", "by": "ana", **fields}
        return int(self.act("open_pull_request", **given)["number"])
