"""`valine scenario`: hands over to what plays scenarios on the twins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Your own cases, played on the twins.", no_args_is_help=True, rich_markup_mode=None)


@app.command("run")
def run(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What to play; see docs/scenarios.md.")],
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON instead.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only what is not as expected.")] = False,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play under this policy, whatever the files say.")
    ] = None,
) -> None:
    """Play scenarios, each in a world of its own. 0: all is as expected; 1: something is not; 2: a file is wrong."""
    import logging

    from valine import logs
    from valine_play.commands.policies import policy_text
    from valine_play.scenario.main import run as play

    logs.configure("human", level=logging.CRITICAL)  # what Valine logs of faults is in the story already
    raise typer.Exit(play(files, policy=policy_text(policy), as_json=json, quiet=quiet))
