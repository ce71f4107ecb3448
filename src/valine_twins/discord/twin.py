"""The heart of Discord's twin: requests and acts go in, answers and deliveries come out, and nothing else moves it.

It reads no clock and opens no socket. The same random numbers, moments and calls give the same answers, ids and keys.
"""

from __future__ import annotations

import copy
import inspect
import re
import typing
from typing import TYPE_CHECKING, Any

import msgspec

from valine_twins.discord import gate, interactions, people, pings, receipts, routes, seeing, setting
from valine_twins.discord.context import Call, Context, Options
from valine_twins.discord.delivery import DeliveryPump
from valine_twins.discord.errors import ApiError
from valine_twins.discord.limits import Limiter
from valine_twins.discord.snowflakes import Snowflakes
from valine_twins.discord.state import Application, User, World
from valine_twins.faults import Fault, FaultInjector, FaultKind
from valine_twins.transport import Acted, ActError, Answer, Delivery, Request, Response

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from datetime import datetime

ACTS: dict[str, Callable[..., Acted]] = {
    act.__name__: act
    for act in (
        setting.create_guild,
        setting.add_role,
        setting.add_member,
        setting.remove_member,
        setting.set_roles,
        setting.set_permissions,
        setting.create_channel,
        setting.delete_channel,
        setting.invite_bot,
        setting.archive_thread,
        people.command,
        people.autocomplete,
        people.click,
        people.select,
        people.submit_modal,
        people.close_modal,
        people.say,
        people.delete_message,
        people.redeliver,
        pings.forge,
    )
}
HINTS = {name: typing.get_type_hints(act) for name, act in ACTS.items()}
API = re.compile(r"^/api(?:/v\d+)?(?=/)")
BEFORE: tuple[FaultKind, ...] = ("unreachable", "error_before", "rate_limited", "secondary_limit")
AFTER: tuple[FaultKind, ...] = ("error_after", "lost_answer")


