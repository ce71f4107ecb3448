"""Registering commands."""

from pathlib import Path
from typing import Any

import pytest

from services.discord.place import Place, ensuring
from valine.errors import Permanent
from valine.ingress.discord.manifest import manifest
from valine.services.discord import DiscordAdmin


async def test_the_application_is_named(place: Place) -> None:
    assert (await place.admin.application())["id"] == place.twin.application_id


@pytest.mark.parametrize("in_guild", [True, False])
async def test_commands_that_were_put_are_there(place: Place, *, in_guild: bool) -> None:
    guild = place.guild["guild"] if in_guild else None

    await place.admin.put_commands(manifest(in_guild=in_guild), guild)

    names = [command["name"] for command in await place.admin.get_commands(guild)]
    assert sorted(names) == ["approve", "plan", "ship", "status"]


async def test_a_wrong_token_is_unauthorized(place: Place) -> None:
    admin = DiscordAdmin(place.client, **place.credentials(bot_token="another.bots.token"))

    with pytest.raises(Permanent) as caught:
        await admin.put_commands(manifest(in_guild=False), None)

    assert caught.value.failure.code == "unauthorized"


@pytest.mark.parametrize("in_guild", [True, False])
def test_the_manifest_is_one_that_discord_takes(shared: Path, judge: Any, *, in_guild: bool) -> None:
    path = "/applications/1/guilds/2/commands" if in_guild else "/applications/1/commands"

    assert judge.request("PUT", path, manifest(in_guild=in_guild)) == []


@pytest.mark.parametrize("in_guild", [True, False])
def test_where_a_command_appears_is_said_globally_only(*, in_guild: bool) -> None:
    for command in manifest(in_guild=in_guild):
        assert ("contexts" in command, "integration_types" in command) == (not in_guild, not in_guild)


async def test_every_request_is_held_against_discords_description(shared: Path, place: Place) -> None:
    """The fixture does it after each test; this one is skipped, and says so, where there is nothing to hold against."""
    await place.admin.put_commands(manifest(in_guild=True), place.guild["guild"])
    card = await place.sends(**ensuring(place))
    await place.chat.ensure_thread(channel=place.channel, message=card, title="Plan r1")

    assert len(place.sent) == 3
