"""Both twins as one play: whoever touches a twin, through its API or as a person, makes news for those who watch.

What the page is shown is worked out at most once for each news, however many watch.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from valine_twins.page import scenes
from valine_twins.transport import ActError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from valine_twins.clock import Clock
    from valine_twins.delivery_pump import DeliveryPump
    from valine_twins.transport import Acted, Answer, Delivery, Request, Response, Twin

Platform = Literal["github", "discord"]

# What the page lets a person do. Acts that make the place, hand out tokens or read this machine are not among them.
OFFERED: dict[Platform, frozenset[str]] = {
    "discord": frozenset(
        {
            *("command", "autocomplete", "click", "select", "submit_modal", "close_modal", "say", "delete_message"),
            *("set_roles", "archive_thread", "throw_fault", "clear_faults"),
        }
    ),
    "github": frozenset(
        {
            *("create_issue", "close_issue", "reopen_issue", "add_label", "remove_label", "assign", "unassign"),
            *("comment", "push", "resolve", "merge_branch", "ready_for_review", "convert_to_draft", "review"),
            *("set_check", "merge", "close_pull_request", "reopen_pull_request", "restore_branch", "delete_branch"),
            *("throw_fault", "clear_faults"),
        }
    ),
}


class Stage:
    """The twins, watched. Use `github` and `discord` wherever the bare twins would be used."""

    def __init__(self, github: Twin, discord: Twin, clock: Clock) -> None:
        self.github: Twin = _Watched(github, self._touched)
        self.discord: Twin = _Watched(discord, self._touched)
        self._clock = clock
        self._pumps: dict[Platform, DeliveryPump] = {}
        self._news = asyncio.Event()
        self.edition = 0  # grows with every piece of news
        self._shown: dict[Platform, bytes] = {}
        self.closed = False

    def staff(self, *, github: DeliveryPump, discord: DeliveryPump) -> None:
        """Who carries the twins' deliveries from now on."""
        self._pumps = {"github": github, "discord": discord}

    def post_github(self, deliveries: Sequence[Delivery]) -> None:
        """Let GitHub's deliveries be made."""
        self._pumps["github"].post(deliveries)

    def post_discord(self, deliveries: Sequence[Delivery]) -> None:
        """Let Discord's deliveries be made."""
        self._pumps["discord"].post(deliveries)

    def act(self, platform: Platform, action: str, arguments: dict[str, Any]) -> Any:
        """A person does something that the page offers; what it gives back. Raises ActError."""
        if action not in OFFERED[platform]:
            message = f"the page does not offer {action}; it offers {', '.join(sorted(OFFERED[platform]))}"
            raise ActError(message)
        return self._act(platform, action, arguments).value

    def wait(self) -> None:
        """Time has passed: what came due in it happens."""
        self._act("discord", "wait", {})
        self._act("github", "wait", {})

    def _act(self, platform: Platform, action: str, arguments: dict[str, Any]) -> Acted:
        twin = self.github if platform == "github" else self.discord
        acted = twin.act(action, arguments, self._clock.now())
        self._pumps[platform].post(acted.deliveries)
        return acted

    def scene(self, platform: Platform) -> bytes:
        """What the page shows of a platform now, as JSON."""
        if platform not in self._shown:
            twin, made = (self.github, scenes.github) if platform == "github" else (self.discord, scenes.discord)
            self._shown[platform] = msgspec.json.encode(made(twin.view()))
        return self._shown[platform]

    async def news(self, since: int, within: float) -> bool:
        """Wait until there is a later edition than that; False if there was none within so many seconds."""
        if self.edition == since:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), within)
        return self.edition != since

    def close(self) -> None:
        """It is over; whoever waits for news is told."""
        self.closed = True
        self._touched()

    def _touched(self) -> None:
        self.edition += 1
        self._shown.clear()
        self._news.set()
        self._news = asyncio.Event()


class _Watched:
    """A twin that says when it may have changed."""

    def __init__(self, twin: Twin, touched: Callable[[], None]) -> None:
        self._twin = twin
        self._touched = touched

    def handle(self, request: Request, now: datetime) -> Answer:
        answer = self._twin.handle(request, now)
        self._touched()
        return answer

    def act(self, action: str, arguments: dict[str, Any], now: datetime) -> Acted:
        acted = self._twin.act(action, arguments, now)
        if action != "wait" or acted.value:
            self._touched()
        return acted

    def delivered(self, delivery: Delivery, response: Response | None, now: datetime) -> tuple[Delivery, ...]:
        following = self._twin.delivered(delivery, response, now)
        self._touched()
        return following

    def view(self) -> dict[str, Any]:
        return self._twin.view()
