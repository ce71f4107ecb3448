"""What the past may hold in store: others who made the same names, a backup that is restored, older documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from storm.memory import Kept
from valine.documents import encode
from valine.orchestrator import naming
from valine.orchestrator.model.run import Repository

if TYPE_CHECKING:
    from storm.choices import Bits
    from storm.memory import MemoryRunStore
    from storm.profiles import Weights
    from storm.world import World

KINDS: Weights = {"branch of that name": 2, "pull request of that name": 2, "older documents": 3, "backup restored": 4}
BUSY = 490  # writes of the last hour, of the 500 that GitHub allows
BRANCH = "valine/r1/1-issue-number-1"


def draw(bits: Bits) -> str:
    """When the backup is made, how much later it is restored, and what it is that happens."""
    return f"{bits.below(90)} {1 + bits.below(120)} {bits.weighed(KINDS)}"


def plan(world: World) -> None:
    """Have it happen."""
    busy = world.choices.unusual("busy hour", world.profile.busy, lambda bits: str(60 + bits.below(3000)))
    if busy is not None:
        world.faults["past: busy hour"] += 1
        _used_up(world, float(busy))
    if not world.profile.past:
        return
    for number in (1, 2):
        found = world.choices.unusual(f"past {number}", 0.7, draw)
        if found is None:
            continue
        moment, later, kind = found.split(" ", 2)
        world.faults[f"past: {kind}"] += 1
        if kind == "older documents":
            world.loop.after(float(moment), _age, world)
        elif kind == "backup restored":
            world.loop.after(float(moment), _back_up, world, float(later))
        else:
            _made_by_others(world, with_pull=kind.startswith("pull"), deployed=int(later) % 2 == 1)


def _used_up(world: World, ago: float) -> None:
    """Most of what GitHub allows in an hour was written so many seconds ago, for a minute and more."""
    times = [-ago - BUSY + number for number in range(BUSY)]
    record, began = world.store.record(world.repository), world.loop.start.timestamp()
    record = msgspec.structs.replace(record, writes=tuple(int(began + moment) for moment in times))
    world.store.records[world.repository] = Kept(encode(record), Repository)
    world.checker.pace.wrote_before(times)


def _age(world: World) -> None:
    world.tell(None, "what is stored and what waits are an older Valine's")
    world.store.age()
    world.queue.age()


def _back_up(world: World, later: float) -> None:
    world.tell(None, "a backup is made")
    world.loop.after(later, _restore, world, world.store.backup())


def _restore(world: World, backup: MemoryRunStore) -> None:
    """The store of a while ago, an empty queue, and processes that know nothing."""
    if world.choices.calm:
        return
    world.tell(None, "the backup is restored")
    for process in world.processes:
        process.die()
    world.store.restore(backup)
    world.queue.entries.clear()
    world.checker.forget()


def _made_by_others(world: World, *, with_pull: bool, deployed: bool) -> None:
    """By a developer; or by another deployment of Valine, with the same account and a uid of its own."""
    by, uid = ("valine-bot" if deployed else "chen"), "another23456"
    message = f"Start #1: Issue number 1\n\nValine-Run: {uid}\n" if deployed else "Work"
    world.on_github("push", branch=BRANCH, files={"others.md": "Not ours.\n"}, message=message, by=by)
    if with_pull:
        body = naming.github_marker(uid) if deployed else ""
        world.on_github("open_pull_request", head=BRANCH, title="Not ours", body=body, by=by)
