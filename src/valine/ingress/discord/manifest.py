"""The slash commands as Discord is told of them: four, whose options are all optional.

Who may use them is decided by policy when they are used: `default_member_permissions` is the server's to change, and
so never a boundary. https://docs.discord.com/developers/interactions/application-commands
"""

from __future__ import annotations

from typing import Any, Final

from valine.ingress.discord.commands import MOST_ISSUES

CHAT_INPUT: Final = 1
STRING: Final = 3
INTEGER: Final = 4
GUILD_CONTEXT: Final = 0
GUILD_INSTALL: Final = 0


def manifest(*, in_guild: bool) -> list[dict[str, Any]]:
    """The body of the PUT that registers them, in one guild or globally: where they appear is said only globally."""
    where = {} if in_guild else {"contexts": [GUILD_CONTEXT], "integration_types": [GUILD_INSTALL]}
    return [{**command, **where} for command in _commands()]


def _commands() -> list[dict[str, Any]]:
    limit = {
        "type": INTEGER,
        "name": "limit",
        "description": "At most this many issues",
        "min_value": 1,
        "max_value": MOST_ISSUES,
    }
    label = _suggested("label", "The label that marks the issues; the policy's own if left out")
    return [
        _command("plan", "Propose a plan from the labelled issues", label, limit),
        _command("approve", "Approve the proposed plan", _suggested("run", "Which run, such as r12")),
        _command("status", "Show how the work stands", _suggested("run", "Which run; all active ones if left out")),
        _command("ship", "Show what can be merged, and merge it", _suggested("run", "Which run, such as r12")),
    ]


def _command(name: str, description: str, *options: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": CHAT_INPUT,
        "name": name,
        "description": description,
        "options": list(options),
        "default_member_permissions": None,
    }


def _suggested(name: str, description: str) -> dict[str, Any]:
    return {"type": STRING, "name": name, "description": description, "autocomplete": True}
