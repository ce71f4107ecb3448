"""The switchboard: what goes wrong on the way, and what has happened on GitHub all the same."""

from __future__ import annotations

import pytest

from twins.github.github_world import GitHubWorld
from valine_twins.transport import ActError, Request

ISSUES = "/repos/acme/shop/issues"


def titles(world: GitHubWorld) -> list[str]:
    return [one["title"] for one in world.shop()["issues"]]


def test_an_error_before_the_effect_leaves_nothing(world: GitHubWorld) -> None:
    world.act("throw_fault", kind="error_before", method="POST", route=ISSUES, status=503)

    assert world.api("POST", "/issues", {"title": "x"}).status == 503
    assert titles(world) == []
    assert world.api("POST", "/issues", {"title": "y"}).status == 201


def test_an_error_after_the_effect_and_a_lost_answer_leave_it(world: GitHubWorld) -> None:
    world.act("create_hook", url="http://x.test")
    world.act("throw_fault", kind="error_after", method="POST", route=ISSUES)
    failed = world.api("POST", "/issues", {"title": "one"})
    world.act("throw_fault", kind="lost_answer", method="POST", route=ISSUES)
    lost = world.api("POST", "/issues", {"title": "two"})

    assert (failed.status, lost.raw.lost) == (502, True)
    assert titles(world) == ["one", "two"]
    assert world.heard() == ["ping", "issues.opened", "issues.opened"]


def test_an_unreachable_github_saw_nothing(world: GitHubWorld) -> None:
    world.act("throw_fault", kind="unreachable", times=-1)
    lost = world.api("POST", "/issues", {"title": "x"})

    assert lost.raw.lost
    assert (titles(world), world.twin.view()["requests"]["github"]) == ([], {})
    world.act("clear_faults")
    assert world.api("GET", "").status == 200


def test_a_slow_answer_says_how_slow(world: GitHubWorld) -> None:
    world.act("throw_fault", kind="latency", seconds=7.5)

    assert world.api("GET", "").raw.delay == 7.5
    assert world.api("GET", "").raw.delay == 0


def test_a_dropped_write_looks_done_and_is_not(world: GitHubWorld) -> None:
    world.act("create_hook", url="http://x.test")
    head = world.head()
    world.act("throw_fault", kind="dropped_write", method="POST", times=2)

    issue = world.api("POST", "/issues", {"title": "x"})
    ref = world.api("POST", "/git/refs", {"ref": "refs/heads/x", "sha": head})

    assert (issue.status, ref.status) == (201, 201)
    assert titles(world) == []
    assert world.objects.refs("acme/shop") == {"refs/heads/main": head}
    assert world.heard() == ["ping"]


def test_limits_strike_in_their_shapes(world: GitHubWorld) -> None:
    world.act("throw_fault", kind="rate_limited", seconds=90)
    primary = world.api("GET", "")
    world.act("throw_fault", kind="secondary_limit")
    secondary = world.api("GET", "")
    world.act("throw_fault", kind="graphql_limit")
    graphql = world.request("POST", "/graphql", {"query": "{viewer{login}}"})

    assert (primary.status, primary.headers["x-ratelimit-remaining"]) == (403, "0")
    assert int(primary.headers["x-ratelimit-reset"]) == world.now.timestamp() + 90
    assert (secondary.status, "retry-after" in secondary.headers) == (403, False)
    assert "secondary rate limit" in secondary.message
    assert (graphql.status, graphql.json["errors"][0]["type"]) == (200, "RATE_LIMITED")


def test_graphql_can_lag_while_rest_does_not(world: GitHubWorld) -> None:
    world.act("throw_fault", kind="read_lag", seconds=5, times=-1)
    world.later(1)
    world.act("create_issue", title="One")
    count = '{repository(owner:"acme",name:"shop"){issues(first:9){totalCount} ref(qualifiedName:"side"){name}}}'

    def seen() -> tuple[int, bool]:
        got = world.query(count)["data"]["repository"]
        return got["issues"]["totalCount"], got["ref"] is not None

    world.later(3)
    world.branch_with_work("side")
    at_once = seen()
    world.later(3)
    later = seen()
    world.later(3)

    assert (at_once, later, seen()) == ((0, False), (1, False), (1, True))
    assert world.api("GET", "/issues/1").status == 200
    world.act("create_issue", title="Two")
    world.act("clear_faults")
    assert seen() == (2, True)


def test_a_fault_strikes_only_what_it_names(world: GitHubWorld) -> None:
    world.act("throw_fault", kind="error_before", method="PUT", route="*/merge", times=2)
    number = world.pull("work")

    statuses = [world.api("PUT", f"/pulls/{number}/merge", {}).status for _ in range(3)]

    assert statuses == [502, 502, 200]


def test_a_fault_that_does_not_exist_is_named(world: GitHubWorld) -> None:
    with pytest.raises(ActError, match="throw_fault"):
        world.act("throw_fault", kind="earthquake")
    with pytest.raises(ActError, match="there is no option 'speed'"):
        world.act("set_behaviour", speed=3)


def test_behaviour_can_change_while_it_runs(world: GitHubWorld) -> None:
    world.act("set_behaviour", mergeable_unknown_looks=1)
    number = world.pull("work")

    assert [world.api("GET", f"/pulls/{number}").json["mergeable"] for _ in range(2)] == [None, True]


def test_two_twins_with_the_same_seed_live_the_same_day() -> None:
    def day() -> list[object]:
        world = GitHubWorld().start()
        world.act("create_hook", url="http://x.test", secret="s")
        number = world.pull("work")
        world.api("PUT", f"/pulls/{number}/merge", {})
        return [world.token, world.deliveries, world.twin.view(), [one[3].headers for one in world.exchanges]]

    assert day() == day()


def test_no_request_whatever_makes_the_twin_raise(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")
    headers = {"user-agent": "t", "authorization": f"token {world.token}"}
    bodies = (
        b"",
        b"{}",
        b'{"title":3}',
        b'{"head":[],"base":{},"title":"x"}',
        b'{"labels":[1]}',
        b'{"sha":"z","ref":"refs/heads/x"}',
    )
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for path in (
            "",
            "/issues",
            "/issues/1",
            "/issues/1/labels",
            "/issues/x",
            "/pulls",
            "/pulls/1",
            "/pulls/1/merge",
            "/git/refs",
            "/git/refs/heads/main",
            "/git/commits",
            "/compare/a",
            "/releases",
            "/hooks",
            "/check-runs",
            "/statuses/x",
        ):
            for body in bodies:
                request = Request(method=method, path=f"/repos/acme/shop{path}", headers=headers, body=body)
                assert world.twin.handle(request, world.now).response.status < 500
                world.later(10)
