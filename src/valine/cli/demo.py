"""`valine demo`: hands over to the day that valine.demo plays."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result there.")] = None,
    repo: Annotated[Path | None, typer.Option(metavar="PATH", help="Play on a copy of this git repository.")] = None,
    issues: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its issues, as `gh issue list --json` prints.")
    ] = None,
) -> None:
    """Play one day of a team against the offline twins of GitHub and Discord."""
    from valine.demo.main import run

    raise typer.Exit(run(json, repo, issues))
