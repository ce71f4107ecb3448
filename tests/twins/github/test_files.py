"""Files, trees and histories through the API: what is refused, and the shapes that only few callers ask for."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from twins.github.github_world import GitHubWorld

MISSING = "1" * 40


@pytest.fixture
def world() -> GitHubWorld:
    return GitHubWorld().start()


def text(body: str | bytes) -> str:
    return base64.b64encode(body if isinstance(body, bytes) else body.encode()).decode()


def put(world: GitHubWorld, path: str, **fields: Any) -> Any:
    return world.api("PUT", f"/contents/{path}", {"message": "Write", "content": text("x"), **fields})


def test_the_root_is_listed_and_a_file_is_raw_where_that_is_asked_for(world: GitHubWorld) -> None:
    for root in ("/contents/", "/contents"):
        assert [one["name"] for one in world.api("GET", root).json] == ["README.md", "src"]

    raw = world.api("GET", "/contents/src/cart.py", headers={"accept": "application/vnd.github.raw+json"})

    assert raw.raw.body == b"total = 0\n"
    assert raw.headers["content-type"].startswith("application/vnd.github.raw")


def test_a_file_is_read_at_any_ref(world: GitHubWorld) -> None:
    world.branch_with_work("work")

    assert world.api("GET", "/contents/work.txt", ref="work").status == 200
    assert world.api("GET", "/contents/work.txt").status == 404
    assert world.api("GET", "/contents/work.txt", ref="nowhere").status == 404


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("src/cart.py", {}, 422),
        ("src/cart.py", {"sha": MISSING}, 409),
        ("new.txt", {"sha": MISSING}, 409),
        ("new.txt", {"branch": "nowhere"}, 404),
        ("new.txt", {"content": "%%%"}, 422),
        ("new.txt", {"content": 7}, 422),
        ("a/../b", {}, 422),
        ("", {}, 422),
        ("new.txt", {"author": {"name": "ana"}}, 422),
    ],
)
def test_a_file_is_not_written_over_what_the_caller_does_not_know(
    world: GitHubWorld, path: str, fields: dict[str, Any], status: int
) -> None:
    before = world.head()

    assert put(world, path, **fields).status == status
    assert world.head() == before


def test_a_file_is_not_deleted_blindly_nor_twice(world: GitHubWorld) -> None:
    sha = world.api("GET", "/contents/src/cart.py").json["sha"]
    body = {"message": "Go", "sha": sha}

    blind = world.api("DELETE", "/contents/src/cart.py", {"message": "Go"})
    gone = world.api("DELETE", "/contents/src/cart.py", body)
    twice = world.api("DELETE", "/contents/src/cart.py", body)

    assert (blind.status, gone.status, twice.status) == (422, 200, 409)
    assert [one["name"] for one in world.api("GET", "/contents/").json] == ["README.md"]


def test_rules_hold_for_files_and_for_merges(world: GitHubWorld) -> None:
    world.branch_with_work("work")
    world.act("set_rules", required_reviews=1)

    for answer in (put(world, "new.txt"), world.api("POST", "/merges", {"base": "main", "head": "work"})):
        assert answer.status == 409
        assert "Changes must be made through a pull request." in answer.message


def test_a_commit_of_a_file_has_the_author_it_is_given(world: GitHubWorld) -> None:
    who = {"name": "Ana", "email": "ana@example.test", "date": "2026-03-01T08:00:00Z"}

    made = put(world, "new.txt", author=who).json["commit"]

    assert made["author"] == who
    assert made["committer"] == who
    assert world.heard() == []


def test_trees_are_made_of_texts_blobs_and_trees(world: GitHubWorld) -> None:
    blob = world.api("POST", "/git/blobs", {"content": "plain"}).json["sha"]
    src = next(one["sha"] for one in world.api("GET", "/git/trees/main").json["tree"] if one["path"] == "src")
    rows = [
        {"path": "plain.txt", "sha": blob},
        {"path": "copy", "type": "tree", "mode": "040000", "sha": src},
        {"path": "src", "sha": None},
    ]

    made = world.api("POST", "/git/trees", {"base_tree": "main", "tree": rows}).json["sha"]

    listed = world.api("GET", f"/git/trees/{made}", recursive="1").json["tree"]
    assert [one["path"] for one in listed] == ["README.md", "copy", "copy/cart.py", "plain.txt"]


@pytest.mark.parametrize(
    "row",
    [
        {"path": "a", "sha": MISSING},
        {"path": "a", "type": "tree", "sha": MISSING},
        {"path": "a"},
        {"path": "a", "sha": 7},
        {"path": "", "content": "x"},
        {"path": "/a", "content": "x"},
        {"path": "a/../b", "content": "x"},
        {"content": "x"},
        "a",
    ],
)
def test_a_tree_of_nonsense_is_refused(world: GitHubWorld, row: Any) -> None:
    assert world.api("POST", "/git/trees", {"tree": [row]}).status == 422


def test_what_is_no_blob_and_no_tree_is_refused(world: GitHubWorld) -> None:
    assert world.api("POST", "/git/blobs", {"content": "x", "encoding": "rot13"}).status == 422
    assert world.api("GET", f"/git/blobs/{MISSING}").status == 404
    assert world.api("GET", f"/git/trees/{MISSING}").status == 404
    assert world.api("POST", "/git/trees", {"tree": "x"}).status == 422


def test_a_history_is_narrowed_by_path_author_and_time(world: GitHubWorld) -> None:
    world.later(3600)
    world.act("push", branch="main", files={"src/cart.py": "total = 1\n"}, message="Count", by="ana")
    noon = world.now.isoformat().replace("+00:00", "Z")

    def messages(**query: str) -> list[str]:
        return [one["commit"]["message"] for one in world.api("GET", "/commits", **query).json]

    assert messages() == ["Count", "Initial commit"]
    assert messages(path="src") == ["Count", "Initial commit"]
    assert messages(path="README.md") == ["Initial commit"]
    assert messages(author="ANA") == messages(since=noon) == ["Count"]
    assert messages(until="2026-03-02T09:30:00") == ["Initial commit"]
    assert world.api("GET", "/commits", since="soon").status == 422
    assert world.api("GET", "/commits", sha="nowhere").status == 404
    assert world.api("GET", "/commits/nowhere").status == 422


def test_branches_are_listed_by_whether_rules_hold_for_them(world: GitHubWorld) -> None:
    world.branch_with_work("work")
    world.act("set_rules", required_reviews=1)

    assert [one["name"] for one in world.api("GET", "/branches", protected="true").json] == ["main"]
    assert [one["name"] for one in world.api("GET", "/branches", protected="false").json] == ["work"]


def test_branches_that_do_not_fit_are_not_merged(world: GitHubWorld) -> None:
    for branch, total in (("one", "1"), ("two", "2")):
        world.branch_with_work(branch, {"src/cart.py": f"total = {total}\n"})

    statuses = [
        world.api("POST", "/merges", {"base": base, "head": head}).status
        for base, head in (("one", "main"), ("main", "one"), ("main", "two"), ("nowhere", "one"), ("main", "nowhere"))
    ]

    assert statuses == [204, 201, 409, 404, 404]


def test_a_head_request_has_the_headers_and_no_body(world: GitHubWorld) -> None:
    answer = world.api("HEAD", "")

    assert (answer.status, answer.raw.body) == (200, b"")
    assert answer.headers["etag"] == world.api("GET", "").headers["etag"]
