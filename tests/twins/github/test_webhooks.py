"""Webhooks: who hears what, signed over the very bytes, logged, and delivered again on request."""

from __future__ import annotations

import hashlib
import hmac
import json

from twins.github.github_world import GitHubWorld
from valine_twins.transport import Response

SECRET = "s3cret"


def hooked(**options: object) -> GitHubWorld:
    world = GitHubWorld(**options).start()
    world.act("create_hook", url="http://valine.test/github/webhook", secret=SECRET)
    return world


def test_a_new_hook_is_pinged_first() -> None:
    world = hooked()

    (ping,) = world.deliveries
    assert ping.headers["X-GitHub-Event"] == "ping"
    assert json.loads(ping.body)["hook"]["events"] == ["*"]
    assert SECRET not in ping.body.decode()


def test_every_delivery_is_signed_over_its_bytes() -> None:
    world = hooked()
    world.act("create_issue", title="Zoë's 🐟")

    for delivery in world.deliveries:
        expected = hmac.new(SECRET.encode(), delivery.body, hashlib.sha256).hexdigest()
        assert delivery.headers["X-Hub-Signature-256"] == f"sha256={expected}"
        assert delivery.headers["User-Agent"].startswith("GitHub-Hookshot/")
        assert delivery.headers["Content-Type"] == "application/json"
        assert len(delivery.headers["X-GitHub-Delivery"]) == 36


def test_a_life_of_a_pull_request_is_told_event_by_event() -> None:
    world = hooked()
    world.act("create_issue", title="One")
    number = world.pull("work", body="Closes #1", draft=True)
    world.api("POST", f"/issues/{number}/labels", {"labels": ["x"]})
    world.api("POST", f"/issues/{number}/assignees", {"assignees": ["ana"]})
    world.act("comment", number=number, body="hm", by="bo")
    world.act("push", branch="work", files={"b": "1"}, by="ana")
    world.act("ready_for_review", number=number)
    world.act("convert_to_draft", number=number)
    world.act("ready_for_review", number=number)
    world.act("set_check", name="ci", number=number, status="in_progress")
    world.act("set_check", name="ci", number=number, conclusion="success")
    world.act("set_status", context="deploy", state="success", number=number)
    world.act("review", number=number, by="acme")
    world.api("PUT", f"/pulls/{number}/merge", {})

    assert world.heard() == [
        "ping",
        "issues.opened",
        "push",
        "pull_request.opened",
        "pull_request.labeled",
        "pull_request.assigned",
        "issue_comment.created",
        "push",
        "pull_request.synchronize",
        "pull_request.ready_for_review",
        "pull_request.converted_to_draft",
        "pull_request.ready_for_review",
        "check_run.created",
        "check_run.completed",
        "check_suite.completed",
        "status",
        "pull_request_review.submitted",
        "push",
        "pull_request.closed",
        "issues.closed",
    ]
    closed = json.loads(world.deliveries[-2].body)
    assert (closed["pull_request"]["merged"], closed["sender"]["login"]) == (True, "valine-bot")


def test_a_hook_hears_only_what_it_asked_for_and_two_share_a_guid() -> None:
    world = hooked()
    world.act("create_hook", url="http://other.test", events=["issues"])
    world.deliveries.clear()

    world.act("create_issue", title="One")
    world.branch_with_work("work")

    assert [(one.url, one.headers["X-GitHub-Event"]) for one in world.deliveries] == [
        ("http://valine.test/github/webhook", "issues"),
        ("http://other.test", "issues"),
        ("http://valine.test/github/webhook", "push"),
    ]
    first, second, third = (one.headers["X-GitHub-Delivery"] for one in world.deliveries)
    assert first == second != third
    assert "X-Hub-Signature-256" not in world.deliveries[1].headers


def test_an_apps_hook_names_the_installation() -> None:
    world = GitHubWorld().start()
    app = world.act("register_app", webhook_url="http://app.test", webhook_secret="s")

    world.act("create_issue", title="One")

    (heard,) = world.deliveries
    assert json.loads(heard.body)["installation"]["id"] == app["installation_id"]


def test_the_log_shows_the_answer_and_redelivery_keeps_the_guid() -> None:
    world = hooked()
    world.act("create_issue", title="One")
    first = world.deliveries[-1]
    world.twin.delivered(first, Response(status=500, body=b"oops"), world.now)
    world.twin.delivered(world.deliveries[0], None, world.now)
    hook = world.twin.view()["hooks"][0]["id"]
    world.token = world.act("issue_token", login="acme")["token"]

    log = {one["id"]: one for one in world.api("GET", f"/hooks/{hook}/deliveries").json}
    again = world.api("POST", f"/hooks/{hook}/deliveries/{first.id}/attempts")

    assert (log[int(first.id)]["status_code"], log[int(first.id)]["event"]) == (500, "issues")
    assert log[int(world.deliveries[0].id)]["status"] == "timed out"
    assert again.status == 202
    second = world.deliveries[-1]
    assert second.headers["X-GitHub-Delivery"] == first.headers["X-GitHub-Delivery"]
    assert (second.body, second.id != first.id) == (first.body, True)
    assert world.api("GET", f"/hooks/{hook}/deliveries/{second.id}").json["redelivery"] is True
    world.act("redeliver", delivery=first.headers["X-GitHub-Delivery"])
    assert world.deliveries[-1].headers["X-GitHub-Delivery"] == first.headers["X-GitHub-Delivery"]


def test_a_delivery_can_be_dropped_doubled_late_or_out_of_order() -> None:
    world = hooked()
    world.deliveries.clear()

    for kind in ("webhook_dropped", "webhook_doubled", "webhook_late", "webhook_reordered"):
        world.act("throw_fault", kind=kind, route="issues", seconds=30)
        world.act("create_issue", title=kind)
    world.branch_with_work("work")

    told = [json.loads(one.body).get("issue", {}).get("title", "push") for one in world.deliveries]
    assert told == ["webhook_doubled", "webhook_doubled", "webhook_late", "push", "webhook_reordered"]
    assert world.deliveries[0].id == world.deliveries[1].id
    assert (world.deliveries[2].at - world.now).total_seconds() == 30
    log = world.twin.view()["deliveries"]
    assert next(one["status"] for one in log if one["event"] == "issues") == "failed to connect to host"


def test_what_is_held_back_comes_when_the_faults_are_cleared() -> None:
    world = hooked()
    world.act("throw_fault", kind="webhook_reordered", route="issues")
    world.act("create_issue", title="One")
    held = len(world.deliveries)

    world.act("clear_faults")

    assert world.heard()[held:] == ["issues.opened"]


def test_deliveries_can_take_their_time() -> None:
    world = hooked(webhook_delay=1.5)

    assert (world.deliveries[0].at - world.now).total_seconds() == 1.5
