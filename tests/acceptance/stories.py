"""What the stories are told with: a team in a world, its words and actions, and what they then see.

async with a_team() as team:
    await team.says("/plan", by="Ana")
    await team.clicks("Approve", by="Ana")

    assert team.branches() == [...]
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import shlex
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared_specs import judges
from valine.bootstrap import System, assemble
from valine_play.demo.world import PRODUCT, World, a_world
from valine_twins.objects_memory import MemoryObjects

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from valine.orchestrator.model.run import Run, Task

REPOSITORY = "acme/rocket"
SECRET = "simulated-webhook-secret"
DEVELOPERS = ("ana", "ben", "chen", "dora")
LONE_OPTION = {"approve": "run", "status": "run", "ship": "run", "plan": "label"}


class Team:
    """Ana and Ben lead (Manage Server), Chen does not; on GitHub ana, ben, chen and dora may write."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.requests: list[tuple[str, str, str, bytes]] = []
        self.answers: list[tuple[str, str, str, bytes]] = []  # to interactions
        self._acts: list[tuple[str, str, Callable[[], object]]] = []

    # What people do -----------------------------------------------------------------------------------------------

    async def says(self, text: str, *, by: str) -> str:
        """Send a slash command, `/plan label:ready limit:3` or `/approve r1`; the reply that only they see."""
        name, *words = shlex.split(text.removeprefix("/"))
        options: dict[str, str] = {}
        for word in words:
            key, colon, value = word.partition(":")
            options |= {key: value} if colon else {LONE_OPTION[name]: word}
        typed = {key: int(value) if key == "limit" else value for key, value in options.items()}
        self.world.on_discord("command", by=by, name=name, options=typed)
        await self.world.settle()
        return self.reply(by)

    async def clicks(self, label: str, *, by: str, **where: Any) -> str:
        """Click the newest button of that label; the newest reply that only they see."""
        self.world.on_discord("click", by=by, label=label, **where)
        await self.world.settle()
        return self.reply(by)

    async def drops(self, *issues: int, by: str) -> str:
        """Take issues out of the plan on its card."""
        self.world.on_discord("select", by=by, values=[str(issue) for issue in issues])
        await self.world.settle()
        return self.reply(by)

    async def github(self, action: str, **arguments: Any) -> Any:
        """Let somebody do something on GitHub, and let what comes of it happen."""
        value = self.world.on_github(action, **arguments)
        await self.world.settle()
        return value

    async def ships(self, *, by: str) -> str:
        """/ship, and the confirming button of its preflight."""
        await self.says("/ship", by=by)
        self.world.on_discord("click", by=by, label=self._confirming(by))
        await self.world.settle()
        return self.reply(by)

    def _confirming(self, by: str) -> str:
        return next(
            str(button["label"])
            for message in reversed(self.world.discord.view()["ephemeral"].get(by, []))
            for row in message["components"]
            for button in row.get("components", [])
            if ":confirm:" in button.get("custom_id", "")
        )

    async def finishes(self, task: Task, *, check: str | None = "success", files: dict[str, str] | None = None) -> None:
        """The author pushes work, marks it ready for review, and the check ends so (None: there is no check)."""
        self.world.on_github(
            "push", branch=task.branch, files=files or {f"work/{task.issue}.md": "Done.\n"}, message="Work", by="ana"
        )
        self.world.on_github("ready_for_review", number=task.pull_request, by="ana")
        if check is not None:
            self.world.on_github(
                "set_check", name="test", workflow="ci", number=task.pull_request, status="completed", conclusion=check
            )
        await self.world.settle()

    async def starts(self, *, by: str = "Ana", label: str = "ready", number: int = 1) -> tuple[Task, ...]:
        """/plan, and its approval; the tasks, their pull requests open."""
        await self.says(f"/plan {label}", by=by)
        await self.clicks("Approve", by=by)
        return (await self.run(number)).tasks

    async def is_ready(self, *, check: str | None = "success") -> tuple[Task, ...]:
        """/plan, its approval, and every task finished by its author: nothing is left but to ship."""
        for task in await self.starts():
            await self.finishes(task, check=check)
        return (await self.run()).tasks

    def meanwhile(self, method: str, path: str, act: Callable[[], object]) -> None:
        """Let this happen once, just before the next such request (shell patterns) reaches GitHub or Discord."""
        self._acts.append((method, path, act))

    def asked(self, method: str, path: str) -> None:
        """Such a request is about to be made."""
        for entry in self._acts:
            if fnmatch.fnmatchcase(method, entry[0]) and fnmatch.fnmatchcase(path, entry[1]):
                self._acts.remove(entry)
                entry[2]()
                return

    # What they then see ---------------------------------------------------------------------------------------------

    async def run(self, number: int = 1) -> Run:
        """The run as it is stored."""
        run = await self.world.system.store.run(REPOSITORY, number)
        assert run is not None, f"there is no r{number}"
        return run

    async def task(self, issue: int, number: int = 1) -> Task:
        """One of its tasks."""
        task = (await self.run(number)).task(issue)
        assert task is not None, f"r{number} has no task for #{issue}"
        return task

    async def states(self, number: int = 1) -> dict[int, str]:
        """The state of each task by issue."""
        return {int(task.issue): str(task.state) for task in (await self.run(number)).tasks}

    def reply(self, by: str) -> str:
        """The newest ephemeral message that this person sees; empty if there is none."""
        messages = self.world.discord.view()["ephemeral"].get(by, [])
        return str(messages[-1]["text"]) if messages else ""

    def channel(self) -> list[dict[str, Any]]:
        """The messages in #shipping."""
        return list(self.world.discord.view()["channels"][0]["messages"])

    def card(self) -> str:
        """The newest plan card."""
        return next(str(m["text"]) for m in reversed(self.channel()) if "· card ·" in m["text"])

    def board(self) -> str:
        """The newest board."""
        return next(str(m["text"]) for m in reversed(self.channel()) if "· board ·" in m["text"])

    def thread(self) -> list[str]:
        """The first line of each message in the threads of #shipping."""
        threads = [message["thread"] for message in self.channel() if message["thread"]]
        return [str(m["text"]).split("\n")[0] for thread in threads for m in thread["messages"]]

    def notified(self) -> set[str]:
        """Everybody who was notified by any message."""
        threads = [message["thread"] for message in self.channel() if message["thread"]]
        messages = [*self.channel(), *(m for thread in threads for m in thread["messages"])]
        everyone = {"@everyone"} if any(m["notified"]["everyone"] for m in messages) else set()
        return everyone | {user for m in messages for user in m["notified"]["users"] + m["notified"]["roles"]}

    def pull(self, task: Task) -> dict[str, Any]:
        """The task's pull request as GitHub's twin shows it."""
        return next(dict(p) for p in self.repository()["pull_requests"] if p["number"] == task.pull_request)

    def merges(self) -> list[int]:
        """The pull requests for which a merge was asked of GitHub, in that order, repeats included."""
        paths = [path.split("/") for _, method, path, _ in self.requests if method == "PUT" and path.endswith("/merge")]
        return [int(path[-2]) for path in paths]

    def buttons(self, by: str) -> list[str]:
        """The labels of the buttons on the newest ephemeral message that this person sees."""
        messages = self.world.discord.view()["ephemeral"].get(by, [])
        rows = messages[-1]["components"] if messages else []
        return [str(button["label"]) for row in rows for button in row.get("components", []) if "label" in button]

    def repository(self) -> dict[str, Any]:
        """The repository as GitHub's twin shows it."""
        return dict(next(iter(self.world.github.view()["repositories"].values())))

    def problems(self) -> list[str]:
        """What Discord's twin complains of, and what the platforms' own descriptions say of our requests."""
        return [*map(str, self.world.discord.view()["problems"]), *judges.problems([*self.requests, *self.answers])]

    async def wait(self, **time: float) -> None:
        """Let time pass, with all that is due in it."""
        await self.world.pass_time(timedelta(**time))


