"""The heart of GitHub's twin: one request, act or delivery at a time, and nothing uncertain of its own.

A request passes faults, credentials, limits and permissions before it reaches its route, and faults again on the way
out. State changes only in `handle`, `act` and `delivered`.
"""

from __future__ import annotations

import pickle
from dataclasses import fields as fields_of
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from valine_twins.faults import Fault, FaultInjector
from valine_twins.github import (
    acts_admin,
    acts_code,
    acts_issues,
    rest_admin,
    rest_checks,
    rest_code,
    rest_contents,
    rest_git,
    rest_history,
    rest_issues,
    rest_labels,
    rest_people,
    rest_pulls,
    rest_releases,
    rest_reviews,
    view,
    webhooks,
)
from valine_twins.github.acts import perform
from valine_twins.github.history import History
from valine_twins.github.issues import close_due
from valine_twins.github.limits import Limits
from valine_twins.github.serving import Server
from valine_twins.github.state import State
from valine_twins.github.world import Options, World
from valine_twins.transport import Acted, ActError, Answer, Delivery, Request, Response

if TYPE_CHECKING:
    import random

    from valine_twins.objects import ObjectStore

# Importing them is what enters their rows into the tables.
TABLES = (
    acts_admin,
    acts_code,
    acts_issues,
    rest_admin,
    rest_checks,
    rest_code,
    rest_contents,
    rest_git,
    rest_history,
    rest_issues,
    rest_labels,
    rest_people,
    rest_pulls,
    rest_releases,
    rest_reviews,
)


