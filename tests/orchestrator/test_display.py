"""When a document counts as shown, what is wanted of it, and in which order its pages are written."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, a_plan, a_plan_item, a_pull, a_run, a_task, after, an_actor
from orchestrator.play import Play
from orchestrator.wanting import approved_run, on_show
from valine.orchestrator.decide.desired_effects import desired_effects, schedule
from valine.orchestrator.decide.effect_results import succeeded
from valine.orchestrator.facts.display import (
    RemovePage,
    WritePage,
    document_of,
    documents,
    is_begun,
    is_outdated,
    is_settled,
    is_shown,
    next_step,
    pages,
    shown_by,
)
from valine.orchestrator.facts.documents import (
    Board,
    Fact,
    LeftOutRow,
    NoteRow,
    PlanCard,
    PlanRow,
    RunRef,
    TaskRow,
    ThreadLine,
    key,
)
from valine.orchestrator.facts.of_run import board, facts_of, plan_card, thread_line
from valine.orchestrator.model import effects, events
from valine.orchestrator.model.run import Milestone, Posted, Run
from valine.orchestrator.model.states import MilestoneKind, RunStatus, Stage
from valine.orchestrator.naming import page_name
from view import sentences

replace = msgspec.structs.replace
RENDER = 3


def a_page(run: Run, document: str = "board", **changes: Any) -> Posted:
    """A page of the document as it is now, the only one."""
    facts = facts_of(run, document)
    assert facts is not None
    given = {"channel": "channel-1", "message": "m", "at": NOON, "facts": key(facts), "render": RENDER}
    return Posted(**(given | changes))  # type: ignore[arg-type]


def with_pages(run: Run, *found: Posted, document: str = "board") -> Run:
    """The run with all of it on show, and of that document exactly these pages."""
    shown = on_show(run, render=RENDER)
    numbered = {page_name(document, page): posted for page, posted in enumerate(found, start=1)}
    others = {name: posted for name, posted in shown.messages.items() if name != document}
    return replace(shown, thread="t", messages=others | numbered)


def wanted_documents(run: Run, render: int = RENDER) -> list[effects.EnsureDocument]:
    return [effect for effect in desired_effects(run, render) if isinstance(effect, effects.EnsureDocument)]


# --- When it counts as shown -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("document", ["card", "board"])
def test_a_document_is_shown_when_all_its_pages_bear_the_key_of_its_facts(document: str, count: int) -> None:
    run = approved_run()
    page = a_page(run, document, pages=count)

    run = with_pages(run, *[page] * count, document=document)

    assert is_shown(run, document)
    assert is_settled(run, document)
    assert wanted_documents(run) == []


DEVIATIONS: dict[str, dict[str, Any]] = {
    "gone": {"message": ""},
    "other facts": {"facts": "another"},
    "facts not known": {"facts": ""},
    "more pages": {"pages": 4},
    "fewer pages": {"pages": 2},
    "older rendering": {"render": RENDER - 1},
    "newer rendering": {"render": RENDER + 1},
}


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_document_with_one_page_that_is_not_like_the_others_is_not_shown(name: str, page: int) -> None:
    run = approved_run()
    found = [a_page(run, pages=3)] * 3
    found[page - 1] = replace(found[page - 1], **DEVIATIONS[name])

    run = with_pages(run, *found)

    assert not is_shown(run, "board")
    assert wanted_documents(run) == [effects.EnsureDocument(document="board")]


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_document_of_which_one_page_was_never_posted_is_not_shown(missing: int) -> None:
    run = approved_run()
    full = with_pages(run, *[a_page(run, pages=3)] * 3)

    gap = replace(full, messages={n: p for n, p in full.messages.items() if n != page_name("board", missing)})

    assert is_shown(full, "board")
    assert not is_shown(gap, "board")
    assert set(pages(gap, "board")) == {1, 2, 3} - {missing}


def test_a_document_with_new_facts_is_not_shown_until_the_first_page_is_written_not_even_begun() -> None:
    run = with_pages(approved_run(), a_page(approved_run()))
    changed = replace(run, releases={"v1": "https://github.com/team/app/releases/tag/v1"})

    assert (is_shown(run, "board"), is_begun(run, "board")) == (True, True)
    assert (is_shown(changed, "board"), is_begun(changed, "board")) == (False, False)
    assert is_begun(with_pages(run, a_page(run, pages=2)), "board")


def test_a_page_left_over_takes_nothing_away_from_what_is_shown_and_is_to_be_removed() -> None:
    run = approved_run()
    one = a_page(run)
    run = with_pages(run, one, replace(one, message=""), replace(one, facts="old", pages=3))

    assert (is_shown(run, "board"), is_settled(run, "board")) == (True, False)
    assert wanted_documents(run) == [effects.EnsureDocument(document="board")]
    assert next_step(run, "board", one.facts, 1, RENDER) == RemovePage(3)
    removed = events.PageRemoved(document="board", page=3)
    event = events.EffectSucceeded(at=NOON, key="message:board", result=removed)
    assert is_settled(succeeded(run, event), "board")


def test_what_an_older_rendering_wrote_is_shown_and_wanted_again_without_waking_anybody() -> None:
    checking = approved_run(refresh_at=after(600))
    page = a_page(checking, pages=2, render=RENDER - 1)
    run = with_pages(checking, page, page)

    assert (is_shown(run, "board"), is_settled(run, "board"), is_outdated(run, "board", RENDER)) == (True, True, True)
    assert wanted_documents(run, RENDER - 1) == []
    assert wanted_documents(run) == [effects.EnsureDocument(document="board", outdated=True)]
    done = replace(run, tasks=(), stage=Stage.DONE, status=RunStatus.COMPLETED, ended_at=NOON, refresh_at=None)
    over = with_pages(done, *[a_page(done, "card", render=RENDER - 1)], document="card")
    scheduled = schedule(over, after(60), RENDER)
    assert scheduled.pending["message:card"].not_before is not None
    assert scheduled.wake_at is None


def test_once_its_first_page_is_written_anew_the_rest_of_an_outdated_document_follows_at_once() -> None:
    run = approved_run()
    old = a_page(run, pages=2, render=RENDER - 1)

    half = schedule(with_pages(run, a_page(run, pages=2), old), after(60), RENDER)

    assert not is_shown(half, "board")
    assert wanted_documents(half) == [effects.EnsureDocument(document="board")]
    assert half.wake_at == half.pending["message:board"].not_before == after(60)


@pytest.mark.parametrize("changes", [{"facts": ""}, {"facts": "other"}, {"render": 0}, {"pages": 2}])
def test_a_line_of_the_thread_stays_as_it_was_said(changes: dict[str, Any]) -> None:
    line = Milestone(key="opened", kind=MilestoneKind.OPENED, at=NOON)
    run = approved_run(milestones=(line,))
    said = a_page(run, "milestone.opened", **changes)

    run = with_pages(run, said, document="milestone.opened")

    assert (is_shown(run, "milestone.opened"), is_settled(run, "milestone.opened")) == (True, True)
    assert not is_outdated(run, "milestone.opened", RENDER)
    assert wanted_documents(run) == []


def test_each_document_is_wanted_by_one_effect_however_many_pages_it_takes() -> None:
    play = Play(120)
    play.plan()
    play.approve()
    play.settle()
    run = replace(play.run, messages={name: replace(p, facts="old") for name, p in play.run.messages.items()})
    assert len(pages(run, "card")) > 2 < len(pages(run, "board"))

    found = [effect.key for effect in wanted_documents(run)]

    assert found == ["message:card", "message:board"]


@pytest.mark.parametrize(
    ("name", "found"), [("card", ("card", 1)), ("board.2", ("board", 2)), ("card.10", ("card", 10))]
)
def test_the_name_of_a_message_says_its_document_and_its_page(name: str, found: tuple[str, int]) -> None:
    assert document_of(name) == found
    assert page_name(*found) == name


@pytest.mark.parametrize("name", ["milestone.held.2", "card.0", "card.x", "card.2.3", "cards.2", "xcard.2"])
def test_what_only_looks_like_a_page_is_a_document_of_its_own(name: str) -> None:
    assert document_of(name) == (name, 1)


@pytest.mark.parametrize(("seconds", "counts"), [(0, True), (-1, False)])
def test_what_was_typed_counts_from_the_last_page_shown(seconds: int, counts: bool) -> None:  # noqa: FBT001
    run = a_run()
    first, last = (a_page(run, "card", pages=2, shown_at=after(at)) for at in (0, 90))

    run = with_pages(run, first, last, document="card")

    assert shown_by(run, "card", after(90 + seconds), after(1000)) is counts


# --- In which order --------------------------------------------------------------------------------------------------

RECORDS: st.SearchStrategy[dict[str, Any] | None] = st.sampled_from([None, {}, *DEVIATIONS.values()])


@given(st.lists(RECORDS, min_size=7, max_size=7), st.integers(1, 5))
def test_from_whatever_is_there_page_by_page_all_comes_right(records: list[dict[str, Any] | None], count: int) -> None:
    right = Posted(channel="c", message="m", at=NOON, facts="now", pages=count, render=RENDER)
    stored = {page: replace(right, **found) for page, found in enumerate(records, start=1) if found is not None}
    run = a_run(messages={page_name("board", page): posted for page, posted in stored.items()})
    extra = sum(page > count for page in pages(run, "board"))
    steps = []

    while (step := next_step(run, "board", "now", count, RENDER)) is not None:
        steps.append(step)
        assert len(steps) <= count + extra
        old = run.messages.get(page_name("board", step.page))
        posted = right
        if isinstance(step, RemovePage):
            assert old is not None
            posted = replace(old, message="")
        run = replace(run, messages=run.messages | {page_name("board", step.page): posted})

    found = pages(run, "board")
    assert list(found) == list(range(1, count + 1))
    assert {(one.facts, one.pages, one.render) for one in found.values()} == {("now", count, RENDER)}
    assert all(isinstance(step, WritePage) for step in steps[: len(steps) - extra])  # nothing is taken away before
    assert [step.page for step in steps] == sorted({s.page for s in steps if isinstance(s, WritePage)}) + sorted(
        (s.page for s in steps if isinstance(s, RemovePage)), reverse=True
    )


# --- The key ---------------------------------------------------------------------------------------------------------


def every_fact() -> list[PlanCard | Board | ThreadLine]:
    """One of each document, with rows of each kind."""
    merged = a_task(41, pull=a_pull())
    run = sentences.shipping()
    lines = [thread_line(run, milestone) for milestone in sentences.milestones()]
    return [plan_card(sentences.proposed()), board(run), board(replace(run, tasks=(merged,))), *lines]


def later(fact: Any) -> Any:
    """The same as a later version of its type holds it, with one more field that is at its default."""
    if isinstance(fact, tuple):
        return tuple(map(later, fact))
    if not isinstance(fact, Fact):
        return fact
    kind = msgspec.defstruct(
        type(fact).__name__, [("added", str, "")], bases=(type(fact),), frozen=True, kw_only=True, omit_defaults=True
    )
    return kind(**{name: later(getattr(fact, name)) for name in fact.__struct_fields__})


@pytest.mark.parametrize("fact", every_fact(), ids=lambda fact: type(fact).__name__)
def test_a_field_that_is_added_later_leaves_the_key_alone_until_it_is_used(fact: Any) -> None:
    more = later(fact)

    assert key(more) == key(fact)
    assert key(replace(more, added="used")) != key(fact)


@pytest.mark.parametrize("kind", [RunRef, TaskRow, PlanRow, LeftOutRow, NoteRow, PlanCard, Board, ThreadLine])
def test_every_fact_leaves_out_what_is_at_its_default(kind: Any) -> None:
    assert kind.__struct_config__.omit_defaults
    assert kind.__struct_config__.frozen
    assert not kind.__struct_config__.array_like


TEXT = st.text(max_size=3)
ROWS = st.builds(
    TaskRow,
    issue=st.integers(1, 3),
    title=TEXT,
    state=st.sampled_from(["ready", "held"]),
    detail=TEXT,
    pull=st.none() | st.integers(1, 3),
    edited=st.booleans(),
)
BOARDS = st.builds(
    Board,
    run=st.builds(RunRef, number=st.integers(1, 2), uid=st.sampled_from(["u1", "u2"]), site=st.just("s")),
    base=TEXT,
    status=st.sampled_from(RunStatus),
    stage=st.sampled_from(Stage),
    approved=st.booleans(),
    shipping_by=st.none() | TEXT,
    rows=st.lists(ROWS, max_size=3).map(tuple),
)
CARDS = st.builds(
    PlanCard,
    run=st.builds(RunRef, number=st.integers(1, 2), uid=st.just("u"), site=st.just("s")),
    base=TEXT,
    label=TEXT,
    revision=st.integers(1, 2),
    digest=st.sampled_from(["d1", "d2"]),
    rows=st.lists(st.builds(PlanRow, issue=st.integers(1, 3), title=TEXT, priority=TEXT), max_size=3).map(tuple),
    left_out=st.lists(
        st.builds(LeftOutRow, issue=st.integers(1, 3), title=TEXT, reason=st.sampled_from(["gone", "limit"])),
        max_size=2,
    ).map(tuple),
)


@given(BOARDS | CARDS, BOARDS | CARDS)
def test_the_key_is_the_same_exactly_for_the_same_facts(one: Any, other: Any) -> None:
    copied = msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=type(one), strict=False)

    assert key(copied) == key(one)
    assert (key(one) == key(other)) is (one == other)


@pytest.mark.parametrize("document", ["card", "board", "milestone.proposed"])
def test_what_people_do_not_see_changes_no_key(document: str) -> None:
    run = sentences.under_way(milestones=tuple(sentences.milestones()[:1]))
    other = replace(run, version=99, wake_at=after(9), refresh_at=after(9), refreshed_at=after(9), lag=3, thread="777")

    before, now = facts_of(run, document), facts_of(other, document)

    assert before is not None
    assert now is not None
    assert key(now) == key(before)
    assert document in documents(run)


def test_two_documents_of_equal_words_have_different_keys() -> None:
    run = RunRef(number=sentences.proposed().number, uid="u", site="s")
    card = PlanCard(run=run, base="main", label="", revision=0, digest="")
    left = replace(
        card, left_out=(LeftOutRow(issue=sentences.issue_numbers(1)[0], title="t", reason=sentences.left().reason),)
    )
    planned = replace(card, rows=(PlanRow(issue=sentences.issue_numbers(1)[0], title="t"),))

    assert len({key(one) for one in (card, left, planned)}) == 3
    assert key(plan_card(a_run(plan=a_plan(a_plan_item(1))))) != key(
        plan_card(a_run(plan=a_plan(a_plan_item(1)), requested_by=an_actor("ben")))
    )
