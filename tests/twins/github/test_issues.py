"""Issues, comments, labels and people, over REST and as people do it."""

from __future__ import annotations

import pytest

from twins.github.github_world import GitHubWorld
from valine_twins.transport import ActError


def test_issues_and_pull_requests_are_numbered_together(world: GitHubWorld) -> None:
    first = world.act("create_issue", title="One")["number"]
    second = world.pull()
    third = world.api("POST", "/issues", {"title": "Three"}).json["number"]

    assert (first, second, third) == (1, 2, 3)
    assert "pull_request" in world.api("GET", "/issues/2").json
    assert "pull_request" not in world.api("GET", "/issues/1").json


def test_unknown_labels_are_made_and_known_ones_found_in_any_case(world: GitHubWorld) -> None:
    world.act("create_issue", title="One", labels=["Ready"])

    reply = world.api("POST", "/issues/1/labels", {"labels": ["ready", "in-progress"]})

    assert [label["name"] for label in reply.json] == ["Ready", "in-progress"]
    assert world.shop()["labels"] == ["Ready", "in-progress"]


def test_a_label_that_is_not_on_cannot_be_taken_off(world: GitHubWorld) -> None:
    world.act("create_issue", title="One", labels=["a/b c"])

    gone = world.api("DELETE", "/issues/1/labels/a%2Fb%20c")
    again = world.api("DELETE", "/issues/1/labels/a%2Fb%20c")

    assert (gone.status, gone.json) == (200, [])
    assert (again.status, again.message) == (404, "Label does not exist")


def test_people_without_push_access_are_dropped_silently_from_assignees(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")

    reply = world.api("POST", "/issues/1/assignees", {"assignees": ["bo", "stranger", "ANA"]})

    assert reply.status == 201
    assert [one["login"] for one in reply.json["assignees"]] == ["ana"]
    assert [one["login"] for one in world.api("GET", "/assignees").json] == ["acme", "ana", "valine-bot"]


def test_comments_since_a_moment_are_those_changed_after_it(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")
    world.act("comment", number=1, body="old")
    world.later(60)
    since = world.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    world.act("comment", number=1, body="new", by="bo")

    on_issue = world.api("GET", "/issues/1/comments", since=since)
    everywhere = world.api("GET", "/issues/comments", since=since, sort="updated", direction="asc")

    assert [one["body"] for one in on_issue.json] == ["new"]
    assert [(one["body"], one["user"]["login"]) for one in everywhere.json] == [("new", "bo")]


def test_long_lists_come_in_pages_with_links(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")
    for number in range(5):
        world.act("comment", number=1, body=str(number))

    middle = world.api("GET", "/issues/1/comments", per_page="2", page="2")

    assert [one["body"] for one in middle.json] == ["2", "3"]
    base = "<http://github.test/repos/acme/shop/issues/1/comments?per_page=2&page="
    assert middle.headers["link"] == ", ".join(
        f'{base}{page}>; rel="{name}"' for page, name in ((1, "prev"), (3, "next"), (3, "last"), (1, "first"))
    )


def test_closing_tells_why_and_reopening_forgets_it(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")

    closed = world.api("PATCH", "/issues/1", {"state": "closed", "state_reason": "not_planned"}).json
    opened = world.api("PATCH", "/issues/1", {"state": "open"}).json

    assert (closed["state"], closed["state_reason"], closed["closed_by"]["login"]) == (
        "closed",
        "not_planned",
        "valine-bot",
    )
    assert (opened["state"], opened["state_reason"], opened["closed_at"]) == ("open", "reopened", None)


def test_a_repositorys_people_have_the_permission_they_were_given(world: GitHubWorld) -> None:
    world.act("add_member", login="mia", role="maintain")

    told = {who: world.api("GET", f"/collaborators/{who}/permission").json for who in ("acme", "ana", "bo", "mia")}

    assert {who: one["permission"] for who, one in told.items()} == {
        "acme": "admin",
        "ana": "write",
        "bo": "read",
        "mia": "write",
    }
    assert told["mia"]["role_name"] == "maintain"
    assert world.api("GET", "/collaborators/nobody/permission").status == 404


def test_issues_are_imported_as_gh_prints_them(world: GitHubWorld) -> None:
    rows = [
        {
            "number": 41,
            "title": "Fix login",
            "body": "It fails.",
            "labels": [{"id": "LA_1", "name": "ready", "color": "ededed", "description": ""}],
            "assignees": [{"id": "U_1", "login": "ana", "name": "Ana"}],
            "createdAt": "2026-01-05T10:00:00Z",
        },
        {"number": 7, "title": "Older", "body": "", "labels": [], "assignees": [], "createdAt": "2025-01-05T10:00:00Z"},
    ]

    world.act("import_issues", issues=rows)

    got = world.api("GET", "/issues/41").json
    assert (got["title"], got["created_at"], got["labels"][0]["name"]) == ("Fix login", "2026-01-05T10:00:00Z", "ready")
    assert world.act("create_issue", title="Next")["number"] == 42


def test_a_missing_title_is_refused_as_github_does(world: GitHubWorld) -> None:
    reply = world.api("POST", "/issues", {"body": "no title"})

    assert (reply.status, reply.message) == (422, 'Invalid request.\n\n"title" wasn\'t supplied.')
    assert reply.json["documentation_url"].startswith("https://docs.github.com/")
    assert reply.json["status"] == "422"


def test_an_impossible_act_says_what_to_do_instead(world: GitHubWorld) -> None:
    world.act("create_issue", title="One")

    for action, arguments, words in (
        ("fly", {}, "there is no act 'fly'"),
        ("close_issue", {"number": 9}, "has no issue or pull request 9"),
        ("close_issue", {"number": 1, "colour": 1}, "it takes number, reason, by"),
        ("add_label", {"number": 1, "label": "x", "by": "bo"}, "it takes triage access"),
        ("remove_label", {"number": 1, "label": "x"}, "Label does not exist"),
        ("close_issue", {"number": 1, "repository": "no/where"}, "no such repository"),
        ("assign", {"number": 1, "login": "bo"}, "no push access"),
    ):
        with pytest.raises(ActError, match=words):
            world.act(action, **arguments)
