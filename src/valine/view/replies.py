"""A reply as it is shown to the person who asked, and to nobody else: made from its facts, and from nothing besides.

A reply says what happened, whether anything changed, and what to do. Other people's words in it are escaped and cut.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from valine.orchestrator.replies import Button, EndpointReply, FailureReply, PlanReply, Reply, RunReply, Said
from valine.view import endpoint_replies, failure_replies, plan_replies, run_replies
from valine.view.components import COMPONENTS_V2, EPHEMERAL, MOST_CHARACTERS, SILENT, Json, button, clip, text
from valine.view.components import buttons as rows
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
    if isinstance(reply, FailureReply):
        return failure_replies.words(reply)
    if isinstance(reply, EndpointReply):
        return endpoint_replies.words(reply)
    assert_never(reply)


def reply_body(reply: RenderedReply) -> Json:
    """The reply as the content of an ephemeral message; nobody is notified."""
    shown = [button(b.label, b.custom_id, b.style) for b in reply.buttons]
    return {
        "flags": EPHEMERAL | COMPONENTS_V2,
        "components": [text(clip(reply.text, MOST_CHARACTERS) or "…"), *rows(shown)],
        "allowed_mentions": SILENT,
    }
