"""The board, word for word."""

# ruff: noqa: E501 - a line of a message is easier to read on one line

from __future__ import annotations

import msgspec
import pytest
from inline_snapshot import snapshot

from builders import after
from valine.orchestrator.facts.documents import key
from valine.orchestrator.facts.of_run import board
from view import sentences
from view.card_parts import RUNS, labels, messages, text_of

replace = msgspec.structs.replace


@pytest.mark.parametrize("name", ["executing", "tracking", "shipping", "completed", "failed"])
def test_the_board(name: str) -> None:
    message = messages(RUNS[name]())["board"]

    assert [text_of(message), labels(message)] == {
        "executing": snapshot(
            [
                """\
## Run r12 · opening pull requests
▱▱▱▱▱▱▱▱▱▱ 0/2 merged · 1 held · 1 ready · into main
**Needs somebody**
🔴 [#42](https://github.com/team/app/issues/42) Say hello → [#78](https://github.com/team/app/pull/78) · held: checks failed (ci/test): ben must push a fix or run them again

**The others**
🟢 [#41](https://github.com/team/app/issues/41) Fix \\*login\\* → [#77](https://github.com/team/app/pull/77) · ready
-# r12 · board · abcdefgh2345\
""",
                ["Retry", "Refresh", "Cancel"],
            ]
        ),
        "tracking": snapshot(
            [
                """\
## Run r12 · tracking
▱▱▱▱▱▱▱▱▱▱ 0/2 merged · 1 held · 1 ready · into main
**Needs somebody**
🔴 [#42](https://github.com/team/app/issues/42) Say hello → [#78](https://github.com/team/app/pull/78) · held: checks failed (ci/test): ben must push a fix or run them again

**The others**
🟢 [#41](https://github.com/team/app/issues/41) Fix \\*login\\* → [#77](https://github.com/team/app/pull/77) · ready
-# r12 · board · abcdefgh2345\
""",
                ["Ship", "Retry", "Refresh", "Cancel"],
            ]
        ),
        "shipping": snapshot(
            [
                """\
## Run r12 · shipping
▱▱▱▱▱▱▱▱▱▱ 0/2 merged · 1 held · 1 ready · into main
Shipping since <t:1793620800:R>, started by ben
**Needs somebody**
🔴 [#42](https://github.com/team/app/issues/42) Say hello → [#78](https://github.com/team/app/pull/78) · held: checks failed (ci/test): ben must push a fix or run them again

**The others**
🟢 [#41](https://github.com/team/app/issues/41) Fix \\*login\\* → [#77](https://github.com/team/app/pull/77) · ready
-# r12 · board · abcdefgh2345\
""",
                ["Retry", "Refresh", "Cancel"],
            ]
        ),
        "completed": snapshot(
            [
                """\
## Run r12 · completed
▰▰▰▰▰▰▰▰▰▰ 2/2 merged · into main
Ended <t:1793624400:R>
🟣 [#41](https://github.com/team/app/issues/41) Fix \\*login\\* → [#77](https://github.com/team/app/pull/77) · merged
🟣 [#42](https://github.com/team/app/issues/42) Say hello → [#78](https://github.com/team/app/pull/78) · merged
-# r12 · board · abcdefgh2345\
""",
                [],
            ]
        ),
        "failed": snapshot(
            [
                """\
## Run r12 · failed
▰▰▰▰▰▱▱▱▱▱ 1/2 merged · 1 failed · into main
Ended <t:1793624400:R>
🟣 [#41](https://github.com/team/app/issues/41) Fix \\*login\\* → [#77](https://github.com/team/app/pull/77) · merged
⛔ [#42](https://github.com/team/app/issues/42) Say hello → [#78](https://github.com/team/app/pull/78) · failed
-# r12 · board · abcdefgh2345\
""",
                [],
            ]
        ),
    }[name]


def test_the_board_says_nothing_that_a_refresh_alone_changes() -> None:
    run = sentences.under_way()
    looked = replace(
        run, refreshed_at=after(5), refresh_at=after(60), version=3, wake_at=after(60), lag=2, thread="777"
    )

    assert key(board(looked)) == key(board(run))
    assert messages(looked)["board"] == messages(run)["board"]
