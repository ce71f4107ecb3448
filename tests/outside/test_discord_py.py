"""discord.py without its gateway, on the twin of Discord: what it asks for over HTTP, and how it takes refusals."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest

from outside.stand import Json, Stand
from waiting import until

with warnings.catch_warnings():  # its voice, which nobody uses here, imports a module that Python is about to drop
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord
    from discord import app_commands
    from discord.http import Route

pytestmark = pytest.mark.proof
NUMBERS = count(1)
NOBODY = discord.AllowedMentions.none()


class Place:
    """A channel of its own, and the client that is logged in."""

    def __init__(self, stand: Stand, client: discord.Client) -> None:
        self.stand = stand
        self.client = client
        self.name = f"room{next(NUMBERS)}"
        self.id = int(stand.on_discord("create_channel", name=self.name))
        self.guild = discord.Object(int(stand.settings["DISCORD_GUILD_ID"]))

    async def channel(self) -> discord.TextChannel:
        found = await self.client.fetch_channel(self.id)
        assert isinstance(found, discord.TextChannel)
        return found

    def act(self, action: str, **arguments: Any) -> Any:
        return self.stand.on_discord(action, **arguments)

    def view(self) -> Json:
        return next(one for one in self.stand.discord_view()["channels"] if one["id"] == str(self.id))

    def member(self, name: str) -> discord.Object:
        members = self.stand.discord_view()["guild"]["members"]
        return discord.Object(next(int(one["id"]) for one in members if one["name"] == name))

    def asked(self) -> Json:
        """The newest interaction that was delivered."""
        (*_, (_, body)) = [one for one in self.stand.heard if one[0] == "interaction"]
        return body

    def interactions(self) -> int:
        return sum(name == "interaction" for name, _ in list(self.stand.heard))

    async def interaction(self, action: str, **arguments: Any) -> discord.Interaction:
        """What somebody does, as discord.py gets it from its gateway."""
        before = self.interactions()
        self.act(action, **arguments)
        until("it is delivered", lambda: self.interactions() > before)
        return discord.Interaction(data=self.asked(), state=self.client._connection)  # type: ignore[arg-type]


@pytest.fixture
async def place(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(Route, "BASE", stand.discord)
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(stand.settings["DISCORD_BOT_TOKEN"])
        yield Place(stand, client)


async def test_logging_in_tells_who_one_is(place: Place) -> None:
    settings = place.stand.settings

    assert place.client.user is not None
    assert str(place.client.user.id) == settings["DISCORD_APPLICATION_ID"]
    assert place.client.application is not None
    assert place.client.application.verify_key == settings["DISCORD_PUBLIC_KEY"]
    assert place.client.application.interactions_endpoint_url == f"{place.stand.product}/discord"


async def test_a_wrong_token_does_not_get_in(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", stand.discord)
    async with discord.Client(intents=discord.Intents.none()) as client:
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")


async def test_a_message_is_sent_edited_found_and_deleted(place: Place) -> None:
    channel = await place.channel()
    embed = discord.Embed(title="Plan", description="Three issues").add_field(name="First", value="#1")

    message = await channel.send("Hello", embed=embed, nonce="once", suppress_embeds=False)
    edited = await message.edit(content="Hello again", embed=None)
    second = await message.reply("Second")

    assert (edited.content, edited.embeds, edited.edited_at is not None) == ("Hello again", [], True)
    assert second.reference is not None
    assert second.reference.message_id == message.id
    assert [one.id async for one in channel.history(limit=10)] == [second.id, message.id]
    assert [one.id async for one in channel.history(after=message)] == [second.id]
    assert (await channel.fetch_message(message.id)).author.id == place.client.user.id  # type: ignore[union-attr]
    await message.delete()
    with pytest.raises(discord.NotFound) as gone:
        await channel.fetch_message(message.id)
    assert gone.value.code == 10008
    assert [one["content"] for one in place.view()["messages"]] == ["Second"]


async def test_only_whom_one_allows_is_mentioned(place: Place) -> None:
    channel = await place.channel()
    ana, ben = place.member("Ana"), place.member("Ben")
    text = f"<@{ana.id}> <@{ben.id}> @everyone"

    await channel.send(text, allowed_mentions=NOBODY)
    await channel.send(text, allowed_mentions=discord.AllowedMentions(users=[ana], everyone=False, roles=False))
    await channel.send(text)

    notified = [one["notified"] for one in place.view()["messages"]]
    assert notified[0] == {"users": [], "roles": [], "everyone": False}
    assert notified[1] == {"users": [str(ana.id)], "roles": [], "everyone": False}
    assert notified[2]["users"] == [str(ana.id), str(ben.id)]


async def test_a_thread_hangs_on_its_message_sleeps_and_wakes(place: Place) -> None:
    channel = await place.channel()
    message = await channel.send("The board")

    thread = await message.create_thread(name="r1", auto_archive_duration=1440)
    await thread.send("First milestone")
    await thread.add_user(place.member("Chen"))
    asleep = await thread.edit(archived=True)
    with pytest.raises(discord.HTTPException) as second:
        await message.create_thread(name="r1")
    awake = await asleep.edit(archived=False)
    free = await channel.create_thread(name="aside", type=discord.ChannelType.public_thread)

    assert (thread.id, thread.parent_id, asleep.archived, awake.archived) == (message.id, channel.id, True, False)
    assert (second.value.status, second.value.code) == (400, 160004)
    shown = place.view()["messages"][0]["thread"]
    assert (shown["name"], shown["messages"][0]["content"]) == ("r1", "First milestone")
    assert str(place.member("Chen").id) in shown["members"]
    assert [one["name"] for one in place.view()["threads"]] == [free.name]


async def test_buttons_are_clicked_and_answered(place: Place) -> None:
    channel = await place.channel()
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Approve", style=discord.ButtonStyle.success, custom_id=f"ok-{place.name}"))
    view.add_item(discord.ui.Select(custom_id=f"who-{place.name}", options=[discord.SelectOption(label="Ana")]))
    await channel.send("Plan r1", view=view)

    click = await place.interaction("click", by="Ana", label="Approve", channel=place.name)
    await click.response.edit_message(content="Approved", view=None)
    await click.followup.send("Only you see this", ephemeral=True)

    assert click.data is not None
    assert click.data["custom_id"] == f"ok-{place.name}"  # type: ignore[typeddict-item]
    assert (click.user.name, click.permissions.manage_guild) == ("Ana", True)
    assert [(one["content"], one["components"]) for one in place.view()["messages"]] == [("Approved", [])]
    seen = place.stand.discord_view()["ephemeral"]["Ana"]
    assert [one["content"] for one in seen if one["channel_id"] == str(place.id)] == ["Only you see this"]


async def test_components_of_the_second_kind_are_sent_and_edited(place: Place) -> None:
    channel = await place.channel()

    def card(text: str) -> discord.ui.LayoutView:
        row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(discord.ui.Button(label="Ship", custom_id="ship"))
        view = discord.ui.LayoutView(timeout=None)
        view.add_item(discord.ui.Container(discord.ui.TextDisplay(text), discord.ui.Separator(), row))
        return view

    message = await channel.send(view=card("## Plan r1"))
    await message.edit(view=card("## Plan r2"))
    with pytest.raises(discord.HTTPException) as mixed:
        await message.edit(content="Words beside it")

    assert message.flags.components_v2
    assert "Plan r2" in place.view()["messages"][0]["text"]
    assert (mixed.value.status, mixed.value.code) == (400, 50035)
    assert "content: " in mixed.value.text


async def test_commands_are_synchronised_and_answered(place: Place) -> None:
    tree = app_commands.CommandTree(place.client)

    @app_commands.command(name="hello", description="Say hello")
    @app_commands.describe(name="To whom")
    async def hello(interaction: discord.Interaction, name: str) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.edit_original_response(content=f"Hello {name}")

    tree.add_command(hello, guild=place.guild)
    (made,) = await tree.sync(guild=place.guild)
    (again,) = await tree.sync(guild=place.guild)
    fetched = await tree.fetch_commands(guild=place.guild)
    asked = await place.interaction("command", by="Chen", name="hello", options={"name": "Ben"}, channel=place.name)
    await tree._call(asked)

    assert made.id == again.id
    assert [(one.name, [option.name for option in one.options]) for one in fetched] == [("hello", ["name"])]
    seen = place.stand.discord_view()["ephemeral"]["Chen"]
    assert [one["content"] for one in seen if one["channel_id"] == str(place.id)] == ["Hello Ben"]
    tree.clear_commands(guild=place.guild)
    assert await tree.sync(guild=place.guild) == []
    assert await tree.sync() == []


async def test_the_guild_its_roles_and_its_members_are_known(place: Place) -> None:
    guild = await place.client.fetch_guild(place.guild.id)
    ana = await guild.fetch_member(place.member("Ana").id)

    assert guild.name == "Rocket"
    assert [role.name for role in await guild.fetch_roles()][1:] == ["lead", "valine"]
    assert [role.id for role in ana.roles][1:] == [role.id for role in await guild.fetch_roles() if role.name == "lead"]
    with pytest.raises(discord.NotFound) as stranger:
        await guild.fetch_member(1)
    assert stranger.value.code == 10013


async def test_refusals_are_the_errors_that_discord_py_knows(place: Place) -> None:
    channel = await place.channel()
    hidden = int(place.act("create_channel", name=f"hidden-{place.name}"))
    everybody = "@everyone"
    place.act("set_permissions", role=everybody, channel=f"hidden-{place.name}", deny=["VIEW_CHANNEL"])

    with pytest.raises(discord.NotFound) as nowhere:
        await place.client.fetch_channel(1)
    with pytest.raises(discord.Forbidden) as unseen:
        await place.client.fetch_channel(hidden)
    place.act("set_permissions", role=everybody, channel=place.name, deny=["SEND_MESSAGES"])
    with pytest.raises(discord.Forbidden) as mute:
        await channel.send("Hello")
    place.act("set_permissions", role=everybody, channel=place.name, allow=["SEND_MESSAGES"])
    with pytest.raises(discord.HTTPException) as empty:
        await channel.send("")
    with pytest.raises(discord.HTTPException) as long:
        await channel.send("x" * 2001)
    place.act("throw_fault", kind="error_before", status=503, method="POST", route=f"*/{place.id}/messages")
    with pytest.raises(discord.DiscordServerError):
        await channel.send("Hello")

    codes = [one.value.code for one in (nowhere, unseen, mute, empty, long)]
    assert codes == [10003, 50001, 50013, 50006, 50035]
    assert "content: Must be 2000 or fewer in length." in long.value.text


async def test_limits_are_told_so_well_that_none_is_ever_hit(place: Place) -> None:
    channel = await place.channel()
    message = await channel.send("Hello")
    before: Counter[str] = Counter(place.stand.discord_view()["statuses"])
    started = time.monotonic()

    for _ in range(11):
        assert [one.id async for one in channel.history(limit=1)] == [message.id]

    assert time.monotonic() - started > 1  # it waited, twice: five a second is what the headers say
    after: Counter[str] = Counter(place.stand.discord_view()["statuses"])
    assert after["429"] == before["429"]


async def test_a_limit_that_is_hit_all_the_same_is_waited_for(place: Place) -> None:
    channel = await place.channel()
    place.act("throw_fault", kind="rate_limited", seconds=0.3, method="POST", route=f"*/{place.id}/messages")
    place.act("throw_fault", kind="secondary_limit", seconds=0.3, method="POST", route=f"*/{place.id}/messages")

    await channel.send("Hello")

    assert [one["content"] for one in place.view()["messages"]] == ["Hello"]
