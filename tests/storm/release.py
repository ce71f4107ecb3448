"""A release that rewords everything and halves the page size, in the middle of a run; and perhaps its rollback.

The one process of a machine begins to render otherwise at that moment. Of several, as on AWS, each does at a moment of
its own: for a while new ones work beside old ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewording import rewording
from valine.view import RENDER_VERSION

if TYPE_CHECKING:
    from storm.choices import Bits
    from storm.process import Process
    from storm.world import World
    from valine.orchestrator.facts.documents import Document
    from valine.view.cards import Rendering
    from valine.view.components import Message

PAGE = 1000  # characters, 800 of which are kept for the heading: two issues or so
OLD = rewording(RENDER_VERSION, capitals=False, characters=PAGE)
NEW = rewording(RENDER_VERSION + 1, characters=PAGE // 2)
BESIDE = (1, 10, 90)  # seconds at most between the first process of a release and its last


def draw(bits: Bits) -> str:
    """When the release is, and how long it lasts: until something happens that is past the end, mostly."""
    moment = bits.below(bits.among((8, 8, 8, 15, 30, 60, 120, 600)) * 10) / 10  # a proposal is open from 1 s on
    return f"{moment} {bits.among((5, 20, 60, 300, 100_000, 100_000, 100_000))}"


def plan(world: World) -> None:
    """Have it happen."""
    if not world.profile.releases:
        return
    for number in (1, 2):
        found = world.choices.unusual(f"release {number}", 0.9 if number == 1 else 0.3, draw)
        if found is not None:
            moment, lasting = map(float, found.split(" "))
            _from(world, f"release {number}", moment, NEW)
            _from(world, f"rollback {number}", moment + lasting, OLD)


def _from(world: World, what: str, moment: float, rendering: Rendering) -> None:
    for process in world.processes:
        wait = 0.0
        if not world.alone:
            wait = world.choices.setting(f"{what} {process.name}", lambda bits: bits.between(0, bits.among(BESIDE)))
        world.loop.after(moment + wait, _replace, world, what, process, rendering)


def _replace(world: World, what: str, process: Process, rendering: Rendering) -> None:
    if world.choices.calm:
        return
    world.faults[what.split(" ", maxsplit=1)[0]] += 1
    world.tell(process, f"{what}: version {rendering.version} of the rendering")
    process.rendering = rendering
    if process.idle and not world.alone:
        process.replace()
    else:  # with what it has in hand
        process.die()


def rendered(world: World, facts: Document, version: int) -> tuple[Message, ...]:
    """The document as that version of the rendering has it."""
    known = {process.rendering.version: process.rendering for process in world.processes}
    if world.profile.releases:
        known = {rendering.version: rendering for rendering in (OLD, NEW)}
    return known[version].render(facts) if version in known else ()
