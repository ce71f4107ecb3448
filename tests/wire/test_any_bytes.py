"""Whatever arrives, both parsers answer with a meaning, or say that it is Untrusted or Malformed."""

import contextlib
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from builders import NOON
from discord_bytes import APPLICATION, GUILD, NOW, PUBLIC_KEY, Json, click, slash, typing
from github_bytes import REPOSITORY, SECRET, a_comment, payload
from github_bytes import signed as signed_by_github
from valine.errors import Malformed, Untrusted
from valine.wire import discord_interaction, github_webhook
from valine.wire.github_payloads import PAYLOADS

INTERACTIONS = [
    slash("plan", label="ready", limit=5),
    slash("approve", run="r12@2.abc"),
    click("v1:drop:12:abcdefghij23:2", values=["41"]),
    click("v1:confirm:12:abcdefghij23:abc", ephemeral=True),
    typing("approve", "run", "r"),
]
HOOK = {
    "ref": "refs/heads/a",
    "after": "a" * 40,
    "sha": "a" * 40,
    "branches": [{"name": "a"}],
    "pull_request": {"number": 7, "head": {"ref": "a", "sha": "a" * 40}, "updated_at": "2026-11-02T11:59:58Z"},
    "check_suite": {"head_branch": "a", "head_sha": "a" * 40, "status": "completed", "conclusion": "success"},
    "check_run": {"name": "unit", "check_suite": {"head_branch": "a"}, "completed_at": "2026-11-02T11:59:58Z"},
    "merge_group": {"head_ref": "refs/heads/gh-readonly-queue/main/pr-1-abc"},
}
WEBHOOK = payload("created", **HOOK) | a_comment("/valine drop")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(["r1", "9" * 30])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inside:
        yield from places(child, (*path, key))


@st.composite
def mutated(draw: st.DrawFn, original: Any) -> Any:
    """The value with one to three of its parts replaced or taken away."""
    value = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from([path for path in places(value) if path]))
        target = value
        for key in way:
            target = target[key]
        if draw(st.booleans()):
            target[last] = draw(JSON)
        elif isinstance(target, dict) and len(target) > 1:
            del target[last]
    return value


def read_interaction(body: Any) -> None:
    with contextlib.suppress(Malformed):
        discord_interaction.read(body, NOW, application_id=APPLICATION, guild_id=GUILD)


def read_webhook(event: str, body: Any) -> None:
    with contextlib.suppress(Malformed):
        github_webhook.read(signed_by_github(body, event), body, repository=REPOSITORY, now=NOON)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_meaning_or_malformed(body: Any) -> None:
    read_interaction(body)
    for event in (*PAYLOADS, "ping", "star"):
        read_webhook(event, body)


@given(st.sampled_from(INTERACTIONS).flatmap(mutated))
@example(slash("plan", {"channel": {"id": "7", "type": []}}))
def test_a_mutated_interaction_is_a_meaning_or_malformed(interaction: Json) -> None:
    read_interaction(json.dumps(interaction).encode())


@given(st.sampled_from([*PAYLOADS]), mutated(WEBHOOK))
def test_a_mutated_webhook_is_a_meaning_or_malformed(event: str, webhook: Json) -> None:
    read_webhook(event, json.dumps(webhook).encode())


@given(st.text(), st.text(), st.text(), st.binary(max_size=50))
def test_any_headers_are_untrusted(signature: Any, timestamp: Any, hub: str, body: Any) -> None:
    headers = {"X-Signature-Ed25519": signature, "x-signature-timestamp": timestamp, "X-HUB-SIGNATURE-256": hub}

    with pytest.raises(Untrusted):
        discord_interaction.verify(PUBLIC_KEY, headers, body, NOW)
    with pytest.raises(Untrusted):
        github_webhook.verify(SECRET, headers, body)
