"""A reply as it is shown to the person who asked, and to nobody else: made from its facts, and from nothing besides.

A reply says what happened, whether anything changed, and what to do. Other people's words in it are escaped and cut.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from valine.orchestrator.replies import Button, IntakeReply, PlanReply, Reply, RunReply, Said, Trouble
from valine.view import intake, plan_replies, run_replies, trouble
from valine.view.reply_buttons import buttons


class RenderedReply(msgspec.Struct, frozen=True, kw_only=True):
    """Discord markdown, and the buttons under it."""

    text: str
    buttons: tuple[Button, ...] = ()


def render(reply: Reply) -> RenderedReply:
    """The reply in words."""
    return RenderedReply(text=_words(reply), buttons=buttons(reply))


def _words(reply: Reply) -> str:
    if isinstance(reply, Said):
        return reply.text
    if isinstance(reply, PlanReply):
        return plan_replies.words(reply)
    if isinstance(reply, RunReply):
        return run_replies.words(reply)
    if isinstance(reply, Trouble):
        return trouble.words(reply)
    if isinstance(reply, IntakeReply):
        return intake.words(reply)
    assert_never(reply)
