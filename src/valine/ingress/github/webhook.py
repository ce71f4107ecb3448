"""A GitHub webhook, from signed bytes to what it means: a command that is kept, or a hint that is looked up.

https://docs.github.com/en/webhooks/using-webhooks/handling-webhook-deliveries
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from valine.errors import Malformed
from valine.ingress.decoding import decode, header
from valine.ingress.github.comments import addressed, comment_command
from valine.ingress.github.payloads import PAYLOADS, CommentPayload, Payload, moment
from valine.ingress.signatures import verify_hmac_sha256 as verify
from valine.orchestrator.model.events import HintReceived, PersonCommand
from valine.ports import ReplyTo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["read", "verify"]

DELIVERY = re.compile(r"[\x21-\x7e]{1,100}")


class Ping(msgspec.Struct, frozen=True):
    """GitHub says that the webhook was set up."""

    delivery: str


class Hinted(msgspec.Struct, frozen=True):
    """Something may have changed."""

    delivery: str
    hint: HintReceived


class Commented(msgspec.Struct, frozen=True):
    """A person wrote a command. Whether they may is for GitHub to say."""

    delivery: str
    command: PersonCommand
    reply_to: ReplyTo


class Ignored(msgspec.Struct, frozen=True):
    """It concerns no run, and why."""

    delivery: str
    reason: str


Parsed = Ping | Hinted | Commented | Ignored


def read(headers: Mapping[str, str], body: bytes, *, repository: str, now: datetime) -> Parsed:
    """What the webhook means to the deployment that serves `repository` ("owner/name", in any case).

    Raises Malformed: 415 if it is not JSON by its own word, 400 if it is not by ours.
    """
    _check_content_type(headers)
    event, delivery = header(headers, "X-GitHub-Event"), header(headers, "X-GitHub-Delivery")
    if not event or delivery is None or DELIVERY.fullmatch(delivery) is None:
        raise Malformed("X-GitHub-Event or X-GitHub-Delivery is missing")
    payload = decode(body, PAYLOADS.get(event, Payload))
    if event == "ping":
        return Ping(delivery)
    if event not in PAYLOADS:
        return Ignored(delivery, f"the event {event[:40]!r} is not one that matters here")
    if payload.repository is None or payload.repository.full_name.casefold() != repository.casefold():
        return Ignored(delivery, "it is about another repository")
    if isinstance(payload, CommentPayload):
        return _comment(payload, delivery, now)
    return _hint(event, payload, delivery, now)


def _check_content_type(headers: Mapping[str, str]) -> None:
    given = (header(headers, "Content-Type") or "").partition(";")[0].strip().lower()
    if given != "application/json":
        raise Malformed("the webhook's content type must be application/json: change it in its settings", 415)


def _hint(event: str, payload: Payload, delivery: str, now: datetime) -> Hinted | Ignored:
    observed = payload.observed()
    if observed is None:
        return Ignored(delivery, "it is about something that no run is made of")
    name = event if payload.action is None else f"{event}.{payload.action}"
    return Hinted(delivery, HintReceived(name=name, delivery=delivery, at=now, **msgspec.structs.asdict(observed)))


def _comment(payload: CommentPayload, delivery: str, now: datetime) -> Commented | Ignored:
    comment, number = payload.comment, payload.issue.number
    if payload.action != "created":
        return Ignored(delivery, "commands are taken from new comments only")
    if comment.user is None or comment.user.type == "Bot":
        return Ignored(delivery, "no person wrote it")
    # Not `now`: the answer to an earlier delivery of the same comment is looked for from here on.
    said_at = moment(comment.created_at) or now
    command = comment_command(
        login=comment.user.login,
        body=comment.body or "",
        comment_id=comment.id,
        number=number,
        created_at=said_at,
        now=now,
    )
    if command is None:
        strange = addressed(comment.body or "")
        return Ignored(delivery, "its /valine command is not known" if strange else "it is a comment without a command")
    return Commented(delivery, command, ReplyTo(at=said_at, number=number))
