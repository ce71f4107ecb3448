"""Commits, refs, branches and comparisons."""

from __future__ import annotations

from typing import Any

from twins.github.github_world import GitHubWorld


def commit(world: GitHubWorld, **more: Any) -> Any:
    base = world.api("GET", "/branches/main").json["commit"]
    body = {
        "message": "Start",
        "tree": base["commit"]["tree"]["sha"],
        "parents": [base["sha"]],
        "author": {"name": "Valine", "email": "v@example.test", "date": "2026-03-02T09:00:00Z"},
        **more,
    }
    return world.api("POST", "/git/commits", body)


def test_the_same_commit_posted_twice_is_one(world: GitHubWorld) -> None:
    first = commit(world)
    world.later(60)
    second = commit(world)

    assert (first.status, second.status) == (201, 201)
    assert first.json["sha"] == second.json["sha"]
    got = world.api("GET", f"/git/commits/{first.json['sha']}").json
    assert (got["message"], got["verification"]["verified"]) == ("Start", False)


def test_a_commit_of_what_is_not_there_is_refused(world: GitHubWorld) -> None:
    assert commit(world, tree="0" * 40).message == "Tree SHA does not exist"
    assert commit(world, parents=["1" * 40]).status == 422
    assert commit(world, author={"name": "Valine", "email": "v@x", "date": "yesterday"}).status == 422


def test_a_ref_is_made_once(world: GitHubWorld) -> None:
    sha = commit(world).json["sha"]

    made = world.api("POST", "/git/refs", {"ref": "refs/heads/valine/r1/1-x", "sha": sha})
    again = world.api("POST", "/git/refs", {"ref": "refs/heads/valine/r1/1-x", "sha": sha})
    below = world.api("POST", "/git/refs", {"ref": "refs/heads/valine/r1", "sha": sha})
    odd = world.api("POST", "/git/refs", {"ref": "heads/x", "sha": sha})
    nothing = world.api("POST", "/git/refs", {"ref": "refs/heads/y", "sha": "0" * 40})

    assert (made.status, made.json["object"]["sha"]) == (201, sha)
    assert (again.status, again.message) == (422, "Reference already exists")
    assert below.status == odd.status == nothing.status == 422


def test_a_ref_moves_forwards_unless_forced(world: GitHubWorld) -> None:
    old = world.head()
    world.branch_with_work("side")

    backwards = world.api("PATCH", "/git/refs/heads/side", {"sha": old})
    forced = world.api("PATCH", "/git/refs/heads/side", {"sha": old, "force": True})
    missing = world.api("PATCH", "/git/refs/heads/none", {"sha": old})

    assert (backwards.status, backwards.message) == (422, "Update is not a fast forward")
    assert (forced.status, forced.json["object"]["sha"]) == (200, old)
    assert (missing.status, missing.message) == (422, "Reference does not exist")


def test_deleting_a_branch_twice_says_so_and_closes_its_pull_request(world: GitHubWorld) -> None:
    number = world.pull("side")

    gone = world.api("DELETE", "/git/refs/heads/side")
    again = world.api("DELETE", "/git/refs/heads/side")

    assert gone.status == 204
    assert (again.status, again.message) == (422, "Reference does not exist")
    assert world.api("GET", "/git/ref/heads/side").status == 404
    assert world.api("GET", f"/pulls/{number}").json["state"] == "closed"
    assert world.api("PATCH", f"/pulls/{number}", {"state": "open"}).status == 422


def test_a_comparison_tells_where_two_branches_stand(world: GitHubWorld) -> None:
    root = world.head()
    tip = world.branch_with_work("side", {"README.md": "# Shop\nMore\n", "new.txt": "1\n"})

    ahead = world.api("GET", "/compare/main...side").json
    identical = world.api("GET", "/compare/main...acme:main").json
    behind = world.api("GET", "/compare/side...main").json
    world.act("push", branch="main", files={"z": "1"}, by="ana")
    diverged = world.api("GET", f"/compare/main...{tip}").json

    assert [one["status"] for one in (ahead, identical, behind, diverged)] == [
        "ahead",
        "identical",
        "behind",
        "diverged",
    ]
    assert (ahead["ahead_by"], ahead["behind_by"], ahead["merge_base_commit"]["sha"]) == (1, 0, root)
    assert [(one["filename"], one["status"], one["additions"]) for one in ahead["files"]] == [
        ("README.md", "modified", 1),
        ("new.txt", "added", 1),
    ]
    assert (diverged["ahead_by"], diverged["behind_by"]) == (1, 1)
    assert world.api("GET", "/compare/main...nowhere").status == 404


def test_the_rules_of_a_branch_are_told_as_rulesets(world: GitHubWorld) -> None:
    world.act("set_rules", required_checks=["ci", "lint"], strict=True, required_reviews=2)

    rules = {one["type"]: one["parameters"] for one in world.api("GET", "/rules/branches/main").json}

    checks = rules["required_status_checks"]
    assert checks["strict_required_status_checks_policy"] is True
    assert [one["context"] for one in checks["required_status_checks"]] == ["ci", "lint"]
    assert rules["pull_request"]["required_approving_review_count"] == 2
    assert world.api("GET", "/rules/branches/other").json == []


def test_notes_list_the_pull_requests_merged_since_the_last_release(world: GitHubWorld) -> None:
    world.act("merge", number=world.pull("one"))
    world.api("POST", "/releases", {"tag_name": "v1", "generate_release_notes": True})
    world.act("merge", number=world.pull("two"))

    notes = world.api("POST", "/releases/generate-notes", {"tag_name": "v2"}).json["body"]

    assert "About two by @ana" in notes
    assert "About one" not in notes
    assert "compare/v1...v2" in notes
    assert "About one" in world.api("GET", "/releases/tags/v1").json["body"]
    again = world.api("POST", "/releases", {"tag_name": "v1"})
    assert (again.status, again.json["errors"][0]["code"]) == (422, "already_exists")
