import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from builders import NOON
from github_bytes import DELIVERY, REPOSITORY, Json, a_comment, encoded, payload, signed
from valine.errors import Malformed
from valine.ingress.github.checks import check_state, status_state
from valine.ingress.github.webhook import Commented, Hinted, Ignored, Ping, read
from valine.orchestrator.model.events import CancelConfirmed, DropRequested, HintReceived
from valine.ports import ReplyTo

SHA = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
SEEN_AT = datetime(2026, 11, 2, 11, 59, 58, tzinfo=UTC)
AT = "2026-11-02T11:59:58Z"


def parsed(event: str, given: Any, repository: str = REPOSITORY, **headers: Any) -> Any:
    body = encoded(given)
    return read(signed(body, event, **headers), body, repository=repository, now=NOON)


def hint(event: str, given: Any) -> HintReceived:
    meant = parsed(event, given)
    assert isinstance(meant, Hinted)
    assert meant.delivery == meant.hint.delivery == DELIVERY
    return meant.hint


def expected(name: str, **observed: Any) -> HintReceived:
    return HintReceived(name=name, delivery=DELIVERY, at=NOON, **observed)


def test_a_pull_requests_hint_tells_its_number_branch_head_and_time() -> None:
    pull = {"number": 7, "head": {"ref": "valine/r1/41-fix", "sha": SHA}, "updated_at": AT}

    for event, action in [("pull_request", "synchronize"), ("pull_request_review", "submitted")]:
        seen = hint(event, payload(action, number=7, pull_request=pull))

        assert seen == expected(f"{event}.{action}", issue=7, branch="valine/r1/41-fix", head=SHA, updated_at=SEEN_AT)


def test_an_issues_hint_tells_its_number_and_time() -> None:
    seen = hint("issues", payload("labeled", issue={"number": 41, "updated_at": "2026-11-02T13:59:58+02:00"}))

    assert seen == expected("issues.labeled", issue=41, updated_at=SEEN_AT)


def test_a_check_runs_hint_tells_its_name_and_how_it_stands() -> None:
    run = {
        "name": "unit",
        "head_sha": SHA,
        "status": "completed",
        "conclusion": "failure",
        "started_at": "2026-11-02T11:00:00Z",
        "completed_at": AT,
        "check_suite": {"head_branch": "fix"},
        "pull_requests": [],
    }

    seen = hint("check_run", payload("completed", check_run=run))

    assert seen == expected(
        "check_run.completed", branch="fix", head=SHA, check="unit", state="failed", updated_at=SEEN_AT
    )


def test_a_check_suite_without_pull_requests_still_tells_branch_and_head() -> None:
    suite = {"head_branch": "fix", "head_sha": SHA, "status": "queued", "conclusion": None, "updated_at": AT}

    seen = hint("check_suite", payload("requested", check_suite=suite | {"pull_requests": []}))

    assert seen == expected("check_suite.requested", branch="fix", head=SHA, state="pending", updated_at=SEEN_AT)


def test_a_status_names_its_branch_only_if_there_is_just_one() -> None:
    status = {"sha": SHA, "context": "ci/build", "state": "success", "updated_at": AT}

    alone = hint("status", payload(**status, branches=[{"name": "fix"}]))
    shared = hint("status", payload(**status, branches=[{"name": "fix"}, {"name": "main"}]))

    assert alone == expected("status", branch="fix", head=SHA, check="ci/build", state="passed", updated_at=SEEN_AT)
    assert shared.branch is None


def test_a_push_tells_the_branch_and_its_new_head_and_a_deletion_no_head() -> None:
    assert hint("push", payload(ref="refs/heads/a/b", after=SHA)) == expected("push", branch="a/b", head=SHA)
    assert hint("push", payload(ref="refs/heads/a/b", after="0" * 40)) == expected("push", branch="a/b")


@pytest.mark.parametrize("event", ["create", "delete"])
def test_a_branch_that_comes_or_goes_is_a_hint(event: str) -> None:
    assert hint(event, payload(ref="fix", ref_type="branch")) == expected(event, branch="fix")


def test_tags_concern_no_run() -> None:
    assert isinstance(parsed("push", payload(ref="refs/tags/v1", after=SHA)), Ignored)
    assert isinstance(parsed("create", payload(ref="v1", ref_type="tag")), Ignored)


def test_the_merge_queues_branch_tells_which_pull_request_is_in_it() -> None:
    group = {"head_ref": f"refs/heads/gh-readonly-queue/main/pr-104-{SHA}", "head_sha": SHA}

    assert hint("merge_group", payload("destroyed", merge_group=group)) == expected("merge_group.destroyed", issue=104)


@pytest.mark.parametrize(
    ("status", "conclusion", "state"),
    [
        ("completed", "success", "passed"),
        ("completed", "neutral", "passed"),
        ("completed", "skipped", "passed"),
        ("COMPLETED", "SUCCESS", "passed"),
        ("completed", "failure", "failed"),
        ("completed", "cancelled", "failed"),
        ("completed", "timed_out", "failed"),
        ("completed", "action_required", "failed"),
        ("completed", "startup_failure", "failed"),
        ("completed", "stale", "pending"),
        ("completed", "invented tomorrow", "pending"),
        ("completed", None, "pending"),
        ("queued", None, "pending"),
        ("in_progress", "success", "pending"),
        (None, "success", "pending"),
    ],
)
def test_a_check_passes_only_by_a_word_that_is_known_to_mean_it(
    status: str | None, conclusion: str | None, state: str
) -> None:
    assert check_state(status, conclusion) == state


