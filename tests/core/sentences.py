"""One of every sentence, said about small valid runs: the snapshots hold their words, the judge their shape."""

from __future__ import annotations

import msgspec

from builders import (
    NOON,
    REPOSITORY,
    a_plan,
    a_plan_item,
    a_pull,
    a_run,
    a_task,
    after,
    an_actor,
    an_approval,
)
from valine.orchestrator import planner
from valine.orchestrator.decision import Reply
from valine.orchestrator.model import Milestone, Note, Run, Shipping
from valine.orchestrator.plan import LeftOut, Plan
from valine.orchestrator.policy import Denied, Policy
from valine.orchestrator.states import (
    IssueNumber,
    Login,
    MilestoneKind,
    PullNumber,
    Reason,
    RunNumber,
    RunStatus,
    RunUid,
    Sha,
    Stage,
    TaskState,
    Why,
)
from valine.orchestrator.world import Failure
from valine.view import wording

replace = msgspec.structs.replace
UID = RunUid("abcdefgh2345")
DIGEST = "hhhhhhhh2345"
ANA, BEN = "80351110224678912", "80351110224678913"
PEOPLE = Policy(people={"ana": ANA, "ben": BEN})


def issue_numbers(*numbers: int) -> tuple[IssueNumber, ...]:
    return tuple(IssueNumber(number) for number in numbers)


def left(issue: int = 9, reason: Reason = Reason.LIMIT, **changes: object) -> LeftOut:
    return LeftOut(issue=IssueNumber(issue), title=f"Issue {issue}", reason=reason, **changes)  # type: ignore[arg-type]


def every_reason() -> tuple[LeftOut, ...]:
    return (
        left(1, Reason.CLAIMED, run=RunNumber(7)),
        left(2, Reason.BLOCKED, by=(5,)),
        left(3, Reason.BLOCKED, by=(5, 6), elsewhere=("team/lib#7",)),
        left(4, Reason.CYCLE, by=(4, 8)),
        left(9, Reason.LIMIT),
        left(10, Reason.DROPPED),
        left(11, Reason.GONE),
        left(12, Reason.UNCLEAR, by=(70, 71)),
    )


def planned_items() -> Plan:
    plan = a_plan(
        a_plan_item(41, title="Fix *login*", priority=0, assignees=(Login("ana"),)),
        a_plan_item(42, title="Say hello", depends_on=issue_numbers(41)),
        left_out=(left(),),
        policy=PEOPLE,
    )
    return a_plan(*plan.items, left_out=plan.left_out, policy=PEOPLE, digest=planner.digest(plan))


def proposed() -> Run:
    return a_run(12, uid=UID, plan=planned_items(), channel="555")


def under_way(stage: Stage = Stage.TRACKING, **changes: object) -> Run:
    """One issue ready with pull request #77, one that waits for it with #78."""
    ready = a_task(
        41,
        title="Fix *login*",
        assignees=(Login("ana"),),
        state=TaskState.READY,
        pull_request=PullNumber(77),
        pull=a_pull(77, 41, draft=False, head=Sha("abcdef0" * 5 + "12345")),
    )
    held = a_task(
        42,
        title="Say hello",
        depends_on=issue_numbers(41),
        assignees=(Login("ben"),),
        state=TaskState.HELD,
        note=Note(why=Why.CHECKS_FAILED, detail="ci/test"),
        pull_request=PullNumber(78),
        pull=a_pull(78, 42),
    )
    given: dict[str, object] = {
        "uid": UID,
        "plan": planned_items(),
        "channel": "555",
        "thread": "666",
        "status": RunStatus.IN_PROGRESS,
        "stage": stage,
        "approvals": (an_approval(),),
        "tasks": (ready, held),
    }
    return a_run(12, **{**given, **changes})


def shipping() -> Run:
    return under_way(
        Stage.SHIPPING,
        shipping=Shipping(by=an_actor("ben"), at=NOON, round=1, heads={"41": Sha("abcdef0" * 5 + "12345")}),
        rounds=1,
    )


def over(status: RunStatus = RunStatus.COMPLETED, **changes: object) -> Run:
    """The same run when it is over: all merged if it was completed, else one merged and one not."""
    end = {RunStatus.COMPLETED: TaskState.MERGED, RunStatus.FAILED: TaskState.FAILED}.get(status, TaskState.READY)
    first, second = under_way().tasks
    tasks = (replace(first, state=TaskState.MERGED), replace(second, state=end, note=None))
    return under_way(Stage.DONE, status=status, ended_at=after(3600), tasks=tasks, **changes)


def never_approved(**changes: object) -> Run:
    given = {"uid": UID, "plan": planned_items(), "channel": "555", "status": RunStatus.CANCELLED, "stage": Stage.DONE}
    return a_run(12, **{**given, "ended_at": after(60), **changes})


