"""`valine serve`: the real thing on one machine, until it is told to stop. What it has stored it goes on with later."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence

    from valine.settings import Settings

DOTENV = Path(".env")


class Log(enum.StrEnum):
    """How log lines look."""

    JSON = "json"
    HUMAN = "human"


EnvFile = Annotated[
    Path | None,
    typer.Option(
        "--env",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Settings that the environment lacks (default: .env).",
    ),
]


def load(env: Path | None) -> Settings:
    """The settings of the environment, and of the file (or .env) for what it lacks. Raises ConfigurationError."""
    from valine.settings import Settings

    return Settings.load(environment(env, Settings.SECRETS), env or DOTENV)


def environment(env: Path | None, secrets: Sequence[str]) -> Mapping[str, str]:
    """The environment, and those of the secrets that neither it nor the file has, if VALINE_SECRETS_PREFIX is set.

    Raises ConfigurationError if they cannot be had.
    """
    import os

    from valine.settings import elsewhere

    there = elsewhere(os.environ, env or DOTENV, secrets)
    if there is None:
        return os.environ
    from valine.bootstrap.aws import with_its_secrets

    return with_its_secrets({**os.environ, "VALINE_SECRETS_PREFIX": there.prefix}, there.names)


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8080,
    log: Annotated[Log | None, typer.Option(help="json or human; default: human at a terminal.")] = None,
    env: EnvFile = None,
) -> None:
    """Serve Discord and GitHub: the endpoints, the worker and the clock in one process."""
    import asyncio
    import sys

    from valine import logs
    from valine.cli import http

    settings = load(env)
    style = log or (Log.HUMAN if sys.stderr.isatty() else Log.JSON)
    logs.configure(style.value, secrets=settings.secrets)
    bound = http.bind(host, port)
    try:
        raise typer.Exit(asyncio.run(_served(settings, bound)))
    finally:
        bound.close()


async def _served(settings: Settings, bound: socket.socket) -> int:
    import logging
    from functools import partial

    from valine import __version__
    from valine.bootstrap import assemble, endpoints, wall_clock, write_precedence
    from valine.cli import http
    from valine.server import Turns, endpoints_app, in_a_thread

    log = logging.getLogger("valine.serve")

    def ready() -> None:
        paths = "POST /discord, POST /github/webhook, GET /healthz"
        where = http.address(bound)
        log.info(
            "Valine %s for %s listens on %s (%s); store %s",
            *(__version__, settings.github_repository, where, paths, store),
        )

    store = _path(settings.store)
    for warning in settings.warnings:
        log.warning("%s", warning)
    turns, precedence = Turns(wall_clock()), write_precedence()
    # The thread comes first: it makes the file ready, and what is wrong with that is a sentence here.
    async with in_a_thread(partial(assemble, settings, precedence=precedence), turns) as wake_worker:
        with endpoints(settings, precedence=precedence) as parts:
            code = await http.serve_all([(endpoints_app(parts, wake_worker, turns), bound)], ready)
    log.info("stopped: what was stored goes on with the next start")
    return code


def _path(store: str) -> Path:
    from valine.bootstrap import store_path

    return Path(store_path(store)).expanduser().resolve()
