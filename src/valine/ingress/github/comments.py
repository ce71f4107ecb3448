"""`/valine …` in a comment: a whole line of exactly the words below, not quoted, not in code, not hidden.

More or other words are not guessed at: somebody who writes `/valine drop 42` on #41 may mean either.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypedDict

from valine.orchestrator.markdown import spoken
from valine.orchestrator.model.events import (
    CancelConfirmed,
    DropRequested,
    PersonCommand,
    RetryRequested,
    StatusRequested,
)
from valine.orchestrator.model.plan import Actor
from valine.orchestrator.model.states import IssueNumber

if TYPE_CHECKING:
    from datetime import datetime

NAME = "/valine"
COMMAND = re.compile(r"/valine(?:[ \t]+(.*))?", re.IGNORECASE)
OURS = "<!-- valine:"  # naming.github_marker: Valine's own comments command nothing, whoever's token wrote them


class Common(TypedDict):
    """What every command of one comment carries."""

    id: str
    by: Actor
    asked_at: datetime
    at: datetime
    number: int


def comment_command(
    *, login: str, body: str, comment_id: int, number: int, created_at: datetime, now: datetime
) -> PersonCommand | None:
    """The command in that comment on issue or pull request `number`; None if there is none, or a bot wrote it.

    Of several, the first one counts. Whether the author may is for GitHub to say (`by.may_write` is False).
    """
    words = _words(body)
    if words is None or is_bot(login):
        return None
    common = Common(
        id=f"github:comment:{comment_id}",
        by=Actor(platform="github", id=login, name=login),
        asked_at=created_at,
        at=now,
        number=number,
    )
    return _command(words, common)


def _command(words: tuple[str, ...], common: Common) -> PersonCommand | None:
    command: PersonCommand | None = None
    match words:
        case ("status",):
            command = StatusRequested(**common)
        case ("retry",):
            command = RetryRequested(issue=IssueNumber(common["number"]), **common)
        case ("drop",):
            command = DropRequested(issue=IssueNumber(common["number"]), **common)
        case ("cancel",) | ("cancel", "keep" | "close"):
            command = CancelConfirmed(close_pull_requests=words[-1] == "close", **common)
        case _:
            pass
    return command


def is_bot(login: str) -> bool:
    """True for an app's account. https://docs.github.com/en/apps (their logins end in [bot])."""
    return login.endswith("[bot]")


def addressed(body: str) -> bool:
    """True if some line of the comment speaks to Valine, whether it is understood or not."""
    return _words(body) is not None


def _words(body: str) -> tuple[str, ...] | None:
    if OURS in body or NAME not in body.lower():
        return None
    for line in spoken(body):
        match = COMMAND.fullmatch(line.rstrip())
        if match is not None:
            return tuple((match[1] or "").lower().split())
    return None