def test_a_commit_status_in_error_failed_and_an_expected_one_is_pending() -> None:
    assert [status_state(word) for word in ("success", "error", "failure", "pending", "EXPECTED", None)] == [
        "passed", "failed", "failed", "pending", "pending", "pending"
    ]  # fmt: skip


def test_a_command_in_a_new_comment_is_kept_and_answered_where_it_was_written() -> None:
    meant = parsed("issue_comment", a_comment("/valine cancel close", login="ana", on=41))

    assert isinstance(meant, Commented)
    assert isinstance(meant.command, CancelConfirmed)
    assert (meant.command.id, meant.command.number) == ("github:comment:1001", 41)
    assert meant.command.asked_at == SEEN_AT
    assert meant.reply_to == ReplyTo(at=NOON - timedelta(seconds=2), number=41)
    assert meant.command.by.id == "ana"


def test_a_comment_on_a_pull_request_commands_just_as_one_on_an_issue() -> None:
    given = a_comment("/valine drop", on=7)
    given["issue"]["pull_request"] = {"url": "https://api.github.com/repos/team/app/pulls/7"}

    meant = parsed("issue_comment", given)

    assert isinstance(meant, Commented)
    assert isinstance(meant.command, DropRequested)
    assert meant.command.issue == 7


@pytest.mark.parametrize(
    "comment",
    [
        a_comment("/valine drop", action="edited"),
        a_comment("/valine drop", action="deleted"),
        a_comment("/valine drop", kind="Bot"),
        a_comment("/valine drop", login="ci[bot]"),
        a_comment("/valine explode"),
        a_comment("Looks good"),
        a_comment(None),
        a_comment("/valine drop") | {"comment": {"id": 1, "user": None, "body": "/valine drop"}},
    ],
    ids=["edited", "deleted", "bot", "bot by name", "unknown", "talk", "no body", "ghost"],
)
def test_other_comments_are_ignored_with_a_reason(comment: Json) -> None:
    meant = parsed("issue_comment", comment)

    assert isinstance(meant, Ignored)
    assert meant.reason


def test_a_ping_is_a_ping_whichever_repository_or_organization_it_is_about() -> None:
    assert parsed("ping", {"zen": "Design for failure.", "hook_id": 1}) == Ping(DELIVERY)


@pytest.mark.parametrize("event", ["star", "workflow_job", "Issues", "\u00e9", "a" * 5000])
def test_an_event_that_is_not_known_is_ignored(event: str) -> None:
    assert isinstance(parsed(event, payload("created")), Ignored)


def test_another_repositorys_events_are_ignored_and_names_are_compared_in_any_case() -> None:
    issue = payload("opened", issue={"number": 1})

    assert isinstance(parsed("issues", issue, repository="team/other"), Ignored)
    assert isinstance(parsed("issues", issue | {"repository": None}), Ignored)
    assert isinstance(parsed("issues", issue, repository="Team/App"), Hinted)


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_by_any_of_its_spellings_is_read(kind: Any) -> None:
    assert isinstance(parsed("issues", payload("opened", issue={"number": 1}), Content_Type=kind), Hinted)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "", "multipart/form-data"])
def test_a_form_is_refused_as_the_wrong_kind_and_says_where_to_change_it(kind: Any) -> None:
    with pytest.raises(Malformed, match="application/json") as refused:
        parsed("issues", payload("opened", issue={"number": 1}), Content_Type=kind)

    assert refused.value.status == 415


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"payload=%7B%7D", b"\xff\xfe", b'{"action":"\xc3"}', b"[" * 100_000]
)
@pytest.mark.parametrize("event", ["issues", "star", "ping"])
def test_what_is_not_json_is_malformed(event: str, body: Any) -> None:
    with pytest.raises(Malformed) as refused:
        read(signed(body, event), body, repository=REPOSITORY, now=NOON)

    assert refused.value.status == 400


@pytest.mark.parametrize("number", [0, -1, 2**31, 10**30, "41", None, 1.5])
def test_a_number_that_can_be_no_issues_is_malformed(number: Any) -> None:
    with pytest.raises(Malformed):
        parsed("issues", payload("opened", issue={"number": number}))


@pytest.mark.parametrize("name", ["X-GitHub-Event", "X-GitHub-Delivery", "Content-Type"])
def test_a_delivery_without_githubs_headers_is_malformed(name: str) -> None:
    body = encoded(payload("opened", issue={"number": 1}))
    headers = {key: value for key, value in signed(body).items() if key != name}

    with pytest.raises(Malformed):
        read(headers, body, repository=REPOSITORY, now=NOON)


@pytest.mark.parametrize("odd", ["yesterday", 1557933657, None, "2026-11-02T11:59:58", "0001-01-01T00:00:00+14:00", []])
def test_a_time_that_cannot_be_read_is_unknown_and_no_trouble(odd: Any) -> None:
    assert hint("issues", payload("opened", issue={"number": 1, "updated_at": odd})).updated_at is None


def test_every_published_example_is_understood(shared: Path) -> None:
    examples = sorted((shared / "specs" / "webhook-examples").glob("*.json"))
    read_ones = 0

    for file in examples:
        for example in json.loads(file.read_text()):
            named = (example.get("repository") or {}).get("full_name", REPOSITORY)
            meant = parsed(file.stem, example, repository=named)
            assert isinstance(meant, Ping) == (file.stem == "ping")
            if file.stem not in {"ping", "issue_comment", "push"}:
                assert isinstance(meant, Hinted), f"{file.name}: {meant}"
            read_ones += 1

    assert len(examples) == 10
    assert read_ones > 100