def replies() -> dict[str, list[Reply]]:
    """Every function that makes a reply, with one of each of its answers."""
    run, ended = under_way(), over()
    ready, held = run.tasks
    return {
        "already_approved": [wording.already_approved(run)],
        "already_over": [
            wording.already_over(ended),
            wording.already_over(over(RunStatus.CANCELLED, ended_by=an_actor())),
        ],
        "already_proposed": [wording.already_proposed(proposed())],
        "already_shipping": [wording.already_shipping(shipping()), wording.already_shipping(under_way(Stage.SHIPPING))],
        "approved": [wording.approved(run)],
        "cancel_asked": [wording.cancel_asked(run), wording.cancel_asked(proposed())],
        "cancelled": [
            wording.cancelled(over(RunStatus.CANCELLED)),
            wording.cancelled(over(RunStatus.CANCELLED, close_pull_requests=True)),
            wording.cancelled(never_approved()),
        ],
        "denied": [
            wording.denied(Denied(deed="approve", needs="manage_server")),
            wording.denied(Denied(deed="drop", needs="write")),
            wording.denied(Denied(deed="ship", needs="discord")),
            wording.denied(Denied(deed="status", needs="person")),
        ],
        "dropped_items": [wording.dropped_items(proposed(), [43])],
        "failed_inside": [wording.failed_inside("4711-abc")],
        "github_down": [wording.github_down(), wording.github_down("502 @everyone")],
        "heads_moved": [wording.heads_moved(run)],
        "look_failed": [
            wording.look_failed(REPOSITORY, Failure(kind="permanent", code="not_found")),
            wording.look_failed(REPOSITORY, Failure(kind="permanent", code="unauthorized", detail="Bad credentials")),
            wording.look_failed(REPOSITORY, Failure(kind="permanent", code="forbidden")),
            wording.look_failed(REPOSITORY, Failure(kind="transient", code="limited")),
        ],
        "no_access": [wording.no_access(REPOSITORY)],
        "no_issues": [wording.no_issues("ready", REPOSITORY)],
        "no_repository": [wording.no_repository(REPOSITORY)],
        "in_no_run": [wording.in_no_run(99)],
        "no_run": [wording.no_run()],
        "no_such_run": [wording.no_such_run("r99")],
        "no_such_task": [wording.no_such_task(run, 99)],
        "not_started": [wording.not_started(run)],
        "not_droppable": [
            wording.not_droppable(run, a_task(41, state=TaskState.MERGED)),
            wording.not_droppable(run, ready),
        ],
        "not_in_plan": [wording.not_in_plan(proposed(), [98]), wording.not_in_plan(proposed(), [98, 99])],
        "not_pending": [
            wording.not_pending(proposed()),
            wording.not_pending(run),
            wording.not_pending(ended),
            wording.not_pending(over(RunStatus.FAILED)),
            wording.not_pending(never_approved(ended_by=an_actor())),
            wording.not_pending(never_approved()),
            wording.not_pending(never_approved(ended_at=after(86_400))),
        ],
        "not_shown_yet": [wording.not_shown_yet(proposed())],
        "nothing_left": [wording.nothing_left(proposed()), wording.nothing_left(never_approved())],
        "nothing_ready": [wording.nothing_ready(run)],
        "nothing_to_plan": [
            wording.nothing_to_plan(a_plan(left_out=every_reason())),
            wording.nothing_to_plan(a_plan(left_out=(left(),))),
            wording.nothing_to_plan(a_plan(left_out=tuple(left(n) for n in range(1, 18)))),
        ],
        "nothing_to_retry": [wording.nothing_to_retry(run)],
        "other_run": [wording.other_run(run)],
        "plan_changed": [wording.plan_changed(proposed(), ["#41: another title", "#43 is out: it was closed"])],
        "plan_too_big": [wording.plan_too_big(200), wording.plan_too_big(0)],
        "planned": [wording.planned(proposed()), wording.planned(a_run(1, uid=UID, channel="555"))],
        "policy_problem": [wording.policy_problem(".github/valine.toml: unknown key plan.limt")],
        "preflight": [
            wording.preflight(run, [ready], [held], DIGEST),
            wording.preflight(run, [ready], [], DIGEST),
            wording.preflight(run, [ready] * 13, [held] * 13, DIGEST),
        ],
        "rejected": [wording.rejected(never_approved())],
        "retried": [wording.retried(run, [42]), wording.retried(run, [])],
        "revision_moved": [wording.revision_moved(proposed())],
        "ship_not_possible": [
            wording.ship_not_possible(proposed()),
            wording.ship_not_possible(under_way(Stage.EXECUTING)),
            wording.ship_not_possible(ended),
            wording.ship_not_possible(never_approved()),
        ],
        "ship_started": [wording.ship_started(shipping())],
        "status": [
            wording.status([], REPOSITORY),
            wording.status([run], REPOSITORY),
            wording.status([proposed(), run, a_run(13, uid=UID, channel="555")], REPOSITORY),
        ],
        "task_dropped": [wording.task_dropped(run, 42)],
        "which_run": [wording.which_run(["r12", "r13"])],
    }


def a_milestone(kind: MilestoneKind, **changes: object) -> Milestone:
    given: dict[str, object] = {"key": str(kind), "kind": kind, "at": NOON, "by": an_actor("ben"), "round": 2}
    return Milestone(**{**given, "issues": issue_numbers(42), **changes})  # type: ignore[arg-type]


def milestones() -> list[Milestone]:
    """One of every kind, as the core makes them."""
    notes = {
        MilestoneKind.HELD: Note(why=Why.CHECKS_FAILED, detail="ci/test"),
        MilestoneKind.UNASSIGNED: Note(why=Why.REFUSED, detail="eve"),
        MilestoneKind.SKIPPED: Note(why=Why.REFUSED, detail="Validation Failed"),
        MilestoneKind.FAILED: Note(why=Why.REFUSED, detail="Not Found"),
    }
    return [a_milestone(kind, note=notes.get(kind)) for kind in MilestoneKind]
