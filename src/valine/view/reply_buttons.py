"""The buttons under a reply: what the person can do about it with one click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.orchestrator import replies
from valine.orchestrator.replies import Button
from valine.orchestrator.text import plural
from valine.view.components import custom_id

if TYPE_CHECKING:
    from valine.orchestrator.replies import Reply


def buttons(reply: Reply) -> tuple[Button, ...]:  # noqa: PLR0911 - a line a reply that has some
    """Those of that reply, in order; most have none."""
    match reply:
        case replies.Said():
            return reply.buttons
        case replies.AlreadyProposed() | replies.NotShownYet():
            return (_reject(reply),)
        case replies.OtherRun():
            return (Button(label="Status", custom_id=custom_id(reply.run, "status")),)
        case replies.Preflight():
            return (_confirm(reply),)
        case replies.HeadsMoved():
            return (Button(label="Look again", custom_id=custom_id(reply.run, "ship"), style="primary"),)
        case replies.CancelAsked():
            return _cancel(reply)
        case _:
            return ()


def _reject(reply: replies.AlreadyProposed | replies.NotShownYet) -> Button:
    """The way out where the card with its own buttons cannot be posted."""
    return Button(
        label=f"Reject {reply.run.name}",
        custom_id=custom_id(reply.run, "reject", reply.revision, reply.digest),
        style="danger",
    )


def _confirm(reply: replies.Preflight) -> Button:
    """It carries the digest of exactly these heads."""
    label = f"Merge {plural(len(reply.ready), 'pull request')}"
    return Button(label=label, custom_id=custom_id(reply.run, "confirm", reply.heads), style="success")


def _cancel(reply: replies.CancelAsked) -> tuple[Button, ...]:
    keep = custom_id(reply.run, "cancel-keep")
    if not reply.approved:
        return (Button(label="Cancel it", custom_id=keep, style="danger"),)
    close = custom_id(reply.run, "cancel-close")
    return (
        Button(label="Cancel, keep them open", custom_id=keep, style="danger"),
        Button(label="Cancel and close them", custom_id=close, style="danger"),
    )
