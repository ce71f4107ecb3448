"""What the twin invents, held against Discord's own description and the interaction types.

Left out of its answers on purpose: `position` of messages in threads, `member` of threads, `name_localized` and
`description_localized` of commands, `owner` details beyond the account. Nested form errors carry Discord's own code
strings, which the published schema wrongly calls integers.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from twins.discord.stage import CARD, DEFER, MODAL, Stage, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Judge = Any


@pytest.fixture(scope="session")
def judge(shared: Path) -> Judge:
    wrote, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # that folder is not ours to write in
    sys.path.insert(0, str(shared / "oracles"))
    try:
        return importlib.import_module("judge").DiscordJudge()
    finally:
        sys.path.remove(str(shared / "oracles"))
        sys.dont_write_bytecode = wrote


@pytest.fixture(scope="session")
def against(shared: Path) -> Callable[[str, Any], list[str]]:
    from jsonschema import Draft202012Validator, FormatChecker

    spec = json.loads((shared / "specs" / "discord-openapi.json").read_text())

    def problems(name: str, body: Any) -> list[str]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": spec["components"]}
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        bodies = body if isinstance(body, list) else [body]
        assert bodies
        return [f"{list(e.absolute_path)}: {e.message[:200]}" for b in bodies for e in validator.iter_errors(b)]

    return problems


def test_a_command_is_an_interaction_as_discord_describes_it(stage: Stage, judge: Judge) -> None:
    stage.act("command", by="ana", name="plan", options={"label": "ready", "limit": 5})

    body = stage.interaction()

    assert judge.interaction(body) == []
    assert body["member"]["user"]["id"] == stage.made["members"]["ana"]
    assert body["member"]["roles"] == [stage.made["roles"]["leads"]]
    assert int(body["member"]["permissions"]) & (1 << 5)
    assert body["data"]["options"] == [
        {"name": "label", "type": 3, "value": "ready"},
        {"name": "limit", "type": 4, "value": 5},
    ]


def test_every_other_kind_of_interaction_is_as_described_too(stage: Stage, judge: Judge) -> None:
    def judged(action: str, **arguments: Any) -> list[str]:
        stage.act(action, **arguments)
        return list(judge.interaction(stage.interaction()))

    card = stage.say(CARD)
    thread = read(stage.post(f"/channels/{stage.plans}/messages/{card['id']}/threads", {"name": "r1"}))

    assert judged("autocomplete", by="ana", name="plan", option="label", text="re") == []
    assert judged("command", by="ben", name="status", channel=thread["id"]) == []
    stage.answer({"type": 4, "data": {**CARD, "flags": CARD["flags"] | 64}})
    assert judged("click", by="ben", label="Approve") == []
    assert judged("select", by="ana", values=["41"]) == []
    assert judged("click", by="ana", label="Approve") == []
    stage.answer({"type": 9, "data": MODAL})
    assert judged("submit_modal", by="ana", values={"reason": "too much", "how": "keep"}) == []
    stage.patch("/applications/@me", {"interactions_endpoint_url": "https://elsewhere.test/discord"})
    assert [judge.interaction(json.loads(d.body)) for d in stage.deliveries] == [[], []]


def test_answers_hold_against_the_response_schemas(stage: Stage, against: Callable[[str, Any], list[str]]) -> None:
    card = stage.say(CARD | {"nonce": "n1", "enforce_nonce": True})
    plain = stage.say({"content": f"Hello <@{stage.made['members']['ana']}>", "embeds": [{"title": "T"}]})
    answer = stage.say({"content": "So be it", "message_reference": {"message_id": plain["id"]}})
    edited = read(stage.patch(f"/channels/{stage.plans}/messages/{card['id']}", {"components": CARD["components"][:1]}))
    thread = read(stage.post(f"/channels/{stage.plans}/messages/{card['id']}/threads", {"name": "r1"}))
    stage.act("command", by="ana", name="status")
    stage.answer(DEFER)
    reply = read(stage.patch(stage.webhook(), {"content": "Done"}))
    guild = stage.made["guild"]

    assert against("MessageResponse", [card, plain, answer, edited, reply]) == []
    assert against("MessageResponse", read(stage.get(f"/channels/{stage.plans}/messages"))) == []
    assert against("ThreadResponse", thread) == []
    assert against("GuildChannelResponse", read(stage.get(f"/channels/{stage.plans}"))) == []
    assert against("ApplicationCommandResponse", read(stage.get(f"/applications/{stage.app}/commands"))) == []
    assert against("PrivateApplicationResponse", read(stage.get("/applications/@me"))) == []
    assert against("UserPIIResponse", read(stage.get("/users/@me"))) == []
    assert against("GuildWithCountsResponse", read(stage.get(f"/guilds/{guild}"))) == []
    assert against("GuildRoleResponse", read(stage.get(f"/guilds/{guild}/roles"))) == []
    ana = stage.made["members"]["ana"]
    assert against("GuildMemberResponse", read(stage.get(f"/guilds/{guild}/members/{ana}"))) == []


def test_errors_hold_against_their_schemas_but_for_the_nested_codes(
    stage: Stage, against: Callable[[str, Any], list[str]]
) -> None:
    missing = read(stage.get("/channels/1"))
    invalid = read(stage.post(f"/channels/{stage.plans}/messages", {"content": "x" * 2001}))
    limited = [stage.post(f"/channels/{stage.plans}/messages", {"content": "x"}) for _ in range(5)][-1]

    assert against("ErrorResponse", [missing, {k: v for k, v in invalid.items() if k != "errors"}]) == []
    assert re.search(r"BASE_TYPE_MAX_LENGTH", json.dumps(invalid["errors"]))
    assert limited.status == 429
    assert against("RatelimitedResponse", read(limited)) == []


def test_the_requests_of_these_tests_are_good_ones(judge: Judge) -> None:
    assert judge.request("POST", "/channels/1/messages", CARD) == []
    assert judge.callback({"type": 9, "data": MODAL}) == []
    assert judge.callback(DEFER) == []
