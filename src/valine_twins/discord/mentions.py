"""Whom a message mentions, and whom it notifies: `allowed_mentions` decides, and without it everything is parsed.

https://docs.discord.com/developers/resources/message#allowed-mentions-object
"""

from __future__ import annotations

import re

from valine_twins.discord.errors import Path, Problem, bad_choice, bad_length, bad_type
from valine_twins.discord.permissions import Permission, may
from valine_twins.discord.state import Channel, Json, Notified, World

USER = re.compile(r"<@!?(\d+)>")
ROLE = re.compile(r"<@&(\d+)>")
EVERYONE = re.compile(r"@(?:everyone|here)\b")
KINDS = ("users", "roles", "everyone")


def problems_of(allowed: object) -> list[Problem]:
    """What is wrong with an `allowed_mentions`."""
    path: Path = ("allowed_mentions",)
    if allowed is None:
        return []
    if not isinstance(allowed, dict):
        return [bad_type(path, "object")]
    found: list[Problem] = []
    parsed = allowed.get("parse") or []
    if not isinstance(parsed, list):
        return [bad_type((*path, "parse"), "array")]
    found += [bad_choice((*path, "parse", i), KINDS) for i, kind in enumerate(parsed) if kind not in KINDS]
    for key in ("users", "roles"):
        named = allowed.get(key) or []
        if not isinstance(named, list):
            found.append(bad_type((*path, key), "array"))
        elif len(named) > 100:
            found.append(bad_length((*path, key), 0, 100))
        elif named and key in parsed:
            message = f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.'
            found.append(((*path, key), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message))
    return found


def of(
    world: World, channel: Channel, author: str, *, texts: list[str], allowed: Json | None, answered: str | None = None
) -> Notified:
    """Whom a message with these texts notifies, given who writes, whom it answers and what `allowed` lets through."""
    # What stands in code is not a mention.
    text = re.sub(r"```.*?```|`[^`\n]*`", "", "\n".join(texts), flags=re.DOTALL)
    guild = world.guild
    if guild is None:
        return Notified()
    users = [u for u in dict.fromkeys(USER.findall(text)) if u in guild.members and _lets(allowed, "users", u)]
    wakes_again = allowed is None or bool(allowed.get("replied_user"))
    if answered in guild.members and answered not in (author, *users) and wakes_again:
        users.append(answered)
    anybody = may(world, author, Permission.MENTION_EVERYONE, channel)
    roles = [
        r
        for r in dict.fromkeys(ROLE.findall(text))
        if r in guild.roles and (anybody or guild.roles[r].mentionable) and _lets(allowed, "roles", r)
    ]
    everyone = bool(EVERYONE.search(text)) and anybody and _lets(allowed, "everyone", "")
    return Notified(users=users, roles=roles, everyone=everyone)


def _lets(allowed: Json | None, kind: str, wanted: str) -> bool:
    if allowed is None or kind in (allowed.get("parse") or []):
        return True
    # Ids may come as numbers or as texts: https://docs.discord.com/developers/reference#snowflakes
    return wanted in map(str, allowed.get(kind) or []) if kind != "everyone" else False
