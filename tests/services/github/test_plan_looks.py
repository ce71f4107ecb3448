"""What a refresh of the issues brings back, and how few requests it takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from builders import HEAD, NOON, TREE, a_base
from services.github.forge_world import OddGitHub, ok
from services.github.things import (
    OURS,
    a_plan_page,
    an_issue_node,
)
from valine.errors import OutsideError, Permanent, Transient
from valine.orchestrator.model.observations import Blocker
from valine.services.github.plan import body_hash


def _policy(label: str) -> dict[str, Any]:
    return {"text": f'[plan]\nlabel = "{label}"\n', "isTruncated": False}


async def _refused(github: OddGitHub, label: str | None = None) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        await github.forge().plan_world(label)
    return caught.value


async def test_a_plan_of_250_issues_takes_three_requests(github: OddGitHub) -> None:
    pages = [range(1, 101), range(101, 201), range(201, 251)]
    github.says(
        *[
            ok(a_plan_page(*map(an_issue_node, page), after=cursor))
            for page, cursor in zip(pages, ["c1", "c2", None], strict=True)
        ]
    )

    world = await github.forge().plan_world("ready")

    assert [issue.number for issue in world.issues] == list(range(1, 251))
    assert [body["variables"]["after"] for body in github.bodies] == [None, "c1", "c2"]
    assert world.base == a_base(branch="main", sha=HEAD, tree=TREE)
    assert world.began_at == NOON


async def test_an_issue_is_reduced_to_what_a_plan_needs(github: OddGitHub) -> None:
    blockers = [
        {"number": 3, "state": "OPEN", "repository": {"nameWithOwner": "team/app"}},
        {"number": 4, "state": "CLOSED", "repository": {"nameWithOwner": "team/other"}},
    ]
    node = an_issue_node(41, body="Depends on #40", blockedBy={"nodes": blockers})
    github.says(ok(a_plan_page(node)))

    (issue,) = (await github.forge().plan_world("ready")).issues

    assert issue.body_hash == body_hash("Depends on #40")
    assert issue.mentions == (40,)
    assert issue.labels == ("ready",)
    assert issue.milestone == "v1"
    assert issue.blocked_by == (Blocker(number=3, open=True), Blocker(number=4, open=False, repository="team/other"))


async def test_pull_requests_that_close_an_issue_are_told_but_not_another_repositorys(github: OddGitHub) -> None:
    mine = {
        "number": 7,
        "state": "OPEN",
        "headRefName": "fix",
        "headRefOid": OURS,
        "author": {"login": "ana"},
        "repository": {"nameWithOwner": "team/app"},
    }
    theirs = mine | {"number": 8, "repository": {"nameWithOwner": "team/other"}}
    forked = mine | {"number": 9, "headRefName": "main", "isCrossRepository": True}
    closed = mine | {"number": 10, "state": "CLOSED"}
    nodes = {"nodes": [mine, theirs, forked, closed, None]}
    github.says(ok(a_plan_page(an_issue_node(closedByPullRequestsReferences=nodes))))

    (issue,) = (await github.forge().plan_world("ready")).issues

    assert [(pull.number, pull.branch) for pull in issue.pulls] == [(7, "fix"), (9, "ana:main")]


async def test_the_policys_own_label_costs_a_second_request(github: OddGitHub) -> None:
    github.says(ok(a_plan_page(an_issue_node(1), policy=_policy("go"))), ok(a_plan_page(an_issue_node(2))))

    world = await github.forge().plan_world(None)

    assert [body["variables"]["label"] for body in github.bodies] == ["ready", "go"]
    assert [issue.number for issue in world.issues] == [2]


@pytest.mark.parametrize("policy", [None, _policy("ready"), {"text": "not toml [", "isTruncated": False}])
async def test_the_usual_label_costs_one_request(github: OddGitHub, policy: Any) -> None:
    github.says(ok(a_plan_page(an_issue_node(1), policy=policy)))

    world = await github.forge().plan_world(None)

    assert len(github.seen) == 1
    assert world.policy == (policy and policy["text"])


async def test_a_label_that_was_asked_for_beats_the_policys(github: OddGitHub) -> None:
    github.says(ok(a_plan_page(policy=_policy("go"))))

    await github.forge().plan_world("now")

    assert [body["variables"]["label"] for body in github.bodies] == ["now"]


async def test_a_policy_that_is_cut_short_is_not_the_default_policy(github: OddGitHub) -> None:
    github.says(ok(a_plan_page(policy={"text": None, "isTruncated": True})))

    refused = await _refused(github)

    assert isinstance(refused, Permanent)
    assert refused.failure.code == "invalid"


async def test_an_older_server_is_asked_again_without_dependencies_and_then_never_with(github: OddGitHub) -> None:
    unknown = {
        "message": "Field 'blockedBy' doesn't exist on type 'Issue'",
        "path": ["query Plan", "repository", "issues", "nodes", "blockedBy"],
        "extensions": {"code": "undefinedField", "typeName": "Issue", "fieldName": "blockedBy"},
    }
    page = a_plan_page(an_issue_node())
    github.says(ok({"errors": [unknown]}), ok(page), ok(page))
    forge = github.forge(api_url="https://ghe.test/api/v3")

    await forge.plan_world("ready")
    await forge.plan_world("ready")

    assert github.seen == ["POST /api/graphql"] * 3
    assert ["blockedBy" in body["query"] for body in github.bodies] == [True, False, False]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (a_plan_page(defaultBranchRef=None), "invalid"),
        (a_plan_page(isArchived=True), "forbidden"),
        ({"data": {"repository": None}}, "not_found"),
        (
            {
                "data": {"repository": None},
                "errors": [{"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve"}],
            },
            "not_found",
        ),
        ({"data": None, "errors": [{"type": "FORBIDDEN", "message": "Resource not accessible"}]}, "forbidden"),
        ({"errors": [{"message": "Field 'x' doesn't exist on type 'Issue'"}]}, "invalid"),
        ({"errors": [{"message": "bad", "extensions": {"code": "argumentNotAccepted"}}]}, "invalid"),
    ],
)
async def test_what_cannot_be_planned_from_is_refused_by_name(github: OddGitHub, answer: Any, code: str) -> None:
    github.says(ok(answer))

    refused = await _refused(github)

    assert isinstance(refused, Permanent)
    assert refused.failure.code == code


@pytest.mark.parametrize("kind", ["RATE_LIMITED", "RATE_LIMIT", None])
async def test_a_graphql_limit_inside_a_200_is_a_limit(github: OddGitHub, kind: str | None) -> None:
    github.says(ok({"errors": [{"type": kind, "message": "API rate limit exceeded for user ID 1."}]}))

    refused = await _refused(github)

    assert isinstance(refused, Transient)
    assert refused.failure.code == "limited"
    assert refused.failure.retry_at == NOON + timedelta(seconds=60)


async def test_githubs_own_timeouts_are_transient(github: OddGitHub) -> None:
    github.says(ok({"data": None, "errors": [{"message": "Something went wrong while executing your query."}]}))

    assert isinstance(await _refused(github), Transient)
