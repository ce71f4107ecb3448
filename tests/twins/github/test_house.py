"""Labels, milestones, reviews, releases, people and hooks through the API: what is refused, and what else changes."""

from __future__ import annotations

import pytest

from twins.github.github_world import GitHubWorld


@pytest.fixture
def world() -> GitHubWorld:
    return GitHubWorld().start()


def test_a_renamed_label_goes_along_on_its_issues_and_a_deleted_one_comes_off(world: GitHubWorld) -> None:
    world.act("create_issue", title="One", labels=["bug", "ready"])
    world.api("PATCH", "/labels/bug", {"new_name": "defect"})
    world.api("DELETE", "/labels/ready")

    assert [one["name"] for one in world.api("GET", "/issues/1/labels").json] == ["defect"]
    assert world.api("GET", "/labels/bug").status == 404


def test_a_label_has_one_name_whatever_its_case_and_a_colour_of_six_digits(world: GitHubWorld) -> None:
    world.api("POST", "/labels", {"name": "bug"})
    world.api("POST", "/labels", {"name": "ready"})

    for method, path, body in (
        ("POST", "/labels", {"name": "BUG"}),
        ("POST", "/labels", {"name": "p0", "color": "#ff0000"}),
        ("PATCH", "/labels/bug", {"new_name": "Ready"}),
    ):
        answer = world.api(method, path, body)
        assert (answer.status, answer.message) == (422, "Validation Failed")
    assert world.api("PATCH", "/labels/bug", {"new_name": "Bug"}).json["name"] == "Bug"


def test_labels_are_set_at_once_and_each_change_is_told(world: GitHubWorld) -> None:
    world.act("create_hook", url="http://valine.test", secret="s")
    world.act("create_issue", title="One", labels=["bug"])
    world.deliveries.clear()

    world.api("PUT", "/issues/1/labels", {"labels": ["ready"]})

    assert world.heard() == ["issues.unlabeled", "issues.labeled"]
    assert world.api("DELETE", "/issues/1/labels").status == 204


def test_issues_come_into_milestones_and_leave_them(world: GitHubWorld) -> None:
    world.act("create_hook", url="http://valine.test", secret="s")
    world.api("POST", "/milestones", {"title": "March"})
    world.api("POST", "/issues", {"title": "One", "milestone": 1})
    world.deliveries.clear()

    inside = world.api("GET", "/issues", milestone="1").json
    world.api("PATCH", "/issues/1", {"milestone": None})
    world.api("PATCH", "/issues/1", {"milestone": None})

    assert [one["number"] for one in inside] == [1]
    assert world.heard() == ["issues.demilestoned"]
    assert world.api("GET", "/issues", milestone="none").json[0]["milestone"] is None
    assert world.api("POST", "/milestones", {"title": "March"}).status == 422
    assert world.api("PATCH", "/issues/1", {"milestone": 9}).status == 422
    assert world.api("GET", "/milestones/9").status == 404
    assert world.api("GET", "/milestones", state="closed").json == []


def test_issues_are_listed_by_people_time_and_talk(world: GitHubWorld) -> None:
    world.act("create_issue", title="One", assignees=["ana"], by="bo")
    world.act("create_issue", title="Two")
    world.later(60)
    world.api("POST", "/issues/1/comments", {"body": "Well"})
    since = world.now.isoformat()

    def numbers(**query: str) -> list[int]:
        return [one["number"] for one in world.api("GET", "/issues", **query).json]

    assert numbers(assignee="Ana") == numbers(assignee="*") == numbers(creator="bo") == numbers(since=since) == [1]
    assert numbers(assignee="none") == [2]
    assert numbers(sort="comments", direction="desc") == numbers(sort="updated") == [1, 2]
    assert world.api("GET", "/issues", since="soon").status == 422


def test_pull_requests_are_listed_newest_first_unless_sorted_otherwise(world: GitHubWorld) -> None:
    first = world.pull("one")
    world.later(60)
    second = world.pull("two")

    assert [one["number"] for one in world.api("GET", "/pulls").json] == [second, first]
    assert [one["number"] for one in world.api("GET", "/pulls", sort="updated").json] == [first, second]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"event": "PRAISE"},
        {"event": "COMMENT"},
        {"event": "REQUEST_CHANGES", "body": ""},
        {"event": "COMMENT", "body": "x", "comments": [{"path": "a", "position": 1, "body": "x"}]},
    ],
)
def test_a_review_that_the_twin_cannot_keep_is_refused(world: GitHubWorld, body: dict[str, object]) -> None:
    number = world.pull()

    assert world.api("POST", f"/pulls/{number}/reviews", body).status == 422
    assert world.api("GET", f"/pulls/{number}/reviews").json == []


