"""The commands that `valine` has where this distribution is installed; valine.cli.play finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_play.commands import demo, scenario, simulate

if TYPE_CHECKING:
    import typer


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
    app.command("demo")(demo.demo)
    app.add_typer(scenario.app, name="scenario")
    app.command("simulate")(simulate.simulate)
