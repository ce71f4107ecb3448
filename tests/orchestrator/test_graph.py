"""Each move of the graph is made by somebody's doing, or by time, and no other is ever made."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.play import CHECK, LEAD, Play
from valine.orchestrator import replies
from valine.orchestrator.graph import MOVES
from valine.orchestrator.model import events
from valine.orchestrator.model.decision import Decision, Refusal
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.plan import Actor
from valine.orchestrator.model.run import Check
from valine.orchestrator.model.states import IssueNumber, RunStatus, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

WRITER = Actor(platform="github", id="ana", name="ana", may_write=True)
GONE = Failure(kind="permanent", code="not_found", detail="Not Found")
ONE = IssueNumber(1)
TWO = IssueNumber(2)
Move = tuple[Stage | None, Stage, RunStatus]


def plan(play: Play) -> None:
    play.plan()


def drop_from_the_plan(play: Play) -> None:
    play.plan()
    play.says(events.PlanEdited, run=play.run.number, revision=1, drop=(ONE,))


def approve(play: Play) -> None:
    play.plan()
    play.approve()


def approve_and_open(play: Play) -> None:
    play.tracked()


def reject(play: Play) -> None:
    play.plan()
    play.says(events.PlanRejected, run=play.run.number, revision=1)
    play.settle()


def drop_all_while_opening(play: Play) -> None:
    approve(play)
    play.says(events.DropRequested, run=play.run.number, issue=ONE)
    play.says(events.DropRequested, run=play.run.number, issue=TWO)


def cancel_while_opening(play: Play) -> None:
    approve(play)
    cancel(play)


def cancel(play: Play) -> None:
    play.says(events.CancelConfirmed, run=play.run.number, close_pull_requests=False)


def lose_access(play: Play) -> None:
    play.decide(events.LookFailed(at=play.now, failure=GONE), 1)
    play.now += timedelta(hours=24)
    play.decide(events.LookFailed(at=play.now, failure=GONE), 1)


def lose_access_while_opening(play: Play) -> None:
    approve(play)
    lose_access(play)
    play.settle()


def lose_access_while_tracking(play: Play) -> None:
    play.tracked()
    lose_access(play)


def ship_everything(play: Play) -> None:
    play.tracked()
    play.finish(1, 2)
    play.confirm()
    play.settle()


def ship_the_one_of_two(play: Play) -> None:
    play.tracked()
    play.finish(1)
    play.confirm()
    play.settle()


def merge_by_hand_while_tracking(play: Play) -> None:
    play.tracked()
    for issue in (1, 2):
        play.forge.change(issue, play.now, state="merged", merge_sha=play.forge.sha())
    play.refresh()


def cancel_while_tracking(play: Play) -> None:
    play.tracked()
    cancel(play)
    play.settle()


def ship(play: Play) -> None:
    play.tracked()
    play.finish(1, 2)
    play.confirm()


def cancel_while_shipping(play: Play) -> None:
    ship(play)
    cancel(play)


def drop_all_while_shipping(play: Play) -> None:
    ship(play)
    for issue in (1, 2):  # a merge that may have been asked for must come to its end first
        play.forge.change(issue, play.now, checks=(Check(key=CHECK, state="pending"),))
    play.refresh()
    play.says(events.DropRequested, run=play.run.number, issue=ONE)
    play.says(events.DropRequested, run=play.run.number, issue=TWO)


def lose_access_while_shipping(play: Play) -> None:
    ship(play)
    lose_access(play)


WAYS: dict[Callable[[Play], None], Move] = {
    plan: (None, Stage.PROPOSED, RunStatus.PENDING),
    drop_from_the_plan: (Stage.PROPOSED, Stage.PROPOSED, RunStatus.PENDING),
    approve: (Stage.PROPOSED, Stage.EXECUTING, RunStatus.IN_PROGRESS),
    reject: (Stage.PROPOSED, Stage.DONE, RunStatus.CANCELLED),
    approve_and_open: (Stage.EXECUTING, Stage.TRACKING, RunStatus.IN_PROGRESS),
    drop_all_while_opening: (Stage.EXECUTING, Stage.DONE, RunStatus.COMPLETED),
    cancel_while_opening: (Stage.EXECUTING, Stage.DONE, RunStatus.CANCELLED),
    lose_access_while_opening: (Stage.EXECUTING, Stage.DONE, RunStatus.FAILED),
    ship: (Stage.TRACKING, Stage.SHIPPING, RunStatus.IN_PROGRESS),
    merge_by_hand_while_tracking: (Stage.TRACKING, Stage.DONE, RunStatus.COMPLETED),
    cancel_while_tracking: (Stage.TRACKING, Stage.DONE, RunStatus.CANCELLED),
    lose_access_while_tracking: (Stage.TRACKING, Stage.DONE, RunStatus.FAILED),
    ship_the_one_of_two: (Stage.SHIPPING, Stage.TRACKING, RunStatus.IN_PROGRESS),
    ship_everything: (Stage.SHIPPING, Stage.DONE, RunStatus.COMPLETED),
    drop_all_while_shipping: (Stage.SHIPPING, Stage.DONE, RunStatus.COMPLETED),
    cancel_while_shipping: (Stage.SHIPPING, Stage.DONE, RunStatus.CANCELLED),
    lose_access_while_shipping: (Stage.SHIPPING, Stage.DONE, RunStatus.FAILED),
}
KNOWN: set[Move] = {(move.source, move.target, move.status) for move in MOVES}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_way_leads_where_the_table_says(way: Callable[[Play], None]) -> None:
    play = Play()

    way(play)

    assert WAYS[way] in play.edges
    assert set(play.edges) <= KNOWN


def test_each_move_of_the_table_is_made_by_some_way() -> None:
    made: set[Move] = set()
    for way in WAYS:
        play = Play()
        way(play)
        made |= set(play.edges)

    assert made == KNOWN


def test_no_move_is_listed_twice() -> None:
    assert len(KNOWN) == len(MOVES)


def test_what_is_done_stays_done() -> None:
    assert {move.target for move in MOVES if move.source is Stage.DONE} == {Stage.DONE}


def test_every_stage_can_be_left_but_the_last() -> None:
    left = {move.source for move in MOVES if move.source is not move.target}

    assert left == {None, *Stage} - {Stage.DONE}


@pytest.mark.parametrize(("seconds", "dropped"), [(-1, False), (0, True), (1, True)])
def test_a_comment_that_is_older_than_the_run_does_not_mean_it(seconds: float, dropped: bool) -> None:  # noqa: FBT001
    play = Play()
    play.now += timedelta(milliseconds=700)  # GitHub's times are whole seconds
    play.tracked()
    asked = play.run.created_at.replace(microsecond=0) + timedelta(seconds=seconds)

    outcome = play.says(events.DropRequested, by=WRITER, number=1, issue=ONE, asked_at=asked)

    assert isinstance(outcome, Decision) is dropped
    assert outcome == Refusal(reply=replies.InNoRun(number=1)) or dropped


def test_a_whole_day_ends_with_nothing_wanted() -> None:
    play = Play()

    ship_everything(play)

    assert play.run.status is RunStatus.COMPLETED
    assert (play.run.pending, play.run.wake_at) == ({}, None)
    assert (play.repository.active, play.repository.claims) == ((), {})
    assert all(not issue.open for issue in play.forge.issues.values())
    assert play.run.approvals[0].by == LEAD