def test_a_review_is_dismissed_once(world: GitHubWorld) -> None:
    number = world.pull()
    review = world.api("POST", f"/pulls/{number}/reviews", {"event": "APPROVE"}).json
    path = f"/pulls/{number}/reviews/{review['id']}"

    assert world.api("PUT", f"{path}/dismissals", {"message": "No"}).json["state"] == "DISMISSED"
    assert world.api("PUT", f"{path}/dismissals", {"message": "No"}).status == 422
    assert world.api("GET", f"/pulls/{number}/reviews/1").status == 404


def test_a_published_draft_makes_its_tag_and_a_prerelease_is_not_the_latest(world: GitHubWorld) -> None:
    none = world.api("GET", "/releases/latest")
    draft = world.api("POST", "/releases", {"tag_name": "v1", "draft": True}).json["id"]
    before = world.shop()["tags"]
    world.api("PATCH", f"/releases/{draft}", {"draft": False, "prerelease": True})

    assert (none.status, before) == (404, {})
    assert world.shop()["tags"] == {"v1": world.head()}
    assert world.api("GET", "/releases/latest").status == 404
    world.api("PATCH", f"/releases/{draft}", {"prerelease": False, "body": "Notes"})
    assert world.api("GET", "/releases/latest").json["body"] == "Notes"
    assert world.api("GET", "/releases/1").status == 404


def test_only_those_with_push_access_see_who_else_has_it(world: GitHubWorld) -> None:
    seen = [one["login"] for one in world.api("GET", "/collaborators").json]
    world.token = world.act("issue_token", login="bo")["token"]

    assert seen == ["acme", "ana", "bo", "valine-bot"]
    assert world.api("GET", "/collaborators").status == 403


def test_a_hook_is_changed_silenced_and_pinged(world: GitHubWorld) -> None:
    world.token = world.act("issue_token", login="acme")["token"]
    made = world.api("POST", "/hooks", {"config": {"url": "http://x.test"}, "events": ["push", "issues"]}).json["id"]
    world.deliveries.clear()

    changed = world.api("PATCH", f"/hooks/{made}", {"add_events": ["status"], "remove_events": ["push"]}).json
    moved = world.api("PATCH", f"/hooks/{made}", {"config": {"url": "http://y.test", "secret": "s"}}).json
    world.api("POST", f"/hooks/{made}/pings")
    world.api("PATCH", f"/hooks/{made}", {"active": False})
    world.act("create_issue", title="Unheard")

    assert changed["events"] == ["issues", "status"]
    assert moved["config"] == {
        "url": "http://y.test",
        "content_type": "json",
        "insecure_ssl": "0",
        "secret": "********",
    }
    assert world.heard() == ["ping"]


def test_checks_are_listed_by_name_status_and_suite(world: GitHubWorld) -> None:
    world.act("set_check", name="ci", branch="main", conclusion="success", workflow="CI")
    world.act("set_check", name="lint", branch="main", status="in_progress", workflow="CI")

    def names(path: str, **query: str) -> list[str]:
        return [one["name"] for one in world.api("GET", path, **query).json["check_runs"]]

    suite = world.api("GET", "/commits/main/check-suites").json["check_suites"][0]["id"]
    assert names(f"/check-suites/{suite}/check-runs") == ["ci", "lint"]
    assert names("/commits/main/check-runs", check_name="ci") == ["ci"]
    assert names("/commits/main/check-runs", status="in_progress") == ["lint"]
    assert world.api("GET", "/check-suites/1").status == 404


def test_statuses_are_found_at_their_old_address_too(world: GitHubWorld) -> None:
    world.api("POST", f"/statuses/{world.head()}", {"state": "pending"})
    world.api("POST", f"/statuses/{world.head()}", {"state": "success"})

    assert [one["state"] for one in world.api("GET", f"/statuses/{world.head()}").json] == ["success", "pending"]
