"""`valine doctor`, on a deployment of twins that something is wrong with."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from acceptance.stories import SECRET, Team, a_team
from builders import NOON
from valine.bootstrap import outside
from valine.cli import main
from valine.cli.doctor import examine
from valine.ingress.discord.manifest import manifest
from valine.settings.secret import Secret
from valine_play.demo.world import PRODUCT
from valine_twins.discord.twin import DiscordTwin
from valine_twins.inprocess import TwinTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    """A team whose deployment is as it must be."""
    async with a_team(3) as made:
        yield made


async def findings(team: Team, **changes: Any) -> dict[str, list[str]]:
    """What the doctor says, by state, with these settings changed."""
    world = team.world
    settings = dataclasses.replace(world.system.settings, **{"public_url": PRODUCT, **changes})
    async with outside(
        settings,
        clock=world.clock,
        github=TwinTransport(world.github, world.clock, world.post_github),
        discord=TwinTransport(world.discord, world.clock, world.post_discord),
        web=httpx2.ASGITransport(world._endpoint),
    ) as there:
        found = await examine(there, settings)
    told: dict[str, list[str]] = {"ok": [], "mind": [], "wrong": []}
    for finding in found:
        told[finding.state].append(f"{finding.about}: {finding.sentence}")
    return told


async def test_where_all_is_well_nothing_is_wrong(team: Team) -> None:
    told = await findings(team)

    assert told["wrong"] == []
    assert {line.split(":")[0] for line in told["ok"]} >= {"GitHub", "Policy", "Issues", "Discord", "Endpoint"}
    assert [line for line in told["ok"] if line.startswith("The endpoints")] == [
        f"The endpoints: {PRODUCT}/healthz is healthy.",
        f"The endpoints: {PRODUCT}/discord turns a forged request away.",
        f"The endpoints: {PRODUCT}/github/webhook turns a forged request away.",
    ]


async def test_looking_changes_nothing(team: Team) -> None:
    before = team.repository(), team.channel()
    writes = len([one for one in team.requests if one[1] != "GET" and one[2] != "/graphql"])

    await findings(team)

    assert (team.repository(), team.channel()) == before
    assert len([one for one in team.requests if one[1] != "GET" and one[2] != "/graphql"]) == writes


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"discord_public_key": "ab" * 32}, "DISCORD_PUBLIC_KEY is another application's"),
        ({"discord_application_id": "1"}, "DISCORD_APPLICATION_ID is not the token's application"),
        ({"github_repository": "acme/none"}, "acme/none does not exist, or this token may not see it"),
        ({"public_url": "https://elsewhere.test"}, "Discord sends interactions to http://valine.test/discord: set it"),
        ({"public_url": f"{PRODUCT}/below"}, f"{PRODUCT}/below/healthz answers 404 instead of 200"),
    ],
)
async def test_a_wrong_setting_is_told_with_its_cure(team: Team, changes: dict[str, Any], sentence: str) -> None:
    told = await findings(team, **changes)

    assert sentence in "\n".join(told["wrong"])


async def test_what_was_changed_on_the_platforms_is_told(team: Team) -> None:
    plan_alone = manifest(in_guild=True)[:1]
    await team.world.system.admin.put_commands(plan_alone, team.world.system.settings.discord_guild_id)
    team.world.on_github("throw_fault", kind="error_before", route="/repos/acme/rocket", status=403)

    told = "\n".join((await findings(team))["wrong"])

    assert "Commands: /approve is missing; /status is missing; /ship is missing" in told
    assert "GITHUB_TOKEN" in told


async def test_a_policy_that_cannot_be_obeyed_is_told() -> None:
    async with a_team(1, policy="[ship]\nmethod = 'fast'\n") as team:
        told = await findings(team)

    assert [line for line in told["wrong"] if line.startswith("Policy")]


@pytest.mark.parametrize(
    ("hook", "sentence"),
    [
        ({"events": ["push"]}, "it lacks the events check_run, check_suite, issue_comment"),
        ({"url": "http://elsewhere.test/github/webhook"}, f"none goes to {PRODUCT}/github/webhook: add it."),
    ],
)
async def test_a_webhook_that_brings_too_little_is_told(hook: dict[str, Any], sentence: str) -> None:
    async with a_team(1) as team:
        admin = team.world.github.act("issue_token", {"login": "acme"}, team.world.clock.now()).value["token"]
        headers = {"authorization": f"Bearer {admin}"}
        transport = TwinTransport(team.world.github, team.world.clock, team.world.post_github)
        async with httpx2.AsyncClient(transport=transport, headers=headers, base_url="http://github.test") as client:
            (old,) = (await client.get("/repos/acme/rocket/hooks")).json()
            await client.delete(f"/repos/acme/rocket/hooks/{old['id']}")
        team.world.on_github("create_hook", **{"url": f"{PRODUCT}/github/webhook", "secret": SECRET, **hook})
        told = await findings(team, github_token=Secret(admin))

    assert sentence in "\n".join(told["wrong"])


def test_it_ends_with_one_if_anything_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = "http://127.0.0.1:9"
    discord = DiscordTwin(random.Random(1), now=NOON)  # noqa: S311 - the same each time
    settings = {
        "DISCORD_APPLICATION_ID": "1",
        "DISCORD_PUBLIC_KEY": discord.public_key,
        "DISCORD_BOT_TOKEN": "token",
        "DISCORD_GUILD_ID": "2",
        "DISCORD_API_URL": nobody,
        "GITHUB_TOKEN": "ghp_any",
        "GITHUB_WEBHOOK_SECRET": "any webhook secret",
        "GITHUB_REPOSITORY": "acme/rocket",
        "GITHUB_API_URL": nobody,
        "VALINE_PUBLIC_URL": nobody,
        "VALINE_STORE": f"sqlite:///{tmp_path / 'none.db'}",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    assert main(["doctor"]) == 1

    said = capsys.readouterr()
    assert said.err == "5 things must be put right; `valine doctor` then looks again.\n"
    assert [line.split()[0] for line in said.out.splitlines()] == ["mind", *["WRONG"] * 5]
    assert not list(tmp_path.iterdir())
