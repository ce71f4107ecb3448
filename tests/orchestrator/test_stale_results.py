"""What is noted late, by a process that stood still, holds as far as nobody has changed it since."""

from datetime import datetime, timedelta

import msgspec
import pytest

from orchestrator.failing import failure
from orchestrator.play import Play
from valine.orchestrator.decide import stale_results as late
from valine.orchestrator.decide.desired_effects import schedule
from valine.orchestrator.decide.effect_results import failed, succeeded
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Pending, Posted
from valine.orchestrator.model.states import IssueNumber, PullNumber, Sha, Step

replace = msgspec.structs.replace


def written(play: Play, over: datetime | msgspec.UnsetType | None, seconds: float = 0) -> str:
    """What the board shows by the book when a process says that it has written "mine", and what it had found."""
    posted = replace(play.run.messages["board"], facts="mine", at=play.now + timedelta(seconds=seconds))
    result = events.PageWritten(document="board", page=1, posted=posted)
    event = events.EffectSucceeded(at=posted.at, key="message:board", result=result, over=over)
    return succeeded(play.run, event).messages["board"].facts


def test_a_message_that_nobody_else_wrote_meanwhile_shows_what_was_written() -> None:
    play = Play().tracked()

    assert written(play, play.run.messages["board"].at) == "mine"
    assert written(play, msgspec.UNSET) == "mine"  # histories from before it was told


@pytest.mark.parametrize("seconds", [-60, 60])  # whatever their clocks say of who was the last
def test_of_a_message_that_two_wrote_nobody_knows_what_it_shows(seconds: float) -> None:
    play = Play().tracked()
    theirs = play.run.messages["board"]
    play.runs[1] = replace(play.run, messages={**play.run.messages, "board": replace(theirs, at=play.now)})

    assert written(play, theirs.at - timedelta(seconds=5), seconds) == ""
    assert written(play, None, seconds) == ""


@pytest.mark.parametrize(
    ("book", "late", "stays"),
    [
        (("9", 0), ("10", 0), "9"),  # whoever saw both took the later one away
        (("10", 0), ("9", 0), "9"),
        (("10", 1), ("9", 0), "10"),  # the earlier one was deleted by somebody, and another put up in its place
        (("", 1), ("9", 0), ""),
        (("", 0), ("9", 0), "9"),
    ],
)
def test_of_two_messages_the_one_that_stays_is_noted(book: tuple[str, int], late: tuple[str, int], stays: str) -> None:
    play = Play().tracked()
    theirs = play.run.messages["board"]
    known = replace(theirs, message=book[0], generation=book[1], at=play.now)
    run = replace(play.run, messages={**play.run.messages, "board": known})
    posted = replace(theirs, message=late[0], generation=late[1], at=play.now + timedelta(seconds=1))
    result = events.PageWritten(document="board", page=1, posted=posted)

    event = events.EffectSucceeded(at=posted.at, key="message:board", result=result, over=None)
    noted = succeeded(run, event).messages["board"]

    assert (noted.message, noted.facts, noted.at) == (stays, "", posted.at)
    old = events.MessageEnsured(name="board", posted=posted)  # as histories of the first rules say it
    assert succeeded(run, replace(event, result=old)).messages["board"] == noted


@pytest.mark.parametrize(("known", "theirs", "stays"), [("thread-1", "gone", "10"), ("gone", "thread-1", "9")])
def test_of_two_pages_the_one_in_the_thread_that_there_is_now_is_noted(known: str, theirs: str, stays: str) -> None:
    play = Play().tracked()
    page = Posted(channel=known, message="10", facts="x", at=play.now)
    run = replace(play.run, messages={**play.run.messages, "board.2": page})
    posted = replace(page, channel=theirs, message="9")
    result = events.PageWritten(document="board", page=2, posted=posted)

    noted = succeeded(run, events.EffectSucceeded(at=play.now, key="message:board", result=result, over=None))

    assert noted.messages["board.2"].message == stays


