"""What a look at GitHub brings back, and how few requests it takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from builders import HEAD, NOON, TREE, a_base, a_plan, a_run, a_task
from services.github.forge_world import OddGitHub, no, ok
from services.github.things import (
    BRANCH,
    OTHER,
    OURS,
    WHEN,
    a_check,
    a_comment,
    a_plan_page,
    a_pull_node,
    a_ref_node,
    an_issue_node,
)

from valine.errors import OutsideError, Permanent, Transient
from valine.orchestrator.model import Check, Run, TestMerge
from valine.orchestrator.world import Blocker
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


# --- the work under way ----------------------------------------------------------------------------------------------


def _run(*tasks: Any) -> Run:
    return a_run(plan=a_plan(base=a_base(branch="main")), tasks=tasks or (a_task(41, pull_request=7),))


def _work(**nodes: Any) -> httpx2.Response:
    return ok({"data": {"repository": {"ref": a_ref_node(), **nodes}}})


def _rules(*contexts: str, strict: bool = False, **headers: str) -> httpx2.Response:
    parameters = {
        "required_status_checks": [{"context": context} for context in contexts],
        "strict_required_status_checks_policy": strict,
    }
    other = {"type": "pull_request", "parameters": {"required_approving_review_count": 1}}
    return ok([{"type": "deletion"}, other, {"type": "required_status_checks", "parameters": parameters}], **headers)


async def test_the_work_is_read_25_tasks_at_a_time(github: OddGitHub) -> None:
    tasks = [a_task(number, pull_request=number + 100) for number in range(1, 31)]
    github.says(
        _work(**{f"i{n}": an_issue_node(n) for n in range(1, 26)}, **{f"p{n + 100}": a_pull_node(n + 100) for n in range(1, 26)}),
        _work(**{f"i{n}": an_issue_node(n) for n in range(26, 31)}, **{f"p{n + 100}": a_pull_node(n + 100) for n in range(26, 31)}),
        _rules(),
    )

    world = await github.forge().work_world(_run(*tasks))

    assert [issue.number for issue in world.issues] == list(range(1, 31))
    assert [pull.number for pull in world.pulls] == list(range(101, 131))
    assert world.missing == ()
    assert github.seen == ["POST /graphql"] * 2 + ["GET /repos/team/app/rules/branches/main?per_page=100&page=1"]


async def test_what_does_not_resolve_is_missing(github: OddGitHub) -> None:
    gone = {"type": "NOT_FOUND", "path": ["repository", "p7"], "message": "Could not resolve to a PullRequest"}
    data = {"repository": {"ref": a_ref_node(), "i41": an_issue_node(), "p7": None}}
    github.says(ok({"data": data, "errors": [gone]}), _rules())

    world = await github.forge().work_world(_run())

    assert world.missing == (7,)
    assert world.pulls == ()


async def test_a_base_that_is_gone_is_said(github: OddGitHub) -> None:
    github.says(ok({"data": {"repository": {"ref": None, "i41": None, "p7": None}}}))

    with pytest.raises(Permanent) as caught:
        await github.forge().work_world(_run())

    assert caught.value.failure.detail == "the branch main is gone"


async def test_the_latest_of_a_check_counts_and_each_has_its_key(github: OddGitHub) -> None:
    contexts = [
        a_check("test", "FAILURE", databaseId=1),
        a_check("test", None, databaseId=3, startedAt=None, status="QUEUED"),
        a_check("lint", "SKIPPED"),
        a_check("scan", "TIMED_OUT", checkSuite={"app": {"slug": "scanner"}, "workflowRun": None}),
        a_check("bare", "NEUTRAL", checkSuite=None),
        {"__typename": "StatusContext", "context": "ci/old", "state": "ERROR", "createdAt": WHEN, "isRequired": True},
    ]
    github.says(_work(i41=an_issue_node(), p7=a_pull_node(7, *contexts)), _rules())

    (pull,) = (await github.forge().work_world(_run())).pulls

    assert [(check.key, check.state) for check in pull.checks] == [
        ("bare", "passed"),
        ("ci/old", "failed"),
        ("github-actions/CI/lint", "passed"),
        ("github-actions/CI/test", "pending"),
        ("scanner/scan", "failed"),
    ]
    assert pull.checks[1] == Check(key="ci/old", state="failed", required=True)


async def test_more_than_a_hundred_checks_are_paged(github: OddGitHub) -> None:
    first, more = a_pull_node(7, a_check("a")), a_pull_node(7, a_check("b"))
    first["commits"]["nodes"][0]["commit"]["statusCheckRollup"]["contexts"]["pageInfo"] = {
        "hasNextPage": True,
        "endCursor": "c1",
    }
    github.says(
        _work(i41=an_issue_node(), p7=first),
        ok({"data": {"repository": {"pullRequest": {"commits": more["commits"]}}}}),
        _rules(),
    )

    (pull,) = (await github.forge().work_world(_run())).pulls

    assert [check.key for check in pull.checks] == ["github-actions/CI/a", "github-actions/CI/b"]
    assert github.bodies[1]["variables"] == {"owner": "team", "name": "app", "number": 7, "after": "c1"}


async def test_a_push_while_checks_are_paged_is_no_half_answer(github: OddGitHub) -> None:
    first, more = a_pull_node(7, a_check("a")), a_pull_node(7, a_check("b"))
    first["commits"]["nodes"][0]["commit"]["statusCheckRollup"]["contexts"]["pageInfo"]["hasNextPage"] = True
    more["commits"]["nodes"][0]["commit"]["oid"] = OTHER
    github.says(
        _work(i41=an_issue_node(), p7=first),
        ok({"data": {"repository": {"pullRequest": {"commits": more["commits"]}}}}),
    )

    with pytest.raises(Transient):
        await github.forge().work_world(_run())


async def test_checks_of_another_commit_than_the_head_do_not_count(github: OddGitHub) -> None:
    github.says(_work(i41=an_issue_node(), p7=a_pull_node(7, a_check(), headRefOid=OTHER)), _rules())

    (pull,) = (await github.forge().work_world(_run())).pulls

    assert pull.checks == ()


@pytest.mark.parametrize(
    ("parents", "expected"),
    [([HEAD, OURS], TestMerge(base=HEAD, head=OURS, tree=TREE)), ([OTHER, OURS], None), ([HEAD], None)],
)
async def test_a_test_merge_counts_for_this_base_and_head_only(
    github: OddGitHub, parents: list[str], expected: TestMerge | None
) -> None:
    merge = {"oid": OTHER, "tree": {"oid": TREE}, "parents": {"nodes": [{"oid": parent} for parent in parents]}}
    github.says(_work(i41=an_issue_node(), p7=a_pull_node(potentialMergeCommit=merge)), _rules())

    (pull,) = (await github.forge().work_world(_run())).pulls

    assert pull.test_merge == expected


async def test_a_pull_request_is_told_in_the_cores_words(github: OddGitHub) -> None:
    node = a_pull_node(
        state="MERGED", isDraft=True, mergeable="CONFLICTING", reviewDecision="REVIEW_REQUIRED", mergeCommit={"oid": OTHER}
    )
    github.says(_work(i41=an_issue_node(), p7=node), _rules())

    (pull,) = (await github.forge().work_world(_run())).pulls

    assert (pull.state, pull.draft, pull.mergeable, pull.review) == ("merged", True, "no", "required")
    assert (pull.branch, pull.head, pull.merge_sha, pull.author) == (BRANCH, OURS, OTHER, "ana")


async def test_rules_that_did_not_change_come_from_memory(github: OddGitHub) -> None:
    work = {"i41": an_issue_node(), "p7": a_pull_node()}
    github.says(
        _work(**work),
        _rules("lint", "build", strict=True, etag='W/"1"'),
        _work(**work),
        httpx2.Response(304, headers={"etag": 'W/"1"'}),
    )
    forge = github.forge()

    first, second = await forge.work_world(_run()), await forge.work_world(_run())

    assert github.requests[3].headers["if-none-match"] == 'W/"1"'
    for world in (first, second):
        assert (world.required_checks, world.strict) == (("build", "lint"), True)


@pytest.mark.parametrize("status", [403, 404])
async def test_a_server_without_rules_requires_nothing_by_them(github: OddGitHub, status: int) -> None:
    github.says(_work(i41=an_issue_node(), p7=a_pull_node()), no(status, "Not Found"))

    world = await github.forge().work_world(_run())

    assert (world.required_checks, world.strict) == ((), False)


async def test_a_limit_on_the_rules_is_no_absence_of_rules(github: OddGitHub) -> None:
    github.says(_work(i41=an_issue_node(), p7=a_pull_node()), no(403, "You have exceeded a secondary rate limit"))

    with pytest.raises(Transient):
        await github.forge().work_world(_run())


# --- people ----------------------------------------------------------------------------------------------------------


async def test_commands_are_found_and_bots_are_not_heard(github: OddGitHub) -> None:
    page = [
        a_comment("/valine retry"),
        a_comment("/valine status", user={"login": "x[bot]", "type": "Bot"}),
        a_comment("/valine status", user=None),
        a_comment("nice"),
        a_comment("/valine drop", id=9, updated_at="2026-11-02T12:30:00Z"),
    ]
    link = {"link": '<https://api.github.test/x?page=2>; rel="next"'}
    github.says(ok(page[:2], **link), ok(page[2:]))

    found = await github.forge().comments_since(NOON)

    assert [type(one.command).__name__ for one in found] == ["RetryRequested", "DropRequested"]
    assert found[1].reply_to.number == 41
    assert found[1].updated_at == NOON + timedelta(minutes=30)
    query = "since=2026-11-02T12%3A00%3A00Z&sort=updated&direction=asc&per_page=100"
    assert github.seen == [f"GET /repos/team/app/issues/comments?{query}&page={page}" for page in (1, 2)]


@pytest.mark.parametrize(
    ("permission", "may"),
    [("admin", True), ("maintain", True), ("write", True), ("read", False), ("none", False), ("Admin", False)],
)
async def test_who_may_write(github: OddGitHub, permission: str, may: bool) -> None:  # noqa: FBT001
    github.says(ok({"permission": permission}))

    assert await github.forge().may_write("ana") is may


async def test_somebody_unknown_may_not_write_and_odd_logins_are_quoted(github: OddGitHub) -> None:
    github.says(no(404, "Not Found"))

    assert not await github.forge().may_write("a/b?[bot]")

    assert github.seen == ["GET /repos/team/app/collaborators/a%2Fb%3F%5Bbot%5D/permission"]