class DiscordTwin:
    """Discord offline, for one application and one guild. Implements `valine_twins.transport.Twin`."""

    def __init__(
        self,
        rng: random.Random,
        *,
        now: datetime,
        endpoint: str | None = None,
        application_name: str = "valine",
        options: Options | None = None,
    ) -> None:
        self._rng = rng
        self._ids = Snowflakes()
        self._options = options or Options()
        self._faults = FaultInjector()
        self._pump = DeliveryPump(rng, self._faults)
        self._limiter = Limiter(self._options.global_limit)
        application_id = self._ids.make(now)
        application = Application(
            id=application_id,
            name=application_name,
            public_key=self._pump.public_key,
            bot_token=gate.bot_token(application_id, rng),
            endpoint=endpoint,
        )
        bot = User(id=application_id, name=application_name, bot=True)
        self._world = World(application=application, now=now, users={bot.id: bot})

    @property
    def application_id(self) -> str:
        """For DISCORD_APPLICATION_ID; the bot's user id too."""
        return self._world.application.id

    @property
    def public_key(self) -> str:
        """For DISCORD_PUBLIC_KEY: 64 hex digits."""
        return self._world.application.public_key

    @property
    def bot_token(self) -> str:
        """For DISCORD_BOT_TOKEN."""
        return self._world.application.bot_token

    def handle(self, request: Request, now: datetime) -> Answer:
        """Answer one API request, as the faults let it through. Never raises for a bad request."""
        self._pass(now)
        path = API.sub("", request.path)
        route = routes.find(path)
        self._world.requests[f"{request.method} {route.template if route else path}"] += 1
        slow = self._faults.strike(("latency",), request.method, path)
        kinds: tuple[FaultKind, ...] = BEFORE + AFTER + (("dropped_write",) if request.method != "GET" else ())
        fault = self._faults.strike(kinds, request.method, path)
        answer = self._struck(fault, request, route, now)
        self._world.statuses["lost" if answer.response.lost else str(answer.response.status)] += 1
        if slow:
            answer = msgspec.structs.replace(
                answer, response=msgspec.structs.replace(answer.response, delay=answer.response.delay + slow.seconds)
            )
        return answer

    def _struck(self, fault: Fault | None, request: Request, route: routes.Route | None, now: datetime) -> Answer:
        if fault is None:
            return self._answer(request, route, now)
        if fault.kind in BEFORE:
            return Answer(response=gate.struck(fault, request, route, now))
        if fault.kind == "dropped_write":
            kept = copy.deepcopy(self._world)
            answer = self._answer(request, route, now)
            self._world = kept
            return Answer(response=answer.response)
        answer = self._answer(request, route, now)
        if fault.kind == "lost_answer":
            return msgspec.structs.replace(answer, response=msgspec.structs.replace(answer.response, lost=True))
        return msgspec.structs.replace(answer, response=gate.struck(fault, request, route, now))

    def _answer(self, request: Request, route: routes.Route | None, now: datetime) -> Answer:
        refused, headers = gate.check(
            request, route, self._world, limiter=self._limiter, options=self._options, now=now
        )
        if refused is not None:
            return Answer(response=refused)
        if route is None:
            return Answer(response=gate.json_response(404, {"message": "404: Not Found", "code": 0}))
        try:
            call = Call(at=self._context(now), request=request, params=route.params)
            reply = route.by_method[request.method](call)
        except ApiError as error:
            return Answer(response=gate.refused(error, headers))
        response = gate.json_response(reply.status, reply.body, headers)
        return Answer(response=response, deliveries=reply.deliveries)

    def act(self, action: str, arguments: dict[str, Any], now: datetime) -> Acted:
        """Let a person do one of `ACTS`, wait, or switch faults. Raises ActError, saying what there is instead.

        Who waits does nothing; whether an answer that was due has failed to come meanwhile is given back.
        """
        overdue = self._pass(now)
        if action == "wait":
            return Acted(value=overdue)
        if action == "throw_fault":
            return self._throw_fault(arguments)
        if action == "clear_faults":
            self._faults.clear()
            return Acted()
        if action not in ACTS:
            message = f"no act {action}; there are: {', '.join([*ACTS, 'wait', 'throw_fault', 'clear_faults'])}"
            raise ActError(message)
        return ACTS[action](self._context(now), **_checked(action, arguments))

    def _throw_fault(self, arguments: dict[str, Any]) -> Acted:
        try:
            self._faults.throw(msgspec.convert(arguments, Fault))
        except msgspec.ValidationError as error:
            message = f"throw_fault: {error}"
            raise ActError(message) from error
        return Acted()

    def delivered(self, delivery: Delivery, response: Response | None, now: datetime) -> tuple[Delivery, ...]:
        """Take the product's answer as the interaction's callback. Nothing is ever delivered because of it."""
        self._world.now = max(self._world.now, now)
        receipts.receive(self._context(now), delivery, response)
        interactions.settle(self._world, now)
        return ()

    def view(self) -> dict[str, Any]:
        """Everything that a person could see, and the twin's own counts; its shape is in the package's docstring."""
        return seeing.view(self._world) | {"faults": self._faults.view()}

    def _pass(self, now: datetime) -> bool:
        self._world.now = max(self._world.now, now)
        return interactions.settle(self._world, now)

    def _context(self, now: datetime) -> Context:
        return Context(
            world=self._world,
            now=now,
            ids=self._ids,
            rng=self._rng,
            pump=self._pump,
            options=self._options,
        )


def _checked(action: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments that came as JSON, if the act takes them and they are of its types."""
    try:
        inspect.signature(ACTS[action]).bind(None, **arguments)
        return {name: msgspec.convert(value, HINTS[action][name]) for name, value in arguments.items()}
    except (TypeError, msgspec.ValidationError) as error:
        message = f"{action}: {error}"
        raise ActError(message) from error
