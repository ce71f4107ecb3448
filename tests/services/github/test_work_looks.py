"""What a refresh of the work under way brings back: tasks, checks, rules; half an answer is none."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from builders import HEAD, TREE, a_base, a_plan, a_run, a_task
from services.github.forge_world import OddGitHub, no, ok
from services.github.things import (
    BRANCH,
    OTHER,
    OURS,
    WHEN,
    a_check,
    a_pull_node,
    a_ref_node,
    an_issue_node,
)
from valine.errors import Permanent, Transient
from valine.orchestrator.model.run import Check, Run, TestMerge
from valine.orchestrator.model.states import Sha


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
        _work(
            **{f"i{n}": an_issue_node(n) for n in range(1, 26)},
            **{f"p{n + 100}": a_pull_node(n + 100) for n in range(1, 26)},
        ),
        _work(
            **{f"i{n}": an_issue_node(n) for n in range(26, 31)},
            **{f"p{n + 100}": a_pull_node(n + 100) for n in range(26, 31)},
        ),
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
    assert [check.name for check in pull.checks] == ["bare", "ci/old", "lint", "test", "scan"]
    assert pull.checks[1] == Check(key="ci/old", name="ci/old", state="failed", required=True)


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
    [([HEAD, OURS], TestMerge(base=HEAD, head=Sha(OURS), tree=TREE)), ([OTHER, OURS], None), ([HEAD], None)],
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
        state="MERGED",
        isDraft=True,
        mergeable="CONFLICTING",
        reviewDecision="REVIEW_REQUIRED",
        mergeCommit={"oid": OTHER},
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
        assert world.required_checks == ("build", "lint")


@pytest.mark.parametrize("status", [403, 404])
async def test_a_server_without_rules_requires_nothing_by_them(github: OddGitHub, status: int) -> None:
    github.says(_work(i41=an_issue_node(), p7=a_pull_node()), no(status, "Not Found"))

    world = await github.forge().work_world(_run())

    assert world.required_checks == ()


async def test_a_limit_on_the_rules_is_no_absence_of_rules(github: OddGitHub) -> None:
    github.says(_work(i41=an_issue_node(), p7=a_pull_node()), no(403, "You have exceeded a secondary rate limit"))

    with pytest.raises(Transient):
        await github.forge().work_world(_run())
