"""Approvals that were refused because the plan was not fully shown: rightly, and so that the next one can count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storm.release import rendered
from valine.orchestrator.facts.display import is_shown
from valine.orchestrator.facts.of_run import plan_card
from valine.orchestrator.model.events import EffectSucceeded, PageWritten
from valine.orchestrator.model.states import Stage
from valine.orchestrator.naming import page_name
from valine.orchestrator.replies import NotShownYet
from valine_twins.discord import components as parts

if TYPE_CHECKING:
    from typing import Any

    from storm.world import World
    from valine.orchestrator.model.events import Event
    from valine.orchestrator.model.run import Run
    from valine.ports import Delivery


Noted = dict[tuple[str, str], int]  # run and page: the revision of the plan at which it was stored as written


def note(noted: Noted, run: Run, event: Event) -> None:
    """Remember which page was stored as written at which revision."""
    if isinstance(event, EffectSucceeded) and isinstance(event.result, PageWritten):
        noted[run.uid, page_name(event.result.document, event.result.page)] = run.plan.revision


def wrongly_refused(world: World, run: Run, noted: Noted) -> str | None:
    """What is wrong with that refusal, if the whole plan is on Discord, and was stored as written."""
    first = run.messages.get("card")
    pages = rendered(world, plan_card(run), first.render) if first is not None else ()
    for page, message in enumerate(pages, 1):
        posted = run.messages.get(page_name("card", page))
        there = world.discord._world.message(posted.message) if posted is not None and posted.facts else None
        known = noted.get((run.uid, page_name("card", page))) == run.plan.revision
        if there is None or not known or texts(there.components) != texts(message.body["components"]):
            return None
    return f"{run.name} was not approved as not shown, and all of it was" if pages else None


def stuck(world: World, taken: Delivery) -> str | None:
    """What is wrong once such an approval is dealt with: then the plan is on show, unless Discord refused something."""
    inbox = world.store.commands.get(taken.envelope.id)
    reply, number = (inbox.read().reply, inbox.read().run) if inbox is not None else (None, None)
    run = world.store.look(world.repository, number) if number is not None else None
    if not isinstance(reply, NotShownYet) or run is None or run.stage is not Stage.PROPOSED:
        return None
    if run.plan.revision != reply.revision or is_shown(run, "card"):
        return None
    refused = any(entry.attempts for key, entry in run.pending.items() if key in {"message:card", "thread"})
    goes_on = any(one.startswith(f"slice:{run.uid}") for one in world.queue.entries)
    return None if refused or goes_on else f"{run.name} was not approved as not shown, and is not shown now"


def texts(components: Any) -> list[str]:
    """All that is written in a message's components, from top to bottom."""
    return [part["content"] for part in parts.walk(components) if isinstance(part.get("content"), str)]
