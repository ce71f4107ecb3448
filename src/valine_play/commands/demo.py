"""`valine demo`: hands over to the day that demo/ plays, or serves the page on which one plays it oneself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valine.cli.command_error import CommandError

if TYPE_CHECKING:
    import socket

HOST = "127.0.0.1"


def demo(
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result there.")] = None,
    repo: Annotated[Path | None, typer.Option(metavar="PATH", help="Play on a copy of this git repository.")] = None,
    issues: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its issues, as `gh issue list --json` prints.")
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Serve a page on which to play the day oneself.")] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The page's port, with --serve; 0 takes a free one.")
    ] = 8070,
) -> None:
    """Play one day of a team against the offline twins of GitHub and Discord."""
    if serve and json is not None:
        raise CommandError("--json writes what came of the day that plays itself: leave it, or --serve, out.", code=2)
    raise typer.Exit(_serve(port, repo, issues) if serve else _play(json, repo, issues))


def _play(json: Path | None, repo: Path | None, issues: Path | None) -> int:
    from valine_play.demo.main import run

    return run(json, repo, issues)


def _serve(port: int, repo: Path | None, issues: Path | None) -> int:
    import asyncio
    import logging
    import sys
    import tempfile

    from valine import logs
    from valine.cli import http
    from valine_play.demo import team
    from valine_play.demo.main import rows_of

    logs.configure("human" if sys.stderr.isatty() else "json", level=logging.ERROR)
    try:
        rows = rows_of(repo, issues)
    except team.UnusableInput as error:
        raise CommandError(str(error), code=2) from error
    with (
        http.bind(HOST, port) as bound,
        tempfile.TemporaryDirectory(prefix="valine-demo-", ignore_cleanup_errors=True) as folder,
    ):
        return asyncio.run(_served(bound, Path(folder), repo, rows))


async def _served(bound: socket.socket, folder: Path, repo: Path | None, rows: list[dict[str, Any]] | None) -> int:
    from valine.cli import http
    from valine_play.demo import team
    from valine_play.demo.live import a_live_world
    from valine_twins.objects import StoreError
    from valine_twins.page import make_page
    from valine_twins.transport import ActError

    def ready() -> None:
        leads = " and ".join(name for name, roles in team.MEMBERS.items() if roles)
        typer.echo(f"Open {http.address(bound)} in a browser: Discord on the left, GitHub on the right, all offline.")
        typer.echo(f"You are whomever you choose there; {leads} may approve. Ctrl-C ends it, and nothing is kept.")

    try:
        async with a_live_world(folder, repo=repo, rows=rows) as stage:
            return await http.serve_all([(make_page(stage), bound)], ready, stage.close)
    except (ActError, StoreError) as error:
        raise CommandError(f"{error}.", code=2) from error
