"""Documents on Discord, counted: what is rendered, what is sent, and what is taken away."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from acceptance.stories import REPOSITORY as TEAMS
from acceptance.stories import a_team
from builders import NOON, REPOSITORY, a_plan, a_plan_item, a_task, a_woken, after, an_envelope
from engine.test_loop import Outside, World, an_approved_run, posted
from engine.worlds import handled
from rewording import release
from valine.errors import Permanent
from valine.orchestrator.decide.desired_effects import schedule
from valine.orchestrator.facts.display import is_settled, is_shown, pages
from valine.orchestrator.facts.documents import PlanCard, key
from valine.orchestrator.model import events
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.states import Stage, Step
from valine.orchestrator.naming import page_name
from valine.ports import Commit, Sent
from valine.view import RENDER_VERSION
from valine.view.cards import Rendering, render

if TYPE_CHECKING:
    from acceptance.stories import Team
    from valine.orchestrator.facts.documents import Document
    from valine.orchestrator.model.run import Posted, Run
    from valine.view.components import Message

replace = msgspec.structs.replace


class Wall(Outside):
    """Discord as far as messages are put up, edited and taken away there; what was asked of it is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.there: dict[str, Message] = {}
        self.asked: list[tuple[str, str]] = []  # what was done, to which message
        self.refuses: str | None = None  # the message that may not be edited

    async def ensure_message(self, **given: Any) -> Sent:
        message = given["posted"].message if given["posted"] else f"m-{len(self.asked)}"
        self.asked.append(("edit" if given["posted"] else "post", message))
        if message == self.refuses:
            raise Permanent(Failure(kind="permanent", code="forbidden", detail="Missing Access"))
        self.there[message] = given["message"]
        return Sent(message=message, shown_at=None)

    async def remove_message(self, *, channel: str, message: str) -> None:
        assert channel
        self.asked.append(("remove", message))
        self.there.pop(message, None)

    async def comments_since(self, since: Any) -> tuple[()]:
        assert since
        return ()


def a_wall(world: World | None = None) -> World:
    """A process of Valine; with another world it takes up what that one's left."""
    if world is None:
        return World(outside=Wall())
    return World(store=world.store, queue=world.queue, outside=world.outside)


def tracked(count: int) -> Run:
    """That many tasks, all opened; of the run only the board is not on Discord."""
    done = tuple(Step)
    tasks = tuple(a_task(n, title=f"Make the thing number {n} work", done=done) for n in range(1, count + 1))
    plan = a_plan(*(a_plan_item(task.issue, title=task.title) for task in tasks))
    run = an_approved_run(tasks=tasks, plan=plan, stage=Stage.TRACKING, refresh_at=after(86_400))
    return replace(run, messages={name: page for name, page in run.messages.items() if name == "card"})


async def settle(world: World) -> None:
    """Let it come to rest."""
    for _ in range(10):
        world.clock.time += timedelta(seconds=5)
        await world.work(world.clock.time + timedelta(seconds=60))


async def on_the_wall(count: int) -> World:
    """A process that has put up the board of so many tasks."""
    world = await a_wall().with_run(tracked(count))
    await settle(world)
    assert is_settled(await world.run(), "board")
    world.outside.asked.clear()
    return world


async def edit(world: World, issue: int) -> None:
    """That issue is edited, which says so on its line of the board and nowhere else."""
    run = await world.run()
    tasks = tuple(replace(task, edited=True) if task.issue == issue else task for task in run.tasks)
    await world.store.commit(Commit(run=schedule(replace(run, tasks=tasks), world.clock.now(), RENDER_VERSION)), NOON)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[Document]:
    """The facts that were rendered, each time."""
    found: list[Document] = []

    def noting(facts: Document) -> tuple[Message, ...]:
        found.append(facts)
        return render(facts)

    release(monkeypatch, Rendering(version=RENDER_VERSION, render=noting))
    return found


# --- What is sent ----------------------------------------------------------------------------------------------------


async def test_of_a_board_of_250_issues_one_page_is_sent_when_one_task_changes() -> None:
    world = await on_the_wall(250)
    before = pages(await world.run(), "board")
    assert len(before) > 5

    await edit(world, 125)
    await settle(world)

    run = await world.run()
    assert is_settled(run, "board")
    assert [done for done, _ in world.outside.asked] == ["edit"]
    found = pages(run, "board")
    assert {one.facts for one in found.values()} != {one.facts for one in before.values()}
    assert sum(found[page].at != before[page].at for page in found) == 1


async def test_another_process_sends_every_page_for_it_knows_of_none_what_it_shows(rendered: list[Document]) -> None:
    world = await on_the_wall(250)
    count = len(pages(await world.run(), "board"))
    rendered.clear()

    other = a_wall(world)
    other.clock.time = world.clock.time
    await edit(other, 125)
    await settle(other)

    assert [done for done, _ in other.outside.asked] == ["edit"] * count
    assert len(rendered) == 1  # however many pages it has
    assert is_settled(await other.run(), "board")


async def test_where_nobody_knows_what_discord_shows_every_page_is_sent_again() -> None:
    world = await on_the_wall(250)
    run = await world.run()

    await handled(world, an_envelope(inbound=replace(a_woken(), afresh=True)))
    await settle(world)

    edited = [message for done, message in world.outside.asked if done == "edit"]
    assert sorted(edited) == sorted(page.message for page in run.messages.values())


