"""What stands before the routes, and the faults at the fault injector."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twins.discord.stage import CARD, DEFER, Stage, code, read
from valine_twins.discord import Options
from valine_twins.discord.transcript import plain, render, render_channel
from valine_twins.transport import ActError, Request


def test_a_wrong_token_is_unauthorized_and_a_strange_client_stays_at_the_edge(stage: Stage) -> None:
    assert code(stage.request("GET", "/users/@me", authorization="Bot wrong")) == (401, 0)
    assert code(stage.request("GET", "/users/@me", authorization=stage.twin.bot_token)) == (401, 0)
    strange = stage.request("GET", "/users/@me", user_agent="python-httpx/0.28")
    assert (strange.status, strange.headers["Content-Type"]) == (403, "text/html")
    assert code(stage.get("/nowhere")) == (404, 0)
    assert code(stage.delete("/users/@me")) == (405, 0)
    assert stage.view["statuses"]["401"] == 2


def test_the_version_in_the_path_may_be_left_out(stage: Stage) -> None:
    headers = {"user-agent": "DiscordBot (x, 1)", "authorization": f"Bot {stage.twin.bot_token}"}

    answer = stage.twin.handle(Request(method="GET", path="/users/@me", headers=headers), stage.now)

    assert answer.response.status == 200


def test_every_channel_has_its_bucket_of_five_messages_in_five_seconds(stage: Stage) -> None:
    path = f"/channels/{stage.plans}/messages"
    answers = [stage.post(path, {"content": "x"}) for _ in range(6)]

    refused = answers[-1]
    assert [a.headers["X-RateLimit-Remaining"] for a in answers] == ["4", "3", "2", "1", "0", "0"]
    assert refused.status == 429
    assert read(refused)["global"] is False
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.headers["Retry-After"] == "5"
    assert len({a.headers["X-RateLimit-Bucket"] for a in answers}) == 1
    assert stage.post(f"/channels/{stage.made['channels']['random']}/messages", {"content": "x"}).status == 200
    stage.wait(read(refused)["retry_after"])
    assert stage.post(path, {"content": "x"}).status == 200
    assert len(stage.messages) == 6


def test_fifty_requests_a_second_are_all_that_a_bot_has() -> None:
    stage = Stage(Options(global_limit=(3, 1.0)))
    stage.wait(2)

    answers = [stage.get(f"/channels/{stage.plans}") for _ in range(4)]

    assert answers[-1].status == 429
    assert read(answers[-1])["global"] is True
    assert answers[-1].headers["X-RateLimit-Scope"] == "global"


def test_limits_can_be_switched_off() -> None:
    stage = Stage(Options(enforce_limits=False))

    statuses = {stage.post(f"/channels/{stage.plans}/messages", {"content": "x"}).status for _ in range(60)}

    assert statuses == {200}


@pytest.mark.parametrize(
    ("kind", "status", "lost", "written"),
    [
        ("error_before", 502, False, 0),
        ("error_after", 502, False, 1),
        ("lost_answer", 200, True, 1),
        ("unreachable", 503, True, 0),
        ("rate_limited", 429, False, 0),
        ("secondary_limit", 429, False, 0),
        ("dropped_write", 200, False, 0),
    ],
)
def test_a_fault_strikes_once_and_does_what_it_says(
    stage: Stage, kind: str, *, status: int, lost: bool, written: int
) -> None:
    stage.act("throw_fault", kind=kind, method="POST", route="/channels/*/messages")
    path = f"/channels/{stage.plans}/messages"

    struck = stage.post(path, {"content": "x"})

    assert (struck.status, struck.lost) == (status, lost)
    assert len(stage.messages) == written
    assert stage.post(path, {"content": "y"}).status == 200
    assert len(stage.messages) == written + 1


def test_latency_delays_and_a_shared_limit_says_so(stage: Stage) -> None:
    stage.act("throw_fault", kind="latency", seconds=2.5)
    stage.act("throw_fault", kind="secondary_limit", seconds=7)

    answer = stage.get("/users/@me")

    assert (answer.status, answer.delay) == (429, 2.5)
    assert answer.headers["X-RateLimit-Scope"] == "shared"
    assert read(answer)["retry_after"] == 7


def test_a_dropped_write_gives_no_id_twice(stage: Stage) -> None:
    stage.act("throw_fault", kind="dropped_write", method="POST")

    ghost = stage.say({"content": "x"})
    real = stage.say({"content": "x"})

    assert ghost["id"] != real["id"]
    assert code(stage.get(f"/channels/{stage.plans}/messages/{ghost['id']}")) == (404, 10008)


def test_deliveries_are_dropped_doubled_late_and_reordered(stage: Stage) -> None:
    def asked(kind: str, **more: Any) -> list[str]:
        stage.act("throw_fault", kind=kind, route="plan", **more)
        stage.act("command", by="ana", name="plan")
        return [d.id for d in stage.deliveries]

    assert asked("webhook_dropped") == []
    twice = asked("webhook_doubled")
    assert len(twice) == 2
    assert len(set(twice)) == 1
    asked("webhook_late", seconds=30)
    assert (stage.deliveries[0].at - stage.now).total_seconds() == 30
    assert asked("webhook_reordered") == []
    stage.act("command", by="ana", name="status")
    names = [json.loads(d.body)["data"]["name"] for d in stage.deliveries]
    assert names == ["status", "plan"]


def test_a_doubled_delivery_is_answered_twice_and_taken_once(stage: Stage) -> None:
    stage.act("throw_fault", kind="webhook_doubled", route="plan")
    stage.act("command", by="ana", name="plan")

    stage.answer(DEFER)

    assert len(stage.view["ephemeral"]["ana"]) == 1
    assert stage.problems == []


def test_a_late_delivery_is_given_its_three_seconds_from_when_it_leaves(stage: Stage) -> None:
    stage.act("throw_fault", kind="webhook_late", seconds=10)
    stage.act("command", by="ana", name="plan")
    stage.wait(10)

    stage.answer(DEFER, after=1)

    assert stage.problems == []


def test_faults_are_cleared_and_unknown_ones_refused(stage: Stage) -> None:
    stage.act("throw_fault", kind="error_before", times=-1, status=500)
    assert stage.get("/users/@me").status == stage.get("/users/@me").status == 500
    stage.act("clear_faults")

    assert stage.get("/users/@me").status == 200
    with pytest.raises(ActError, match="throw_fault"):
        stage.act("throw_fault", kind="earthquake")


def test_requests_are_counted_by_route(stage: Stage) -> None:
    stage.say({"content": "x"})
    stage.say({"content": "y"})

    assert stage.view["requests"]["POST /channels/{channel_id}/messages"] == 2
    json.dumps(stage.view)


# fmt: off
FIELDS = (
    "type", "components", "content", "flags", "custom_id", "options", "label", "value", "name", "accessory",
    "embeds", "fields", "allowed_mentions", "parse", "users", "style", "id", "nonce", "min_values",
    "archived", "default", "choices", "description", "component", "title", "url",
)
# fmt: on
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 40000) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(body=values)
def test_no_body_however_strange_makes_the_twin_raise(body: Any) -> None:
    stage = Stage(Options(enforce_limits=False))
    message = stage.say(CARD)["id"]
    raw = json.dumps(body).encode()

    for method, path in [
        ("POST", f"/channels/{stage.plans}/messages"),
        ("PATCH", f"/channels/{stage.plans}/messages/{message}"),
        ("POST", f"/channels/{stage.plans}/messages/{message}/threads"),
        ("PATCH", f"/channels/{message}"),
        ("PUT", f"/applications/{stage.app}/commands"),
        ("PATCH", "/applications/@me"),
    ]:
        assert stage.request(method, path, raw).status in (200, 201, 400, 403, 404)
    for kind in (4, 5, 7, 8, 9):
        stage.put(f"/applications/{stage.app}/commands", [{"name": "plan", "description": "x"}])
        stage.patch("/applications/@me", {"interactions_endpoint_url": "https://valine.test"})
        stage.act("command", by="ana", name="plan")
        stage.answer({"type": kind, "data": body})
    json.dumps(stage.view)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("## Plan **r1**", "Plan r1"),
        ("-# small print", "small print"),
        ("- one\n- two", "• one\n• two"),
        ("[#41](<https://x.test/41>)", "#41 (https://x.test/41)"),
        ("snake_case_name and _this_ and *that*", "snake_case_name and this and that"),
        (r"\*\*not bold\*\* \@x", "**not bold** @x"),
        ("~~gone~~ `code`", "gone code"),
        ("<t:1793620800:R>", "2026-11-02 12:00 UTC"),
        ("<@1> in <#2> with <@&3>", "@ana in #plans with @leads"),
    ],
)
def test_markdown_is_shown_plain(markdown: str, shown: str) -> None:
    assert plain(markdown, {"1": "ana", "2": "plans", "3": "leads"}) == shown


def test_a_conversation_reads_like_one(stage: Stage) -> None:
    card = stage.say(
        {"content": "**Plan** r1", "embeds": [{"title": "Board", "fields": [{"name": "#41", "value": "ok"}]}]}
    )
    stage.post(f"/channels/{stage.plans}/messages/{card['id']}/threads", {"name": "r1"})
    stage.say({"content": "Approved"}, card["id"])
    stage.act("command", by="ana", name="plan")
    stage.answer({"type": 4, "data": {"content": "Only you", "flags": 64}})

    assert render_channel(stage.view["channels"][0]) == [
        "#plans",
        "  valine",
        "    Plan r1",
        "    Board",
        "    #41: ok",
        "    #r1",
        "      valine",
        "        Approved",
    ]
    assert render(stage.view["ephemeral"]["ana"][0]) == ["valine (only ana sees this)", "  Only you"]
