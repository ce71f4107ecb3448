"""GraphQL: what a plan and a tracking look read, what they cost, and errors that come inside a 200."""

from __future__ import annotations

from typing import Any

from twins.github.github_tour import PLAN, TRACK
from twins.github.github_world import GitHubWorld

SHOP = 'repository(owner:"acme",name:"shop")'


def plan(world: GitHubWorld, after: str | None = None, **more: str) -> Any:
    return world.query(PLAN, **{"owner": "acme", "name": "shop", "label": "ready", "after": after, **more})


def test_a_plan_reads_a_hundred_issues_with_all_that_matters_in_one_request(world: GitHubWorld) -> None:
    world.act("push", branch="main", files={".github/valine.toml": "[plan]\n"}, by="ana")
    world.act("create_issue", title="First", labels=["ready", "p1"], assignees=["ana"], milestone="May")
    world.act("create_issue", title="Second", labels=["ready"], blocked_by=[1])
    world.act("create_issue", title="Not ready")
    number = world.pull("work", body="Closes #1")
    world.act("add_label", number=number, label="ready")

    got = plan(world)["data"]["repository"]

    assert got["policy"]["text"] == "[plan]\n"
    assert got["defaultBranchRef"]["target"]["oid"] == world.head()
    first, second = got["issues"]["nodes"]
    assert (first["number"], first["milestone"]["title"], first["assignees"]["nodes"]) == (1, "May", [{"login": "ana"}])
    assert [one["number"] for one in first["closedByPullRequestsReferences"]["nodes"]] == [number]
    assert second["blockedBy"]["nodes"] == [
        {"number": 1, "state": "OPEN", "repository": {"nameWithOwner": "acme/shop"}}
    ]


