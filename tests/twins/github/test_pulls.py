"""Pull requests from opening to merging, with every refusal GitHub has for them."""

from __future__ import annotations

import pytest

from twins.github.github_world import GitHubWorld, Reply
from valine_twins.transport import ActError


def merge(world: GitHubWorld, number: int, **body: str) -> Reply:
    return world.api("PUT", f"/pulls/{number}/merge", body)


def said(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.message


def test_a_branch_without_commits_of_its_own_has_no_pull_request(world: GitHubWorld) -> None:
    world.api("POST", "/git/refs", {"ref": "refs/heads/empty", "sha": world.head()})

    reply = world.api("POST", "/pulls", {"title": "x", "head": "empty", "base": "main"})

    assert (reply.status, reply.json["errors"][0]["message"]) == (422, "No commits between main and empty")


def test_one_branch_has_one_open_pull_request_into_another(world: GitHubWorld) -> None:
    world.pull("work")

    reply = world.api("POST", "/pulls", {"title": "x", "head": "work", "base": "main"})

    assert reply.json["errors"][0]["message"] == "A pull request already exists for acme:work."
    found = world.api("GET", "/pulls", head="acme:work", state="all").json
    assert [one["number"] for one in found] == [1]
    assert world.api("GET", "/pulls", head="acme:other", state="all").json == []


def test_drafts_can_be_unsupported(world: GitHubWorld) -> None:
    world.act("set_options", drafts=False)
    world.branch_with_work("work")

    reply = world.api("POST", "/pulls", {"title": "x", "head": "work", "base": "main", "draft": True})

    assert said(reply) == (422, "Draft pull requests are not supported in this repository.")
    assert world.api("POST", "/pulls", {"title": "x", "head": "work", "base": "main"}).status == 201


def test_a_young_branch_can_still_seem_to_have_no_commits() -> None:
    world = GitHubWorld(no_commits_seconds=2).start()
    world.branch_with_work("work")
    body = {"title": "x", "head": "work", "base": "main"}

    early = world.api("POST", "/pulls", body)
    world.later(3)

    assert early.json["errors"][0]["message"] == "No commits between main and work"
    assert world.api("POST", "/pulls", body).status == 201


def test_a_merge_makes_a_commit_closes_the_pull_request_and_its_issue(world: GitHubWorld) -> None:
    world.act("create_issue", title="Broken")
    number = world.pull("work", body="Fixes #1")
    before = world.head()

    reply = merge(world, number, sha=world.head("work"))

    assert (reply.status, reply.json["merged"]) == (200, True)
    commit = world.api("GET", f"/git/commits/{world.head()}").json
    assert [one["sha"] for one in commit["parents"]] == [before, world.head("work")]
    assert commit["message"] == "Merge pull request #2 from acme/work\n\nAbout work"
    assert world.api("GET", "/pulls/2").json["merged"] is True
    assert world.api("GET", "/issues/1").json["state"] == "closed"
    assert world.api("GET", "/pulls/2/merge").status == 204


def test_a_squash_is_one_commit_with_the_words_that_were_given(world: GitHubWorld) -> None:
    number = world.pull("work")
    world.act("push", branch="work", files={"more": "1"}, by="ana", message="More")
    before = world.head()

    merge(world, number, merge_method="squash", commit_title="Title (#1)", commit_message="Because.")

    commit = world.api("GET", f"/git/commits/{world.head()}").json
    assert ([one["sha"] for one in commit["parents"]], commit["message"]) == ([before], "Title (#1)\n\nBecause.")


def test_a_rebase_moves_every_commit_onto_the_base(world: GitHubWorld) -> None:
    number = world.pull("work", {"a": "1"})
    world.act("push", branch="work", files={"b": "1"}, by="ana", message="Second")
    world.act("push", branch="main", files={"c": "1"}, by="ana", message="Meanwhile")

    merge(world, number, merge_method="rebase")

    log = [one["message"] for one in world.shop()["branches"]["main"]["log"]]
    assert log[:3] == ["Second", "Work", "Meanwhile"]


def test_every_refusal_to_merge_has_githubs_words(world: GitHubWorld) -> None:
    number = world.pull("work", {"README.md": "mine\n"}, draft=True)

    assert said(merge(world, number)) == (405, "Pull Request is still a draft")
    world.act("ready_for_review", number=number)
    assert said(merge(world, number, sha="0" * 40)) == (
        409,
        "Head branch was modified. Review and try the merge again.",
    )
    world.act("set_options", merge_methods=["merge"])
    assert said(merge(world, number, merge_method="squash")) == (
        405,
        "Squash merges are not allowed on this repository.",
    )
    world.act("push", branch="main", files={"README.md": "theirs\n"}, by="ana")
    assert said(merge(world, number)) == (405, "Pull Request is not mergeable")
    world.act("resolve", branch="work", other="main", files={"README.md": "both\n"}, by="ana")
    assert merge(world, number).status == 200
    assert said(merge(world, number)) == (405, "Pull Request is not mergeable")
    assert merge(world, 99).status == 404


def test_rules_are_named_when_they_forbid_a_merge(world: GitHubWorld) -> None:
    world.act("set_rules", required_checks=["ci", "lint"], required_reviews=1)
    number = world.pull("work")

    nothing = merge(world, number)
    world.act("set_check", name="ci", number=number, conclusion="success")
    world.act("set_check", name="lint", number=number, conclusion="failure")
    world.act("review", number=number, by="acme")
    failing = merge(world, number)
    world.act("set_check", name="lint", number=number, conclusion="success")

    assert nothing.status == failing.status == 405
    assert nothing.message == (
        "Repository rule violations found\n\n"
        "At least 1 approving review is required by reviewers with write access.\n\n"
        "2 of 2 required status checks are expected.\n\n"
    )
    assert failing.message == 'Repository rule violations found\n\nRequired status check "lint" is failing.\n\n'
    assert merge(world, number).status == 200


def test_a_queue_or_a_strict_rule_forbids_a_direct_merge(world: GitHubWorld) -> None:
    number = world.pull("work")
    world.act("push", branch="main", files={"z": "1"}, by="ana")
    world.act("set_rules", strict=True)

    behind = world.look(number, "mergeStateStatus")["mergeStateStatus"]
    refused = merge(world, number)
    world.act("set_rules", merge_queue=True)

    assert behind == "BEHIND"
    assert "up to date" in refused.message
    assert "merge queue" in merge(world, number).message


def test_an_updated_branch_is_a_merge_of_the_approved_head_and_the_base(world: GitHubWorld) -> None:
    number = world.pull("work")
    world.act("push", branch="main", files={"z": "1"}, by="ana")
    head = world.head("work")
    promised = world.look(number, "potentialMergeCommit { tree { oid } }")["potentialMergeCommit"]["tree"]["oid"]

    moved = world.api("PUT", f"/pulls/{number}/update-branch", {"expected_head_sha": "0" * 40})
    done = world.api("PUT", f"/pulls/{number}/update-branch", {"expected_head_sha": head})
    again = world.api("PUT", f"/pulls/{number}/update-branch", {})

    assert said(moved) == (422, "expected head sha didn\u2019t match current head ref.")
    assert said(done) == (202, "Updating pull request branch.")
    assert said(again) == (422, "There are no new commits on the base branch.")
    commit = world.api("GET", f"/git/commits/{world.head('work')}").json
    assert [one["sha"] for one in commit["parents"]] == [head, world.head()]
    assert commit["tree"]["sha"] == promised


def test_mergeability_is_unknown_for_some_looks_after_something_moved() -> None:
    world = GitHubWorld(mergeable_unknown_looks=2).start()
    number = world.pull("work")
    looks = [world.api("GET", f"/pulls/{number}").json["mergeable"] for _ in range(3)]

    world.act("push", branch="main", files={"z": "1"}, by="ana")
    early = merge(world, number)
    seen = [world.look(number, "mergeable mergeStateStatus") for _ in range(2)]

    assert looks == [None, None, True]
    assert said(early) == (405, "Base branch was modified. Review and try the merge again.")
    assert [one["mergeable"] for one in seen] == ["UNKNOWN", "MERGEABLE"]
    assert [one["mergeStateStatus"] for one in seen] == ["UNKNOWN", "CLEAN"]


def test_pushing_dismisses_stale_approvals_where_the_rule_says_so(world: GitHubWorld) -> None:
    world.act("set_rules", required_reviews=1, dismiss_stale=True)
    number = world.pull("work")
    world.act("review", number=number, by="acme")
    approved = world.look(number, "reviewDecision")["reviewDecision"]

    world.act("push", branch="work", files={"more": "1"}, by="ana")

    assert (approved, world.look(number, "reviewDecision")["reviewDecision"]) == ("APPROVED", "REVIEW_REQUIRED")


def test_the_last_word_of_each_reviewer_counts_and_only_writers_words(world: GitHubWorld) -> None:
    world.act("set_rules", required_reviews=1)
    number = world.pull("work")

    def decision() -> str:
        return str(world.look(number, "reviewDecision")["reviewDecision"])

    world.act("review", number=number, by="bo")
    by_reader = decision()
    world.act("review", number=number, by="acme", verdict="request_changes")
    against = decision()
    world.act("review", number=number, by="acme")

    assert (by_reader, against, decision()) == ("REVIEW_REQUIRED", "CHANGES_REQUESTED", "APPROVED")
    world.act("dismiss_review", number=number, reviewer="acme")
    assert decision() == "REVIEW_REQUIRED"
    with pytest.raises(ActError, match="Can not approve your own pull request"):
        world.act("review", number=number, by="ana")


def test_a_pull_request_whose_commits_arrive_by_hand_is_merged(world: GitHubWorld) -> None:
    number = world.pull("work")

    world.act("merge_branch", branch="main", other="work", by="ana")

    assert world.api("GET", f"/pulls/{number}").json["merged"] is True


def test_a_pull_request_stacked_on_a_merged_and_deleted_branch_is_retargeted(world: GitHubWorld) -> None:
    below = world.pull("below")
    world.act("push", branch="above", files={"x": "1"}, by="ana", from_="below")
    above = world.act("open_pull_request", head="above", base="below", title="Above", by="ana")["number"]
    world.act("merge", number=below)

    world.act("delete_branch", branch="below")

    got = world.api("GET", f"/pulls/{above}").json
    assert (got["state"], got["base"]["ref"]) == ("open", "main")


def test_a_pull_request_can_be_closed_reopened_and_retargeted(world: GitHubWorld) -> None:
    number = world.pull("work")
    world.branch_with_work("other")

    world.act("close_pull_request", number=number)
    world.act("push", branch="work", files={"late": "1"}, by="ana")
    world.act("reopen_pull_request", number=number)
    world.act("retarget", number=number, base="other")

    got = world.api("GET", f"/pulls/{number}").json
    assert (got["state"], got["base"]["ref"], got["head"]["sha"]) == ("open", "other", world.head("work"))


def test_a_foreign_pull_request_comes_from_a_fork(world: GitHubWorld) -> None:
    world.act("set_options", private=False)
    world.act("push", branch="main", files={"x": "1"}, fork="stranger")

    number = world.act("open_pull_request", head="stranger:main", title="Hello", by="stranger")["number"]

    got = world.look(number, "isCrossRepository headRefName author { login }")
    assert got == {"isCrossRepository": True, "headRefName": "main", "author": {"login": "stranger"}}
    assert world.api("GET", f"/pulls/{number}").json["head"]["repo"] is None


def test_issues_can_close_late_or_not_at_all() -> None:
    for late, states in ((5.0, ["open", "closed"]), (None, ["open", "open"])):
        world = GitHubWorld(close_on_merge=late).start()
        world.act("create_issue", title="Broken")
        world.act("merge", number=world.pull("work", body="closes acme/shop#1"))
        before = world.api("GET", "/issues/1").json["state"]
        world.later(6)

        assert [before, world.api("GET", "/issues/1").json["state"]] == states


@pytest.mark.parametrize(
    ("body", "closes"),
    [
        ("Fixes #1", True),
        ("resolved: acme/shop#1", True),
        ("CLOSES https://github.test/acme/shop/issues/1", True),
        ("See #1", False),
        ("`fixes #1`", False),
        ("fixes #12", False),
        ("fixes other/place#1", False),
        ("prefixes #1", False),
    ],
)
def test_closing_keywords_are_read_as_github_reads_them(world: GitHubWorld, body: str, *, closes: bool) -> None:
    world.act("create_issue", title="One")

    number = world.pull("work", body=body)

    found = world.look(number, "closingIssuesReferences(first: 5) { nodes { number } }")
    assert bool(found["closingIssuesReferences"]["nodes"]) is closes
