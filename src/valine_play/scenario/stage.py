"""The world while a scenario is played, and what can be seen in it."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from valine_play.scenario.place import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from valine.orchestrator.model.run import Run, Task
    from valine_play.demo.world import World
    from valine_play.scenario.faults import Target


@dataclass(frozen=True)
class Failure:
    """A step that could not be done, or an expectation that was not met; and what is so instead."""

    line: int
    text: str
    said: str


class Unmet(Exception):
    """What was expected is not so; the text says what is so instead."""


class Died(BaseException):
    """Valine's process is gone: nothing in it catches this."""


class Stage:
    """One world, everything that Valine asked of the platforms in it, and what waits for the next such request."""

    def __init__(self, recorder: Callable[[str, str, str, bytes], None] | None = None) -> None:
        self.world: World
        self.requests: list[tuple[str, str, str, bytes]] = []
        self.choices: list[dict[str, Any]] = []
        self.typed: tuple[str, str] = ("", "")
        self.died = False
        self.trouble: Failure | None = None  # with what should happen in the middle of Valine's work
        self.before: Any = None
        self._waiting: list[tuple[Target, int, Callable[[], None]]] = []
        self._recorder = recorder

    def record(self, service: str, method: str, path: str, body: bytes) -> None:
        """Valine is about to ask for this, or has answered an interaction: what waits for it happens now."""
        if self._recorder is not None:
            self._recorder(service, method, path, body)
        if service == "callback":
            return
        self.requests.append((service, method, path, body))
        for entry in self._waiting:
            target, times, act = entry
            if matches(target, method, path):
                self._waiting.remove(entry)
                if times != 1:
                    self._waiting.append((target, times - 1, act))
                act()
                return

    def meanwhile(self, target: Target, times: int, act: Callable[[], None]) -> None:
        """Let something happen just before such a request; -1 means each time."""
        self._waiting.append((target, times, act))

    # What GitHub shows ----------------------------------------------------------------------------------------------

    def repository(self) -> dict[str, Any]:
        """The repository as anybody may see it. Raises Unmet if it is gone."""
        found = self.world.github.view()["repositories"].get(REPOSITORY)
        if found is None:
            raise Unmet("the repository is gone")
        return dict(found)

    def issue(self, number: int) -> dict[str, Any]:
        """One issue. Raises Unmet if there is none of that number."""
        found = next((one for one in self.repository()["issues"] if one["number"] == number), None)
        if found is None:
            raise Unmet(f"there is no issue #{number}")
        return dict(found)

    def pulls(self, issue: int) -> list[dict[str, Any]]:
        """The pull requests that say they close an issue, oldest first."""
        closes = re.compile(rf"(?:closes|fixes|resolves) #{issue}\b", re.IGNORECASE)
        return [one for one in self.repository()["pull_requests"] if closes.search(one["body"] or "")]

    def pull(self, issue: int) -> dict[str, Any]:
        """The newest of them, an open one rather than others. Raises Unmet if there is none."""
        found = self.pulls(issue)
        if not found:
            raise Unmet(f"#{issue} has no pull request")
        return next((one for one in reversed(found) if one["state"] == "open"), found[-1])

    def titled(self, title: str) -> dict[str, Any]:
        """The newest pull request of that title. Raises Unmet."""
        for one in reversed(self.repository()["pull_requests"]):
            if one["title"] == title:
                return dict(one)
        raise Unmet(f"no pull request is titled “{title}”")

    def comments(self, number: int) -> list[str]:
        """What Valine said on an issue or pull request."""
        found = self.repository()["comments"]
        return [str(one["body"]) for one in found if one["number"] == number and one["author"] == "valine-bot"]

    def asked(self, target: Target) -> list[str]:
        """The paths of all such requests of Valine's so far."""
        return [path for _, method, path, _ in self.requests if matches(target, method, path)]

    # What Discord shows ---------------------------------------------------------------------------------------------

    def replies(self, person: str) -> list[dict[str, Any]]:
        """What only they see, oldest first."""
        return list(self.world.discord.view()["ephemeral"].get(person, []))

    def reply(self, person: str) -> str:
        """The newest of it; empty if there is none."""
        found = self.replies(person)
        return str(found[-1]["text"]) if found else ""

    def channel(self) -> list[dict[str, Any]]:
        """The messages of the first channel."""
        return list(self.world.discord.view()["channels"][0]["messages"])

    def threads(self) -> list[dict[str, Any]]:
        """The threads that hang on its messages."""
        return [message["thread"] for message in self.channel() if message["thread"]]

    def newest(self, kind: str) -> dict[str, Any]:
        """The newest `card` or `board`. Raises Unmet if there is none."""
        for message in reversed(self.channel()):
            if f"· {kind} ·" in message["text"]:
                return dict(message)
        raise Unmet(f"there is no {kind}")

    # What Valine has stored -------------------------------------------------------------------------------------------

    async def run(self, number: int = 1) -> Run:
        """A run. Raises Unmet if there is none."""
        found = await self.world.system.store.run(REPOSITORY, number)
        if found is None:
            raise Unmet(f"there is no r{number}")
        return found

    async def task(self, issue: int, number: int | None) -> Task:
        """The task of an issue, in the newest run that has one unless one is named. Raises Unmet."""
        last = (await self.world.system.store.repository(REPOSITORY)).next_number - 1
        for wanted in [number] if number is not None else range(last, 0, -1):
            task = (await self.run(wanted)).task(issue)
            if task is not None:
                return task
        raise Unmet(f"#{issue} is no task of {f'r{number}' if number else 'any run'}")

    async def everything(self) -> dict[str, Any]:
        """Runs, messages and Valine's writes to GitHub, to be compared."""
        store = self.world.system.store
        record = await store.repository(REPOSITORY)
        writes = [row for row in self.requests if row[0] == "github" and is_write(row)]
        return {
            "runs": [await store.run(REPOSITORY, n) for n in range(1, record.next_number)],
            "messages in #shipping": [message["text"] for message in self.channel()],
            "messages in threads": [[m["text"] for m in thread["messages"]] for thread in self.threads()],
            "writes to GitHub": len(writes),
        }


def matches(target: Target, method: str, path: str) -> bool:
    """Whether a request is what a target names."""
    plain = path.partition("?")[0] if "?" not in target.route else path
    return fnmatch.fnmatchcase(method, target.method) and fnmatch.fnmatchcase(plain, target.route)


def is_write(request: tuple[str, str, str, bytes]) -> bool:
    """Whether a request changes something: GraphQL only reads here."""
    _, method, path, _ = request
    return method != "GET" and not path.endswith("/graphql")
