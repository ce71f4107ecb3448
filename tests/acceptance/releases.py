"""What a release that rewords everything and halves the page size leaves alone, wherever Valine runs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from acceptance.crashes import Crash
from rewording import release, rewording
from valine.orchestrator.facts.display import is_settled, pages
from valine.orchestrator.facts.of_run import facts_of
from valine.view import RENDER_VERSION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest

    from acceptance.stories import Team

    Replaced = Callable[[Team], Awaitable[None]]  # a process of the new build takes the old one's place

NEW = rewording()
ISSUES = 60  # on three pages of a plan, and on twice as many after the release


async def a_proposal_is_approved_after_it(team: Team, patch: pytest.MonkeyPatch, replaced: Replaced) -> None:
    """The very first click after the release approves, and what it changes is rewritten in one rendering."""
    await team.says("/plan", by="Ana")
    before = pages(await team.run(), "card")
    release(patch, NEW)
    await replaced(team)

    reply = await team.clicks("Approve", by="Ana")
    await team.wait(minutes=5)

    assert reply.startswith("You approved r1"), reply
    assert {page.render for page in before.values()} == {RENDER_VERSION}
    await _is_reworded(team, more_than=len(before))


async def a_proposal_half_shown_is_shown_in_one_rendering(
    team: Team, patch: pytest.MonkeyPatch, replaced: Replaced
) -> None:
    """The process ends with the first of three pages written; the next one is of the new build."""

    def dies() -> None:
        release(patch, NEW)
        raise Crash

    team.meanwhile("POST", "*/threads", dies)
    with suppress(Crash):  # on Lambda another process follows at once
        await team.says("/plan", by="Ana")
    await replaced(team)
    await team.wait(minutes=5)

    await _is_reworded(team, more_than=3)
    assert (await team.clicks("APPROVE", by="Ana")).startswith("You approved r1")


async def _is_reworded(team: Team, *, more_than: int) -> None:
    run = await team.run()
    found, facts = pages(run, "card"), facts_of(run, "card")
    assert facts is not None
    assert is_settled(run, "card")
    assert {page.render for page in found.values()} == {NEW.version}
    assert len(found) == len(NEW.render(facts)) > more_than
    assert "PLAN R1: 60 ISSUES INTO MAIN" in team.card()
    shown = [line for line in team.thread() if "PAGE" in line.upper() and "PLAN" in line.upper()]
    assert all(line == line.upper() for line in shown)
    assert len(shown) == len(found) - 1
