"""What the CLI asks of Discord: who the application is, and which commands it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from valine.services.discord.answers import Answer, odd
from valine.services.discord.api import DiscordApi

if TYPE_CHECKING:
    import httpx2

    from valine.ports import Clock


class DiscordAdmin:
    """The application's own settings. Raises as DiscordChat does. The client is the caller's to close."""

    def __init__(
        self, client: httpx2.AsyncClient, *, application_id: str, bot_token: str, api_url: str, clock: Clock
    ) -> None:
        self._api = DiscordApi(client, bot_token=bot_token, api_url=api_url, clock=clock)
        self._application = application_id

    async def application(self) -> dict[str, Any]:
        """The application that the token belongs to.

        https://docs.discord.com/developers/resources/application#get-current-application
        """
        answer = await self._api.get("/applications/@me", {})
        body = answer.value()
        if not isinstance(body, dict):
            odd(answer, write=False)
        return body

    async def get_commands(self, guild_id: str | None) -> list[dict[str, Any]]:
        """The commands of that guild, or with None the global ones."""
        template, ids = self._route(guild_id)
        return _commands(await self._api.get(template, ids), write=False)

    async def put_commands(self, manifest: Sequence[dict[str, Any]], guild_id: str | None) -> list[dict[str, Any]]:
        """Make these the only commands of that guild, or with None of all; what Discord made of them.

        https://docs.discord.com/developers/interactions/application-commands#bulk-overwrite-global-application-commands
        """
        template, ids = self._route(guild_id)
        return _commands(await self._api.write("PUT", template, ids, list(manifest)), write=True)

    def _route(self, guild_id: str | None) -> tuple[str, dict[str, str]]:
        if guild_id is None:
            return "/applications/{application}/commands", {"application": self._application}
        ids = {"application": self._application, "guild": guild_id}
        return "/applications/{application}/guilds/{guild}/commands", ids


def _commands(answer: Answer, *, write: bool) -> list[dict[str, Any]]:
    body = answer.value()
    if not isinstance(body, list) or not all(isinstance(item, dict) for item in body):
        odd(answer, write=write)
    return body
