"""From events to signed deliveries: which hooks hear of it, what they are sent, and the log that people see.

The body is signed as it is sent, byte for byte. A delivery keeps its GUID when it is made again; several hooks that
hear of one event share it. https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from valine_twins.github import documents
from valine_twins.github.state import DeliveryRecord
from valine_twins.github.world import JSON, Event, World, node_id, stamp
from valine_twins.transport import Delivery

if TYPE_CHECKING:
    from valine_twins.faults import FaultInjector
    from valine_twins.github.state import Hook, Repository
    from valine_twins.transport import Response

_OK = range(200, 300)


class Mailroom:
    """Makes deliveries of events, and keeps those back that a fault holds up."""

    def __init__(self) -> None:
        self._held: dict[int, list[Delivery]] = {}

    def dispatch(self, world: World, faults: FaultInjector) -> tuple[Delivery, ...]:
        """Deliveries for all events of this call, in order."""
        made: list[Delivery] = []
        for event in world.events:
            guid = world.guid()
            for hook in _listeners(world, event):
                record = _record(world, event, hook, guid)
                made += self._through(world, faults, hook, record)
        world.events.clear()
        return tuple(made)

    def again(self, world: World, faults: FaultInjector, record: DeliveryRecord) -> tuple[Delivery, ...]:
        """Redeliver: the same GUID and body, a new entry in the log."""
        hook = world.state.hooks[record.hook]
        copy = DeliveryRecord(
            id=world.next_id(),
            guid=record.guid,
            hook=record.hook,
            event=record.event,
            action=record.action,
            repository_id=record.repository_id,
            installation_id=record.installation_id,
            delivered_at=world.now,
            headers=_headers(hook, record.event, record.guid, record.body),
            body=record.body,
            redelivery=True,
        )
        world.state.deliveries[copy.id] = copy
        return tuple(self._through(world, faults, hook, copy))

    def release(self) -> tuple[Delivery, ...]:
        """Whatever is still held back."""
        held = [delivery for waiting in self._held.values() for delivery in waiting]
        self._held.clear()
        return tuple(held)

    def _through(self, world: World, faults: FaultInjector, hook: Hook, record: DeliveryRecord) -> list[Delivery]:
        if faults.strike(("webhook_dropped",), "POST", record.event):
            record.status = "failed to connect to host"
            return []
        late = faults.strike(("webhook_late",), "POST", record.event)
        wait = world.options.webhook_delay + (late.seconds if late else 0.0)
        at = world.now + timedelta(seconds=wait)
        delivery = Delivery(id=str(record.id), url=hook.url, headers=dict(record.headers), body=record.body, at=at)
        if faults.strike(("webhook_reordered",), "POST", record.event):
            self._held.setdefault(hook.id, []).append(delivery)
            return []
        times = 2 if faults.strike(("webhook_doubled",), "POST", record.event) else 1
        after = [msgspec.structs.replace(one, at=max(one.at, at)) for one in self._held.pop(hook.id, [])]
        return [delivery] * times + after


def _listeners(world: World, event: Event) -> list[Hook]:
    hooks = [hook for hook in world.state.hooks.values() if hook.active]
    if event.hook is not None:
        return [hook for hook in hooks if hook.id == event.hook]
    it = event.repository
    return [
        hook
        for hook in hooks
        if ("*" in hook.events or event.name in hook.events)
        and (hook.repository == it.full_name if hook.app is None else world.installation_for(it, hook.app) is not None)
    ]


def _record(world: World, event: Event, hook: Hook, guid: str) -> DeliveryRecord:
    installation = world.installation_for(event.repository, hook.app) if hook.app is not None else None
    body: JSON = {} if event.action is None else {"action": event.action}
    body |= event.body
    body.setdefault("repository", documents.repository(world, event.repository))
    body["sender"] = documents.user(world, event.sender)
    if installation is not None:
        body["installation"] = {"id": installation.id, "node_id": node_id("IN", installation.id)}
    raw = msgspec.json.encode(body)
    record = DeliveryRecord(
        id=world.next_id(),
        guid=guid,
        hook=hook.id,
        event=event.name,
        action=event.action,
        repository_id=event.repository.id,
        installation_id=installation.id if installation else None,
        delivered_at=world.now,
        headers=_headers(hook, event.name, guid, raw),
        body=raw,
    )
    world.state.deliveries[record.id] = record
    return record


def _headers(hook: Hook, event: str, guid: str, body: bytes) -> dict[str, str]:
    kind = "integration" if hook.app is not None else "repository"
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/twin",
        "X-GitHub-Delivery": guid,
        "X-GitHub-Event": event,
        "X-GitHub-Hook-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-ID": str(hook.app or hook.id),
        "X-GitHub-Hook-Installation-Target-Type": kind,
    }
    if hook.secret:
        digests = {"X-Hub-Signature": "sha1", "X-Hub-Signature-256": "sha256"}
        signed = {
            name: hmac.new(hook.secret.encode(), body, algorithm).hexdigest() for name, algorithm in digests.items()
        }
        headers |= {name: f"{digests[name]}={value}" for name, value in signed.items()}
    return headers


def ping(world: World, it: Repository, hook: Hook, by: str) -> None:
    """The first thing a new hook hears."""
    body = {"zen": "Keep it logically awesome.", "hook_id": hook.id, "hook": hook_document(world, hook)}
    world.events.append(Event("ping", None, it, world.user(by).login, body, hook.id))


def hook_document(world: World, hook: Hook) -> JSON:
    """A hook as the API and a ping show it; its secret is never shown."""
    owner = f"/repos/{hook.repository}/hooks/{hook.id}" if hook.repository else "/app/hook"
    url = f"{world.options.api_url}{owner}"
    config = {"url": hook.url, "content_type": "json", "insecure_ssl": "0"}
    return {
        "type": "Repository" if hook.repository else "App",
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": hook.events,
        "config": config | ({"secret": "********"} if hook.secret else {}),
        "updated_at": stamp(hook.created_at),
        "created_at": stamp(hook.created_at),
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {"code": None, "status": "unused", "message": None},
    }


def delivery_document(record: DeliveryRecord, *, full: bool = False) -> JSON:
    """An entry of the deliveries log."""
    brief = {
        "id": record.id,
        "guid": record.guid,
        "delivered_at": stamp(record.delivered_at),
        "redelivery": record.redelivery,
        "duration": 0.0,
        "status": record.status,
        "status_code": record.status_code,
        "event": record.event,
        "action": record.action,
        "installation_id": record.installation_id,
        "repository_id": record.repository_id,
        "throttled_at": None,
    }
    if full:
        brief["request"] = {"headers": record.headers, "payload": msgspec.json.decode(record.body)}
        brief["response"] = {"headers": {}, "payload": record.response_body}
    return brief


def answered(record: DeliveryRecord, response: Response | None, now: datetime) -> None:
    """Write the receiver's answer into the log."""
    record.delivered_at = now
    if response is None:
        record.status, record.status_code = "timed out", 0
        return
    record.status_code = response.status
    record.status = "OK" if response.status in _OK else f"Invalid HTTP Response: {response.status}"
    record.response_body = response.body.decode(errors="replace")
