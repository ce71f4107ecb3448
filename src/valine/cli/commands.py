"""`valine commands`: Discord's slash commands are what the manifest says, or it is told what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from valine.cli.command_error import CommandError
from valine.cli.serve import DOTENV, EnvFile, environment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from valine.errors import OutsideError
    from valine.settings import DiscordApplication

app = typer.Typer(help="Discord's slash commands.", no_args_is_help=True)
Guild = Annotated[str | None, typer.Option("--guild", metavar="ID", help="That guild (default: DISCORD_GUILD_ID).")]
Globally = Annotated[bool, typer.Option("--global", help="All guilds, instead of one.")]


@app.command()
def show(guild: Guild = None, everywhere: Globally = False, env: EnvFile = None) -> None:
    """List the commands that Discord has."""
    application, target = _target(guild, everywhere, env)
    found = _asked(application, lambda admin: admin.get_commands(target), "The commands could not be read")
    for command in found:
        options = " ".join(f"[{option['name']}]" for option in command.get("options", []))
        typer.echo(f"/{command['name']} {options}".rstrip() + f": {command.get('description', '')}")
    if not found:
        typer.echo(f"Discord has no command of this application {_where(target)}.", err=True)


@app.command()
def diff(guild: Guild = None, everywhere: Globally = False, env: EnvFile = None) -> None:
    """Tell how the commands that Discord has differ from Valine's; exit 1 if they do."""
    application, target = _target(guild, everywhere, env)
    found = _asked(application, lambda admin: admin.get_commands(target), "The commands could not be read")
    wrong = differences(_wanted(target), found)
    for difference in wrong:
        typer.echo(difference)
    if wrong:
        raise CommandError(
            f"The commands {_where(target)} are not Valine's as they should be: `valine commands push` puts them right."
        )


@app.command()
def push(guild: Guild = None, everywhere: Globally = False, env: EnvFile = None) -> None:
    """Register Valine's commands with Discord; they replace the application's others there."""
    application, target = _target(guild, everywhere, env)
    wanted = _wanted(target)
    _asked(application, lambda admin: admin.put_commands(wanted, target), "The commands were not registered")
    found = _asked(
        application,
        lambda admin: admin.get_commands(target),
        "Discord took the commands, but they could not be read back",
    )
    wrong = differences(wanted, found)
    if wrong:
        raise CommandError(
            f"Discord took the commands, but has others {_where(target)}: {'; '.join(wrong)}. Push them again."
        )
    typer.echo(f"Registered {_named(found)} {_where(target)}.")


def _wanted(target: str | None) -> list[dict[str, Any]]:
    from valine.ingress.discord.manifest import manifest

    return manifest(in_guild=target is not None)


def differences(wanted: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]]) -> list[str]:
    """How what Discord has differs from what it was told, a few words each; what Discord adds is its own business."""
    there = {command.get("name"): command for command in found}
    lacks = [f"/{command['name']} is missing" for command in wanted if command["name"] not in there]
    known = {command["name"] for command in wanted}
    strange = [f"/{name} is not Valine's" for name in there if name not in known]
    changed = [
        f"/{command['name']} has another {key}"
        for command in wanted
        if command["name"] in there
        for key, value in command.items()
        if not _covers(there[command["name"]].get(key), value)
    ]
    return lacks + strange + changed


def _covers(found: Any, wanted: Any) -> bool:
    """Whether `found` says all that `wanted` does. What was left empty may be left out."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_covers(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        inside = found or []
        return len(inside) == len(wanted) and all(map(_covers, inside, wanted))
    return bool(found == wanted)


def _asked(
    application: DiscordApplication, ask: Callable[[Any], Awaitable[list[dict[str, Any]]]], otherwise: str
) -> list[dict[str, Any]]:
    import asyncio

    from valine.bootstrap import discord_admin
    from valine.errors import OutsideError

    async def asking() -> list[dict[str, Any]]:
        async with discord_admin(application) as admin:
            return await ask(admin)

    try:
        return asyncio.run(asking())
    except OutsideError as error:
        raise CommandError(f"{otherwise}: {_why(error)}") from error


def _why(error: OutsideError) -> str:
    failure = error.failure
    detail = failure.detail.rstrip(".")
    match failure.code:
        case "unauthorized":
            return f"Discord does not accept DISCORD_BOT_TOKEN ({detail}). Copy the token again from the Bot page."
        case "forbidden":
            return f"Discord does not let this bot do that ({detail}). Invite it with the scope applications.commands."
        case "not_found":
            return f"Discord knows no such application or guild ({detail}). Check DISCORD_APPLICATION_ID and the guild."
        case "limited":
            when = f" after {failure.retry_at:%H:%M:%S} UTC" if failure.retry_at else " later"
            return f"too many requests ({detail}). Try again{when}."
        case _:
            return f"{detail}. Try again, or see DISCORD_API_URL."


def _target(guild: str | None, everywhere: bool, env: Path | None) -> tuple[DiscordApplication, str | None]:
    """Whose commands, and the guild's id; None is everywhere."""
    from valine.settings import registration

    if everywhere and guild is not None:
        raise CommandError("--guild and --global exclude each other.", code=2)
    application, home = registration(environment(env, ("DISCORD_BOT_TOKEN",)), env or DOTENV)
    target = None if everywhere else guild or home
    if target is None and not everywhere:
        raise CommandError("DISCORD_GUILD_ID is missing: set it, or use --guild ID or --global.", code=2)
    if target is not None and not (target.isascii() and target.isdigit()):
        raise CommandError(f"--guild takes a guild's id, which is a number: {target} is none.", code=2)
    return application, target


def _where(target: str | None) -> str:
    return f"in guild {target}" if target else "in all guilds"


def _named(found: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"/{command['name']}" for command in found)
