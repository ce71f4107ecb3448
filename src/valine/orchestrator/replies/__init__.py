"""What a person is answered, as facts: a closed list of small frozen values. valine.view.replies has the words.

A reply is stored with its command, so that a repeat is answered alike. Each names itself (`type`), and what is as it is
by default is left out: a field that is added later, with a default, changes no stored reply.
"""

from __future__ import annotations

from typing import Any, Literal

from valine.orchestrator.facts.documents import Fact
from valine.orchestrator.replies.endpoint_replies import (
    AnotherServer,
    BadLabel,
    BadLimit,
    BadRun,
    DirectMessage,
    EndpointReply,
    NothingChosen,
    NotRead,
    NotStored,
    PerhapsStored,
    Unexpected,
    UnknownCommand,
    UnknownComponent,
)
from valine.orchestrator.replies.failure_replies import (
    FailedInside,
    FailureReply,
    GitHubFailed,
    InNoRun,
    NoRun,
    NoSuchRun,
    NotAllowed,
    UnusablePolicy,
)
from valine.orchestrator.replies.parts import run_place
from valine.orchestrator.replies.plan import (
    AlreadyApproved,
    AlreadyProposed,
    Approved,
    DroppedItems,
    NoIssues,
    NothingLeft,
    NothingToPlan,
    NotInPlan,
    NotPending,
    NotShownYet,
    OtherRun,
    PlanChanged,
    Planned,
    PlanReply,
    PlanTooBig,
    Rejected,
    RevisionMoved,
    WhichRun,
)
from valine.orchestrator.replies.under_way import (
    AlreadyOver,
    AlreadyShipping,
    CancelAsked,
    Cancelled,
    HeadsMoved,
    NoSuchTask,
    NotDroppable,
    NothingReady,
    NothingToRetry,
    NotStarted,
    Preflight,
    Retried,
    RunReply,
    ShipNotPossible,
    ShipStarted,
    StatusOf,
    TaskDropped,
)

__all__ = [
    "AlreadyApproved",
    "AlreadyOver",
    "AlreadyProposed",
    "AlreadyShipping",
    "AnotherServer",
    "Approved",
    "BadLabel",
    "BadLimit",
    "BadRun",
    "Button",
    "CancelAsked",
    "Cancelled",
    "DirectMessage",
    "DroppedItems",
    "EndpointReply",
    "FailedInside",
    "FailureReply",
    "GitHubFailed",
    "HeadsMoved",
    "InNoRun",
    "NoIssues",
    "NoRun",
    "NoSuchRun",
    "NoSuchTask",
    "NotAllowed",
    "NotDroppable",
    "NotInPlan",
    "NotPending",
    "NotRead",
    "NotShownYet",
    "NotStarted",
    "NotStored",
    "NothingChosen",
    "NothingLeft",
    "NothingReady",
    "NothingToPlan",
    "NothingToRetry",
    "OtherRun",
    "PerhapsStored",
    "PlanChanged",
    "PlanReply",
    "PlanTooBig",
    "Planned",
    "Preflight",
    "Rejected",
    "Reply",
    "Retried",
    "RevisionMoved",
    "RunReply",
    "Said",
    "ShipNotPossible",
    "ShipStarted",
    "StatusOf",
    "TaskDropped",
    "Unexpected",
    "UnknownCommand",
    "UnknownComponent",
    "UnusablePolicy",
    "WhichRun",
    "run_place",
    "upgraded",
]


class Button(Fact, frozen=True, kw_only=True):
    """A button under a reply. `custom_id` is what comes back when it is clicked (view.custom_id)."""

    label: str
    custom_id: str
    style: Literal["primary", "secondary", "success", "danger"] = "secondary"


class Said(Fact, frozen=True, kw_only=True, tag=True):
    """A reply that was stored in words, as they were until schema 2."""

    text: str
    buttons: tuple[Button, ...] = ()


Reply = PlanReply | RunReply | FailureReply | EndpointReply | Said


def upgraded(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of an inbox record of schema 1 as of schema 2: a reply in words becomes one that names itself."""
    reply = fields.get("reply")
    if not isinstance(reply, dict) or "type" in reply:
        return fields
    return {**fields, "reply": {"type": Said.__struct_config__.tag, **reply}}
