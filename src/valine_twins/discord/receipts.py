"""What the product answered to a delivery: in time, with 200 and JSON, it is the interaction's first answer.

https://docs.discord.com/developers/interactions/receiving-and-responding#responding-to-an-interaction
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from valine_twins.discord import callbacks, interactions
from valine_twins.discord.errors import ApiError

if TYPE_CHECKING:
    from valine_twins.discord.context import Context
    from valine_twins.discord.state import Interaction, Sent
    from valine_twins.transport import Delivery, Response


def receive(at: Context, delivery: Delivery, response: Response | None) -> None:
    """Take note of an answer; a delivery that this twin never made is passed over."""
    sent = at.world.sent.get(delivery.id)
    if sent is None:
        return
    answered = response if response is not None and not response.lost else None
    sent.statuses.append(answered.status if answered else None)
    if sent.kind == "interaction":
        found = at.world.interactions[sent.interaction or ""]
        # After the first answer a repeat's answer changes nothing, whatever it says.
        if found.state == "waiting":
            _answer(at, found, delivery, answered)
    elif sent.kind == "ping":
        if answered is None or answered.status != 200 or _json(answered) != {"type": 1}:
            _refuse(at, sent, delivery, answered)
    elif answered is None or answered.status != 401:
        _refuse(at, sent, delivery, answered)


def _refuse(at: Context, sent: Sent, delivery: Delivery, response: Response | None) -> None:
    """An endpoint that fails a PING, or lets a wrong signature through, is removed, as Discord does."""
    what = f"{response.status} {response.body[:80]!r}" if response else "no answer"
    expected = '200 {"type":1}' if sent.kind == "ping" else "401"
    at.world.problems.append(f"{sent.kind} ({sent.name}): expected {expected}, got {what}")
    # Discord itself never sends an old or future timestamp with a good signature: only a thief does.
    if sent.name not in ("old_timestamp", "future_timestamp") and at.world.application.endpoint == delivery.url:
        at.world.application.endpoint = None


def _answer(at: Context, found: Interaction, delivery: Delivery, response: Response | None) -> None:
    why = _why_not(at, delivery, response)
    if why is None and response is not None and response.status == 202:
        return  # the answer comes by POST /interactions/…/callback
    if why is None and response is not None:
        try:
            callbacks.take(at, found, _json(response))
        except ApiError as error:
            why = f"its answer is refused: {error.code} {error.summary()}"
    if why is not None:
        interactions.fail(at.world, found, why)


def _why_not(at: Context, delivery: Delivery, response: Response | None) -> str | None:
    if response is None:
        return "no answer"
    seconds = (at.now - delivery.at).total_seconds() + response.delay
    if seconds > interactions.ANSWER_LIMIT.total_seconds():
        return f"answered after {seconds:.1f} s, over 3"
    if response.status == 202 and not response.body:
        return None
    if response.status != 200:
        return f"answered {response.status}"
    kind = next((v for k, v in response.headers.items() if k.lower() == "content-type"), "")
    if kind.split(";")[0].strip().lower() != "application/json":
        return f"answered content type {kind or 'none'}, not application/json"
    return None if _json(response) is not None else "its answer is no JSON"


def _json(response: Response) -> object:
    try:
        parsed: object = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return parsed
