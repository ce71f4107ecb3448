"""Every reply is a fact: it can be put into words and stored, and a later field changes none that is stored."""

from __future__ import annotations

import re
import typing

import msgspec
import pytest

from builders import NOON, REPOSITORY, a_plan, a_plan_item, a_pull, a_task
from samples import union_samples
from valine.documents import decode, encode
from valine.orchestrator import replies
from valine.orchestrator.facts.documents import Fact
from valine.orchestrator.model.policy import Policy
from valine.orchestrator.model.run import Note
from valine.orchestrator.model.states import IssueNumber, Reason, TaskState, Why
from valine.orchestrator.replies import Reply
from valine.orchestrator.replies.parts import MOST_ROWS
from valine.orchestrator.replies.plan_changes import changes
from valine.ports import Inbox
from valine.view.replies import RenderedReply, render, reply_body
from view import sentences
from view.sentences import under_way
from view.test_endpoint_replies import EVERY_INTAKE_REPLY

MEMBERS: tuple[type[Fact], ...] = typing.get_args(Reply)


def every_example() -> list[Reply]:
    return [*(reply for some in sentences.every_reply().values() for reply in some), *EVERY_INTAKE_REPLY]


def test_there_is_an_example_of_every_reply() -> None:
    assert {type(reply) for reply in every_example()} == set(MEMBERS)


def test_every_reply_can_be_put_into_words_whatever_its_facts_are() -> None:
    for reply in [*every_example(), *union_samples(Reply)]:
        rendered = render(reply)
        assert rendered.text
        assert reply_body(rendered)["components"]


def test_every_reply_is_the_same_after_it_was_stored() -> None:
    for reply in [*every_example(), *union_samples(Reply)]:
        inbox = Inbox(id="c1", at=NOON, reply=reply)
        assert decode(encode(inbox), Inbox) == inbox


def test_every_reply_names_itself_by_a_name_of_its_own() -> None:
    assert len({kind.__struct_config__.tag for kind in MEMBERS}) == len(MEMBERS)


@pytest.mark.parametrize("kind", MEMBERS, ids=lambda kind: kind.__name__)
def test_a_field_that_is_added_with_a_default_changes_no_stored_reply(kind: type[Fact]) -> None:
    grown = msgspec.defstruct(kind.__name__, [("added", str, "nothing")], bases=(kind,), tag=True, frozen=True)

    for reply in every_example():
        if type(reply) is kind:
            stored = msgspec.json.encode(reply)
            assert msgspec.json.encode(msgspec.json.decode(stored, type=grown)) == stored


def parts_of(kind: object) -> set[type]:
    """That type and all that it is made of."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {kind}.union(*(parts_of(hint) for hint in typing.get_type_hints(kind).values()))
    return set().union(*(parts_of(part) for part in typing.get_args(kind))) if typing.get_args(kind) else set()


def test_replies_hold_facts_alone_and_never_a_run_a_task_or_a_plan() -> None:
    assert {part for part in parts_of(Reply) if not issubclass(part, Fact)} == set()


def test_a_stored_reply_leaves_out_what_is_as_it_is_by_default() -> None:
    stored = msgspec.json.decode(msgspec.json.encode(replies.Retried(run=replies.run_place(under_way(thread=None)))))

    assert stored == {
        "type": "Retried",
        "run": {"number": 12, "uid": sentences.UID, "site": "https://github.com/team/app", "channel": "555"},
    }


def test_a_reply_about_the_largest_run_is_small() -> None:
    long = "long words " * 20
    note = Note(why=Why.RULES, detail=long)
    ready = [a_task(n, title=long, state=TaskState.READY, pull=a_pull(n, n)) for n in range(1, 251)]
    held = [a_task(n, title=long, state=TaskState.HELD, note=note) for n in range(1, 251)]
    run = under_way(tasks=tuple(held))

    for reply in (
        replies.Preflight.of(run, ready, [], sentences.DIGEST),
        replies.NothingReady.of(run),
        replies.StatusOf.of([run], REPOSITORY),
        replies.NothingToPlan.of(a_plan(left_out=tuple(sentences.left(n) for n in range(1, 251)))),
    ):
        assert len(msgspec.json.encode(reply)) < 32 * 1024
    assert render(replies.NothingReady.of(run)).text.endswith("#71, #72 and 178 more")


def test_of_a_preflight_the_first_are_named_in_full_and_the_others_by_number_and_head() -> None:
    ready = [a_task(n, state=TaskState.READY, pull=a_pull(n, n)) for n in range(1, MOST_ROWS + 2)]

    rows = replies.Preflight.of(under_way(), ready, [], sentences.DIGEST).ready

    assert [bool(row.title) for row in rows] == [True] * MOST_ROWS + [False]
    assert [row.head for row in rows] == [task.pull.head for task in ready if task.pull]


def test_a_reply_that_was_stored_in_words_is_given_again_in_these_words() -> None:
    old = b"""{"schema":1,"id":"c1","at":"2026-11-02T12:00:00Z","run":1,"reply":{"text":"Done.",
        "buttons":[{"label":"Show","custom_id":"v1:status:1:abcdefgh2345","style":"primary"}]}}"""

    reply = decode(old, Inbox).reply

    button = replies.Button(label="Show", custom_id="v1:status:1:abcdefgh2345", style="primary")
    assert reply is not None
    assert render(reply) == RenderedReply(text="Done.", buttons=(button,))


@pytest.mark.parametrize("fields", [{}, {"reply": None}, {"reply": {"type": "NoRun"}}])
def test_what_was_stored_without_a_reply_in_words_stays_as_it_is(fields: dict[str, object]) -> None:
    assert replies.upgraded({"id": "c1", **fields}) == {"id": "c1", **fields}


def test_of_many_changes_the_first_are_kept_and_the_others_counted() -> None:
    before = a_plan(*(a_plan_item(n) for n in range(1, 41)), policy=Policy())
    after = a_plan(left_out=tuple(sentences.left(n, Reason.GONE) for n in range(1, 41)), policy=Policy())

    found = changes(before, after)
    text = render(replies.PlanChanged(run=replies.run_place(sentences.proposed()), revision=2, changes=found)).text

    assert ([item.issue for item in found.items], found.others) == ([IssueNumber(n) for n in range(1, 26)], 16)
    assert len(re.findall("^- #", text, re.MULTILINE)) == 15
    assert text.endswith("- and 26 more")
