"""The product and both twins in one process, as in `demo.world`, but in real time: a page is how one takes part."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import secrets
from typing import TYPE_CHECKING, Any

import httpx2

from valine.bootstrap import assemble, wall_clock
from valine.ingress.discord.manifest import manifest
from valine.server import make_app
from valine_play.demo import team
from valine_play.demo.world import GITHUB, HOOK_SECRET, PRODUCT, settings_for
from valine_twins.delivery_pump import DeliveryPump
from valine_twins.discord.twin import DiscordTwin
from valine_twins.github.twin import GitHubTwin
from valine_twins.inprocess import TwinTransport
from valine_twins.objects_git import GitObjects
from valine_twins.page import Stage
from valine_twins.shell import pumping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from valine.ports import Clock

CHANNEL = "shipping"
LIVELY = 0.05  # seconds between two writes; GitHub itself asks for one


@contextlib.asynccontextmanager
async def a_live_world(
    folder: Path, *, repo: Path | None = None, rows: list[dict[str, Any]] | None = None, clock: Clock | None = None
) -> AsyncIterator[Stage]:
    """A guild, a repository, and Valine between them, while inside; all it keeps is in `folder`.

    Raises ActError if `repo` cannot be played on, StoreError if there is no git.
    """
    clock = clock or wall_clock()
    rng = random.Random(secrets.randbits(256))  # noqa: S311 - the twins' secrets guard nothing
    github = GitHubTwin(GitObjects(folder / "git"), rng, api_url=GITHUB)
    discord = DiscordTwin(rng, now=clock.now(), endpoint=f"{PRODUCT}/discord")
    place = discord.act("create_guild", _guild(), clock.now()).value
    team.set_up(lambda act, **given: github.act(act, given, clock.now()).value, repo, rows, place["members"])
    settings = settings_for(
        github,
        discord,
        place,
        repository=f"{team.OWNER}/{team.NAME}",
        store=f"sqlite:///{folder}/valine.db",
        now=clock.now(),
    )
    settings = dataclasses.replace(settings, write_interval=LIVELY)
    stage = Stage(github, discord, clock)
    system = assemble(
        settings,
        clock=clock,
        github=TwinTransport(stage.github, clock, stage.post_github),
        discord=TwinTransport(stage.discord, clock, stage.post_discord),
    )
    product = make_app(system)
    async with (
        system,
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(product, raise_app_exceptions=False), timeout=None
        ) as network,
    ):
        from_github = DeliveryPump(stage.github, network, clock)
        from_discord = DeliveryPump(stage.discord, network, clock)
        stage.staff(github=from_github, discord=from_discord)
        hook = {"url": f"{PRODUCT}/github/webhook", "secret": HOOK_SECRET}
        stage.post_github(github.act("create_hook", hook, clock.now()).deliveries)
        await system.admin.put_commands(manifest(in_guild=True), place["guild"])
        async with product.router.lifespan_context(product), pumping(from_github), pumping(from_discord):
            yield stage


def _guild() -> dict[str, Any]:
    return {
        "name": "Rocket",
        "roles": {"lead": ["MANAGE_GUILD"]},
        "members": team.MEMBERS,
        "channels": [CHANNEL],
    }
