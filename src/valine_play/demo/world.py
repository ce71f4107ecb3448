"""A product and its twins in one process: what people do goes in, and time passes until nothing is left to do.

The product is the one that `valine serve` runs, endpoints and all; only the network, and the passing of time, are not
real. The same random numbers and the same acts give the same day.
"""

from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2

from valine.bootstrap import System, assemble
from valine.ingress.discord.manifest import manifest
from valine.server import make_app
from valine.settings import Settings
from valine_twins.clock import ManualClock
from valine_twins.delivery_pump import DeliveryPump
from valine_twins.discord.twin import DiscordTwin
from valine_twins.github.twin import GitHubTwin
from valine_twins.inprocess import TwinTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.types import Receive, Scope, Send

    from valine_twins.objects import ObjectStore
    from valine_twins.transport import Delivery

GITHUB = "https://github.test"
DISCORD = "https://discord.test"
PRODUCT = "http://valine.test"
MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOOK_SECRET = "simulated-webhook-secret"  # noqa: S105 - it guards nothing
OK = 200
TICK = timedelta(seconds=1)
QUIET = timedelta(seconds=40)  # nothing due for so long: the product is at rest


class World:
    """One repository, one guild with one channel, and Valine between them."""

    def __init__(
        self,
        *,
        clock: ManualClock,
        github: GitHubTwin,
        discord: DiscordTwin,
        build: Callable[[], System],
        hearer: Callable[[str, int, bytes], None] | None = None,
    ) -> None:
        self.clock = clock
        self.github = github
        self.discord = discord
        self._build = build
        self.system = build()
        self._app = make_app(self.system)
        self.network = httpx2.AsyncClient(transport=httpx2.ASGITransport(self._endpoint), timeout=None)
        self._from_github = DeliveryPump(github, self.network, clock)
        self._from_discord = DeliveryPump(discord, self.network, clock, hearer)
        self.post_github = self._from_github.post
        self.post_discord = self._from_discord.post
        clock.meanwhile = self._deliver_until

    def on_github(self, action: str, **arguments: Any) -> Any:
        """Somebody does something on GitHub; what it gives back."""
        acted = self.github.act(action, arguments, self.clock.now())
        self.post_github(acted.deliveries)
        return acted.value

    def on_discord(self, action: str, **arguments: Any) -> Any:
        """Somebody does something on Discord; what it gives back."""
        acted = self.discord.act(action, arguments, self.clock.now())
        self.post_discord(acted.deliveries)
        return acted.value

    async def restart(self) -> None:
        """The product stops where it is, and another process takes up its store."""
        await self.system.aclose()
        self.system = self._build()
        self._app = make_app(self.system)
        await self.system.recover()

    async def aclose(self) -> None:
        """The product stops for good."""
        await self.network.aclose()
        await self.system.aclose()

    async def _endpoint(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def settle(self, within: timedelta = timedelta(hours=2)) -> None:
        """Let things happen until the product is at rest. Raises TimeoutError if it is not `within` that time."""
        until = self.clock.now() + within
        while await self.step():
            if self.clock.now() > until:
                message = f"not at rest after {within}"
                raise TimeoutError(message)

    async def step(self) -> bool:
        """Let the next thing happen, letting time pass up to it; False if nothing is due soon."""
        if await self._deliver() or await self.system.worker.work_once() or await self.system.engine.sweep():
            return True
        times = [time for time in (self._from_github.next_at, self._from_discord.next_at) if time is not None]
        later = await self.system.store.due(self.clock.now() + QUIET, 1)
        times += [run.wake_at for run in later if run.wake_at is not None]
        queued = await self.system.queue.next_at()
        times += [queued] if queued is not None else []
        soon = [time for time in times if self.clock.now() < time <= self.clock.now() + QUIET]
        if not soon:
            return False
        self.clock.advance_to(min(soon))
        return True

    async def pass_time(self, by: timedelta) -> None:
        """Let that much time pass, with everything that is due in it."""
        until = self.clock.now() + by
        await self.settle()
        while self.clock.now() < until:
            upcoming = await self.system.store.due(until, 1)
            # A run whose wake-up was dead-lettered stays due: its time is past, and the clock goes on all the same.
            next_tick = self.clock.now() + TICK
            times = [max(run.wake_at, next_tick) for run in upcoming if run.wake_at is not None]
            self.clock.advance_to(min([until, *times]))
            await self.settle()

    async def _deliver(self) -> bool:
        return await self._from_discord.deliver_next() or await self._from_github.deliver_next()

    async def _deliver_until(self, moment: datetime) -> None:
        """What reaches the endpoints while the worker sleeps."""
        while True:
            times = [at for at in (self._from_discord.next_at, self._from_github.next_at) if at is not None]
            if not times or min(times) > moment:
                return
            self.clock.advance_to(min(times))
            await self._deliver()


@contextlib.asynccontextmanager
async def a_world(  # noqa: PLR0913 - each is something that a story may want otherwise
    objects: ObjectStore,
    *,
    store: str = "sqlite:///:memory:",
    seed: int = 12,
    repository: str = "acme/rocket",
    members: dict[str, list[str]] | None = None,
    recorder: Callable[[str, str, str, bytes], None] | None = None,
    start: datetime = MORNING,
    compose: Callable[..., System] = assemble,
) -> AsyncIterator[World]:
    """A world with a guild of `members` (name to roles; role `lead` has Manage Server) and a channel #shipping.

    The repository itself is made by whoever plays, with `on_github("create_repository", …)`, before `/plan`.
    `recorder` is told of every request: service, method, path with query, body; and of good answers to interactions,
    as service `callback`. `compose` makes the product, called as assemble() is.
    """
    rng = random.Random(seed)  # noqa: S311 - a simulation wants the same random numbers each time
    clock = ManualClock(start)
    github = GitHubTwin(objects, rng, api_url=GITHUB)
    discord = DiscordTwin(rng, now=start, endpoint=f"{PRODUCT}/discord")
    place = discord.act(
        "create_guild",
        {
            "name": "Rocket",
            "roles": {"lead": ["MANAGE_GUILD"]},
            "members": members or {"Ana": ["lead"], "Ben": ["lead"], "Chen": []},
            "channels": ["shipping"],
        },
        start,
    ).value
    late = _Late()
    settings = settings_for(github, discord, place, repository=repository, store=store, now=start)

    def build() -> System:
        return compose(
            settings,
            clock=clock,
            github=TwinTransport(github, clock, late.github, _named(recorder, "github")),
            discord=TwinTransport(discord, clock, late.discord, _named(recorder, "discord")),
        )

    world = World(clock=clock, github=github, discord=discord, build=build, hearer=_answers(recorder))
    async with contextlib.aclosing(world):
        late.world = world
        await world.system.admin.put_commands(manifest(in_guild=True), place["guild"])
        yield world


class _Late:
    """The transports' outbox: the world that carries deliveries is made after the clients that cause them."""

    world: World

    def github(self, deliveries: Sequence[Delivery]) -> None:
        self.world.post_github(deliveries)

    def discord(self, deliveries: Sequence[Delivery]) -> None:
        self.world.post_discord(deliveries)


def _answers(recorder: Callable[[str, str, str, bytes], None] | None) -> Callable[[str, int, bytes], None] | None:
    def hear(address: str, status: int, body: bytes) -> None:
        if recorder is not None and status == OK:
            recorder("callback", "POST", address, body)

    return hear


def _named(
    recorder: Callable[[str, str, str, bytes], None] | None, service: str
) -> Callable[[str, str, bytes], None] | None:
    if recorder is None:
        return None
    return lambda method, path, body: recorder(service, method, path, body)


def settings_for(
    github: GitHubTwin, discord: DiscordTwin, place: dict[str, Any], *, repository: str, store: str, now: datetime
) -> Settings:
    """What a product needs to know of these twins; `place` is what the guild was made of."""
    return Settings.load(
        {
            "DISCORD_APPLICATION_ID": discord.application_id,
            "DISCORD_PUBLIC_KEY": discord.public_key,
            "DISCORD_BOT_TOKEN": discord.bot_token,
            "DISCORD_GUILD_ID": place["guild"],
            "DISCORD_CHANNEL_ID": place["channels"]["shipping"],
            "GITHUB_TOKEN": github.act("issue_token", {"login": "valine-bot"}, now).value["token"],
            "GITHUB_WEBHOOK_SECRET": HOOK_SECRET,
            "GITHUB_REPOSITORY": repository,
            "GITHUB_API_URL": GITHUB,
            "DISCORD_API_URL": f"{DISCORD}/api/v10",
            "VALINE_STORE": store,
        },
        None,
    )
