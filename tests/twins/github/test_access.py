"""Who gets in, how often, and how GitHub says no: tokens, Apps, permissions, limits."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from twins.github.github_tour import jwt
from twins.github.github_world import GitHubWorld, Reply


def said(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.message


def test_a_wrong_revoked_or_expired_token_is_bad_credentials(world: GitHubWorld) -> None:
    good = world.api("GET", "").status
    world.act("revoke_token", token=world.token)
    revoked = world.api("GET", "")
    soon = (world.now + timedelta(minutes=1)).isoformat()
    world.token = world.act("issue_token", login="ana", expires_at=soon)["token"]
    fresh = world.api("GET", "").status
    world.later(60)

    assert (good, fresh) == (200, 200)
    assert said(revoked) == said(world.api("GET", "")) == (401, "Bad credentials")
    assert world.api("GET", "", headers={"authorization": "Basic x"}).status == 401


def test_a_token_may_come_as_a_password(world: GitHubWorld) -> None:
    for pair in (f"anybody:{world.token}", f"{world.token}:", f"{world.token}:x-oauth-basic"):
        basic = base64.b64encode(pair.encode()).decode()

        assert world.api("GET", "", headers={"authorization": f"Basic {basic}"}).status == 200


def test_a_token_for_other_repositories_changes_nothing_here_though_it_sees_what_is_public(world: GitHubWorld) -> None:
    world.act("set_options", private=False)
    world.token = world.act("issue_token", login="ana", permissions={"issues": "write"}, repositories=["acme/x"])[
        "token"
    ]

    assert world.api("GET", "/issues").status == 200
    assert world.api("POST", "/issues", {"title": "x"}).status == 403


def test_what_a_token_cannot_see_is_not_found(world: GitHubWorld) -> None:
    world.token = world.act("issue_token", login="stranger")["token"]

    private = world.api("GET", "")
    world.act("set_options", private=False)

    assert said(private) == (404, "Not Found")
    assert world.api("GET", "").status == 200
    assert world.request("GET", "/repos/acme/nothing").status == 404


def test_what_a_token_may_not_do_is_forbidden(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")
    world.token = world.act("issue_token", login="bo")["token"]
    by_reader = world.api("POST", "/issues/1/labels", {"labels": ["x"]})
    may_comment = world.api("POST", "/issues/1/comments", {"body": "hi"}).status
    world.token = world.act("issue_token", login="ana", permissions={"issues": "read"})["token"]
    fine_grained = world.api("POST", "/issues/1/comments", {"body": "hi"})

    assert said(by_reader) == said(fine_grained) == (403, "Resource not accessible by personal access token")
    assert may_comment == 201


def test_nobody_writes_anonymously_or_in_the_archive(world: GitHubWorld) -> None:
    world.act("set_options", private=False)
    anonymous = world.api("POST", "/issues", {"title": "x"}, headers={"authorization": ""})
    world.act("archive")

    assert said(anonymous) == (401, "Requires authentication")
    assert said(world.api("POST", "/issues", {"title": "x"})) == (403, "Repository was archived so is read-only.")
    assert world.api("GET", "", headers={"authorization": ""}).json["archived"] is True


def test_a_request_without_user_agent_is_turned_away(world: GitHubWorld) -> None:
    reply = world.api("GET", "", headers={"user-agent": ""})

    assert (reply.status, b"User-Agent" in reply.raw.body) == (403, True)


def test_an_app_gets_a_token_for_an_hour_and_acts_as_its_bot(world: GitHubWorld) -> None:
    app = world.act("register_app", slug="valine")
    world.token = jwt(app["app_id"], world.now)
    found = world.api("GET", "/installation").json
    made = world.request("POST", f"/app/installations/{found['id']}/access_tokens", {})
    world.token = made.json["token"]

    issue = world.api("POST", "/issues", {"title": "By an App"}).json
    hook = world.api("POST", "/hooks", {"config": {"url": "http://x"}})

    assert (made.status, made.json["expires_at"]) == (201, "2026-03-02T10:00:00Z")
    assert world.token.startswith("ghs_")
    assert len(world.token) == 520
    assert issue["user"]["login"] == "valine[bot]"
    assert issue["user"]["type"] == "Bot"
    assert said(hook) == (403, "Resource not accessible by integration")
    assert world.request("GET", "/user").status == 403
    world.later(3600)
    assert said(world.api("GET", "")) == (401, "Bad credentials")


@pytest.mark.parametrize(
    "claims",
    [{"exp": 1}, {"exp": 10**12}, {"iat": 10**12}, {"iss": "999"}, {"iss": ""}],
)
def test_a_jwt_with_wrong_claims_is_refused(world: GitHubWorld, claims: dict[str, Any]) -> None:
    app = world.act("register_app")
    world.token = jwt(app["app_id"], world.now, **claims)

    assert world.request("GET", "/app").status == 401


def test_a_jwt_opens_the_apps_own_routes_and_no_other(world: GitHubWorld) -> None:
    app = world.act("register_app")
    token, world.token = world.token, jwt(app["app_id"], world.now)

    statuses = [world.api("GET", "").status, world.api("POST", "/issues", {"title": "x"}).status]
    own = world.request("GET", "/app").status
    world.token = token

    assert (statuses, own) == ([401, 401], 200)
    assert said(world.request("GET", "/app")) == (401, "A JSON web token could not be decoded")


def test_hooks_are_shown_to_owners_only(world: GitHubWorld) -> None:
    world.act("set_options", private=False)

    assert world.api("GET", "/hooks").status == 403
    assert world.api("GET", "/hooks", headers={"authorization": ""}).status == 401


def test_a_jwts_signature_is_checked_by_whoever_can() -> None:
    asked = []

    def verifier(token: str, key: str) -> bool:
        asked.append((token, key))
        return False

    world = GitHubWorld(jwt_verifier=verifier).start()
    app = world.act("register_app", public_key="PEM")
    world.token = jwt(app["app_id"], world.now)

    assert said(world.request("GET", "/app")) == (401, "A JSON web token could not be decoded")
    assert asked == [(world.token, "PEM")]


def test_an_uninstalled_app_is_out(world: GitHubWorld) -> None:
    app = world.act("register_app")
    world.token = world.act("issue_token", installation=app["installation_id"])["token"]
    before = world.api("GET", "").status

    world.act("uninstall_app", installation=app["installation_id"])

    assert (before, world.api("GET", "").status) == (200, 401)


def test_every_answer_tells_what_is_left(world: GitHubWorld) -> None:
    reply = world.api("GET", "")

    told = {name: value for name, value in reply.headers.items() if name.startswith("x-ratelimit")}
    assert told == {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "4999",
        "x-ratelimit-used": "1",
        "x-ratelimit-reset": str(int(world.now.timestamp()) + 3600),
        "x-ratelimit-resource": "core",
    }
    assert reply.headers["x-github-request-id"]
    assert world.request("GET", "/rate_limit").json["resources"]["core"]["used"] == 1


def test_an_unchanged_answer_is_a_304_and_costs_nothing(world: GitHubWorld) -> None:
    first = world.api("GET", "")
    second = world.api("GET", "", headers={"if-none-match": first.headers["etag"]})
    world.act("create_issue", title="One")
    third = world.api("GET", "", headers={"if-none-match": first.headers["etag"]})

    assert (second.status, second.raw.body, second.headers["x-ratelimit-remaining"]) == (304, b"", "4999")
    assert third.status == 200


def test_more_than_eighty_content_creating_requests_a_minute_are_too_many(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")

    statuses = [world.api("POST", "/issues/1/comments", {"body": "x"}).status for _ in range(81)]
    refused = world.api("POST", "/issues/1/comments", {"body": "x"})
    world.later(60)

    assert statuses == [201] * 80 + [403]
    assert "secondary rate limit" in refused.message
    assert refused.headers["retry-after"] == "60"
    assert world.api("POST", "/issues/1/comments", {"body": "x"}).status == 201
    assert world.twin.view()["limits"]["content_peak_minute"] == 80
    assert world.twin.view()["limits"]["refused_secondary"] == 2


def test_more_than_five_hundred_an_hour_are_too_many_however_slow(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")
    statuses = []
    for _ in range(501):
        statuses.append(world.api("POST", "/issues/1/comments", {"body": "x"}).status)
        world.later(1)

    assert statuses == [201] * 500 + [403]


def test_nine_hundred_points_a_minute_are_the_most(world: GitHubWorld) -> None:
    statuses = [world.api("GET", "/branches/main").status for _ in range(901)]

    assert statuses == [200] * 900 + [403]


def test_the_primary_limit_ends_with_its_hour() -> None:
    world = GitHubWorld(primary_limit=2).start()
    statuses = [world.api("GET", "").status for _ in range(2)]
    over = world.api("GET", "")
    world.later(3601)

    assert statuses == [200, 200]
    assert (over.status, over.headers["x-ratelimit-remaining"]) == (403, "0")
    assert over.message.startswith("API rate limit exceeded")
    assert world.api("GET", "").status == 200


def test_limits_can_be_left_out() -> None:
    world = GitHubWorld(enforce_limits=False).start()

    assert {world.api("GET", "").status for _ in range(1000)} == {200}


def test_requests_are_counted_by_route(world: GitHubWorld) -> None:
    world.api("GET", "/issues/7")
    world.api("GET", "/issues/8")
    world.request("GET", "/api/v3/repos/acme/shop")
    world.request("POST", "/api/graphql", {"query": "{viewer{login}}"})

    assert world.twin.view()["requests"] == {
        "github": {
            "GET /repos/{owner}/{repo}": 1,
            "GET /repos/{owner}/{repo}/issues/{issue_number}": 2,
            "POST /graphql": 1,
        }
    }


def test_what_is_not_json_is_named(world: GitHubWorld) -> None:
    from valine_twins.transport import Request

    headers = {"user-agent": "t", "authorization": f"token {world.token}"}

    def send(body: bytes) -> Reply:
        request = Request(method="POST", path="/repos/acme/shop/issues", headers=headers, body=body)
        return Reply(world.twin.handle(request, world.now).response)

    assert said(send(b"{")) == (400, "Problems parsing JSON")
    assert said(send(b"3")) == (400, "Body should be a JSON object")
