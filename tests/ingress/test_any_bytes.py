"""Whatever arrives, the parsers give a meaning, or say Untrusted or Malformed; the endpoints answer with a 2xx or a
4xx.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from builders import NOON
from discord_bytes import APPLICATION, GUILD, NOW, PUBLIC_KEY, click, slash, typing
from endpoints import EndpointsUnderTest
from fuzzing import JSON, encoded, errors_logged, mutated
from github_bytes import REPOSITORY, SECRET, a_comment, payload
from github_bytes import signed as signed_by_github
from valine.errors import Malformed, Untrusted
from valine.ingress.discord import interaction
from valine.ingress.github import webhook
from valine.ingress.github.payloads import PAYLOADS

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


def read_interaction(body: Any) -> None:
    with contextlib.suppress(Malformed):
        interaction.read(body, NOW, application_id=APPLICATION, guild_id=GUILD)


def read_webhook(event: str, body: Any) -> None:
    with contextlib.suppress(Malformed):
        webhook.read(signed_by_github(body, event), body, repository=REPOSITORY, now=NOON)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_parsed_or_malformed(body: Any) -> None:
    read_interaction(body)
    for event in (*PAYLOADS, "ping", "star"):
        read_webhook(event, body)


@given(st.sampled_from(INTERACTIONS).flatmap(mutated).flatmap(encoded))
@example(json.dumps(slash("plan", {"channel": {"id": "7", "type": []}})).encode())
@example(json.dumps(slash("plan", {"token": "a\x00b"})).encode())
@example(json.dumps(slash("plan", {"channel": {"type": 11, "parent_id": "../1"}})).encode())
@example(json.dumps(slash("plan", {"member": {"user": {"id": "1"}, "permissions": "9" * 40}})).encode())
async def test_a_mutated_interaction_is_answered_and_breaks_no_endpoint(body: bytes) -> None:
    tested = EndpointsUnderTest()
    with contextlib.closing(tested), nothing_logged_as_an_error():
        answer = await tested.discord_bytes(body)

        assert answer.status in {200, 400}, answer
        await tested.queued()


@given(st.sampled_from([*PAYLOADS]), mutated(WEBHOOK).flatmap(encoded))
async def test_a_mutated_webhook_is_answered_and_breaks_no_endpoint(event: str, body: bytes) -> None:
    await answers_webhook(event, body)


@given(st.data())
async def test_a_mutated_example_of_githubs_own_is_answered_and_breaks_no_endpoint(
    shared: Path, data: st.DataObject
) -> None:
    file = data.draw(st.sampled_from(sorted((shared / "specs" / "webhook-examples").glob("*.json"))))
    original = data.draw(st.sampled_from(json.loads(file.read_bytes())))
    ours = original | {"repository": {"full_name": REPOSITORY}}

    await answers_webhook(file.stem, data.draw(mutated(ours).flatmap(encoded)))


async def answers_webhook(event: str, body: bytes) -> None:
    tested = EndpointsUnderTest()
    with contextlib.closing(tested), nothing_logged_as_an_error():
        answer = await tested.github_bytes(event, body)

        assert answer.status in {200, 202, 204, 400}, answer
        await tested.queued()


@contextlib.contextmanager
def nothing_logged_as_an_error() -> Iterator[None]:
    """An endpoint catches everything, so what it did not expect is seen in its log alone."""
    with errors_logged() as said:
        yield
    assert [record.getMessage() for record in said] == []


@given(st.text(), st.text(), st.text(), st.binary(max_size=50))
def test_any_headers_are_untrusted(signature: Any, timestamp: Any, hub: str, body: Any) -> None:
    headers = {"X-Signature-Ed25519": signature, "x-signature-timestamp": timestamp, "X-HUB-SIGNATURE-256": hub}

    with pytest.raises(Untrusted):
        interaction.verify(PUBLIC_KEY, headers, body, NOW)
    with pytest.raises(Untrusted):
        webhook.verify(SECRET, headers, body)
