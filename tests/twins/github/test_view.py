"""What somebody who watches sees: conflicts by path, commits with their time, the faults that are on; and waiting."""

from __future__ import annotations

from datetime import timedelta

from twins.github.github_world import START, GitHubWorld


def test_a_pull_request_in_conflict_names_the_files(world: GitHubWorld) -> None:
    world.act("push", branch="work", files={"README.md": "# Mine\n"}, by="ana")
    pull = world.act("open_pull_request", head="work", title="Mine", by="ana")["number"]
    world.now += timedelta(minutes=1)  # until mergeability is computed
    before = world.shop()["pull_requests"][0]["conflicts"]

    world.act("push", branch="main", files={"README.md": "# Theirs\n"}, by="ana")

    after = world.shop()["pull_requests"][0]
    assert (before, after["number"], after["merge_state"], after["conflicts"]) == ([], pull, "DIRTY", ["README.md"])


def test_a_commit_says_when_it_was_made(world: GitHubWorld) -> None:
    log = world.shop()["branches"]["main"]["log"]

    assert [one["at"] for one in log] == [f"{START:%Y-%m-%dT%H:%M:%SZ}"]


def test_who_waits_sees_what_came_due(world: GitHubWorld) -> None:
    world.act("set_behaviour", close_on_merge=30.0)
    world.act("create_hook", url="http://x.test")
    world.act("create_issue", title="It", by="ana")
    world.act("push", branch="work", files={"a": "1\n"}, by="ana")
    pull = world.act("open_pull_request", head="work", title="Mine", body="Closes #1", by="ana")["number"]
    world.act("merge", number=pull, by="ana")
    early = world.act("wait")
    world.now += timedelta(minutes=1)

    late = world.act("wait")

    assert (early, late) == (False, True)
    assert world.shop()["issues"][0]["state"] == "closed"
    assert world.heard()[-1] == "issues.closed"


def test_the_faults_that_are_on_are_shown(world: GitHubWorld) -> None:
    world.act("throw_fault", kind="lost_answer", method="POST")

    assert [(one["kind"], one["method"]) for one in world.twin.view()["faults"]] == [("lost_answer", "POST")]
