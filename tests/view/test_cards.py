"""What Discord is sent: held against the platform's own description, and against everything titles can contain."""

# ruff: noqa: E501 - a line of a message is easier to read on one line

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from builders import NOON, a_plan, a_plan_item, a_run, a_task, after, an_actor
from valine.documents import decode, encode
from valine.orchestrator import naming
from valine.orchestrator.facts.display import RemovePage, documents, in_thread, is_settled, is_shown, next_step
from valine.orchestrator.facts.documents import key
from valine.orchestrator.facts.of_run import board, facts_of, plan_card
from valine.orchestrator.model.run import Posted, Run
from valine.orchestrator.model.states import PullNumber, Reason, RunNumber, TaskState
from valine.orchestrator.replies import Button
from valine.view import custom_id
from valine.view.replies import RenderedReply, render, reply_body
from view import sentences
from view.card_parts import RUNS, hostile_board, hostile_plan, labels, messages, parts, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from valine.view.components import Message

replace = msgspec.structs.replace


@pytest.fixture(scope="session")
def judge(shared: Path) -> Callable[[str, str, dict[str, Any]], list[str]]:
    sys.path.insert(0, str(shared / "oracles"))
    try:
        from judge import DiscordJudge  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    return DiscordJudge().request  # type: ignore[no-any-return]


def ids(message: Message) -> list[str]:
    return [c["custom_id"] for c in parts(message) if "custom_id" in c]


@pytest.mark.parametrize("name", RUNS)
def test_discord_takes_every_message(name: str, judge: Callable[[str, str, dict[str, Any]], list[str]]) -> None:
    run = RUNS[name]()

    for name_of, message in messages(run).items():
        assert judge("POST", "/channels/1/messages", message.body) == [], name_of
        assert judge("PATCH", "/channels/1/messages/2", message.body) == [], name_of


def test_discord_takes_every_reply(judge: Callable[[str, str, dict[str, Any]], list[str]]) -> None:
    many = RenderedReply(text="", buttons=tuple(Button(label="b" * 99, custom_id=f"id-{n}") for n in range(12)))
    said = [render(reply) for replies in sentences.every_reply().values() for reply in replies]

    long = [RenderedReply(text=text) for text in ("x" * 9_000, "漢" * 9_000, "line\n" * 4_000)]
    for reply in [*said, many, *long]:
        assert judge("PATCH", "/webhooks/1/token/messages/@original", reply_body(reply)) == [], reply


