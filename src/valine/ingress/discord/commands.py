"""Slash commands, buttons and selects as events. What cannot be understood is refused with a sentence, never raised."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from valine.ingress.discord.parsed import Refused, StatusAsked
from valine.orchestrator import replies
from valine.orchestrator.model.events import (
    CancelConfirmed,
    CancelRequested,
    PersonCommand,
    PlanApproved,
    PlanEdited,
    PlanRejected,
    PlanRequested,
    RetryRequested,
    ShipConfirmed,
    ShipRequested,
)
from valine.orchestrator.model.plan import Actor
from valine.orchestrator.model.states import IssueNumber, RunNumber
from valine.view import custom_id

if TYPE_CHECKING:
    from datetime import datetime

    from valine.ingress.discord.payload import Data

RUN = re.compile(r"[rR]?([0-9]{1,9})(?:@([0-9]{1,9})\.([a-z0-9-]{1,24}))?")
NUMBER = re.compile(r"[0-9]{1,9}")
LARGEST_NUMBER = 999_999_999
LONGEST_LABEL = 100
MOST_ISSUES = 250
SLASH_COMMAND = 1  # https://docs.discord.com/developers/interactions/application-commands#application-command-object


class Common(TypedDict):
    """What every command of one interaction carries."""

    id: str
    by: Actor
    asked_at: datetime
    at: datetime


class OnCard(Common):
    """What every click on a run's message carries besides: exactly which run."""

    run: RunNumber
    uid: str


class RunNamed(msgspec.Struct, frozen=True):
    """What a `run` option says: a run, and the revision and digest where it was picked from the list."""

    run: RunNumber | None = None
    revision: int | None = None
    digest: str | None = None


def option_text(value: Any) -> str | None:
    """What a text option holds, "" if it was not given; None if it is no text at all."""
    if value is None or isinstance(value, str):
        return (value or "").strip()
    return str(value) if type(value) is int and 0 <= value <= LARGEST_NUMBER else None


def run_named(value: Any) -> RunNamed | None:
    """r12, 12 or r12@2.digest; nothing at all is the obvious run; None is no run's name."""
    text = option_text(value)
    if text == "":
        return RunNamed()
    match = RUN.fullmatch(text or "")
    if match is None:
        return None
    return RunNamed(RunNumber(int(match[1])), int(match[2]) if match[2] else None, match[3])


def command(data: Data, channel: str, common: Common) -> PersonCommand | StatusAsked | Refused:
    """What a slash command asks for."""
    if data.type == SLASH_COMMAND and data.name == "plan":
        return _plan(data, channel, common)
    if data.type != SLASH_COMMAND or data.name not in {"approve", "status", "ship"}:
        return Refused(reply=replies.UnknownCommand())
    named = run_named(data.value("run"))
    if named is None:
        return Refused(reply=replies.BadRun())
    if data.name == "status":
        return StatusAsked(run=named.run)
    if data.name == "ship":
        return ShipRequested(run=named.run, **common)
    return PlanApproved(run=named.run, revision=named.revision, digest=named.digest, **common)


def _plan(data: Data, channel: str, common: Common) -> PlanRequested | Refused:
    label = option_text(data.value("label"))
    if label is None or len(label) > LONGEST_LABEL:
        return Refused(reply=replies.BadLabel(longest=LONGEST_LABEL))
    limit = data.value("limit")
    if limit is not None and not (type(limit) is int and 1 <= limit <= MOST_ISSUES):
        return Refused(reply=replies.BadLimit(most=MOST_ISSUES))
    return PlanRequested(channel=channel, label=label or None, limit=limit, **common)


def component(data: Data, common: Common) -> PersonCommand | StatusAsked | Refused:
    """What a button or select asks for: its custom_id says it all, but for the chosen values."""
    clicked = custom_id.read(data.custom_id)
    if clicked is None:
        return Refused(reply=replies.UnknownComponent())
    on = OnCard(run=RunNumber(clicked.run), uid=clicked.uid, **common)
    meant = _about_plan(clicked, data, on) or _about_shipping(clicked, on) or _about_work(clicked, on)
    return meant or Refused(reply=replies.UnknownComponent())


def _about_plan(clicked: custom_id.CustomId, data: Data, on: OnCard) -> PersonCommand | Refused | None:
    match clicked.action, clicked.arguments:
        case "approve", (revision, digest) if NUMBER.fullmatch(revision):
            return PlanApproved(revision=int(revision), digest=digest, **on)
        case "reject", (revision, digest) if NUMBER.fullmatch(revision):
            return PlanRejected(revision=int(revision), digest=digest, **on)
        case "drop", (revision, *_) if NUMBER.fullmatch(revision):
            return _edit(data, int(revision), on)
        case _:
            return None


def _edit(data: Data, revision: int, on: OnCard) -> PlanEdited | Refused | None:
    if not all(map(NUMBER.fullmatch, data.values)):
        return None
    drop = tuple(dict.fromkeys(IssueNumber(int(value)) for value in data.values))
    return PlanEdited(revision=revision, drop=drop, **on) if drop else Refused(reply=replies.NothingChosen())


def _about_shipping(clicked: custom_id.CustomId, on: OnCard) -> PersonCommand | StatusAsked | None:
    match clicked.action, clicked.arguments:
        case "ship", _:
            return ShipRequested(**on)
        case "confirm", (heads, *_):
            return ShipConfirmed(heads=heads, **on)
        case "status", _:
            return StatusAsked(run=on["run"], uid=on["uid"])
        case _:
            return None


def _about_work(clicked: custom_id.CustomId, on: OnCard) -> PersonCommand | None:
    match clicked.action:
        case "cancel":
            return CancelRequested(**on)
        case "cancel-keep" | "cancel-close":
            return CancelConfirmed(close_pull_requests=clicked.action == "cancel-close", **on)
        case "retry":
            return RetryRequested(**on)
        case _:
            return None
