"""Signed requests that something was done to, through the whole product: they are answered, and nothing breaks."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from typing import TYPE_CHECKING, Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from acceptance.stories import SECRET, a_team
from acceptance.test_odd_answers import nothing_breaks
from fuzzing import encoded, mutated

if TYPE_CHECKING:
    from acceptance.stories import Team
    from valine_twins.transport import Delivery

ON_DISCORD: list[tuple[str, dict[str, Any]]] = [
    ("command", {"name": "plan", "options": {"label": "ready", "limit": 1}}),
    ("command", {"name": "approve", "options": {"run": "r1"}}),
    ("command", {"name": "status", "options": {"run": "r1"}}),
    ("command", {"name": "ship", "options": {"run": "r1"}}),
    ("click", {"label": "Approve"}),
    ("select", {"values": ["1"]}),
]
ON_GITHUB: list[tuple[str, dict[str, Any]]] = [
    ("comment", {"number": 1, "body": "/valine status", "by": "ana"}),
    ("edit_issue", {"number": 1, "title": "Other", "by": "ana"}),
    ("push", {"branch": "main", "files": {"a.md": "a\n"}, "by": "ana"}),
    ("set_check", {"name": "test", "branch": "main", "conclusion": "success"}),
]
AT_ONCE = 8
A_DAY = settings(max_examples=12, phases=[Phase.explicit, Phase.generate])  # shrinking takes longer than reading it


async def arrives(team: Team, delivery: Delivery, body: bytes, signature: dict[str, str]) -> None:
    """The endpoint answers it, and all comes of it that may."""
    headers = {name: value for name, value in delivery.headers.items() if name.lower() not in signature}
    answer = await team.world.network.post(delivery.url, content=body, headers=headers | signature)
    assert answer.status_code in {200, 202, 204, 400}, answer.text
    await team.world.settle()


@A_DAY
@given(st.data())
async def test_odd_interactions_break_nothing(data: st.DataObject) -> None:
    async with a_team(2, judged=False) as team:
        await team.says("/plan", by="Ana")
        discord, now = team.world.discord, team.world.clock.now
        sent = [discord.act(action, {"by": "Ana", **given}, now()).deliveries[0] for action, given in ON_DISCORD]
        with nothing_breaks():
            for number in range(AT_ONCE):
                delivery = data.draw(st.sampled_from(sent))
                original = json.loads(delivery.body)
                fresh = original | {"id": str(int(original["id"]) + (number << 12))}
                body = data.draw(mutated(fresh).flatmap(encoded))
                at = str(int(now().timestamp()))
                signature = discord._pump.sign(at, body)
                await arrives(team, delivery, body, {"x-signature-ed25519": signature, "x-signature-timestamp": at})

        assert [letter.trouble for letter in await team.world.system.queue.dead_letters()] == []


@A_DAY
@given(st.data())
async def test_odd_webhooks_break_nothing(data: st.DataObject) -> None:
    async with a_team(2, judged=False) as team:
        await team.starts()
        github, now = team.world.github, team.world.clock.now
        sent = [github.act(action, dict(given), now()).deliveries[0] for action, given in ON_GITHUB]
        with nothing_breaks():
            for _ in range(AT_ONCE):
                delivery = data.draw(st.sampled_from(sent))
                body = data.draw(mutated(json.loads(delivery.body)).flatmap(encoded))
                signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
                guid = str(uuid.uuid4())
                await arrives(team, delivery, body, {"x-hub-signature-256": signature, "x-github-delivery": guid})

        assert [letter.trouble for letter in await team.world.system.queue.dead_letters()] == []
