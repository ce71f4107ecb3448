"""A day on real git repositories, and the same day in memory: nobody can tell them apart by a sha."""

from __future__ import annotations

import subprocess
from pathlib import Path

from twins.github.github_tour import tour
from twins.github.github_world import GitHubWorld
from valine_twins.objects_git import GitObjects


def day(world: GitHubWorld) -> list[str]:
    world.act("create_issue", title="One", labels=["ready"])
    for branch, files in (
        ("one", {"README.md": "# One\n"}),
        ("two", {"src/two.py": "2\n"}),
        ("three", {"README.md": "3\n"}),
    ):
        world.pull(branch, files, body="Closes #1")
    heads = []
    for number, method in ((2, "merge"), (3, "squash")):
        assert world.api("PUT", f"/pulls/{number}/merge", {"merge_method": method}).status == 200
        heads.append(world.head())
    conflict = world.api("PUT", "/pulls/4/merge", {})
    assert (conflict.status, world.look(4, "mergeable")["mergeable"]) == (405, "CONFLICTING")
    world.act("resolve", branch="three", other="main", files={"README.md": "# Both\n"}, by="ana")
    assert world.api("PUT", "/pulls/4/merge", {}).status == 200
    return [*heads, world.head(), world.head("three")]


def test_the_same_day_has_the_same_shas_on_git_and_in_memory(tmp_path: Path) -> None:
    real = GitHubWorld(GitObjects(tmp_path)).start()

    assert day(real) == day(GitHubWorld().start())
    log = subprocess.run(
        ["git", "log", "--oneline", "main"], cwd=tmp_path / "acme/shop.git", check=True, capture_output=True, text=True
    )
    assert "Merge pull request #2" in log.stdout


def test_lines_far_apart_in_one_file_merge_as_git_merges_them(tmp_path: Path) -> None:
    world = GitHubWorld(GitObjects(tmp_path)).start(files={"long.txt": "".join(f"{n}\n" for n in range(20))})
    lines = [f"{n}\n" for n in range(20)]
    number = world.pull("top", {"long.txt": "".join(["zero\n", *lines[1:]])})
    world.act("push", branch="main", files={"long.txt": "".join([*lines[:-1], "end\n"])}, by="ana")

    assert world.look(number, "mergeable")["mergeable"] == "MERGEABLE"
    assert world.api("PUT", f"/pulls/{number}/merge", {}).status == 200


def test_a_local_repository_is_played_on_a_copy(tmp_path: Path) -> None:
    source = GitHubWorld(GitObjects(tmp_path / "one")).start()
    source.act("push", branch="main", files={"real.py": "1\n"}, by="ana")
    path = tmp_path / "one/acme/shop.git"

    world = GitHubWorld(GitObjects(tmp_path / "two"))
    made = world.act("create_repository", owner="acme", name="copy", from_path=str(path), members={"ana": "write"})
    world.act("push", branch="main", files={"real.py": "2\n"}, by="ana")

    assert made["head"] == source.head()
    assert source.objects.refs("acme/shop")["refs/heads/main"] == made["head"]


def test_the_whole_tour_leaves_a_view_that_tells_it() -> None:
    view = tour().twin.view()

    shop = view["repositories"]["acme/shop"]
    assert [one["state"] for one in shop["pull_requests"]] == ["merged", "open"]
    assert shop["tags"].keys() == {"v1", "v2"}
    assert view["requests"]["github"]["POST /repos/{owner}/{repo}/pulls"] == 3
