"""What is written on GitHub, word for word, and what other people's words cannot do in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from builders import HEAD, a_plan, a_plan_item, a_pull, a_run, a_task, after
from valine.orchestrator import naming
from valine.orchestrator.facts.rows import note_rows
from valine.orchestrator.model.effects import EnsureComment, EnsurePullRequest, EnsureRelease, WorkStarted
from valine.orchestrator.model.run import Run
from valine.orchestrator.model.states import IssueNumber, Login, PullNumber, RunNumber
from valine.orchestrator.replies import Said
from valine.orchestrator.text import stamp
from valine.view import github
from view import sentences

TITLE = "Fix *login*, closes #9 @ana"


def the_pull_request(title: str = TITLE) -> EnsurePullRequest:
    return EnsurePullRequest(
        issue=IssueNumber(41),
        uid=sentences.UID,
        run="r12",
        branch="valine/r12/41-fix-login",
        base="main",
        title=title,
        body_hash="hash",
    )


def test_a_pull_request_closes_its_issue_quotes_its_brief_and_has_the_runs_uid() -> None:
    assert github.pull_request_title(the_pull_request()) == snapshot("Fix *login*, c\u200bloses #9 @\u200bana")
    assert github.pull_request_body(the_pull_request(), "It fails.\n\n```py\nx = 1\n```") == snapshot("""\
Closes #41

> It fails.
>
> ```py
> x = 1
> ```

---
Opened by Valine for run r12. Push the work to this branch, and mark it ready for review when it is.
<!-- valine:run:abcdefgh2345 -->\
""")


def test_a_brief_that_was_edited_after_approval_or_is_empty_is_not_quoted() -> None:
    assert github.pull_request_body(the_pull_request(), None) == snapshot("""\
Closes #41

The issue was edited after it was approved: read it there.

---
Opened by Valine for run r12. Push the work to this branch, and mark it ready for review when it is.
<!-- valine:run:abcdefgh2345 -->\
""")
    assert "The issue has no description." in github.pull_request_body(the_pull_request(), " \r\n ")


HOSTILE = (
    "Fixes #9, closes o/r#10\r\n@ana @org/team <!-- valine:run:zzzz --> <!-- open\n</details>\n\n---\nResolves #11"
)


def test_a_brief_mentions_nobody_closes_nothing_else_and_forges_no_marker() -> None:
    body = github.pull_request_body(the_pull_request(), HOSTILE)

    assert body == snapshot("""\
Closes #41

> F\u200bixes #9, c\u200bloses o/r#10
> @\u200bana @\u200borg/team

---
Opened by Valine for run r12. Push the work to this branch, and mark it ready for review when it is.
<!-- valine:run:abcdefgh2345 -->\
""")
    assert re.findall(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b\W*(?:[\w.-]+/[\w.-]+)?#(\d+)", body) == ["41"]
    assert re.findall(r"<!--.*?-->", body) == [naming.github_marker(sentences.UID)]
    assert not re.search(r"@\w", body)


@pytest.mark.parametrize("line", ["word ", "a long line without end", "\n", "- [ ] #1 @x\n", "漢字\n"])
def test_a_long_brief_is_cut_and_says_so(line: str) -> None:
    body = github.pull_request_body(the_pull_request(), "start" + line * 10_000 + "end")

    assert len(body) <= 8_000
    assert "(the rest is in the issue)" in body
    assert body.endswith(naming.github_marker(sentences.UID))


@given(st.text(max_size=300))
def test_whatever_the_brief_is_it_stays_inside_its_quotation(brief: str) -> None:
    body = github.pull_request_body(the_pull_request(), brief)

    quoted = body.removeprefix("Closes #41\n\n").partition("\n\n---\nOpened by Valine")[0]
    assert quoted == "The issue has no description." or all(line.startswith(">") for line in quoted.split("\n"))


def test_the_issue_is_told_where_its_work_happens() -> None:
    def about(**changes: bool) -> EnsureComment:
        work = WorkStarted(run=RunNumber(12), pull_request=PullNumber(77), **changes)
        return EnsureComment(issue=IssueNumber(41), number=41, name="started", marker="<!-- x -->", about=work)

    assert github.comment_body(about()) == snapshot("""\
Work on this happens in #77, as part of run r12.

<!-- x -->\
""")
    assert github.comment_body(about(adopted=True)) == snapshot("""\
Work on this continues in #77, as part of run r12.

<!-- x -->\
""")


def test_a_merge_names_issue_and_pull_request_and_closes_only_that_issue() -> None:
    assert naming.merge_title(41, TITLE, 77) == snapshot("Fix *login*, c\u200bloses #9 @\u200bana (#77)")
    assert naming.merge_title(41, " \n", None) == "Issue 41"
    assert naming.merge_message(41, sentences.UID) == snapshot("""\
Closes #41

Valine-Run: abcdefgh2345\
""")


def a_release(run: Run, *issues: int, round: int = 1) -> EnsureRelease:  # noqa: A002 - the field's own name
    notes = note_rows(run, issues)
    return EnsureRelease(uid=run.uid, tag="valine-r12", commit=HEAD, run=run.number, round=round, notes=notes)


def test_release_notes_group_what_was_merged_by_milestone_with_pull_requests_and_authors() -> None:
    run = a_run(
        12,
        uid=sentences.UID,
        plan=a_plan(a_plan_item(1, milestone="v2 *beta*"), a_plan_item(2), a_plan_item(3, milestone="v2 *beta*")),
        tasks=tuple(
            a_task(
                n,
                title=f"{TITLE} {n}",
                pull_request=PullNumber(70 + n),
                pull=a_pull(70 + n, n, author="eve-[bot]"),
                adopted=n == 1,
            )
            for n in (1, 2, 3)
        ),
    )

    assert github.release_title(a_release(run, 1, 2, 3)) == snapshot("Valine r12")
    assert github.release_notes(a_release(run, 1, 2, 3)) == snapshot("""\
3 issues shipped by run r12.

## v2 \\*beta\\*

- Fix \\*login\\*, c\u200bloses #9 @\u200bana 1 (#71), for #1 by eve-\\[bot\\]
- Fix \\*login\\*, c\u200bloses #9 @\u200bana 3 (#73), for #3

## Other changes

- Fix \\*login\\*, c\u200bloses #9 @\u200bana 2 (#72), for #2

<!-- valine:run:abcdefgh2345 -->\
""")
    assert github.release_title(a_release(run, 2, round=2)) == snapshot("Valine r12, round 2")
    assert github.release_notes(a_release(run, 2, round=2)) == snapshot("""\
1 issue shipped by run r12.

## Changes

- Fix \\*login\\*, c\u200bloses #9 @\u200bana 2 (#72), for #2

<!-- valine:run:abcdefgh2345 -->\
""")


def test_a_reply_made_for_discord_can_be_read_on_github() -> None:
    reply = Said(text=f"ben already approved r12, {stamp(after(0))}. See <#666>. Fixes #9, @here.")

    assert github.answer(reply) == snapshot(
        "ben already approved r12, on 2026-11-02 at 12:00 UTC. See Discord. F\u200bixes #9, @\u200bhere."
    )


def test_nothing_outgrows_a_comment() -> None:
    task = a_task(41, title="|@x " * 100, pull=a_pull(77), assignees=(Login("ana"),))
    run = sentences.under_way(tasks=(task,))

    assert len(github.release_notes(a_release(run, *[41] * 600))) <= 65_536
    assert len(github.answer(Said(text="x" * 100_000))) <= 65_536
