"""The page's server without a browser: its files, its stream, and who may act through it."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from valine_play.demo import team
from valine_twins.clock import ManualClock
from valine_twins.delivery_pump import DeliveryPump
from valine_twins.discord import ACTS as DISCORD_ACTS
from valine_twins.discord import DiscordTwin
from valine_twins.github.acts import ACTS as GITHUB_ACTS
from valine_twins.github.twin import GitHubTwin
from valine_twins.objects_memory import MemoryObjects
from valine_twins.page import Stage, make_page
from valine_twins.page.app import LARGEST_ACT, STATIC
from valine_twins.page.stage import OFFERED
from valine_twins.shell import make_app
from valine_twins.transport import Request

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOME = "http://127.0.0.1:8070"
GIVEN: dict[str, Any] = {"platform": "discord", "action": "say", "arguments": {"by": "Ana", "content": "hello"}}


class Silent(httpx2.AsyncBaseTransport):
    """A product that never answers."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("nobody is there", request=request)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MORNING)


@pytest.fixture
async def stage(clock: ManualClock) -> AsyncIterator[Stage]:
    """Both twins, furnished, with a product that does not answer."""
    rng = random.Random(1)  # noqa: S311 - repeatable
    github = GitHubTwin(MemoryObjects(), rng, api_url="http://github.test")
    discord = DiscordTwin(rng, now=MORNING, endpoint="http://valine.test/discord")
    guild = {"roles": {"lead": ["MANAGE_GUILD"]}, "members": team.MEMBERS, "channels": ["shipping"]}
    place = discord.act("create_guild", guild, MORNING).value
    team.set_up(lambda act, **given: github.act(act, given, MORNING).value, None, None, place["members"])
    async with httpx2.AsyncClient(transport=Silent()) as network:
        made = Stage(github, discord, clock)
        made.staff(github=DeliveryPump(made.github, network, clock), discord=DeliveryPump(made.discord, network, clock))
        yield made


