"""The routes that the twin speaks: a method and a template in the documentation's words, and what answers it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from valine_twins.discord import callbacks, commands, directory, messages, threads, webhooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from valine_twins.discord.context import Call, Reply

CHANNEL = "/channels/{channel_id}"
MESSAGE = CHANNEL + "/messages/{message_id}"
WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
GUILD = "/guilds/{guild_id}"
COMMANDS = "/applications/{application_id}/commands"
GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"

HANDLERS: dict[tuple[str, str], Callable[[Call], Reply]] = {
    ("GET", "/applications/@me"): directory.get_application,
    ("PATCH", "/applications/@me"): directory.patch_application,
    ("GET", "/oauth2/applications/@me"): directory.get_application,  # its older address
    ("GET", "/users/@me"): directory.get_me,
    ("GET", GUILD): directory.get_guild,
    ("GET", GUILD + "/roles"): directory.get_roles,
    ("GET", GUILD + "/members/{user_id}"): directory.get_member,
    ("GET", COMMANDS): commands.get_all,
    ("PUT", COMMANDS): commands.put_all,
    ("GET", GUILD_COMMANDS): commands.get_all,
    ("PUT", GUILD_COMMANDS): commands.put_all,
    ("GET", CHANNEL): threads.get,
    ("PATCH", CHANNEL): threads.patch,
    ("POST", CHANNEL + "/threads"): threads.start,
    ("PUT", CHANNEL + "/thread-members/{user_id}"): threads.add_member,
    ("GET", CHANNEL + "/messages"): messages.page,
    ("POST", CHANNEL + "/messages"): messages.post,
    ("GET", MESSAGE): messages.get,
    ("PATCH", MESSAGE): messages.patch,
    ("DELETE", MESSAGE): messages.remove,
    ("POST", MESSAGE + "/threads"): threads.start_from_message,
    ("POST", WEBHOOK): webhooks.post,
    ("GET", WEBHOOK + "/messages/{message_id}"): webhooks.get,
    ("PATCH", WEBHOOK + "/messages/{message_id}"): webhooks.patch,
    ("DELETE", WEBHOOK + "/messages/{message_id}"): webhooks.delete,
    ("POST", CALLBACK): callbacks.post,
}


class Route(NamedTuple):
    """Where a path leads: its template, the names in it, and by method what answers."""

    template: str
    params: dict[str, str]
    by_method: dict[str, Callable[[Call], Reply]]

    @property
    def by_token(self) -> bool:
        """Whether the token in the path is all the authority that it takes."""
        return self.template.startswith(("/webhooks/", "/interactions/"))

    @property
    def major(self) -> str:
        """The part of the path that has limits of its own: channel, guild, or webhook with its token."""
        named = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_token")
        return "/".join(self.params[name] for name in named if name in self.params)


def _compiled() -> list[tuple[re.Pattern[str], str, dict[str, Callable[[Call], Reply]]]]:
    templates = dict.fromkeys(template for _, template in HANDLERS)
    return [
        (
            re.compile("".join(f"(?P<{p[1:-1]}>[^/]+)" if p[:1] == "{" else re.escape(p) for p in _pieces(template))),
            template,
            {method: answer for (method, t), answer in HANDLERS.items() if t == template},
        )
        for template in templates
    ]


def _pieces(template: str) -> list[str]:
    return re.split(r"(\{\w+\})", template)


TABLE = _compiled()


def find(path: str) -> Route | None:
    """Where a path without /api/v10 leads, None if nowhere."""
    for pattern, template, by_method in TABLE:
        match = pattern.fullmatch(path)
        if match:
            return Route(template, match.groupdict(), by_method)
    return None