def test_a_page_that_was_put_into_a_thread_that_is_gone_is_put_up_in_the_one_there_is_now() -> None:
    play = Play().tracked()
    key, strayed = "message:board", Posted(channel="gone", message="9", facts="", at=play.now)
    run = replace(play.run, messages={**play.run.messages, "board.2": strayed})
    run = replace(run, pending={**run.pending, key: Pending(since=play.now)})
    why = Failure(kind="permanent", code="lost", detail="channel")

    run = failed(run, events.EffectFailed(at=play.now, key=key, failure=why, over=play.now, page=2))

    assert (run.thread, run.messages["board.2"].message, run.messages["board.2"].generation) == ("thread-1", "", 1)


def test_a_page_that_the_book_does_not_have_is_noted_however_late() -> None:
    play = Play().tracked()
    posted = Posted(channel="thread-1", message="9", facts="x", at=play.now)
    result = events.PageWritten(document="board", page=2, posted=posted)
    event = events.EffectSucceeded(at=play.now, key="message:board", result=result, over=None)

    assert succeeded(play.run, event).messages["board.2"] == replace(posted, facts="")


@pytest.mark.parametrize(("name", "number", "detail"), [("board", 1, "channel"), ("board.2", 2, "message")])
def test_a_message_that_is_gone_by_itself_takes_no_other_along(name: str, number: int, detail: str) -> None:
    play = Play().tracked()
    page = Posted(channel="thread-1", message="10", facts="x", at=play.now)
    run = replace(play.run, messages={**play.run.messages, "board.2": page, "card.2": page})
    known, key = run.messages[name], "message:board"
    run = replace(run, pending={**run.pending, key: Pending(since=play.now)})
    why = Failure(kind="permanent", code="lost", detail=detail)

    at = play.now + timedelta(seconds=1)
    after = failed(run, events.EffectFailed(at=at, key=key, failure=why, over=known.at, page=number))

    gone = replace(known, message="", facts="", generation=1, at=at)
    assert (after.thread, after.messages) == ("thread-1", {**run.messages, name: gone})


def test_a_pull_request_of_an_issue_that_is_none_of_the_runs_changes_nothing() -> None:
    play = Play(1).tracked()
    opened = events.PullRequestEnsured(issue=IssueNumber(99), pull_request=PullNumber(107))

    run = succeeded(play.run, events.EffectSucceeded(at=play.now, key="pull_request:99", result=opened))

    assert run.tasks == play.run.tasks


def test_what_another_process_wrote_over_is_wanted_still_and_since_it_was() -> None:
    play = Play().tracked()
    entry = Pending(since=play.now - timedelta(minutes=7), attempts=1)
    run = replace(play.run, pending={**play.run.pending, "message:board": entry})
    result = events.PageWritten(document="board", page=1, posted=run.messages["board"])
    over = run.messages["board"].at

    late = events.EffectSucceeded(at=play.now, key="message:board", result=result, over=None)

    assert schedule(succeeded(run, late), play.now).pending["message:board"] == entry
    assert "message:board" not in schedule(succeeded(run, replace(late, over=over)), play.now).pending


def test_of_a_message_that_another_failed_to_write_nobody_knows_what_it_shows() -> None:
    play = Play().tracked()
    before = play.run.messages["board"].at
    play.runs[1] = replace(play.run, pending={**play.run.pending, "message:board": Pending(since=play.now)})

    failing = events.EffectFailed(at=play.now + timedelta(seconds=1), key="message:board", failure=failure())
    play.decide(failing, 1)

    assert written(play, before) == ""
    assert written(play, failing.at) == "mine"  # who tries again knows of it


@pytest.mark.parametrize(("key", "name"), [("message:board", "board"), ("thread", "card")])
def test_a_message_that_is_gone_is_put_up_anew_unless_another_process_has_done_that(key: str, name: str) -> None:
    play = Play().tracked()
    known = play.run.messages[name]
    run = replace(play.run, pending={**play.run.pending, key: Pending(since=play.now)})
    gone = events.EffectFailed(at=play.now, key=key, failure=failure(code="lost"), over=known.at)
    late = replace(gone, over=known.at - timedelta(seconds=5))

    assert failed(run, gone).messages[name].message == ""
    assert failed(run, late).messages[name].message == known.message
    assert failed(run, late).pending[key].attempts == 1


