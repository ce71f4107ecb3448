"""Commands: registered all at once, by Discord's rules, and as often as it allows."""

from __future__ import annotations

from typing import Any

import pytest

from twins.discord.stage import COMMANDS, Stage, code, read
from valine_twins.discord import Options


def test_commands_keep_their_ids_and_change_their_version(stage: Stage) -> None:
    path = f"/applications/{stage.app}/commands"
    before = {c["name"]: c for c in read(stage.get(path))}
    changed = [{**COMMANDS[0], "description": "Propose"}, COMMANDS[1]]

    after = {c["name"]: c for c in read(stage.put(path, changed))}

    assert after["plan"]["id"] == before["plan"]["id"]
    assert after["plan"]["version"] != before["plan"]["version"]
    assert after["status"] == before["status"]
    assert read(stage.put(path, [])) == []


@pytest.mark.parametrize(
    "command",
    [
        {"name": "Plan", "description": "x"},
        {"name": "a b", "description": "x"},
        {"name": "plan"},
        {"name": "plan", "description": "x" * 101},
        {"name": "plan", "description": "x", "default_member_permissions": 32},
        {"name": "plan", "description": "x", "options": [{"type": 3, "name": "Run", "description": "x"}]},
        {"name": "plan", "description": "x", "options": [{"type": 3, "name": "run"}]},
        {
            "name": "plan",
            "description": "x",
            "options": [
                {"type": 3, "name": "a", "description": "x"},
                {"type": 3, "name": "b", "description": "x", "required": True},
            ],
        },
        {"name": "plan", "description": "x", "options": [{"type": 3, "name": "a", "description": "x"}] * 2},
        "plan",
    ],
)
def test_a_command_that_breaks_a_rule_is_an_invalid_form(stage: Stage, command: Any) -> None:
    before = read(stage.get(f"/applications/{stage.app}/commands"))

    assert code(stage.put(f"/applications/{stage.app}/commands", [command])) == (400, 50035)
    assert read(stage.get(f"/applications/{stage.app}/commands")) == before


def test_commands_are_unique_limited_and_ones_own(stage: Stage) -> None:
    path = f"/applications/{stage.app}/commands"
    many = [{"name": f"c{n}", "description": "x"} for n in range(101)]

    assert code(stage.put(path, [COMMANDS[1]] * 2)) == (400, 50035)
    assert code(stage.put(path, many)) == (400, 30032)
    assert code(stage.put("/applications/1/commands", [])) == (403, 20012)
    assert code(stage.put(f"/applications/{stage.app}/guilds/1/commands", [])) == (403, 50001)


def test_two_hundred_new_commands_a_day_are_enough() -> None:
    stage = Stage(Options(enforce_limits=True))
    path = f"/applications/{stage.app}/commands"
    for batch in ("a", "b"):
        stage.put(path, [{"name": f"{batch}{n}", "description": "x"} for n in range(99)])

    refused = stage.put(path, [{"name": "one-too-many", "description": "x"}])
    stage.wait(86400)

    assert code(refused) == (429, 30034)
    assert stage.put(path, [{"name": "fine", "description": "x"}]).status == 200
