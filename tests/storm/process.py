"""A process of Valine: endpoints, worker and clock of its own, on the store and queue that all share. It can die."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from storm import release
from storm.inside import Queue, Store
from storm.loop import FOREVER, Crash, pause
from storm.outside import Client
from valine.engine import Engine
from valine.engine.worker import Worker
from valine.errors import StoreError
from valine.ingress.endpoints import HttpRequest, Ingress
from valine.services.discord.chat import DiscordChat
from valine.services.github.auth import TokenAuth
from valine.services.github.forge import GitHubForge
from valine.services.pacing import Pacer
from valine.view.cards import RENDERING
from valine_twins.transport import Response

if TYPE_CHECKING:
    import httpx2

    from storm.loop import Begin, Running
    from storm.world import World
    from valine.ports import Delivery as QueueDelivery
    from valine_twins.transport import Delivery


class Clock:
    """ports.Clock of one process: it may be wrong."""

    def __init__(self, world: World) -> None:
        self._loop = world.loop
        self.off = timedelta()

    def now(self) -> datetime:
        return self._loop.now() + self.off

    async def sleep(self, seconds: float) -> None:
        await pause(max(seconds, 0.0))


class Process:
    """One of several; `name` tells them apart."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.clock = Clock(world)
        self.alive = False
        self.idle = False
        self.lives = 0
        self.delivery: QueueDelivery | None = None
        self.lease_ends = 0.0
        self.rendering = release.OLD if world.profile.releases else RENDERING
        self._running: list[Running] = []
        self._worker_at: Running | None = None

    def start(self) -> None:
        """Come to life, knowing nothing."""
        world, clock = self.world, self.clock
        self.alive, self.idle, self.delivery = True, False, None
        self.lives += 1
        make = world.parts
        store, queue = make.store(self), make.queue(self)
        forge = make.forge(
            cast("httpx2.AsyncClient", Client(self, "github", world.github)),
            repository=world.repository,
            api_url=world.settings.github_api,
            auth=TokenAuth(world.settings.github_token),
            clock=clock,
            pacer=Pacer(clock, 1.0),
        )
        chat = make.chat(
            cast("httpx2.AsyncClient", Client(self, "discord", world.discord)),
            application_id=world.settings.ingress.application_id,
            bot_token=world.settings.bot_token,
            api_url=world.settings.discord_api,
            clock=clock,
        )
        self.engine = make.engine(
            store=store, queue=queue, forge=forge, chat=chat, clock=clock, rendering=self.rendering
        )
        self._worker = Worker(queue=queue, engine=self.engine, clock=clock)
        self._ingress = Ingress(store=store, queue=queue, clock=clock, settings=world.settings.ingress)
        if world.alone:
            world.queue.recover(world.loop.now())  # as the one server of a file does
        self._worker_at = self._do(self._work)
        if (
            world.alone or not world.profile.releases
        ):  # a function on AWS knows nothing of starts, and shows what it finds
            self._do(self._guarded_catch_up)

    def enqueue_due(self) -> None:
        """There is something on the queue."""
        if self.idle and self._worker_at is not None:
            self.idle = False
            self._worker_at.wake(0.001)

    def sweep(self) -> None:
        """The minute's tick of the clock."""
        self._do(self._sweep)

    def hear(self, service: str, delivery: Delivery) -> None:
        """A delivery is at the endpoint."""
        self._do(partial(self._answer, service, delivery))

    def holds(self, delivery: QueueDelivery) -> None:
        """It has an envelope in hand now, and a lease on its partition."""
        self.delivery, self.lease_ends = delivery, self.world.loop.time + 120

    @property
    def leased(self) -> bool:
        """Whether what it has in hand is still its own."""
        return self.world.loop.time < self.lease_ends

    def die(self) -> None:
        """Everything it knew is lost; another life begins a little later."""
        if not self.alive:
            return
        self.world.checker.abandoned |= self.delivery is not None and not self.leased
        self.stop()
        self.world.tell(self, "dies")
        self.world.loop.after(self.world.choices.setting(f"rest {self.name}.{self.lives}", _rest), self._again)

    def stop(self) -> None:
        """It is no more."""
        self.alive = self.idle = False
        running, self._running = self._running, []
        for one in running:
            one.kill()

    def replace(self) -> None:
        """Another takes its place at once."""
        self.stop()
        self._again()

    def _again(self) -> None:
        self.start()
        self.world.enqueue_due()
        self.world.alarm()

    def _do(self, begin: Begin) -> Running:
        self._running = [one for one in self._running if not one.over]
        running = self.world.loop.start_up(begin, self._ended)
        self._running.append(running)
        return running

    def _ended(self, error: BaseException | None) -> None:
        if isinstance(error, Crash):
            self.die()
        elif error is not None:
            raise error

    async def _work(self) -> None:
        while True:
            try:
                worked = await self._worker.work_once()
            except StoreError:
                await pause(2)
                continue
            self.delivery = None
            if not worked:
                self.idle = True
                self.world.loop.after(0, self.world.enqueue_due)
                await pause(FOREVER)

    async def _sweep(self) -> None:
        try:
            await self.engine.sweep()
        except StoreError:
            return
        self.world.enqueue_due()

    async def _guarded_catch_up(self) -> None:
        try:
            await self.engine.catch_up(self.world.repository)
        except StoreError:
            return

    async def _answer(self, service: str, delivery: Delivery) -> None:
        request = HttpRequest(method="POST", path=f"/{service}", headers=delivery.headers, body=delivery.body)
        answer = await (self._ingress.github(request) if service == "github" else self._ingress.discord(request))
        await pause(0.02)
        response = Response(
            status=answer.status, headers={k.lower(): v for k, v in answer.headers.items()}, body=answer.body
        )
        self.world.heard(service, delivery, response)


class Parts:
    """What processes are made of; a test may make one of these otherwise."""

    store: type[Store] = Store
    queue: type[Queue] = Queue
    forge: type[GitHubForge] = GitHubForge
    chat: type[DiscordChat] = DiscordChat
    engine: type[Engine] = Engine


def _rest(bits: Any) -> float:
    return float(bits.between(0.5, 20))