def test_a_thread_that_is_gone_is_started_anew_unless_another_process_has_done_that() -> None:
    play = Play().tracked()
    card, key = play.run.messages["card"].at, "message:board"
    run = replace(play.run, pending={**play.run.pending, key: Pending(since=play.now)})
    why = Failure(kind="permanent", code="lost", detail="channel")
    gone = events.EffectFailed(at=play.now, key=key, failure=why, over=late.written(run, key, 2), page=2)

    assert gone.over == card
    assert failed(run, gone).thread is None
    assert failed(run, replace(gone, over=card - timedelta(seconds=5))).thread == run.thread


@pytest.mark.parametrize("known", ["thread-1", None])
def test_the_thread_of_a_card_that_another_process_wrote_meanwhile_is_asked_for_again(known: str | None) -> None:
    play = Play().tracked()
    card = play.run.messages["card"].at
    run = replace(play.run, thread=known, pending={**play.run.pending, "thread": Pending(since=play.now)})
    result = events.ThreadEnsured(thread="thread-of-a-card-that-is-gone")
    opened = events.EffectSucceeded(at=play.now, key="thread", result=result, over=card)
    late = replace(opened, over=card - timedelta(seconds=5))

    assert succeeded(run, opened).thread == result.thread
    assert succeeded(run, late).thread == known
    assert "thread" not in succeeded(run, late).pending
    play.runs[1] = run
    play.decide(late, 1)
    assert ("thread" in play.run.pending) == (known is None)


def cancelled() -> Play:
    """Cancelled, and all of it tidied."""
    play = Play(1).tracked()
    play.says(events.CancelConfirmed, run=play.run.number, close_pull_requests=True)
    play.settle()
    assert {Step.UNLABEL, Step.PULL_REQUEST_CLOSED} <= set(play.task(1).done)
    assert play.run.pending == {}
    return play


def test_what_a_late_process_did_after_it_was_undone_is_undone_again() -> None:
    play = cancelled()

    labelled = events.LabelEnsured(issue=play.task(1).issue, present=True)
    play.decide(events.EffectSucceeded(at=play.now, key="label:1", result=labelled), 1)
    opened = events.PullRequestEnsured(issue=play.task(1).issue, pull_request=PullNumber(101))
    play.decide(events.EffectSucceeded(at=play.now, key="pull_request:1", result=opened), 1)

    assert [key for key in play.run.pending if key.endswith(":1")] == ["unlabel:1", "close_pull_request:1"]

    play.settle()
    assert play.run.pending == {}


def test_a_second_pull_request_that_was_opened_too_late_takes_no_place() -> None:
    play = Play(1).tracked()
    task = play.task(1)
    opened = events.PullRequestEnsured(issue=task.issue, pull_request=PullNumber(107))
    event = events.EffectSucceeded(at=play.now, key="pull_request:1", result=opened)

    assert succeeded(play.run, event).tasks[0].pull_request == task.pull_request


@pytest.mark.parametrize(("key", "again"), [("label:1", "unlabel:1"), ("pull_request:1", "close_pull_request:1")])
def test_what_a_late_process_may_have_done_after_it_was_undone_is_undone_again(key: str, again: str) -> None:
    play = cancelled()

    play.decide(events.EffectFailed(at=play.now, key=key, failure=failure("ambiguous")), 1)

    assert [key for key in play.run.pending if key.endswith(":1")] == [again]


def test_a_late_update_of_a_head_that_this_round_did_not_confirm_approves_nothing() -> None:
    play = Play(2).tracked()
    play.finish(1, 2)
    play.confirm()
    first, second = play.task(1), play.task(2)
    assert first.pull is not None
    assert second.pull is not None
    shipping = play.run.shipping
    assert shipping is not None
    result = events.BranchUpdated(issue=first.issue, head=play.forge.sha(), clean=True)
    event = events.EffectSucceeded(at=play.now, key=effects.update_key(first.issue, first.pull.head), result=result)
    other = replace(shipping, heads={"1": Sha("f" * 40), "2": second.pull.head})
    without = replace(shipping, heads={"2": second.pull.head})

    for heads, expected in ((shipping, result.head), (other, other.heads["1"]), (without, None)):
        run = succeeded(replace(play.run, shipping=heads), event)
        assert run.shipping is not None
        assert run.shipping.heads.get("1") == expected
