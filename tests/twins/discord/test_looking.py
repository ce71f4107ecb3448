"""What somebody who watches asks of the twin: to wait, to close a form unsent, to see which faults are on."""

from __future__ import annotations

import pytest

from twins.discord.stage import CARD, MODAL, Stage
from valine_twins.transport import ActError


def test_who_waits_long_enough_sees_that_the_command_failed(stage: Stage) -> None:
    stage.act("command", by="ana", name="status")
    stage.wait(2)
    early = (stage.act("wait"), stage.view["interactions"][-1]["state"])
    stage.wait(2)

    late = (stage.act("wait"), stage.view["interactions"][-1]["state"])

    assert (early, late) == ((False, "waiting"), (True, "failed"))
    assert stage.act("wait") is False


def test_a_modal_that_is_closed_is_gone_and_cannot_be_sent(stage: Stage) -> None:
    stage.say(CARD)
    stage.act("click", by="ana", label="Approve")
    stage.answer({"type": 9, "data": MODAL})

    stage.act("close_modal", by="ana")

    assert stage.view["interactions"][-1]["modal"] is None
    with pytest.raises(ActError, match="no modal is open before ana"):
        stage.act("submit_modal", by="ana", values={"reason": "x"})
    with pytest.raises(ActError, match="no modal is open before ana"):
        stage.act("close_modal", by="ana")


def test_the_faults_that_are_on_are_shown_with_what_is_left_of_them(stage: Stage) -> None:
    stage.act("throw_fault", kind="error_before", times=2)
    stage.act("throw_fault", kind="latency", seconds=1, times=-1)
    stage.get("/users/@me")

    assert [(one["kind"], one["times"]) for one in stage.view["faults"]] == [("error_before", 1), ("latency", -1)]
    stage.act("clear_faults")
    assert stage.view["faults"] == []
