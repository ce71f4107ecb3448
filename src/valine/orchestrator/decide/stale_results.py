"""What still holds of a result that is noted late.

A process that stood still may have lost its partition: another one has looked, written and noted since, by the same
rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from valine.orchestrator.facts.display import in_thread
from valine.orchestrator.model import events
from valine.orchestrator.model.effects import update_key
from valine.orchestrator.naming import page_name

if TYPE_CHECKING:
    from valine.orchestrator.model.events import EffectFailed, EffectSucceeded, Result
    from valine.orchestrator.model.run import Posted, Run
    from valine.orchestrator.model.states import IssueNumber, PullNumber

replace = msgspec.structs.replace


def holding(run: Run, event: EffectSucceeded) -> Result | None:
    """What holds of the result, which may be about what another process has changed since; None if nothing does."""
    result = event.result
    match result:
        case events.MessageEnsured() | events.PageWritten() if is_stale(run, event):
            return replace(result, posted=_unconfirmed(run, _message_of(result), result.posted))
        case events.PageRemoved() | events.ThreadEnsured() if is_stale(run, event):
            # Another one was put up since; or it may be the thread of a card that is gone, whose own comes next.
            return None
        case events.BranchUpdated() if not _confirmed(run, event.key, result.issue):
            return replace(result, clean=False)
        case events.PullRequestEnsured() if (known := _pull_request(run, result.issue)) is not None:
            return replace(result, pull_request=known)  # another one was opened too late, and is closed again
        case events.Merged() if _merged_before(run, result.issue):
            return None  # when it was merged tells the order of the merges, which the notes follow
    return result


def _merged_before(run: Run, issue: IssueNumber) -> bool:
    task = run.task(issue)
    return task is not None and task.merged_sha is not None


def _pull_request(run: Run, issue: IssueNumber) -> PullNumber | None:
    task = run.task(issue)
    return task.pull_request if task else None


def _message_of(result: events.MessageEnsured | events.PageWritten) -> str:
    return result.name if isinstance(result, events.MessageEnsured) else page_name(result.document, result.page)


def _unconfirmed(run: Run, name: str, theirs: Posted) -> Posted:
    """The message that stays, as one of which nobody knows what it shows."""
    return replace(_staying(run, name, theirs), facts="", at=theirs.at)


def _staying(run: Run, name: str, theirs: Posted) -> Posted:
    """Which of two stays, if whoever saw both has taken the other one away.

    The one that was put up for one that is gone, and where it belongs; else the first of them (Discord's ids grow).
    """
    known = run.messages.get(name)
    both = [theirs] if known is None else [known, theirs]
    strayed = {one.channel for one in both} - {run.thread} if in_thread(name) else set()
    return min(
        both,
        key=lambda one: (-one.generation, not one.message, one.channel in strayed, len(one.message), one.message),
    )


def _confirmed(run: Run, key: str, issue: IssueNumber) -> bool:
    """Whether that update is of the head that is confirmed in this round."""
    head = run.shipping.heads.get(str(issue)) if run.shipping else None
    return head is not None and key == update_key(issue, head)


def is_stale(run: Run, event: EffectSucceeded | EffectFailed) -> bool:
    """Whether another process wrote the message meanwhile: then nobody knows what it shows, or which one it is."""
    return event.over is not msgspec.UNSET and event.over != written(run, event.key, page_of(event))


def page_of(event: EffectSucceeded | EffectFailed) -> int:
    """The page that the event is about; 1 if it is about no document."""
    if isinstance(event, events.EffectFailed):
        return event.page
    return event.result.page if isinstance(event.result, events.PageWritten | events.PageRemoved) else 1


def written(run: Run, key: str, page: int = 1) -> events.Over:
    """When the page of that effect was last written, by the book; for a thread, and what is new in it, its card."""
    kind, _, document = key.partition(":")
    if kind not in {"message", "thread"}:
        return msgspec.UNSET
    name = page_name(document, page)
    posted = run.messages.get(name) or (run.messages.get("card") if in_thread(name) else None)
    return posted.at if posted else None