@contextlib.asynccontextmanager
async def a_team(
    issues: Sequence[dict[str, Any]] | int = 3,
    *,
    policy: str | None = None,
    judged: bool = True,
    store: str = "sqlite:///:memory:",
    compose: Callable[..., System] = assemble,
    **repository: Any,
) -> AsyncIterator[Team]:
    """A team with these issues (or that many plain ones, all `ready`); at its end nobody may have a complaint."""
    requests: list[tuple[str, str, str, bytes]] = []
    answers: list[tuple[str, str, str, bytes]] = []
    teams: list[Team] = []

    def record(service: str, method: str, path: str, body: bytes) -> None:
        (answers if service == "callback" else requests).append((service, method, path, body))
        for team in teams:
            team.asked(method, path)

    async with a_world(MemoryObjects(), repository=REPOSITORY, recorder=record, store=store, compose=compose) as world:
        files = {"README.md": "# Rocket\n"} | ({".github/valine.toml": policy} if policy is not None else {})
        members = dict.fromkeys((*DEVELOPERS, "valine-bot"), "write")
        world.on_github("create_repository", owner="acme", name="rocket", members=members, files=files, **repository)
        world.on_github("create_hook", url=f"{PRODUCT}/github/webhook", secret=SECRET)
        plain = [{"title": f"Issue number {n}"} for n in range(1, issues + 1)] if isinstance(issues, int) else issues
        for issue in plain:
            world.on_github("create_issue", **{"labels": ["ready"], "by": "ana", **issue})
        await world.settle()
        team = Team(world)
        team.requests = requests
        team.answers = answers
        teams.append(team)
        yield team
        if judged:
            assert team.problems() == []


def decoded(body: bytes) -> Any:
    """A JSON body, None if there is none."""
    return json.loads(body) if body else None


async def a_plan_that_is_not_fully_shown(team: Team, permission: str) -> None:
    """Ana proposes 26 issues where Valine lacks that permission for the further pages, and gets it afterwards."""
    team.world.on_discord("set_permissions", role="valine", channel="shipping", deny=[permission])
    await team.says("/plan", by="Ana")
    await team.wait(minutes=1)
    assert "The plan has 2 pages" in team.card()
    assert [line for line in team.thread() if line.startswith("Plan r1, page")] == []
    team.world.on_discord("set_permissions", role="valine", channel="shipping")


async def it_is_shown_by_being_approved(team: Team) -> None:
    """The first click is refused and has the plan shown at once, the second one approves it."""
    before = team.world.clock.now()

    first = await team.clicks("Approve", by="Ana")
    waited = team.world.clock.now() - before
    shown = [line for line in team.thread() if line.startswith("Plan r1, page")]
    second = await team.clicks("Approve", by="Ana")

    assert first.startswith("Revision 1 of r1 was not fully shown when you approved. Nothing was changed.")
    assert shown == ["Plan r1, page 2 of 2"]
    assert second.startswith("You approved r1: work on 26 issues begins.")
    assert waited < timedelta(minutes=1)
