"""Who and what there is: the application, the bot, the guild, its members and roles.

https://docs.discord.com/developers/resources/application and https://docs.discord.com/developers/resources/guild
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_twins.discord import errors, objects, pings
from valine_twins.discord.context import Reply

if TYPE_CHECKING:
    from valine_twins.discord.context import Call
    from valine_twins.discord.state import Guild


def get_application(call: Call) -> Reply:
    """GET /applications/@me"""
    return Reply(body=objects.application(call.at.world))


def patch_application(call: Call) -> Reply:
    """PATCH /applications/@me: a new endpoint is tried out, with a good PING and one signed wrongly.

    Discord tries before it answers, and refuses a bad endpoint with 400. A heart cannot wait: this one answers at
    once, and takes the address back when one of the two deliveries shows it to be bad.
    """
    at, body = call.at, call.form()
    if "interactions_endpoint_url" not in body:
        return Reply(body=objects.application(at.world))
    url = body["interactions_endpoint_url"] or None
    if url is not None and not (isinstance(url, str) and url.startswith(("https://", "http://"))):
        problem = (("interactions_endpoint_url",), "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        raise errors.invalid_form([problem])
    at.world.application.endpoint = url
    deliveries = pings.try_out(at, url) if url else ()
    return Reply(body=objects.application(at.world), deliveries=deliveries)


def get_me(call: Call) -> Reply:
    """GET /users/@me"""
    me = objects.user(call.at.world, call.at.world.bot)
    return Reply(body=me | {"mfa_enabled": False, "locale": "en-US", "verified": True, "email": None})


def _guild(call: Call) -> Guild:
    guild = call.at.world.guild
    if guild is None or guild.id != call.params["guild_id"] or call.at.world.bot not in guild.members:
        raise errors.unknown_guild()
    return guild


def get_guild(call: Call) -> Reply:
    """GET /guilds/{guild_id}"""
    return Reply(body=objects.guild(_guild(call)))


def get_roles(call: Call) -> Reply:
    """GET /guilds/{guild_id}/roles"""
    return Reply(body=[objects.role(r) for r in _guild(call).roles.values()])


def get_member(call: Call) -> Reply:
    """GET /guilds/{guild_id}/members/{user_id}"""
    found = _guild(call).members.get(call.params["user_id"])
    if found is None:
        known = call.params["user_id"] in call.at.world.users
        raise errors.unknown_member() if known else errors.unknown_user()
    return Reply(body=objects.member(call.at.world, found))