async def test_a_page_that_somebody_else_wrote_over_is_sent_again_though_this_process_wrote_it_last() -> None:
    """What a process wrote before it stood still is noted after another one's, as nobody knows what."""
    world = await on_the_wall(3)
    run = await world.run()
    board = run.messages["board"]
    result = events.PageWritten(document="board", page=1, posted=board)
    late = events.EffectSucceeded(at=board.at, key="message:board", result=result, over=after(-99))

    await world.engine._unit_of_work.apply(REPOSITORY, 1, late)
    await settle(world)

    assert (await world.run()).messages["board"].at != board.at
    assert world.outside.asked == [("edit", board.message)]


async def test_a_page_that_could_not_be_sent_is_the_one_that_is_tried_again_and_the_others_are_not() -> None:
    world = await on_the_wall(250)
    second = pages(await world.run(), "board")[2].message
    world.outside.refuses = second
    await edit(world, 30)
    await world.work(world.clock.time + timedelta(seconds=60))
    world.clock.time += timedelta(seconds=5)
    await world.work(world.clock.time + timedelta(seconds=60))
    assert world.outside.asked == [("edit", second)]
    assert not is_shown(await world.run(), "board")

    world.outside.refuses = None
    world.clock.time += timedelta(minutes=11)
    await settle(world)

    assert world.outside.asked == [("edit", second)] * 2
    assert is_settled(await world.run(), "board")


async def test_pages_that_are_needed_no_longer_are_taken_away_the_last_first() -> None:
    world = await on_the_wall(100)
    run = await world.run()
    found = pages(run, "board")
    assert len(found) == 4

    await world.store.commit(Commit(run=schedule(replace(run, tasks=run.tasks[:3]), world.clock.now())), NOON)
    await settle(world)

    run = await world.run()
    removed = [message for done, message in world.outside.asked if done == "remove"]
    assert removed == [found[page].message for page in (4, 3, 2)]
    assert list(pages(run, "board")) == [1]
    assert is_settled(run, "board")
    assert [run.messages[page_name("board", page)].generation for page in (2, 3, 4)] == [1, 1, 1]


async def test_a_page_that_is_needed_again_is_put_up_anew() -> None:
    world = await on_the_wall(100)
    full = await world.run()
    await world.store.commit(Commit(run=schedule(replace(full, tasks=full.tasks[:3]), world.clock.now())), NOON)
    await settle(world)
    small = await world.run()
    world.outside.asked.clear()

    await world.store.commit(Commit(run=schedule(replace(small, tasks=full.tasks), world.clock.now())), NOON)
    await settle(world)

    assert [done for done, _ in world.outside.asked] == ["edit", "post", "post", "post"]
    assert is_settled(await world.run(), "board")


@pytest.mark.parametrize(
    "noted", [True, False]
)  # by a decision of the new build; a refresh that saw nothing makes none
async def test_what_an_older_rendering_wrote_is_written_again_when_the_run_is_at_hand_and_wakes_nobody(
    noted: bool,  # noqa: FBT001 - a parameter
) -> None:
    def old(run: Run, name: str) -> Posted:
        return posted(run, name, render=RENDER_VERSION - 1)

    run = replace(tracked(1), wake_at=None)
    run = replace(run, messages={name: old(run, name) for name in ("card", "board")})
    world = a_wall()
    scheduled = schedule(run, NOON, RENDER_VERSION if noted else RENDER_VERSION - 1)
    await world.store.commit(Commit(run=scheduled), NOON)
    assert ({"message:card", "message:board"} <= set(scheduled.pending)) is noted
    assert scheduled.wake_at == after(86_400)  # the refresh, and nothing before it
    world.clock.time = after(60)

    await world.work(after(120))

    assert world.outside.asked == [("edit", "m-card"), ("edit", "m-board")]
    assert {page.render for page in (await world.run()).messages.values()} == {RENDER_VERSION}


# --- What is rendered ------------------------------------------------------------------------------------------------


async def changed(team: Team) -> set[tuple[str, str]]:
    """Each state of each document that was put on Discord, by the history."""
    steps = await team.world.system.store.history(TEAMS, 1)
    results = [step.event.result for step in steps if isinstance(step.event, events.EffectSucceeded)]
    return {(r.document, r.posted.facts) for r in results if isinstance(r, events.PageWritten)}


async def test_shipping_seven_tasks_renders_each_change_at_most_twice_and_the_card_never(
    rendered: list[Document],
) -> None:
    async with a_team(7) as team:
        await team.is_ready()
        before = await changed(team)
        rendered.clear()

        await team.ships(by="Ana")

        assert (await team.run()).status == "completed"
        documents = await changed(team) - before
        assert not [facts for facts in rendered if isinstance(facts, PlanCard)]
        assert max(Counter(map(key, rendered)).values()) <= 2
        assert len(rendered) <= 2 * len(documents)


async def test_a_plan_is_rendered_when_it_is_proposed_and_when_it_is_decided_and_then_no_more(
    rendered: list[Document],
) -> None:
    async with a_team(3) as team:
        await team.is_ready()
        await team.ships(by="Ana")

        cards = [facts for facts in rendered if isinstance(facts, PlanCard)]
        assert [card.decision for card in cards] == ["open", "approved"]