@pytest.fixture
async def browser(stage: Stage) -> AsyncIterator[httpx2.AsyncClient]:
    """Whoever asks the page; its own origin is said only where a test says it."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(make_page(stage)), base_url=HOME) as client:
        yield client


async def post(browser: httpx2.AsyncClient, given: Any, **headers: str) -> httpx2.Response:
    sent = {"origin": HOME, "content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return await browser.post("/act", content=json.dumps(given), headers={k: v for k, v in sent.items() if v})


def said(stage: Stage) -> list[str]:
    return [one["content"] for one in stage.discord.view()["channels"][0]["messages"]]


async def test_every_file_of_the_page_is_served_from_here_and_lets_nothing_else_in(browser: httpx2.AsyncClient) -> None:
    first = await browser.get("/")
    others = {path.name: await browser.get(f"/static/{path.name}") for path in STATIC.iterdir()}

    assert first.status_code == 200
    assert first.headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "frame-ancestors 'none'" in first.headers["content-security-policy"]
    assert {answer.status_code for answer in others.values()} == {200}
    assert others["main.js"].headers["content-type"].startswith("text/javascript")
    assert not any(b"//cdn" in answer.content or b"https://fonts" in answer.content for answer in others.values())


async def test_what_is_no_file_of_the_page_is_not_served(browser: httpx2.AsyncClient) -> None:
    assert (await browser.get("/static/stage.py")).status_code == 404
    assert (await browser.get("/static/..%2fapp.py")).status_code == 404


async def test_the_page_itself_acts_and_reads_what_came_of_it(browser: httpx2.AsyncClient, stage: Stage) -> None:
    answer = await post(browser, GIVEN)

    assert answer.status_code == 200
    assert answer.json()["value"]
    assert said(stage) == ["hello"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "http://127.0.0.1:8071"}, 403),
        ({"origin": "http://evil.test:8070", "host": "evil.test:8070"}, 421),
        ({"host": "127.0.0.1.evil.test:8070"}, 421),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_length": str(LARGEST_ACT + 1)}, 413),
    ],
)
async def test_no_other_website_acts(
    browser: httpx2.AsyncClient, stage: Stage, headers: dict[str, str], status: int
) -> None:
    answer = await post(browser, GIVEN, **headers)

    assert answer.status_code == status
    assert said(stage) == []


@pytest.mark.parametrize("path", ["/", "/events", "/static/main.js"])
async def test_a_name_that_was_rebound_to_this_machine_reads_nothing(browser: httpx2.AsyncClient, path: str) -> None:
    answer = await browser.get(path, headers={"host": "rebound.test"})

    assert answer.status_code == 421


async def test_both_spellings_of_loopback_are_home(browser: httpx2.AsyncClient, stage: Stage) -> None:
    answer = await post(browser, GIVEN, host="localhost:8070", origin="http://localhost:8070")

    assert answer.status_code == 200
    assert said(stage) == ["hello"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"platform": "github", "action": "issue_token", "arguments": {"login": "acme"}}, "does not offer issue_token"),
        ({"platform": "discord", "action": "say", "arguments": {"by": "Zoe", "content": "x"}}, "Zoe is no member"),
        ({"platform": "discord", "action": "say", "arguments": {"colour": 1}}, "say:"),
        ({"platform": "elsewhere", "action": "say"}, "platform"),
        ([], "Expected"),
    ],
)
async def test_what_cannot_be_done_is_a_sentence(browser: httpx2.AsyncClient, given: Any, words: str) -> None:
    answer = await post(browser, given)

    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_everything_that_is_offered_is_something_the_twins_know() -> None:
    faults = {"throw_fault", "clear_faults"}

    assert OFFERED["github"] - faults <= set(GITHUB_ACTS)
    assert OFFERED["discord"] - faults <= set(DISCORD_ACTS)


async def both_are_shown(stage: Stage) -> None:
    """What has happened so far is on its way to whoever watches."""
    async with asyncio.timeout(10):
        while len(stage._shown) < 2:  # noqa: ASYNC110 - being watched is no news
            await asyncio.sleep(0.01)


async def test_the_stream_shows_both_platforms_and_then_only_what_changed(stage: Stage) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(make_page(stage)), base_url=HOME) as client:
        watching = asyncio.create_task(client.get("/events"))
        await both_are_shown(stage)
        stage.act("discord", "say", {"by": "Ana", "content": "one"})
        stage.act("discord", "say", {"by": "Ana", "content": "two"})
        await both_are_shown(stage)
        stage.close()
        told = (await watching).text

    events = [part.split("\ndata: ") for part in told.strip().split("\n\n")]
    assert [name for name, _ in events] == ["event: discord", "event: github", "event: discord"]
    assert [one["content"] for one in json.loads(events[-1][1])["channels"][0]["messages"]] == ["one", "two"]


async def test_news_that_come_while_the_last_are_being_sent_are_not_missed(stage: Stage) -> None:
    edition = stage.edition
    stage.act("discord", "say", {"by": "Ana", "content": "one"})

    assert await stage.news(edition, within=5)
    assert not await stage.news(stage.edition, within=0.01)


async def test_who_only_looks_makes_no_news(stage: Stage) -> None:
    edition = stage.edition
    stage.wait()
    stage.scene("discord")

    assert stage.edition == edition


async def test_a_scene_holds_no_transcript_and_no_secret(stage: Stage) -> None:
    token = stage.github.act("issue_token", {"login": "acme"}, MORNING).value["token"]
    stage.act("discord", "say", {"by": "Ana", "content": "one"})

    shown = stage.scene("github") + stage.scene("discord")

    assert token.encode() not in shown
    assert b'"text"' not in shown
    assert b'"deliveries"' not in shown


async def test_commits_are_told_once_for_all_branches_with_where_each_stands(stage: Stage) -> None:
    stage.act("github", "push", {"branch": "one", "files": {"a": "1\n"}, "message": "First\n\nMore", "by": "ana"})
    stage.act("github", "push", {"branch": "two", "files": {"b": "2\n"}, "by": "ben"})

    repository = json.loads(stage.scene("github"))["repositories"]["acme/rocket"]

    assert [one["message"] for one in repository["commits"]].count("Initial commit") == 1
    assert {one["message"] for one in repository["commits"]} == {"Initial commit", "First", "Work"}
    assert set(repository["branches"]) == {"main", "one", "two"}
    assert repository["branches"]["one"] in {one["sha"] for one in repository["commits"]}


async def test_who_waits_sees_that_a_lost_command_failed(stage: Stage, clock: ManualClock) -> None:
    commands = [{"name": "status", "description": "Tell"}]
    stage.act("discord", "throw_fault", {"kind": "webhook_dropped"})
    register(stage, commands)
    stage.act("discord", "command", {"by": "Ana", "name": "status"})
    before = json.loads(stage.scene("discord"))["interactions"][-1]

    clock.advance_to(datetime(2026, 11, 23, 9, 0, 4, tzinfo=UTC))
    stage.wait()

    after = json.loads(stage.scene("discord"))["interactions"][-1]
    assert (before["state"], after["state"]) == ("waiting", "failed")
    assert after["shown"] == "The application did not respond"


def register(stage: Stage, commands: list[dict[str, Any]]) -> None:
    """Register commands as a product does."""
    view = stage.discord.view()
    application, guild = view["application"]["id"], view["guild"]["id"]
    twin: Any = stage.discord
    headers = {
        "user-agent": "DiscordBot (https://valine.test, 1)",
        "authorization": f"Bot {twin._twin.bot_token}",
        "content-type": "application/json",
    }
    path = f"/api/v10/applications/{application}/guilds/{guild}/commands"
    sent = Request(method="PUT", path=path, headers=headers, body=json.dumps(commands).encode())
    assert twin.handle(sent, MORNING).response.status == 200


async def test_faults_are_shown_until_they_are_used_up_or_cleared(stage: Stage) -> None:
    stage.act("github", "throw_fault", {"kind": "error_before", "route": "/repos/*", "times": 2})
    stage.act("discord", "throw_fault", {"kind": "latency", "seconds": 1.5, "times": -1})

    shown = json.loads(stage.scene("github"))["faults"] + json.loads(stage.scene("discord"))["faults"]
    stage.act("github", "clear_faults", {})

    assert [(one["kind"], one["route"], one["times"]) for one in shown] == [
        ("error_before", "/repos/*", 2),
        ("latency", "*", -1),
    ]
    assert json.loads(stage.scene("github"))["faults"] == []


async def test_a_website_cannot_play_on_the_twins_own_endpoint_either(stage: Stage, clock: ManualClock) -> None:
    async with httpx2.AsyncClient() as network:
        app = make_app(stage.discord, DeliveryPump(stage.discord, network, clock), clock)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1:8090") as client:
            act = {"action": "say", "arguments": {"by": "Ana", "content": "hello"}}
            refused = await client.post("/_twin/act", json=act, headers={"origin": "https://evil.test"})
            allowed = await client.post("/_twin/act", json=act)

    assert (refused.status_code, allowed.status_code) == (403, 200)
    assert said(stage) == ["hello"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8090", 200),
        ("localhost:8090", 200),
        ("[::1]:8090", 200),
        ("rebound.test:8090", 421),
        ("127.0.0.1.evil.test", 421),
        ("evil.test?127.0.0.1", 421),
    ],
)
async def test_the_twins_show_all_and_let_people_act_only_by_a_name_of_this_machine(
    stage: Stage, clock: ManualClock, host: str, status: int
) -> None:
    act = {"action": "say", "arguments": {"by": "Ana", "content": "hello"}}
    async with httpx2.AsyncClient() as network:
        app = make_app(stage.discord, DeliveryPump(stage.discord, network, clock), clock)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1") as client:
            viewed = await client.get("/_twin/view", headers={"host": host})
            acted = await client.post("/_twin/act", json=act, headers={"host": host})

    assert (viewed.status_code, acted.status_code) == (status, status)
    assert ("channels" in viewed.text) == (status == 200)
    assert said(stage) == (["hello"] if status == 200 else [])


async def test_the_policy_of_the_teams_own_repository_says_whom_to_ping(stage: Stage) -> None:
    ids = {one["name"]: one["id"] for one in stage.discord.view()["guild"]["members"]}
    twin: Any = stage.github
    world = twin._twin._world(MORNING)
    tree = world.objects.commit(
        "acme/rocket", stage.github.view()["repositories"]["acme/rocket"]["branches"]["main"]["head"]
    ).tree
    policy = world.objects.blob("acme/rocket", world.objects.files("acme/rocket", tree)[".github/valine.toml"]).decode()

    assert f'ana = "{ids["Ana"]}"' in policy