def test_more_than_a_hundred_issues_come_in_pages(world: GitHubWorld) -> None:
    for number in range(1, 251):
        world.act("create_issue", title=str(number), labels=["ready"])

    seen, after, requests = [], None, 0
    while True:
        page = plan(world, after)["data"]["repository"]["issues"]
        requests += 1
        seen += [one["number"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert (seen, requests, page["totalCount"]) == (list(range(1, 251)), 3, 250)


def test_what_cannot_be_resolved_is_an_error_beside_the_rest(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")
    number = world.pull("work")

    fields = f"a: issue(number:1){{title}} b: issue(number:{number}){{title}} c: pullRequest(number:9){{title}}"
    got = world.query(f"{{ {SHOP} {{ {fields} }} }}")

    assert got["data"]["repository"] == {"a": {"title": "One"}, "b": None, "c": None}
    assert [(one["type"], one["path"], one["message"]) for one in got["errors"]] == [
        ("NOT_FOUND", ["repository", "b"], "Could not resolve to an Issue with the number of 2."),
        ("NOT_FOUND", ["repository", "c"], "Could not resolve to a PullRequest with the number of 9."),
    ]
    missing = plan(world, name="nowhere")
    assert missing["data"]["repository"] is None
    assert missing["errors"][0]["message"] == "Could not resolve to a Repository with the name 'acme/nowhere'."


def test_a_tracking_refresh_tells_the_checks_of_the_head(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")
    world.act("create_issue", title="Two")
    world.act("set_rules", required_checks=["ci"])
    world.pull("work", body="Closes #1")
    world.act("set_check", name="ci", number=3, conclusion="failure", workflow="CI")
    world.act("set_check", name="ci", number=3, conclusion="success", workflow="CI")
    world.act("set_check", name="lint", number=3, status="in_progress", app="linter")
    world.act("set_status", number=3, context="deploy", state="success")

    pull = world.query(TRACK, owner="acme", name="shop")["data"]["repository"]["p3"]

    rollup = pull["commits"]["nodes"][0]["commit"]["statusCheckRollup"]
    told = [
        (
            one.get("name") or one["context"],
            one.get("conclusion") or one.get("status") or one["state"],
            one["isRequired"],
        )
        for one in rollup["contexts"]["nodes"]
    ]
    assert told == [("ci", "SUCCESS", True), ("lint", "IN_PROGRESS", False), ("deploy", "SUCCESS", False)]
    assert rollup["contexts"]["nodes"][0]["checkSuite"] == {
        "app": {"slug": "github-actions", "databaseId": 15368},
        "workflowRun": {"workflow": {"name": "CI"}},
    }
    assert (rollup["state"], pull["mergeStateStatus"], pull["mergeable"]) == ("PENDING", "UNSTABLE", "MERGEABLE")
    assert pull["closingIssuesReferences"]["nodes"] == [{"number": 1}]


def test_a_rerun_replaces_the_earlier_run_and_may_make_it_vanish(world: GitHubWorld) -> None:
    number = world.pull("work")
    world.act("set_check", name="ci", number=number, conclusion="failure")
    fields = "commits(last:1){nodes{commit{statusCheckRollup{contexts(first:9){nodes{... on CheckRun{name status}}}}}}}"

    def checks() -> Any:
        rollup = world.look(number, fields)["commits"]["nodes"][0]["commit"]["statusCheckRollup"]
        return rollup and rollup["contexts"]["nodes"]

    world.act("rerun_check", name="ci", number=number)
    queued = checks()
    world.act("rerun_check", name="ci", number=number, vanish=True)
    vanished = checks()
    world.act("set_check", name="ci", number=number, conclusion="success")

    assert queued == [{"name": "ci", "status": "QUEUED"}]
    assert vanished is None
    assert checks() == [{"name": "ci", "status": "COMPLETED"}]


def test_merge_states_are_told_in_githubs_order(world: GitHubWorld) -> None:
    number = world.pull("work", {"README.md": "mine\n"}, draft=True)

    def state() -> str:
        return str(world.look(number, "mergeStateStatus")["mergeStateStatus"])

    seen = [state()]
    world.act("ready_for_review", number=number)
    seen.append(state())
    world.act("set_check", name="extra", number=number, conclusion="failure")
    seen.append(state())
    world.act("set_rules", required_checks=["ci"])
    seen.append(state())
    world.act("push", branch="main", files={"README.md": "theirs\n"}, by="ana")
    seen.append(state())
    world.act("close_pull_request", number=number)
    seen.append(state())

    assert seen == ["DRAFT", "CLEAN", "UNSTABLE", "BLOCKED", "DIRTY", "UNKNOWN"]


def test_a_draft_is_marked_ready_and_back_by_mutation(world: GitHubWorld) -> None:
    number = world.pull("work", draft=True)
    mutation = "mutation($id:ID!){{{}(input:{{pullRequestId:$id}}){{pullRequest{{isDraft}}}}}}"
    node = world.look(number, "id")["id"]

    ready = world.query(mutation.format("markPullRequestReadyForReview"), id=node)
    back = world.query(mutation.format("convertPullRequestToDraft"), id=node)
    wrong = world.query(mutation.format("convertPullRequestToDraft"), id="PR_nothing")

    assert ready["data"]["markPullRequestReadyForReview"]["pullRequest"] == {"isDraft": False}
    assert back["data"]["convertPullRequestToDraft"]["pullRequest"] == {"isDraft": True}
    assert wrong["errors"][0]["type"] == "NOT_FOUND"
    assert world.heard() == []
    assert node == world.api("GET", f"/pulls/{number}").json["node_id"]


def test_a_list_without_bounds_or_with_too_wide_ones_is_refused(world: GitHubWorld) -> None:
    unbound = world.query(f"{{ {SHOP} {{ issues {{ totalCount }} }} }}")
    wide = world.query(f"{{ {SHOP} {{ issues(first:101) {{ totalCount }} }} }}")

    assert [one["errors"][0]["type"] for one in (unbound, wide)] == [
        "MISSING_PAGINATION_BOUNDARIES",
        "EXCESSIVE_PAGINATION",
    ]


def test_a_wrong_query_is_an_error_inside_a_200(world: GitHubWorld) -> None:
    reply = world.request("POST", "/graphql", {"query": "{ nothing }"})
    broken = world.request("POST", "/graphql", {"query": "{"})

    assert (reply.status, broken.status) == (200, 200)
    assert "Cannot query field 'nothing'" in reply.json["errors"][0]["message"]
    assert world.request("POST", "/graphql", {}).status == 400


def test_the_price_is_a_hundredth_of_the_lists(world: GitHubWorld) -> None:
    first = plan(world)["data"]["rateLimit"]
    second = world.query("{ rateLimit { cost remaining } }")["data"]["rateLimit"]

    assert (first["cost"], first["remaining"]) == (4, 4996)
    assert second == {"cost": 1, "remaining": 4995}


def test_who_asks_must_be_known_and_allowed(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")
    nobody = world.request("POST", "/graphql", {"query": "{viewer{login}}"}, headers={"authorization": ""})
    wrong = world.request("POST", "/graphql", {"query": "{viewer{login}}"}, headers={"authorization": "Bearer x"})
    world.token = world.act("issue_token", login="valine-bot", permissions={"metadata": "read"})["token"]
    poor = world.query(f"{{ viewer{{login}} {SHOP} {{ issue(number:1){{title}} }} }}")

    assert (nobody.status, wrong.status, wrong.message) == (401, 401, "Bad credentials")
    assert poor["data"] == {"viewer": {"login": "valine-bot"}, "repository": {"issue": None}}
    assert poor["errors"][0]["type"] == "FORBIDDEN"
