"""`valine commands`: against a twin that listens on a port of its own, in this process."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from builders import NOON
from valine.bootstrap import wall_clock
from valine.cli import http, main
from valine.cli.commands import differences
from valine.ingress.discord.manifest import manifest
from valine_twins.delivery_pump import DeliveryPump
from valine_twins.discord.twin import DiscordTwin
from valine_twins.shell import make_app


class Twin:
    """Discord's twin, listening."""

    def __init__(self) -> None:
        self.discord = DiscordTwin(random.Random(1), now=NOON)  # noqa: S311 - the same each time
        self.guild = self.discord.act("create_guild", {}, NOON).value["guild"]
        self._bound = http.bind("127.0.0.1", 0)
        self.url = f"{http.address(self._bound)}/api/v10"
        self._listening = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._listening.wait(10)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with httpx2.AsyncClient() as client:
            app = make_app(self.discord, DeliveryPump(self.discord, client, wall_clock()), wall_clock())
            server = http._Server(app, self._bound)
            serving = asyncio.create_task(server.run_until_stopped())
            await server.listening.wait()
            self._listening.set()
            await self._stop.wait()
            server.should_exit = True
            await serving

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def fault(self, **fault: Any) -> None:
        self.discord.act("throw_fault", fault, wall_clock().now())

    def commands(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = self.discord.view()["commands"]
        return found


@pytest.fixture
def twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twin]:
    """The twin, and an environment that leads to it."""
    made = Twin()
    settings = {
        "DISCORD_APPLICATION_ID": made.discord.application_id,
        "DISCORD_BOT_TOKEN": made.discord.bot_token,
        "DISCORD_GUILD_ID": made.guild,
        "DISCORD_API_URL": made.url,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    yield made
    made.close()


def test_push_registers_what_show_then_finds(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["commands", "show"]) == 0
    assert capsys.readouterr().err == f"Discord has no command of this application in guild {twin.guild}.\n"

    assert main(["commands", "push"]) == 0
    assert capsys.readouterr().out == f"Registered /plan, /approve, /status, /ship in guild {twin.guild}.\n"
    assert main(["commands", "show"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert (len(twin.commands()["guild"]), len(twin.commands()["global"])) == (4, 0)


def test_diff_tells_what_push_would_change(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["commands", "diff"]) == 1
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == "/plan is missing"
    assert "`valine commands push` puts them right." in told.err

    main(["commands", "push"])
    capsys.readouterr()

    assert main(["commands", "diff"]) == 0
    assert capsys.readouterr() == ("", "")


def test_push_can_be_for_all_guilds(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["commands", "push", "--global"]) == 0
    assert capsys.readouterr().out == "Registered /plan, /approve, /status, /ship in all guilds.\n"
    assert len(twin.commands()["global"]) == 4


def test_a_wrong_token_is_a_failure_with_a_sentence(
    twin: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "wrong")

    assert main(["commands", "push"]) == 1
    assert "Discord does not accept DISCORD_BOT_TOKEN" in capsys.readouterr().err


def test_a_rate_limit_is_a_failure_with_a_sentence(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    twin.fault(kind="rate_limited", seconds=30, times=-1)

    assert main(["commands", "push"]) == 1
    assert "too many requests" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "Discord does not accept DISCORD_BOT_TOKEN"),
        (403, "Discord does not let this bot do that"),
        (429, "too many requests"),
    ],
)
@pytest.mark.parametrize("command", ["show", "diff", "push"])
def test_a_refusal_is_a_failure_with_a_sentence(
    twin: Twin, capsys: pytest.CaptureFixture[str], command: str, status: int, told: str
) -> None:
    twin.fault(kind="error_before", status=status, times=-1)

    assert main(["commands", command]) == 1
    out, err = capsys.readouterr()
    assert (out, told in err) == ("", True)


def test_what_discord_has_afterwards_counts_not_what_it_answered(
    twin: Twin, capsys: pytest.CaptureFixture[str]
) -> None:
    twin.fault(kind="dropped_write", method="PUT")

    assert main(["commands", "push"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"Discord took the commands, but has others in guild {twin.guild}: /plan is missing; ")


def test_another_guild_is_a_failure_with_a_sentence(twin: Twin, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["commands", "push", "--guild", "123"]) == 1
    assert capsys.readouterr().err.startswith("The commands were not registered: Discord ")


def test_an_outage_is_a_failure_with_a_sentence(
    twin: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCORD_API_URL", "http://127.0.0.1:1/api/v10")

    assert main(["commands", "push"]) == 1
    assert "Discord cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--guild", "1", "--global"], ["--guild", "home"]])
def test_a_guild_is_named_once_and_by_its_id(twin: Twin, options: list[str]) -> None:
    assert main(["commands", "push", *options]) == 2


def test_without_a_guild_in_the_settings_it_is_named(
    twin: Twin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISCORD_GUILD_ID")

    assert main(["commands", "push"]) == 2
    assert capsys.readouterr().err == "DISCORD_GUILD_ID is missing: set it, or use --guild ID or --global.\n"
    assert main(["commands", "push", "--global"]) == 0


def test_what_discord_adds_is_no_difference_and_what_it_lacks_is() -> None:
    wanted = manifest(in_guild=True)
    found = [{**command, "id": "1", "version": "2"} for command in wanted]
    found[1] = {**found[1], "description": "Something else"}
    found[2] = {**found[2], "options": []}
    found[3] = {**found[3], "name": "fly"}

    assert differences(wanted, [*found[:1], *({**c} for c in found[1:])]) == [
        "/ship is missing",
        "/fly is not Valine's",
        "/approve has another description",
        "/status has another options",
    ]
