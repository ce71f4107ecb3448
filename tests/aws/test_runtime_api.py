"""The harness itself: what Lambda does with a function that answers, raises, dies, hangs, or cannot be imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aws.lambda_events import schedule_event
from aws.runtime_api import LARGEST, Function, a_function

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.proof

CODE = """
import os, sys, time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    match event:
        case {"do": "raise"}:
            raise ValueError("as asked")
        case {"do": "die"}:
            os._exit(3)
        case {"do": "hang"}:
            time.sleep(60)
    left = context.get_remaining_time_in_millis()
    return {"calls": calls, "left": left, "size": len(event.get("pad", "")), "secret": os.environ.get("SECRET")}
"""


@pytest.fixture
def function(tmp_path: Path) -> Iterator[Function]:
    (tmp_path / "sample.py").write_text(CODE)
    with a_function("sample.handler", path=[tmp_path], env={"SECRET": "given"}, log=tmp_path / "log") as made:
        yield made


def test_a_warm_process_is_kept_and_knows_how_much_time_is_left(function: Function) -> None:
    first = function.invoke(schedule_event(), timeout=5)
    second = function.invoke({"pad": "x" * (LARGEST - 100)}, timeout=5)

    assert (first.payload["calls"], second.payload["calls"]) == (1, 2)
    assert 0 < first.payload["left"] <= 5000
    assert first.payload["secret"] == "given"
    assert second.payload["size"] == LARGEST - 100
    assert function.lives == 1


def test_an_exception_is_the_invocations_error_and_the_process_goes_on(function: Function) -> None:
    raised = function.invoke({"do": "raise"})

    assert raised.error
    assert (raised.error["errorType"], raised.error["errorMessage"]) == ("ValueError", "as asked")
    assert function.invoke({}).payload["calls"] == 2
    assert "as asked" in function.log


def test_a_process_that_dies_or_runs_out_of_time_is_followed_by_a_cold_start(function: Function) -> None:
    died, hung = function.invoke({"do": "die"}), function.invoke({"do": "hang"}, timeout=0.3)

    assert died.error
    assert died.error["errorType"] == "Runtime.ExitError"
    assert hung.error
    assert hung.error["errorType"] == "Sandbox.Timedout"
    assert function.invoke({}).payload["calls"] == 1
    assert function.lives == 3


def test_a_handler_that_cannot_be_imported_is_said(tmp_path: Path) -> None:
    with (
        a_function("nowhere.handler", path=[tmp_path], env={}, log=tmp_path / "log") as function,
        pytest.raises(AssertionError, match="No module named 'nowhere'"),
    ):
        function.start()