@pytest.mark.parametrize("run", [hostile_plan(), hostile_board()], ids=["plan", "board"])
def test_every_message_keeps_the_limits_with_or_without_a_judge(run: Run) -> None:
    for name, message in messages(run).items():
        texts = [c["content"] for c in parts(message) if c["type"] == 10]
        assert len(parts(message)) <= 40
        assert sum(len(t.encode("utf-16-le")) // 2 for t in texts) <= 4_000
        assert sum(len(t.encode()) + 12 for t in texts) <= 10_170
        assert len(message.body.get("content", "")) <= 2_000
        assert message.body["allowed_mentions"]["parse"] == []
        assert naming.marker(run, name) in text_of(message)
        for select in (c for c in parts(message) if c["type"] == 3):
            assert 1 <= len(select["options"]) <= 25
            assert all(1 <= len(option["label"].encode("utf-16-le")) // 2 <= 100 for option in select["options"])
        assert all(custom_id.read(identity) is not None for identity in ids(message))


def test_every_issue_is_shown_and_can_be_taken_out() -> None:
    run = hostile_plan()
    pages = list(messages(run).values())

    shown = "\n".join(map(text_of, pages))
    options = [o["value"] for page in pages for c in parts(page) if c["type"] == 3 for o in c["options"]]
    assert options == [str(item.issue) for item in run.plan.items]
    assert all(f"[#{item.issue}](" in shown for item in run.plan.items)
    assert all(f"#{out.issue} " in shown or f"#{out.issue}\n" in shown for out in run.plan.left_out)
    assert "@everyone" not in shown


def test_two_hundred_and_fifty_ordinary_issues_take_a_dozen_messages() -> None:
    run = a_run(
        12,
        uid=sentences.UID,
        plan=a_plan(*(a_plan_item(n, title=f"Make the thing number {n} do what it should do") for n in range(1, 251))),
    )

    assert len(messages(run)) == snapshot(10)


def test_a_large_board_is_shown_in_a_moment() -> None:
    run = hostile_board()
    messages(run)
    began = time.process_time()

    messages(run)

    assert time.process_time() - began < 2


def test_the_card_of_a_proposal() -> None:
    message = messages(sentences.proposed())["card"]

    assert text_of(message) == snapshot("""\
## Plan r12: 2 issues into main
Label ready · revision 1 · asked for by ana
Nothing starts before it is approved. Expires <t:1793707200:R>.
1. [#41](https://github.com/team/app/issues/41) Fix \\*login\\* · p0 · ana
2. [#42](https://github.com/team/app/issues/42) Say hello · after #41

**Beyond the limit: 1 issue**
- [#9](https://github.com/team/app/issues/9) Issue 9: it is beyond the limit
-# r12 · card · abcdefgh2345\
""")
    assert labels(message) == snapshot(["Approve", "Reject"])
    assert ids(message) == snapshot(
        [
            "v1:drop:12:abcdefgh2345:1",
            "v1:approve:12:abcdefgh2345:1:6jr4jcfdl2px",
            "v1:reject:12:abcdefgh2345:1:6jr4jcfdl2px",
        ]
    )


@pytest.mark.parametrize("name", [name for name in RUNS if name not in {"proposed", "hostile plan", "nothing in it"}])
def test_a_card_that_was_decided_has_no_buttons_and_never_changes_again(name: str) -> None:
    run = RUNS[name]()
    card = messages(run)["card"]

    assert ids(card) == []
    later = replace(run, refreshed_at=after(99), thread="777", version=9, wake_at=after(3), milestones=run.milestones)
    assert key(plan_card(later)) == key(plan_card(run))
    assert messages(later)["card"] == card


def test_the_card_tells_how_it_was_decided() -> None:
    def decision(run: Run) -> str:
        return text_of(messages(run)["card"]).split("\n")[2]

    told = {name: decision(RUNS[name]()) for name in ("proposed", "tracking", "completed", "rejected", "expired")}
    told["nothing left"] = decision(sentences.never_approved())
    told["cancelled"] = decision(sentences.never_approved(ended_by=an_actor()))

    assert told == snapshot(
        {
            "proposed": "Nothing starts before it is approved. Expires <t:1793707200:R>.",
            "tracking": "✅ Approved by ben <t:1793620800:R>.",
            "completed": "✅ Approved by ben <t:1793620800:R>.",
            "rejected": "🚫 Rejected by ana <t:1793620860:R>. Nothing was started.",
            "expired": "⌛ Expired <t:1793707200:R>. Nothing was started.",
            "nothing left": "⌛ Ended <t:1793620860:R>: nothing of it was left to do. Nothing was started.",
            "cancelled": "🚫 Cancelled by ana <t:1793620860:R>. Nothing was started.",
        }
    )


def test_the_card_lists_what_is_left_out_by_reason() -> None:
    run = a_run(12, uid=sentences.UID, plan=a_plan(left_out=sentences.every_reason()))

    assert text_of(messages(run)["card"]).partition("\n\n")[2] == snapshot("""\
**Already in another run: 1 issue**
- [#1](https://github.com/team/app/issues/1) Issue 1: r7 is already working on it

**Blocked by something that is not in this plan: 2 issues**
- [#2](https://github.com/team/app/issues/2) Issue 2: it waits for #5, still open and not in this plan
- [#3](https://github.com/team/app/issues/3) Issue 3: it waits for #5, #6 and team/lib#7, still open and not in this plan

**Depending on themselves: 1 issue**
- [#4](https://github.com/team/app/issues/4) Issue 4: it and #8 depend on each other

**Beyond the limit: 1 issue**
- [#9](https://github.com/team/app/issues/9) Issue 9: it is beyond the limit

**Taken out: 1 issue**
- [#10](https://github.com/team/app/issues/10) Issue 10: it was taken out of this plan

**Closed or unlabelled since: 1 issue**
- [#11](https://github.com/team/app/issues/11) Issue 11: it was closed, or lost its label

**With several open pull requests: 1 issue**
- [#12](https://github.com/team/app/issues/12) Issue 12: several open pull requests close it: #70 and #71
-# r12 · card · abcdefgh2345\
""")


def test_many_that_are_left_out_for_one_reason_are_listed_by_their_numbers() -> None:
    out = tuple(sentences.left(n, Reason.CLAIMED, run=RunNumber(7)) for n in range(1, 18))

    shown = text_of(messages(a_run(12, uid=sentences.UID, plan=a_plan(left_out=out)))["card"])

    assert "**Already in another run: 17 issues**\n#1 (r7) #2 (r7) #3 (r7)" in shown


def test_links_follow_github_to_where_it_is() -> None:
    plan = replace(sentences.planned_items(), web="https://ghe.example/team/app")
    run = sentences.under_way(plan=plan, tasks=(a_task(41, pull_request=PullNumber(77)), a_task(42)))

    shown = text_of(messages(run)["board"]) + text_of(messages(run)["card"])

    assert "https://ghe.example/team/app/pull/77" in shown
    assert "https://ghe.example/team/app/issues/42" in shown
    assert "github.com" not in shown


def test_an_address_that_could_break_out_of_its_link_is_not_used() -> None:
    plan = replace(sentences.planned_items(), web="https://ghe.example/)[x](https://evil.example")

    assert "evil" not in text_of(messages(sentences.under_way(plan=plan))["card"])


def test_the_messages_of_a_run_and_where_they_belong() -> None:
    run = sentences.under_way(milestones=tuple(sentences.milestones()[:2]))

    assert documents(run) == tuple(messages(run)) == ("card", "board", "milestone.proposed", "milestone.revised")
    assert documents(sentences.proposed()) == tuple(messages(sentences.proposed())) == ("card",)
    assert [in_thread(name) for name in ("card", "board", "card.2", "board.2", "milestone.opened")] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_a_page_that_was_posted_and_is_not_needed_any_more_is_removed() -> None:
    run = sentences.proposed()
    one = Posted(channel="666", message="1", facts=key(plan_card(run)), at=NOON)
    run = replace(run, messages={"card": one, "card.2": replace(one, message=""), "card.3": one, "milestone.x": one})

    assert tuple(messages(run)) == ("card",)
    assert (is_shown(run, "card"), is_settled(run, "card")) == (True, False)
    assert next_step(run, "card", one.facts, 1, 0) == RemovePage(3)
    assert [facts_of(run, name) for name in ("board", "milestone.x")] == [None, None]


def test_a_milestone_is_plain_text_that_mentions_only_whom_it_needs() -> None:
    run = sentences.under_way(milestones=tuple(sentences.milestones()))

    lines = messages(run)
    held, shipped = lines["milestone.held"].body, lines["milestone.shipped"].body

    assert held == snapshot(
        {
            "content": """\
⏸️ #42 is held: checks failed (ci/test): ben must push a fix or run them again. <@80351110224678913>
-# r12 · milestone.held · abcdefgh2345\
""",
            "allowed_mentions": {"parse": [], "users": ["80351110224678913"]},
        }
    )
    assert shipped["allowed_mentions"] == {"parse": []}


def test_the_key_changes_with_the_facts_and_only_with_them() -> None:
    run = sentences.under_way()
    dropped = replace(run, tasks=(replace(run.tasks[0], state=TaskState.DROPPED), run.tasks[1]))
    same = decode(encode(run), Run)  # the same values, none of them the same object

    assert key(board(same)) == key(board(run))
    assert messages(same) == messages(run)
    assert key(board(dropped)) != key(board(run))
    assert key(plan_card(dropped)) == key(plan_card(run)) != key(board(run))


@given(st.lists(st.text(max_size=300), min_size=1, max_size=40))
def test_any_titles_at_all_keep_the_limits(titles: list[str]) -> None:
    items = [a_plan_item(n, title=title) for n, title in enumerate(titles, start=1)]
    run = a_run(12, uid=sentences.UID, plan=a_plan(*items))

    for message in messages(run).values():
        texts = [c["content"] for c in parts(message) if c["type"] == 10]
        assert sum(len(t.encode("utf-16-le")) // 2 for t in texts) <= 4_000
        assert sum(len(t.encode()) + 12 for t in texts) <= 10_170
