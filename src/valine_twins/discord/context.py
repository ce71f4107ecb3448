"""What every part of the twin is handed: the world, the moment, and the only sources of ids, random numbers and
deliveries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from valine_twins.discord.errors import ApiError, bad_type, invalid_form

if TYPE_CHECKING:
    import random
    from datetime import datetime

    from valine_twins.discord.delivery import DeliveryPump
    from valine_twins.discord.snowflakes import Snowflakes
    from valine_twins.discord.state import Json, World
    from valine_twins.transport import Delivery, Request


@dataclass(slots=True, frozen=True, kw_only=True)
class Options:
    """How strict the twin is. Limits are (how many, in how many seconds)."""

    enforce_limits: bool = True
    nonce_seconds: float = 180.0
    lenient_commands: bool = False
    message_content_intent: bool = False
    global_limit: tuple[int, float] = (50, 1.0)
    rename_limit: tuple[int, float] = (2, 600.0)
    # Undocumented; users report about three in twenty seconds a channel.
    old_edit_limit: tuple[int, float] = (3, 20.0)


@dataclass(slots=True, kw_only=True)
class Context:
    """One call into the twin."""

    world: World
    now: datetime
    ids: Snowflakes
    rng: random.Random
    pump: DeliveryPump
    options: Options

    def new_id(self) -> str:
        """A fresh id of this moment."""
        return self.ids.make(self.now)


@dataclass(slots=True, kw_only=True)
class Call:
    """One API request inside a call."""

    at: Context
    request: Request
    params: dict[str, str]

    def form(self) -> Json:
        """The JSON object in the body; an empty body is an empty object."""
        parsed = self.parsed()
        if not isinstance(parsed, dict):
            raise invalid_form([bad_type((), "object")])
        return parsed

    def parsed(self) -> Any:
        """The JSON in the body."""
        if not self.request.body:
            return {}
        if "json" not in self.request.headers.get("content-type", "application/json"):
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        try:
            return msgspec.json.decode(self.request.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ApiError(400, 50109, "The request body contains invalid JSON.") from error


@dataclass(slots=True, frozen=True, kw_only=True)
class Reply:
    """What a route answers; None is no body."""

    status: int = 200
    body: object = None
    deliveries: tuple[Delivery, ...] = ()