class GitHubTwin:
    """GitHub, offline. Keyword options are those of `Options`."""

    def __init__(self, objects: ObjectStore, rng: random.Random, **options: Any) -> None:
        self._objects = objects
        self._rng = rng
        self._options = Options(**options)
        self._state = State()
        self._faults = FaultInjector()
        self._mail = webhooks.Mailroom()
        self._history = History()
        self._owed: tuple[Delivery, ...] = ()
        self._server = Server(Limits(self._options), self._faults, self._history)

    def handle(self, request: Request, now: datetime) -> Answer:
        """Answer one API request."""
        answer = self._handle(request, now)
        if request.method.upper() == "HEAD":
            return msgspec.structs.replace(answer, response=msgspec.structs.replace(answer.response, body=b""))
        return answer

    def _handle(self, request: Request, now: datetime) -> Answer:
        path = _plain(request.path)
        method = request.method.upper().replace("HEAD", "GET")
        if self._faults.strike(("unreachable",), method, path):
            return Answer(response=Response(status=503, lost=True))
        slow = self._faults.strike(("latency",), method, path)
        delay = slow.seconds if slow else 0.0
        broken = self._faults.strike(("error_before",), method, path)
        if broken:
            return Answer(response=_error(broken, delay))
        late = self._begin(now)
        forgetful = self._faults.strike(("dropped_write",), method, path) if method != "GET" else None
        kept = pickle.dumps(self._state, pickle.HIGHEST_PROTOCOL) if forgetful else None
        world = self._world(now)
        response = self._server.serve(world, request, method, path)
        if kept is not None:
            self._restore(pickle.loads(kept))  # noqa: S301 - our own, of a moment ago
            return Answer(response=msgspec.structs.replace(response, delay=delay), deliveries=late)
        deliveries = late + self._deliver(world)
        failed = self._faults.strike(("error_after",), method, path)
        lost = self._faults.strike(("lost_answer",), method, path)
        response = (
            _error(failed, delay) if failed else msgspec.structs.replace(response, delay=delay, lost=lost is not None)
        )
        if method != "GET":
            self._history.keep(self._state, now)
        return Answer(response=response, deliveries=deliveries)

    def act(self, action: str, arguments: dict[str, Any], now: datetime) -> Acted:
        """Let a person do something; see the `acts` modules, and throw_fault, clear_faults, set_behaviour here.

        Who does `wait` does nothing; whether something had become due meanwhile is given back.
        """
        late = self._begin(now)
        if action == "wait":
            return Acted(value=bool(late), deliveries=late)
        world = self._world(now)
        special = {
            "throw_fault": self._throw_fault,
            "clear_faults": self._clear_faults,
            "set_behaviour": self._set_behaviour,
        }.get(action)
        try:
            if special is not None:
                return Acted(deliveries=late + special(arguments, now))
            value = perform(world, action, arguments)
        except ActError:
            self._owed += late
            raise
        made = self._deliver(world)
        self._history.keep(self._state, now)
        return Acted(value=value, deliveries=late + made)

    def delivered(self, delivery: Delivery, response: Response | None, now: datetime) -> tuple[Delivery, ...]:
        """Note what the receiver answered; GitHub delivers nothing again by itself."""
        record = self._state.deliveries.get(int(delivery.id))
        if record is not None:
            webhooks.answered(record, response, now)
        return ()

    def view(self) -> dict[str, Any]:
        """Everything a person could see."""
        world = self._world(datetime.fromtimestamp(0, UTC))
        return view.everything(world, self._server) | {"faults": self._faults.view()}

    def _world(self, now: datetime) -> World:
        return World(self._state, self._objects, self._rng, now, self._options)

    def _begin(self, now: datetime) -> tuple[Delivery, ...]:
        """What has become due since the last call."""
        owed, self._owed = self._owed, ()
        if not self._state.closings:
            return owed
        world = self._world(now)
        close_due(world)
        return owed + self._deliver(world)

    def _deliver(self, world: World) -> tuple[Delivery, ...]:
        made = self._mail.dispatch(world, self._faults)
        for record in world.redeliveries:
            made += self._mail.again(world, self._faults, record)
        world.redeliveries.clear()
        return made

    def _restore(self, kept: State) -> None:
        """Forget a write, refs and all. (Objects may stay: nothing points to them.)"""
        self._state = kept
        for it in kept.repositories.values():
            now = self._objects.refs(it.full_name)
            for ref in now.keys() | it.refs.keys():
                if now.get(ref) != it.refs.get(ref):
                    self._objects.set_ref(it.full_name, ref, it.refs.get(ref))

    def _throw_fault(self, arguments: dict[str, Any], now: datetime) -> tuple[Delivery, ...]:
        try:
            fault = msgspec.convert(arguments, Fault)
        except msgspec.ValidationError as error:
            msg = f"throw_fault: {error}"
            raise ActError(msg) from error
        self._faults.throw(fault)
        if fault.kind == "read_lag":
            self._history.start(self._state, timedelta(seconds=fault.seconds), now)
        return ()

    def _clear_faults(self, arguments: dict[str, Any], now: datetime) -> tuple[Delivery, ...]:
        del arguments, now
        self._faults.clear()
        self._history.stop()
        return self._mail.release()

    def _set_behaviour(self, arguments: dict[str, Any], now: datetime) -> tuple[Delivery, ...]:
        """Change options while running."""
        del now
        known = {field.name for field in fields_of(Options)}
        for key, value in arguments.items():
            if key not in known or key == "jwt_verifier":
                msg = f"set_behaviour: there is no option {key!r}; there are {', '.join(sorted(known))}"
                raise ActError(msg)
            setattr(self._options, key, value)
        return ()


def _plain(path: str) -> str:
    """The path without Enterprise Server's prefix: the same routes are served under both."""
    if path == "/api/graphql":
        return "/graphql"
    return path.removeprefix("/api/v3") or "/"


def _error(fault: Fault, delay: float) -> Response:
    """A failure as GitHub's front gives it: sometimes JSON, mostly a page."""
    body = b"<html><head><title>Unicorn!</title></head><body>This page is taking too long to load.</body></html>"
    return Response(status=fault.status, headers={"Content-Type": "text/html; charset=utf-8"}, body=body, delay=delay)
