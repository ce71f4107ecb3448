"""The whole day through the four handlers; and time-outs, poison, duplicates and two workers at once."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import httpx2
import pytest

from acceptance.crashes import Crash
from acceptance.stories import REPOSITORY, Team, a_team
from aws.lambda_world import Aws, LambdaSystem, an_account
from dynamodb import dynamodb_local, environment
from moto_aws import receive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.proof
ISSUES = [
    {"title": "Log in with a passkey"},
    {"title": "Crash on an empty tank", "body": "Depends on #1"},
    {"title": "Remember it"},
    {"title": "A dark theme"},
]


PASSING = re.compile(
    r"(?P<time>20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d[.\d]*([+-]\d\d:\d\d|Z)?)?|<t:\d+:\w>)"
    r"|(?P<guid>\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)|(?P<id>\b\d{17,19}\b)|(?P<sha>\b[0-9a-f]{40}\b)|(?P<digest>(?<=:)[a-z2-7]{12}\b)"
)


@pytest.fixture(scope="module")
def local() -> Iterator[str]:
    """The address of a DynamoDB Local."""
    with environment(), dynamodb_local() as endpoint:
        yield endpoint


@pytest.fixture
def account(local: str) -> Iterator[Aws]:
    with an_account(local) as made:
        yield made


async def a_day(team: Team) -> None:
    """Plan, approve, a red check that is fixed, a conflict that is settled, and ship twice."""
    tasks = await team.starts()
    for task in tasks[:2]:
        await team.finishes(task, check="failure" if task is tasks[1] else "success")
    for task in tasks[2:]:
        await team.finishes(task, files={"notes.md": f"Written for #{task.issue}.\n"})
    await team.finishes(tasks[1], files={"work/fixed.md": "Fixed.\n"})
    await team.ships(by="Ben")
    held = next(task for task in (await team.run()).tasks if task.state == "held")
    await team.github("resolve", branch=held.branch, other="main", files={"notes.md": "Of both.\n"}, by="ana")
    await team.github("set_check", name="test", workflow="ci", number=held.pull_request, conclusion="success")
    await team.ships(by="Ana")


def outcome(team: Team) -> Any:
    """All that anybody can see: branches, merges, issues, releases, messages, each notification and edit."""
    return named(view(team))


def view(team: Team) -> Any:
    return {"github": team.world.github.view(), "discord": team.world.discord.view()}


def named(seen: Any) -> Any:
    """With ids and hashes named in the order in which they appear: they may differ, what refers to them may not."""
    names: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        if found["time"]:
            return "a time"
        return names.setdefault(found[0], f"name {len(names)}")

    return json.loads(PASSING.sub(name, json.dumps(seen, sort_keys=True)))


def system(team: Team) -> LambdaSystem:
    return cast("LambdaSystem", team.world.system)


async def test_a_day_on_lambda_ends_as_on_one_machine_to_the_letter(account: Aws) -> None:
    async with a_team(ISSUES) as team:
        await a_day(team)
        on_one_machine = outcome(team)

    async with a_team(ISSUES, compose=account.compose) as team:
        await a_day(team)
        on_lambda = outcome(team)
        assert (await team.run()).status == "completed"

    assert on_lambda == on_one_machine


async def test_a_run_goes_on_from_time_slice_to_time_slice_without_the_clock(account: Aws) -> None:
    account.ticking = False

    async with a_team(12, compose=account.compose) as team:
        await team.starts()

        assert {task.pull_request is not None for task in (await team.run()).tasks} == {True}
        assert sum(account.batches) > len(account.batches)


async def test_a_command_is_obeyed_between_two_slices_of_a_long_execution(account: Aws) -> None:
    stages = []

    async with a_team(12, compose=account.compose) as team:
        await team.says("/plan", by="Ana")

        def ask() -> None:
            team.world.on_discord("command", by="Ben", name="plan", options={})

        team.meanwhile("POST", "*/pulls", ask)
        team.world.on_discord("click", by="Ana", label="Approve")
        while await team.world.step():
            stages += [(await team.run()).stage] if "already" in team.reply("Ben") else []

        assert stages[0] == "executing"


@pytest.mark.parametrize("moment", range(5, 65, 20))
async def test_a_worker_killed_in_the_middle_is_followed_by_one_that_goes_on(account: Aws, moment: int) -> None:
    expected = await a_quiet_day()

    async with a_team(2, compose=account.compose) as team:
        asked = count(1)
        deadly = Deadly(team, lambda _: next(asked) == moment)
        await team.is_ready()
        await team.ships(by="Ana")

        assert deadly.deaths == 1
        assert what_is_there(team) == expected
        assert account.dead() == []


async def test_a_command_that_cannot_be_read_is_dead_lettered_and_its_repository_goes_on(account: Aws) -> None:
    async with a_team(1, compose=account.compose) as team:
        put(account, '{"schema": 1, "id": "from another program"}')
        put(account, "no document at all")

        await team.is_ready()

        letters = await team.world.system.queue.dead_letters()
        assert [letter.envelope for letter in letters] == [None, None]
        assert await team.states() == {1: "ready"}


async def test_a_command_that_breaks_valine_is_dead_lettered_and_its_author_told(account: Aws) -> None:
    async with a_team(1, compose=account.compose) as team:
        command_handler = system(team).hands.batches._engine._command_handler
        forge, command_handler._forge = command_handler._forge, Unreadable()  # type: ignore[assignment]
        await team.says("/plan", by="Ana")
        await team.wait(minutes=5)
        said = team.reply("Ana")
        command_handler._forge = forge

        await team.is_ready()

        assert "went wrong" in said
        assert len(await team.world.system.queue.dead_letters()) == 1
        assert await team.states() == {1: "ready"}


async def test_what_kills_its_worker_each_time_ends_with_the_dead_letters_alone(account: Aws) -> None:
    async with a_team(2, compose=account.compose) as team:
        await team.starts()
        deadly = Deadly(team, lambda request: request.method == "PATCH" and "@original" in str(request.url))

        team.world.on_discord("command", by="Chen", name="ship", options={})
        for task in (await team.run()).tasks:
            team.world.on_github("ready_for_review", number=task.pull_request, by="ana")
        await team.world.settle()
        deadly.alive = True

        assert deadly.deaths == 4  # three times of the request, and then of the answer that it was given up
        assert account.dead() == []
        [letter] = await team.world.system.queue.dead_letters()
        assert letter.trouble == "received without an acknowledgement 3 times: its worker stopped each time"
        assert {task.pull.draft for task in (await team.run()).tasks if task.pull} == {False}
        await team.wait(minutes=5)
        assert "r1" in await team.says("/ship", by="Ana")


async def test_two_of_every_delivery_and_of_every_batch_are_as_good_as_one(account: Aws) -> None:
    expected = await a_quiet_day()

    async with a_team(2, compose=account.compose) as team:
        system(team).ingress.times = system(team).worker.times = 2
        await team.is_ready()
        await team.ships(by="Ana")

        assert what_is_there(team) == expected


async def test_a_second_worker_gets_nothing_of_a_partition_that_is_worked_on(account: Aws) -> None:
    async with a_team(2, compose=account.compose) as team:
        second: list[Any] = []
        team.meanwhile("POST", "*/pulls", lambda: second.append(receive(account.sqs, account.queue_url, 10)))

        await team.starts()

        assert second == [[]]
        assert account.batches


async def test_two_workers_with_the_same_batch_at_once_do_nothing_twice(account: Aws) -> None:
    expected = await a_quiet_day()

    async with a_team(2, compose=account.compose) as team:
        system(team).worker.at_once = True
        await team.is_ready()
        await team.ships(by="Ana")

        assert what_is_there(team) == expected


async def a_quiet_day() -> Any:
    """What two issues come to on one machine."""
    async with a_team(2) as team:
        await team.is_ready()
        await team.ships(by="Ana")
        return what_is_there(team)


def what_is_there(team: Team) -> Any:
    """What a day leaves behind, whatever it took: nothing of it may be missing, nothing doubled."""
    shown = view(team)
    [repository] = shown["github"]["repositories"].values()
    left = {name: repository[name] for name in ("branches", "issues", "pull_requests", "releases")}
    comments = [(comment["body"], comment["number"], comment["author"]) for comment in repository["comments"]]
    told = [(message["text"], sorted(message["notified"]["users"])) for message in messages(shown["discord"])]
    return named({**left, "comments": sorted(comments, key=steady), "told": sorted(told, key=steady)})


def steady(said: tuple[str, *tuple[Any, ...]]) -> tuple[str, *tuple[Any, ...]]:
    """What sorts it as it sorts on any other day."""
    return PASSING.sub("", said[0]), *said[1:]


def messages(discord: Any) -> Iterator[Any]:
    for message in discord["channels"][0]["messages"]:
        yield message
        yield from (message["thread"] or {"messages": ()})["messages"]


def put(account: Aws, body: str) -> None:
    """Something that is no envelope lies on the queue of the repository."""
    account.sqs.send_message(
        QueueUrl=account.queue_url, MessageBody=body, MessageGroupId=REPOSITORY, MessageDeduplicationId=body[:4]
    )


class Unreadable:
    """A GitHub that breaks Valine whenever it looks at it."""

    async def plan_world(self, label: str | None) -> None:
        raise ZeroDivisionError(label)


class Dying(httpx2.AsyncBaseTransport):
    """A way to a platform on which the process may die."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, deadly: Deadly) -> None:
        self._inner = inner
        self._deadly = deadly

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._deadly.asked(request)
        return await self._inner.handle_async_request(request)


class Deadly:
    """A worker whose process dies at a request that `kills`, in every life, until it is let `alive`."""

    def __init__(self, team: Team, kills: Callable[[httpx2.Request], bool]) -> None:
        self.alive = False
        self.deaths = 0
        self._kills = kills
        lambdas = system(team)
        lambdas.transports = {name: Dying(inner, self) for name, inner in lambdas.transports.items()}
        lambdas.cold_start()

    def asked(self, request: httpx2.Request) -> None:
        """Die of it, or not."""
        if not self.alive and self._kills(request):
            self.deaths += 1
            raise Crash
