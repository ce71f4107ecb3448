"""Webhooks as GitHub sends them, signed: `delivered("issues", a_comment("/valine drop"))`."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

SECRET = "a webhook's secret"
REPOSITORY = "team/app"
DELIVERY = "72d3162e-cc78-11e3-81ab-4c9367dc0958"

Json = dict[str, Any]


def encoded(payload: Json) -> bytes:
    """The body."""
    return json.dumps(payload).encode()


def signed(body: bytes, event: str = "issues", *, secret: str = SECRET, **changes: str) -> dict[str, str]:
    """The headers that GitHub would send with this body."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Delivery": DELIVERY,
        "X-GitHub-Event": event,
        "X-Hub-Signature": "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    } | {name.replace("_", "-"): value for name, value in changes.items()}


def payload(action: str | None = None, **parts: Any) -> Json:
    """A webhook of the configured repository."""
    named = {} if action is None else {"action": action}
    return {**named, **parts, "repository": {"id": 1, "full_name": REPOSITORY}, "sender": {"login": "ana"}}


def a_comment(
    text: str | None, *, action: str = "created", login: str = "ana", kind: str = "User", on: int = 41
) -> Json:
    """Somebody's comment on an issue or pull request."""
    comment = {
        "id": 1001,
        "body": text,
        "user": {"login": login, "type": kind},
        "created_at": "2026-11-02T11:59:58Z",
    }
    return payload(action, issue={"number": on, "updated_at": "2026-11-02T11:59:58Z"}, comment=comment)
