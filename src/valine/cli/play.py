"""The commands that play on twins of GitHub and Discord: a distribution of their own, which need not be installed."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import typer

from valine.cli.command_error import WRONG, CommandError

COMMANDS: Final = {
    "demo": "Play one day of a team against the offline twins of GitHub and Discord.",
    "scenario": "Your own cases, played on the twins.",
    "simulate": "Serve the twins, so that Valine or any other program can be tested against them.",
}
ANY_ARGUMENTS: Final[dict[str, Any]] = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}


def add_to(app: typer.Typer) -> None:
    """Add them. Where `valine-play` is not installed, each only says how to install it, and ends with exit code 2."""
    if find_spec("valine_play") is not None:
        import_module("valine_play.commands").add_to(app)
        return
    for name, purpose in COMMANDS.items():
        app.command(name, help=purpose, context_settings=ANY_ARGUMENTS)(_not_installed)


def _not_installed(context: typer.Context) -> None:
    raise CommandError(
        f"`valine {context.info_name}` is in a distribution of its own: install it with `pip install 'valine[play]'`.",
        code=WRONG,
    )
