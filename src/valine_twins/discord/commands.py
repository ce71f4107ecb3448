"""Slash commands: registered by overwriting them all, checked as Discord checks them, found when somebody types one.

https://docs.discord.com/developers/interactions/application-commands
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from valine_twins.discord import errors
from valine_twins.discord.components import Checker
from valine_twins.discord.context import Reply
from valine_twins.discord.errors import Path, bad_choice, bad_length, bad_type, invalid_form
from valine_twins.discord.permissions import Permission, effective
from valine_twins.transport import ActError

if TYPE_CHECKING:
    from valine_twins.discord.context import Call, Context
    from valine_twins.discord.state import Channel, Json

NAME = re.compile(r"^[-_'\w\u0900-\u097F\u0E00-\u0E7F]{1,32}$")
MOST_COMMANDS = 100
MOST_CREATIONS = 200
MOST_CHARACTERS = 8000
OPTION_TYPES: dict[int, tuple[type, ...]] = {
    3: (str,),
    4: (int,),
    5: (bool,),
    6: (str,),
    7: (str,),
    8: (str,),
    9: (str,),
    10: (int, float),
}
GLOBAL_ONLY = ("contexts", "integration_types", "dm_permission")


def get_all(call: Call) -> Reply:
    """GET /applications/{application_id}[/guilds/{guild_id}]/commands"""
    return Reply(body=list(_registry(call)))


def put_all(call: Call) -> Reply:
    """PUT the same: what is not in the list is gone; what was there keeps its id."""
    at, wanted = call.at, call.parsed()
    before = {(c["type"], c["name"]): c for c in _registry(call)}
    if not isinstance(wanted, list):
        raise invalid_form([bad_type((), "array")])
    _check_all(wanted)
    fresh = sum((c.get("type", 1), c["name"]) not in before for c in wanted)
    _count_creations(at, fresh)
    after = [_stored(call, c, before.get((c.get("type", 1), c["name"]))) for c in wanted]
    if "guild_id" in call.params:
        at.world.guild_commands = after
    else:
        at.world.global_commands = after
    return Reply(body=after)


def _registry(call: Call) -> list[Json]:
    world = call.at.world
    if call.params["application_id"] != world.application.id:
        raise errors.ApiError(403, 20012, "You are not authorized to perform this action on this application")
    if "guild_id" not in call.params:
        return world.global_commands
    if world.guild is None or world.guild.id != call.params["guild_id"] or world.bot not in world.guild.members:
        raise errors.missing_access()
    return world.guild_commands


def _count_creations(at: Context, fresh: int) -> None:
    made = at.world.command_creations
    made[:] = [m for m in made if at.now - m < timedelta(days=1)]
    if at.options.enforce_limits and len(made) + fresh > MOST_CREATIONS:
        text = f"Max number of daily application command creates has been reached ({MOST_CREATIONS})"
        wait = (made[0] + timedelta(days=1) - at.now).total_seconds() if made else 86400.0
        raise errors.ApiError(429, 30034, text, retry_after=wait)
    made.extend([at.now] * fresh)


def _stored(call: Call, command: Json, before: Json | None) -> Json:
    at, in_guild = call.at, "guild_id" in call.params
    given = {k: v for k, v in command.items() if v is not None and not (in_guild and k in GLOBAL_ONLY)}
    body: Json = {
        "application_id": at.world.application.id,
        "type": 1,
        "description": "",
        "default_member_permissions": None,
        "nsfw": False,
        **given,
    }
    if in_guild:
        body["guild_id"] = call.params["guild_id"]
    unchanged = before is not None and {**before, "id": "", "version": ""} == {**body, "id": "", "version": ""}
    body["id"] = before["id"] if before else at.new_id()
    body["version"] = before["version"] if before and unchanged else at.new_id()
    return body


def _check_all(commands: list[Any]) -> None:
    checker = Checker()
    for index, command in enumerate(commands):
        _check(checker, command, (index,))
    if len(commands) > MOST_COMMANDS:
        raise errors.ApiError(400, 30032, f"Maximum number of application commands reached ({MOST_COMMANDS})")
    if checker.problems:
        raise invalid_form(checker.problems)
    names = [(c.get("type", 1), c["name"]) for c in commands]
    for index, name in enumerate(names):
        if name in names[:index]:
            code = "APPLICATION_COMMANDS_DUPLICATE_NAME"
            raise invalid_form([((index, "name"), code, "Application command names must be unique")])


def _check(checker: Checker, command: Any, path: Path) -> None:
    if not isinstance(command, dict):
        checker.problems.append(bad_type(path, "object"))
        return
    if command.get("type", 1) not in (1, 2, 3):
        checker.problems.append(bad_choice((*path, "type"), (1, 2, 3)))
        return
    if command.get("type", 1) == 1:
        _check_name(checker, command, path)
        checker.text(command, "description", path, 1, 100)
    else:
        checker.text(command, "name", path, 1, 32)
    asked = command.get("default_member_permissions")
    if asked is not None and not (isinstance(asked, str) and asked.isdigit()):
        checker.problems.append(bad_type((*path, "default_member_permissions"), "string"))
    _check_options(checker, command.get("options"), path)
    if _size(command) > MOST_CHARACTERS:
        checker.problems.append(
            (path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({MOST_CHARACTERS})")
        )


def _check_name(checker: Checker, holder: Json, path: Path) -> None:
    name = holder.get("name")
    if not isinstance(name, str) or not NAME.match(name) or name != name.lower():
        text = f"{name} is invalid: lower case letters, digits, - and _, up to 32"
        checker.problems.append(((*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", text))


def _check_options(checker: Checker, options: Any, path: Path) -> None:
    if options is None:
        return
    optional_seen, names = False, list[object]()
    for index, option in enumerate(checker.items({"options": options}, "options", path, 0, 25)):
        place = (*path, "options", index)
        if not isinstance(option, dict) or option.get("type") not in range(1, 12):
            checker.problems.append(bad_choice((*place, "type"), range(1, 12)))
            continue
        _check_name(checker, option, place)
        checker.text(option, "description", place, 1, 100)
        if option.get("name") in names:
            text = "Option names must be unique"
            checker.problems.append(((*place, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", text))
        names.append(option.get("name"))
        if option.get("required") and optional_seen:
            text = "Required options must be placed before non-required options"
            checker.problems.append((place, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text))
        optional_seen = optional_seen or (not option.get("required") and option["type"] > 2)
        _check_choices(checker, option, place)
        _check_options(checker, option.get("options"), place)


def _check_choices(checker: Checker, option: Json, path: Path) -> None:
    choices = option.get("choices") or []
    if choices and option.get("autocomplete"):
        text = "Autocomplete and choices exclude each other"
        checker.problems.append((path, "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", text))
    if not isinstance(choices, list) or not all(isinstance(c, dict) for c in choices):
        checker.problems.append(bad_type((*path, "choices"), "array"))
    elif len(choices) > 25:
        checker.problems.append(bad_length((*path, "choices"), 0, 25))
    else:
        for index, choice in enumerate(choices):
            checker.text(choice, "name", (*path, "choices", index), 1, 100)


def _size(node: Json) -> int:
    own = len(str(node.get("name", ""))) + len(str(node.get("description", "")))
    inner = (
        [o for o in node.get("options") or [] if isinstance(o, dict)] if isinstance(node.get("options"), list) else []
    )
    chosen = (
        [c for c in node.get("choices") or [] if isinstance(c, dict)] if isinstance(node.get("choices"), list) else []
    )
    return own + sum(len(str(c.get("name"))) + len(str(c.get("value"))) for c in chosen) + sum(map(_size, inner))


def find(at: Context, name: str, by: str, channel: Channel) -> Json:
    """The command that somebody typed. Raises ActError if Discord would not offer it to them there."""
    world = at.world
    known = {c["name"]: c for c in [*world.global_commands, *world.guild_commands] if c["type"] == 1}
    if name not in known:
        if at.options.lenient_commands:
            return {"id": at.new_id(), "name": name, "type": 1, "lenient": True}
        message = f"/{name} is not registered; there are: {', '.join(sorted(known)) or 'none'}"
        raise ActError(message)
    mine = effective(world, by, channel)
    needed = int(known[name]["default_member_permissions"] or 0)
    if not mine & Permission.USE_APPLICATION_COMMANDS or (mine & needed) != needed:
        message = f"Discord does not offer /{name} to {world.users[by].name} there"
        raise ActError(message)
    return known[name]


def fill_in(command: Json, given: Json, *, focused: str | None = None) -> list[Json]:
    """The options as they go into an interaction. Raises ActError for what Discord's own form would not let through."""
    if command.get("lenient"):
        return [{"name": k, "type": 4 if isinstance(v, int) else 3, "value": v} for k, v in given.items()]
    known = {o["name"]: o for o in command.get("options", [])}
    if set(given) - set(known):
        message = f"/{command['name']} has no option {sorted(set(given) - set(known))}; it has {sorted(known)}"
        raise ActError(message)
    missing = [n for n, o in known.items() if o.get("required") and n not in given]
    if missing and focused is None:
        message = f"/{command['name']} needs {missing}"
        raise ActError(message)
    filled: list[Json] = []
    for name, value in given.items():
        option = known[name]
        if name == focused:
            filled.append({"name": name, "type": option["type"], "value": str(value), "focused": True})
            continue
        _check_value(option, value)
        filled.append({"name": name, "type": option["type"], "value": value})
    return filled


def _check_value(option: Json, value: Any) -> None:
    name, wanted = option["name"], OPTION_TYPES.get(option["type"], ())
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        message = f"{name} takes {' or '.join(t.__name__ for t in wanted) or 'nothing that a person can type here'}"
        raise ActError(message)
    choices = [c["value"] for c in option.get("choices", [])]
    if choices and value not in choices:
        message = f"{name} is one of {choices}"
        raise ActError(message)
    size, kind = (len(value), "length") if isinstance(value, str) else (value, "value")
    least, most = option.get(f"min_{kind}"), option.get(f"max_{kind}")
    if (least is not None and size < least) or (most is not None and size > most):
        message = f"{name} must be between {least} and {most}"
        raise ActError(message)
