"""Cards and boards, line by line: what each says, and what it leaves out."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from builders import NOON, a_plan, a_plan_item, a_run, a_task
from valine.orchestrator.facts.of_run import board
from valine.orchestrator.model.plan import LeftOut
from valine.orchestrator.model.states import IssueNumber, Reason, RunNumber, RunStatus, Stage, TaskState
from valine.orchestrator.planning.planner import tasks
from valine.view.board import bar
from valine.view.components import (
    FOOTER,
    HEADING_AND_FOOTER,
    MOST_BYTES,
    MOST_CHARACTERS,
    clip,
    entry,
    pages,
    said,
)
from valine.view.run_replies import shut_out
from view import sentences
from view.card_parts import hostile_board, hostile_plan, labels, messages, parts, text_of

replace = msgspec.structs.replace

# --- What mutants found missing --------------------------------------------------------------------------------------


def test_only_the_first_page_of_a_board_has_its_buttons() -> None:
    shown = messages(hostile_board())

    assert labels(shown["board"]) == ["Ship", "Retry", "Refresh", "Cancel"]
    assert labels(shown["board.2"]) == []


def test_a_page_takes_out_the_issues_that_are_on_it() -> None:
    run = hostile_plan()
    for message in messages(run).values():
        numbers = [option["value"] for c in parts(message) if c["type"] == 3 for option in c["options"]]
        assert all(f"[#{number}](" in text_of(message) for number in numbers)


def test_the_first_page_says_that_there_are_others() -> None:
    items = tuple(a_plan_item(n, title="x" * 80) for n in range(1, 31))
    run = a_run(12, uid=sentences.UID, plan=a_plan(*items))
    plan = messages(run)
    all_of_it = messages(replace(sentences.under_way(), plan=run.plan, tasks=tasks("r12", run.plan)))

    assert [name for name in plan if name.startswith("card")] == ["card", "card.2"]
    assert "The plan has 2 pages; the others are in the thread." in text_of(plan["card"])
    assert [name for name in all_of_it if name.startswith("board")] == ["board", "board.2"]
    assert "The board has 2 pages; the others are in the thread." in text_of(all_of_it["board"])


def test_a_run_of_which_all_was_dropped_has_an_empty_bar() -> None:
    assert bar(board(a_run(tasks=(a_task(state=TaskState.DROPPED),)))) == "▱" * 10
    assert bar(board(a_run(tasks=(a_task(state=TaskState.MERGED), a_task(42))))) == "▰" * 5 + "▱" * 5


def test_a_run_without_access_says_so_until_it_is_over() -> None:
    run = sentences.under_way(unreachable_since=NOON)
    over = sentences.over(unreachable_since=NOON)

    assert shut_out(NOON) in text_of(messages(run)["board"])
    assert shut_out(NOON) not in text_of(messages(over)["board"])


def test_fifteen_that_are_left_out_are_listed_one_by_one_and_of_many_all_are_named() -> None:
    def shown(count: int) -> str:
        out = tuple(sentences.left(n, Reason.CLAIMED, run=RunNumber(7)) for n in range(1, count + 1))
        return text_of(messages(a_run(12, uid=sentences.UID, plan=a_plan(left_out=out)))["card"])

    assert shown(15).count("r7 is already working on it") == 15
    assert shown(16).count("r7 is already working on it") == 0
    assert re.findall(r"#(\d+) \(r7\)", shown(100)) == [str(n) for n in range(1, 101)]


def test_an_issue_in_a_list_of_many_names_three_of_what_stands_against_it() -> None:
    out = tuple(
        LeftOut(issue=IssueNumber(n), title="t", reason=Reason.BLOCKED, by=(101, 102), elsewhere=("team/lib#7", "b#8"))
        for n in range(1, 17)
    )

    assert "#1 (#101, #102, team/lib#7) #2" in text_of(messages(a_run(plan=a_plan(left_out=out)))["card"])


def test_at_most_a_hundred_people_are_mentioned() -> None:
    mentions = said("hello", [str(n) for n in range(150)]).body["allowed_mentions"]

    assert len(mentions["users"]) == 100


@pytest.mark.parametrize(("text", "whole"), [("x" * 10, True), ("x" * 11, False), ("é" * 10, True)])
def test_what_just_fits_is_not_clipped(text: str, whole: bool) -> None:  # noqa: FBT001
    assert (clip(text, 10) == text) is whole


@pytest.mark.parametrize(("limit", "whole"), [(42, True), (41, False)])
def test_what_weighs_just_enough_is_not_clipped(limit: int, whole: bool) -> None:  # noqa: FBT001
    assert (clip("漢" * 10, 100, limit) == "漢" * 10) is whole


def test_a_line_weighs_what_discord_counts_and_its_line_break() -> None:
    made = entry("é🎉", ("1", "one"))

    assert (made.characters, made.heavy, made.option) == (4, 7, ("1", "one"))


@pytest.mark.parametrize("line", ["x" * 99, "漢" * 99])
def test_pages_are_filled_to_their_limits_and_no_further(line: str) -> None:
    lines = [entry(line) for _ in range(200)]
    found = pages(lines)

    assert [one for page in found for one in page] == lines
    for number, page in enumerate(found[:-1]):
        room = MOST_CHARACTERS - (HEADING_AND_FOOTER if number == 0 else FOOTER)
        heavy = room * MOST_BYTES // MOST_CHARACTERS
        assert sum(one.characters for one in page) <= room
        assert sum(one.heavy for one in page) <= heavy
        more = [*page, lines[0]]
        assert sum(one.characters for one in more) > room or sum(one.heavy for one in more) > heavy


def test_a_page_has_as_many_options_as_a_select_and_then_one_more_page_begins() -> None:
    assert [len(page) for page in pages([entry("x", (str(n), "x")) for n in range(60)])] == [25, 25, 10]


@pytest.mark.parametrize(
    ("task", "stage", "line"),
    [
        ({}, Stage.DONE, " · not shipped"),
        ({"state": TaskState.MERGED}, Stage.TRACKING, " · merged"),
        ({"state": TaskState.MERGED, "merged_by_hand": True}, Stage.DONE, " · merged by hand"),
        ({"state": TaskState.DROPPED, "edited": True}, Stage.TRACKING, " · dropped"),
        ({"state": TaskState.READY, "edited": True}, Stage.TRACKING, " · ready · edited since it was approved"),
        ({"state": TaskState.READY}, Stage.TRACKING, " · ready"),
    ],
)
def test_a_line_of_the_board_ends_with_how_its_task_stands(task: dict[str, Any], stage: Stage, line: str) -> None:
    run = a_run(tasks=(a_task(41, **task),), stage=stage, status=RunStatus.IN_PROGRESS)

    (shown,) = [one for one in text_of(messages(run)["board"]).split("\n") if "[#41](" in one]
    assert shown.endswith(f" Issue 41{line}")
