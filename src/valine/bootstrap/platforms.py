"""GitHub and Discord, as everything that speaks to them is composed, on one machine and on AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import httpx2

from valine.services.discord.admin import DiscordAdmin
from valine.services.discord.chat import DiscordChat
from valine.services.github.auth import AppAuth, TokenAuth
from valine.services.github.forge import GitHubForge
from valine.services.pacing import Pacer

if TYPE_CHECKING:
    from valine.ports import Clock
    from valine.services.github.auth import Auth
    from valine.settings.settings import DiscordApplication, Platforms


class Reached(NamedTuple):
    """Both platforms, the pace at which GitHub is written to, and the clients to close in the end."""

    forge: GitHubForge
    chat: DiscordChat
    admin: DiscordAdmin
    pacer: Pacer
    clients: tuple[httpx2.AsyncClient, ...]


def reach(
    platforms: Platforms,
    clock: Clock,
    github: httpx2.AsyncBaseTransport | None = None,
    discord: httpx2.AsyncBaseTransport | None = None,
) -> Reached:
    """The platforms of these settings; without transports they are the real world's."""
    to_github, to_discord = httpx2.AsyncClient(transport=github), httpx2.AsyncClient(transport=discord)
    pacer = Pacer(clock, platforms.write_interval)
    forge = GitHubForge(
        to_github,
        repository=platforms.github_repository,
        api_url=platforms.github_api_url,
        auth=_auth(platforms, to_github, clock),
        clock=clock,
        pacer=pacer,
    )
    to = to_application(platforms)
    chat, admin = DiscordChat(to_discord, clock=clock, **to), DiscordAdmin(to_discord, clock=clock, **to)
    return Reached(forge, chat, admin, pacer, (to_github, to_discord))


def to_application(application: DiscordApplication) -> dict[str, str]:
    """What the adapters to Discord are made with."""
    return {
        "application_id": application.discord_application_id,
        "bot_token": application.discord_bot_token.reveal(),
        "api_url": application.discord_api_url,
    }


def _auth(platforms: Platforms, client: httpx2.AsyncClient, clock: Clock) -> Auth:
    if platforms.github_token is not None:
        return TokenAuth(platforms.github_token.reveal())
    return AppAuth(
        client,
        app_id=platforms.github_app_id or "",
        private_key=platforms.github_app_private_key.reveal() if platforms.github_app_private_key else "",
        repository=platforms.github_repository,
        api_url=platforms.github_api_url,
        clock=clock,
    )
