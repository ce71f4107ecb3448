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
from valine.orchestrator import replies
from valine.orchestrator.facts.rows import left_out_row
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.plan import LeftOut, Plan
from valine.orchestrator.model.policy import Denial, Policy
from valine.orchestrator.model.run import Milestone, Note, Run, Shipping
from valine.orchestrator.model.states import (
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
from valine.orchestrator.planning import planner
from valine.orchestrator.replies import Reply, run_place
from valine.orchestrator.replies.parts import ItemChange, PlanChanges

replace = msgspec.structs.replace
UID = RunUid("abcdefgh2345")
DIGEST = "hhhhhhhh2345"
STATUS = "v1:status:12:abcdefgh2345"
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


def every_reply() -> dict[str, list[Reply]]:
    """Every reply of a command, with one of each of its answers; those of the endpoint are in tests/ingress."""
    run, ended = under_way(), over()
    ready, held = run.tasks
    at, proposal = run_place(run), run_place(proposed())
    return {
        "already_approved": [replies.AlreadyApproved.of(run)],
        "already_over": [
            replies.AlreadyOver.of(ended),
            replies.AlreadyOver.of(over(RunStatus.CANCELLED, ended_by=an_actor())),
        ],
        "already_proposed": [replies.AlreadyProposed.of(proposed())],
        "already_shipping": [
            replies.AlreadyShipping.of(shipping()),
            replies.AlreadyShipping.of(under_way(Stage.SHIPPING)),
        ],
        "approved": [replies.Approved(run=at, issues=2)],
        "cancel_asked": [replies.CancelAsked.of(run), replies.CancelAsked.of(proposed())],
        "cancelled": [
            replies.Cancelled.of(over(RunStatus.CANCELLED)),
            replies.Cancelled.of(over(RunStatus.CANCELLED, close_pull_requests=True)),
            replies.Cancelled.of(never_approved()),
        ],
        "not_allowed": [
            replies.NotAllowed.of(Denial(action="approve", needs="manage_server")),
            replies.NotAllowed.of(Denial(action="drop", needs="write")),
            replies.NotAllowed.of(Denial(action="ship", needs="discord")),
            replies.NotAllowed.of(Denial(action="status", needs="person")),
        ],
        "dropped_items": [replies.DroppedItems(run=proposal, issues=issue_numbers(43), revision=1, left=2)],
        "failed_inside": [replies.FailedInside(correlation="4711-abc")],
        "heads_moved": [replies.HeadsMoved(run=at)],
        "github_failed": [
            replies.GitHubFailed.of(REPOSITORY, Failure(kind="permanent", code="not_found")),
            replies.GitHubFailed.of(
                REPOSITORY, Failure(kind="permanent", code="unauthorized", detail="Bad credentials")
            ),
            replies.GitHubFailed.of(REPOSITORY, Failure(kind="permanent", code="forbidden")),
            replies.GitHubFailed.of(REPOSITORY, Failure(kind="transient", code="limited")),
            replies.GitHubFailed.of(REPOSITORY, Failure(kind="transient", code="unreachable", detail="502 @everyone")),
        ],
        "no_issues": [replies.NoIssues(label="ready", repository=REPOSITORY)],
        "in_no_run": [replies.InNoRun(number=99)],
        "no_run": [replies.NoRun()],
        "no_such_run": [replies.NoSuchRun(number=99)],
        "no_such_task": [replies.NoSuchTask(run=at, number=99)],
        "not_started": [replies.NotStarted(run=at)],
        "not_droppable": [
            replies.NotDroppable.of(run, a_task(41, state=TaskState.MERGED)),
            replies.NotDroppable.of(run, ready),
        ],
        "not_in_plan": [
            replies.NotInPlan(run=proposal, issues=issue_numbers(98)),
            replies.NotInPlan(run=proposal, issues=issue_numbers(98, 99)),
        ],
        "not_pending": [
            replies.NotPending.of(proposed()),
            replies.NotPending.of(run),
            replies.NotPending.of(ended),
            replies.NotPending.of(over(RunStatus.FAILED)),
            replies.NotPending.of(never_approved(ended_by=an_actor())),
            replies.NotPending.of(never_approved()),
            replies.NotPending.of(never_approved(ended_at=after(86_400))),
        ],
        "not_shown_yet": [replies.NotShownYet.of(proposed())],
        "nothing_left": [replies.NothingLeft(run=proposal), replies.NothingLeft(run=proposal, over=True)],
        "nothing_ready": [replies.NothingReady.of(run)],
        "nothing_to_plan": [
            replies.NothingToPlan.of(a_plan(left_out=every_reason())),
            replies.NothingToPlan.of(a_plan(left_out=(left(),))),
            replies.NothingToPlan.of(a_plan(left_out=tuple(left(n) for n in range(1, 18)))),
        ],
        "nothing_to_retry": [replies.NothingToRetry(run=at)],
        "other_run": [replies.OtherRun(run=at)],
        "plan_changed": [
            replies.PlanChanged(
                run=proposal,
                revision=1,
                changes=PlanChanges(
                    items=(
                        ItemChange(issue=IssueNumber(41), title=True),
                        ItemChange(issue=IssueNumber(43), out=True, reason=left_out_row(left(43, Reason.GONE))),
                    )
                ),
            )
        ],
        "plan_too_big": [replies.PlanTooBig(fits=200), replies.PlanTooBig(fits=0)],
        "planned": [
            replies.Planned(run=proposal, issues=2, left_out=1),
            replies.Planned(run=run_place(a_run(1, uid=UID, channel="555")), issues=1),
        ],
        "unusable_policy": [replies.UnusablePolicy(problem=".github/valine.toml: unknown key plan.limt")],
        "preflight": [
            replies.Preflight.of(run, [ready], [held], DIGEST),
            replies.Preflight.of(run, [ready], [], DIGEST),
            replies.Preflight.of(run, [ready] * 13, [held] * 13, DIGEST),
        ],
        "rejected": [replies.Rejected(run=proposal)],
        "retried": [replies.Retried(run=at, issues=issue_numbers(42)), replies.Retried(run=at)],
        "revision_moved": [replies.RevisionMoved(run=proposal, revision=1)],
        "ship_not_possible": [
            replies.ShipNotPossible.of(proposed()),
            replies.ShipNotPossible.of(under_way(Stage.EXECUTING)),
            replies.ShipNotPossible.of(ended),
            replies.ShipNotPossible.of(never_approved()),
        ],
        "ship_started": [replies.ShipStarted(run=at, pulls=1)],
        "status": [
            replies.StatusOf.of([], REPOSITORY),
            replies.StatusOf.of([run], REPOSITORY),
            replies.StatusOf.of([proposed(), run, a_run(13, uid=UID, channel="555")], REPOSITORY),
        ],
        "task_dropped": [replies.TaskDropped(run=at, issue=IssueNumber(42))],
        "which_run": [replies.WhichRun(runs=(RunNumber(12), RunNumber(13)))],
        "said": [
            replies.Said(
                text="r12 is over. Nothing was changed.", buttons=(replies.Button(label="Status", custom_id=STATUS),)
            )
        ],
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
