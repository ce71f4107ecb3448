"""A limit is for all of GitHub, and for GitHub alone."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from orchestrator.failing import executing, fails, failure
from valine.orchestrator.decide.effect_results import LIMITED, failed
from valine.orchestrator.model import events
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Pending

replace = msgspec.structs.replace


def test_a_limit_quietens_every_write_to_github_and_no_message() -> None:
    play = executing()
    entry = play.run.pending["branch:1"]
    pending = {**play.run.pending, "message:board": Pending(since=play.now), "thread": Pending(since=play.now)}
    play.runs[1] = replace(play.run, pending=pending, thread=None)

    run = failed(play.run, events.EffectFailed(at=play.now, key="branch:1", failure=failure(code="limited")))

    until = play.now + LIMITED
    assert run.quiet_until == until
    assert run.pending["branch:1"] == replace(entry, not_before=until, trouble="so it said")
    assert run.pending["branch:2"].not_before == until
    assert {run.pending[key].not_before for key in ("message:board", "thread")} == {None}


def test_a_limit_without_words_is_named_by_its_code() -> None:
    play = executing()
    silent = Failure(kind="transient", code="limited")

    fails(play, "branch:1", silent)

    assert play.run.pending["branch:2"].trouble == "limited"


def test_a_limit_puts_nothing_forward_that_waits_longer() -> None:
    play = executing()
    later = play.now + timedelta(hours=2)
    waiting = replace(play.run.pending["branch:2"], not_before=later)
    play.runs[1] = replace(play.run, pending=play.run.pending | {"branch:2": waiting})

    fails(play, "branch:1", failure(code="limited", retry_at=play.now + timedelta(hours=1)))

    assert play.run.pending["branch:2"].not_before == later


def test_what_is_wanted_anew_during_a_limit_waits_for_its_end_and_after_it_for_nothing() -> None:
    play = executing()
    fails(play, "branch:1", failure(code="limited"))
    until = play.run.quiet_until
    play.runs[1] = replace(play.run, pending={})

    play.decide(events.EffectFailed(at=play.now, key="none", failure=failure()), 1)
    assert play.run.pending["branch:1"].not_before == until

    assert until is not None
    play.now = until
    play.runs[1] = replace(play.run, pending={})
    play.decide(events.EffectFailed(at=play.now, key="none", failure=failure()), 1)
    assert play.run.pending["branch:1"].not_before is None


@pytest.mark.parametrize("key", ["message:card", "thread"])
def test_a_limit_of_discord_quietens_nothing_else(key: str) -> None:
    play = executing()
    play.runs[1] = replace(play.run, pending={**play.run.pending, key: Pending(since=play.now)})

    run = failed(play.run, events.EffectFailed(at=play.now, key=key, failure=failure(code="limited")))

    assert run.quiet_until is None
    assert run.pending["branch:1"] == play.run.pending["branch:1"]
    assert run.pending[key].attempts == 1
