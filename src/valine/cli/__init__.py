"""The command line. Whatever goes wrong is a sentence on standard error and an exit code, never a traceback.

0: done. 1: it could not be done. 2: it was asked for wrongly, or settings are missing. 130: interrupted. What a
command needs is imported when it runs, so that `valine --help` is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from valine import __version__
from valine.cli import commands, doctor, play, replay, runs, serve
from valine.cli.command_error import Debug, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="valine",
    help="Plans, approves, tracks and ships GitHub issues from Discord.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help is printed without importing rich
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("doctor")(doctor.doctor)
app.command("replay")(replay.replay)
app.add_typer(runs.app, name="runs")
app.add_typer(commands.app, name="commands")
play.add_to(app)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"valine {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell it.")] = False,  # noqa: ARG001
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    """Plans, approves, tracks and ships GitHub issues from Discord."""
    context.obj.on = debug


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (default: this process's own); the exit code."""
    debug = Debug()
    command = typer.main.get_command(app)
    try:
        given = list(arguments) if arguments is not None else None
        code = command.main(args=given, prog_name="valine", standalone_mode=False, obj=debug)
    except BaseException as error:  # noqa: BLE001 - this is where everything ends
        return tell(error, debug)
    return code if isinstance(code, int) else 0
