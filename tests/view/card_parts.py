"""What is on a card, and plans and boards that try to break it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from builders import HEAD, NOON, a_plan, a_plan_item, a_pull, a_run, after, an_actor, an_approval
from valine.orchestrator.facts.display import documents
from valine.orchestrator.facts.of_run import facts_of
from valine.orchestrator.model.plan import LeftOut, PullRef
from valine.orchestrator.model.run import Milestone, Note, Run
from valine.orchestrator.model.states import (
    IssueNumber,
    Login,
    MilestoneKind,
    PullNumber,
    Reason,
    RunStatus,
    Stage,
    TaskState,
    Why,
)
from valine.orchestrator.naming import page_name
from valine.orchestrator.planning.planner import tasks
from valine.view.cards import render
from view import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from valine.view.components import Message

replace = msgspec.structs.replace

HOSTILE = (
    "*" * 300,
    "@everyone @here <@123456789012345678> <#1> <@&2> [x](https://evil.example) :smile: ||s|| " * 4,
    "👩‍👩‍👧‍👦" * 80,
    "مرحبا بالعالم " * 30,
    "\u202eevil\x00\n# head\n> quote\n" * 20,
    "漢字" * 200,
    "a\u0301\u0301\u0301\u0301\u0301\u0301" * 100,
    "\u200b",
    "`" * 256,
    "plain",
)


def messages(run: Run) -> dict[str, Message]:
    """Every message that there should be of the run, by its name: each document's facts, rendered."""
    found: dict[str, Message] = {}
    for document in documents(run):
        facts = facts_of(run, document)
        assert facts is not None
        found |= {page_name(document, page): message for page, message in enumerate(render(facts), start=1)}
    return found


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from walk(component.get("components", []))


def parts(message: Message) -> list[dict[str, Any]]:
    return list(walk(message.body.get("components", [])))


def text_of(message: Message) -> str:
    return "\n".join(
        [message.body.get("content", ""), *(c["content"] for c in parts(message) if c["type"] == 10)]
    ).strip()


def labels(message: Message) -> list[str]:
    return [c["label"] for c in parts(message) if c["type"] == 2]


def hostile_plan(count: int = 250) -> Run:
    """As many issues as a plan may have, and twice as many left out, all with titles that mean harm."""
    items = tuple(
        a_plan_item(
            n,
            title=HOSTILE[n % len(HOSTILE)],
            priority=n % 4,
            assignees=(Login("a" * 39), Login("b" * 39)),
            depends_on=sentences.issue_numbers(*range(max(1, n - 12), n)),
            adopts=PullRef(number=PullNumber(1000 + n), branch="b", head=HEAD) if n % 3 == 0 else None,
        )
        for n in range(1, count + 1)
    )
    out = tuple(
        LeftOut(
            issue=IssueNumber(2000 + n),
            title=HOSTILE[n % len(HOSTILE)],
            reason=list(Reason)[n % len(Reason)],
            by=(1, 2, 3),
            elsewhere=("owner/" + "n" * 100 + "#5",),
        )
        for n in range(2 * count)
    )
    by = an_actor("@everyone" * 20)
    return a_run(
        12, uid=sentences.UID, plan=a_plan(*items, left_out=out, label="*" * 50, digest="d" * 12), requested_by=by
    )


def hostile_board() -> Run:
    """Every state and every reason, 250 times over, and a milestone of each kind about all of them."""
    run = hostile_plan()
    made = tuple(
        replace(
            task,
            state=list(TaskState)[n % len(TaskState)],
            note=Note(why=list(Why)[n % len(Why)], by=tuple(range(1, 250)), detail=HOSTILE[n % len(HOSTILE)]),
            pull_request=PullNumber(1000 + n),
            pull=a_pull(1000 + n, n),
            edited=n % 2 == 0,
        )
        for n, task in enumerate(tasks("r12", run.plan))
    )
    said = tuple(
        Milestone(
            key=str(kind),
            kind=kind,
            at=NOON,
            by=run.requested_by,
            issues=tuple(task.issue for task in made),
            note=Note(why=Why.REFUSED, detail="@everyone " * 500),
        )
        for kind in MilestoneKind
    )
    return replace(
        run,
        status=RunStatus.IN_PROGRESS,
        stage=Stage.TRACKING,
        tasks=made,
        approvals=(an_approval(by=run.requested_by),),
        milestones=said,
        releases={f"valine-r12.{n}": f"https://github.com/team/app/releases/tag/valine-r12.{n}" for n in range(99)},
    )


RUNS: dict[str, Callable[[], Run]] = {
    "proposed": sentences.proposed,
    "executing": lambda: sentences.under_way(Stage.EXECUTING),
    "tracking": sentences.under_way,
    "shipping": sentences.shipping,
    "completed": sentences.over,
    "cancelled": lambda: sentences.over(RunStatus.CANCELLED, ended_by=an_actor()),
    "failed": lambda: sentences.over(RunStatus.FAILED),
    "expired": lambda: sentences.never_approved(ended_at=after(86_400)),
    "rejected": lambda: sentences.never_approved(
        ended_by=an_actor(), milestones=(sentences.a_milestone(MilestoneKind.REJECTED),)
    ),
    "every milestone": lambda: sentences.under_way(milestones=tuple(sentences.milestones())),
    "nothing in it": lambda: a_run(12, uid=sentences.UID, plan=a_plan(items=())),
    "hostile plan": hostile_plan,
    "hostile board": hostile_board,
}
