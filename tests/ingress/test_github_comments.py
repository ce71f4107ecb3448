from typing import Any

import pytest

from builders import NOON, after
from valine.ingress.github.comments import addressed, comment_command
from valine.orchestrator.model.events import CancelConfirmed, DropRequested, RetryRequested, StatusRequested


def commanded(body: Any, login: str = "ana") -> Any:
    return comment_command(login=login, body=body, comment_id=1001, number=41, created_at=NOON, now=after(2))


def test_a_command_carries_who_wrote_it_on_what_and_when_and_claims_no_rights() -> None:
    command = commanded("/valine status")

    assert isinstance(command, StatusRequested)
    assert command.id == "github:comment:1001"
    assert (command.run, command.number) == (None, 41)
    assert (command.asked_at, command.at) == (NOON, after(2))
    assert (command.by.platform, command.by.id, command.by.name) == ("github", "ana", "ana")
    assert not command.by.may_write


@pytest.mark.parametrize(("verb", "kind"), [("retry", RetryRequested), ("drop", DropRequested)])
def test_retry_and_drop_mean_the_issue_or_pull_request_they_are_written_on(verb: str, kind: Any) -> None:
    command = commanded(f"/valine {verb}")

    assert isinstance(command, kind)
    assert (command.issue, command.number) == (41, 41)


@pytest.mark.parametrize(("text", "closes"), [("cancel", False), ("cancel keep", False), ("cancel close", True)])
def test_cancel_closes_the_pull_requests_only_if_it_says_so(text: str, *, closes: bool) -> None:
    command = commanded(f"/valine {text}")

    assert isinstance(command, CancelConfirmed)
    assert command.close_pull_requests is closes


@pytest.mark.parametrize(
    "body",
    [
        "/valine status",
        "/VALINE Status",
        "/valine\tstatus  ",
        "Thanks!\r\n/valine status\r\nbye",
        "a\n\n/valine   status",
    ],
)
def test_a_command_is_a_line_of_its_own_in_any_case(body: Any) -> None:
    assert isinstance(commanded(body), StatusRequested)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "please /valine drop",
        "> /valine drop",
        "    /valine drop",
        "`/valine drop`",
        "```\n/valine drop\n```",
        "~~~sh\n/valine drop",
        "```\n~~~\n/valine drop\n```",
        "````\n```\n/valine drop\n```\n````",
        "~~~~\n~~~\n/valine drop\n~~~~",
        "```\n~~~\n/valine drop\n~~~\n```",
        "- ```\n  x\n\n      /valine drop",
        "a `b\n/valine drop\nc` d",
        "a ``b ` c\n/valine drop\nd``",
        "> quoted\n/valine drop",
        "- > quoted\n/valine drop",
        "<pre>\n\n/valine drop\n\n</pre>",
        "<code>\n\n/valine drop\n\n</code>",
        "a <code>b\n/valine drop\nc</code>",
        "<div>\n<pre>\n\n/valine drop\n\n</pre></div>",
        "<div>\n/valine drop\n</div>",
        "[a](https://c.test 'b\n/valine drop\nc')",
        "[a]: https://c.test 'b\n/valine drop\nc'",
        "![a\n/valine drop\n](https://c.test)",
        '<b title="\n/valine drop\n">b</b>',
        "<!-- /valine drop -->",
        "<!--\n/valine drop\n-->",
        "text <!-- a --> b <!-- c\n/valine drop",
        "/valinedrop",
        "valine drop",
        "//valine drop",
    ],
)
def test_what_is_quoted_shown_as_code_hidden_or_in_the_middle_of_a_line_commands_nothing(body: Any) -> None:
    assert commanded(body) is None
    assert not addressed(body)


@pytest.mark.parametrize(
    "body",
    [
        "/valine",
        "/valine explode",
        "/valine drop `now`",
        "/valine drop <!-- x -->",
        "/valine drop 42",
        "/valine cancel everything",
    ],
)
def test_words_that_are_not_known_are_not_guessed_at(body: Any) -> None:
    assert commanded(body) is None
    assert addressed(body)


@pytest.mark.parametrize(
    "body",
    [
        "```\ncode\n```\n/valine drop",
        "````\n```\n````\n/valine drop",
        "~~~\n```\n~~~\n/valine drop",
        "<!-- a -->\n/valine drop",
        "a <!-- b\n-->\n/valine drop",
        "> quoted\n\n/valine drop",
        "<pre>\ncode\n</pre>\n\n/valine drop",
        "Broken by `a\nb` and [c](https://d.test)\n/valine drop",
        "<details><summary>Log</summary>\n\n```\ncode\n```\n\n</details>\n\n/valine drop",
        "- done\n/valine drop\n-- Ana",
    ],
)
def test_after_code_or_a_hidden_remark_has_ended_a_command_counts(body: Any) -> None:
    assert isinstance(commanded(body), DropRequested)


def test_of_several_commands_the_first_counts() -> None:
    assert isinstance(commanded("/valine status\n/valine drop"), StatusRequested)


def test_bots_command_nothing() -> None:
    assert commanded("/valine drop", login="dependabot[bot]") is None


def test_our_own_comments_command_nothing_even_if_they_were_written_with_a_persons_token() -> None:
    assert commanded("<!-- valine:run:abc -->\n\n/valine drop") is None


def test_a_very_long_comment_is_read_in_no_time() -> None:
    assert commanded("<!--" * 50_000 + "\n" + "```\n" * 50_001 + "/valine drop") is None
