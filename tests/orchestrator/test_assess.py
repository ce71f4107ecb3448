from __future__ import annotations

from typing import Any

import msgspec
import pytest

from builders import HEAD, NOON, a_plan, a_pull, a_run, a_task, after, an_actor
from valine.orchestrator.decide.assess import CHECKS_APPEAR, assess, missing_checks, verdict_changes_at, waiting_checks
from valine.orchestrator.model.policy import Policy, ShipPolicy
from valine.orchestrator.model.run import Check, Note, Run, Shipping, Task
from valine.orchestrator.model.states import IssueNumber, Sha, Step, TaskState, Why

PASSED = Check(key="app/ci/test", name="test", state="passed")
PENDING = Check(key="app/ci/test", name="test", state="pending")
FAILED = Check(key="app/ci/test", name="test", state="failed")
S, W = TaskState, Why


def judged(task: Task, *others: Task, at: float = 600, **run: Any) -> Task:
    return assess(a_run(tasks=(task, *others), **run), task, after(at))


def ready(**pull: Any) -> Task:
    """A task whose pull request nothing stands against, but what is said."""
    given: dict[str, Any] = {"draft": False, "merge_state": "CLEAN"}
    seen = a_pull(**(given | pull))
    passed: dict[str, Any] = {} if seen.checks else {"passed_checks": (PASSED.key,), "passed_names": (PASSED.name,)}
    return a_task(pull=seen, pull_request=seen.number, head_since=NOON, **passed)


def test_a_task_is_queued_then_started() -> None:
    assert judged(a_task()).state is S.QUEUED
    assert judged(a_task(done=(Step.BRANCH,))).state is S.STARTED


def test_what_is_green_is_ready() -> None:
    task = judged(ready())

    assert (task.state, task.note) == (S.READY, None)


def test_what_is_merged_is_merged_whatever_else_is_so() -> None:
    assert judged(ready(state="merged", draft=True, mergeable="no")).state is S.MERGED


def test_what_is_merged_into_another_branch_is_not_merged_and_holds_those_that_wait_for_it() -> None:
    astray = ready(state="merged", base="release")
    dependent = a_task(42, pull=ready().pull, passed_checks=("t",), depends_on=(astray.issue,))

    found, waiting = judged(astray), judged(dependent, astray)

    assert (found.state, found.note) == (S.HELD, Note(why=W.RETARGETED, detail="release"))
    assert (waiting.state, waiting.note) == (S.READY, Note(why=W.DEPENDENCY, by=(astray.issue,)))


@pytest.mark.parametrize(
    ("pull", "state", "why"),
    [
        ({"state": "closed"}, S.HELD, W.CLOSED),
        ({"base": "other"}, S.HELD, W.RETARGETED),
        ({"draft": True}, S.STARTED, W.DRAFT),
        ({"changed_files": 0}, S.HELD, W.EMPTY),
        ({"mergeable": "no"}, S.HELD, W.CONFLICT),
        ({"merge_state": "DIRTY"}, S.HELD, W.CONFLICT),
        ({"review": "changes_requested"}, S.HELD, W.CHANGES_REQUESTED),
        ({"checks": (FAILED,)}, S.HELD, W.CHECKS_FAILED),
        ({"checks": (PENDING,)}, S.CHECKING, W.CHECKS),
        ({"review": "required"}, S.CHECKING, W.REVIEW_REQUIRED),
        ({"mergeable": "unknown"}, S.CHECKING, W.MERGEABLE),
        ({"merge_state": "BLOCKED"}, S.HELD, W.RULES),
    ],
)
def test_a_pull_request_has_one_obstacle(pull: dict[str, Any], state: TaskState, why: Why) -> None:
    task = judged(ready(**pull))

    assert task.note is not None
    assert (task.state, task.note.why) == (state, why)


def test_an_issue_closed_elsewhere_holds_its_task() -> None:
    task = judged(a_task(pull=a_pull(), issue_open=False))

    assert (task.state, task.note) == (S.HELD, Note(why=W.ISSUE_CLOSED))


@pytest.mark.parametrize("why", [W.FOREIGN, W.REFUSED])
def test_what_github_refused_before_there_is_a_pull_request_holds(why: Why) -> None:
    task = judged(a_task(refusal=Note(why=why, detail="no")))

    assert (task.state, task.note) == (S.HELD, Note(why=why, detail="no"))


def test_what_github_refused_of_a_green_one_holds_it() -> None:
    refusal = Note(why=W.RULES, detail="Changes must be made through a merge queue")
    task = judged(a_task(pull=ready().pull, passed_checks=("t",), refusal=refusal))

    assert (task.state, task.note) == (S.HELD, refusal)


def test_a_head_that_moved_since_it_was_confirmed_holds() -> None:
    shipping = Shipping(by=an_actor(), at=NOON, round=1, heads={"41": Sha("0" * 40)})

    task = judged(ready(), shipping=shipping)

    assert task.note == Note(why=W.HEAD_MOVED)


def test_a_task_that_was_not_confirmed_is_not_held_for_its_head() -> None:
    assert judged(ready(), shipping=Shipping(by=an_actor(), at=NOON, round=1, heads={})).state is S.READY


@pytest.mark.parametrize(
    ("other", "waits"),
    [
        ({}, True),
        ({"state": S.DROPPED}, True),
        ({"state": S.MERGED}, False),
        ({"state": S.DROPPED, "issue_open": False}, False),
    ],
)
def test_a_task_waits_for_the_open_issues_it_depends_on(other: dict[str, Any], waits: bool) -> None:  # noqa: FBT001
    task = ready()
    dependent = a_task(pull=task.pull, passed_checks=("t",), depends_on=(IssueNumber(40),))

    found = judged(dependent, a_task(40, **other))

    assert (found.state, found.note) == (S.READY, Note(why=W.DEPENDENCY, by=(40,)) if waits else None)


def test_checks_have_a_while_to_appear_and_then_there_are_none() -> None:
    seen = a_task(pull=a_pull(draft=False, merge_state="CLEAN"), head_since=NOON)

    early, late = judged(seen, at=CHECKS_APPEAR.total_seconds() - 1), judged(seen, at=CHECKS_APPEAR.total_seconds())

    assert (early.state, early.note) == (S.CHECKING, Note(why=W.CHECKS))
    assert (late.state, late.note) == (S.HELD, Note(why=W.NO_CHECKS))


def test_a_policy_may_do_without_checks() -> None:
    policy = Policy(ship=ShipPolicy(checks="none"))

    assert judged(a_task(pull=a_pull(draft=False, merge_state="CLEAN")), plan=a_plan(policy=policy)).state is S.READY


def test_checks_that_do_not_end_hold_in_the_end() -> None:
    seen = msgspec.structs.replace(ready(checks=(PENDING,)), waiting_since=NOON)

    early, late = judged(seen, at=3599), judged(seen, at=3600)

    assert early.state is S.CHECKING
    assert (late.state, late.note) == (S.HELD, Note(why=W.CHECKS_SLOW, detail="app/ci/test"))


@pytest.mark.parametrize(("known", "required"), [(("app/ci/lint",), ()), ((), ("lint",))])
def test_a_check_that_was_seen_or_is_required_and_is_missing_is_waited_for(
    known: tuple[str, ...], required: tuple[str, ...]
) -> None:
    seen = a_task(pull=ready().pull, passed_checks=(PASSED.key,), known_checks=known, head_since=NOON)

    task = judged(seen, required_checks=required)

    assert (task.state, task.note) == (S.CHECKING, Note(why=W.CHECKS, detail=(known or required)[0]))


def test_a_required_check_is_known_by_its_name_alone() -> None:
    assert missing_checks(a_run(required_checks=("test",)), ready()) == set()


@pytest.mark.parametrize(
    ("key", "name"), [("integration/test", "integration/test"), ("app/wf/integration/test", "integration/test")]
)
def test_a_required_check_is_not_one_whose_name_only_ends_like_it(key: str, name: str) -> None:
    other = Check(key=key, name=name, state="failed")
    green = a_task(pull=a_pull(), passed_checks=(key,), passed_names=(name,))

    for task in (green, ready(checks=(other,))):
        assert missing_checks(a_run(required_checks=("test",)), task) == {"test"}
        assert missing_checks(a_run(required_checks=("integration/test",)), task) == set()


@pytest.mark.parametrize("state", [S.MERGED, S.DROPPED, S.FAILED])
def test_what_is_settled_is_judged_no_more(state: TaskState) -> None:
    task = a_task(state=state, pull=a_pull(state="closed"))

    assert judged(task) is task


@pytest.mark.parametrize("pull", [{"checks": (PENDING,)}, {"checks": (), "head": HEAD}])
def test_the_clock_rings_when_time_alone_changes_the_verdict(pull: dict[str, Any]) -> None:
    run: Run = a_run()
    pull_seen = a_pull(draft=False, merge_state="CLEAN", **pull)
    seen = a_task(pull=pull_seen, head_since=NOON, waiting_since=NOON if pull_seen.checks else None)
    task = assess(run, seen, after(1))

    changes = verdict_changes_at(run, task)

    assert changes is not None
    assert task.state is S.CHECKING
    assert assess(run, seen, changes).state is S.HELD
    assert verdict_changes_at(run, assess(run, seen, changes)) is None


def test_every_check_that_failed_or_is_waited_for_is_named() -> None:
    failed = (FAILED, Check(key="app/ci/lint", name="lint", state="failed"))
    pending = (PENDING, Check(key="app/ci/lint", name="lint", state="pending"))

    assert judged(ready(checks=failed)).note == Note(why=W.CHECKS_FAILED, detail="app/ci/lint, app/ci/test")
    assert judged(ready(checks=pending)).note == Note(why=W.CHECKS, detail="app/ci/lint, app/ci/test")


def test_where_a_pull_request_was_retargeted_to_is_named() -> None:
    assert judged(ready(base="release")).note == Note(why=W.RETARGETED, detail="release")


@pytest.mark.parametrize(
    "changes",
    [
        {"state": S.CHECKING, "note": None},
        {"state": S.CHECKING, "note": Note(why=W.MERGEABLE)},
        {"state": S.READY, "note": Note(why=W.CHECKS)},
    ],
)
def test_time_changes_no_verdict_but_that_of_checks(changes: dict[str, Any]) -> None:
    task = a_task(head_since=NOON, waiting_since=NOON, **changes)

    assert verdict_changes_at(a_run(tasks=(task,)), task) is None


@pytest.mark.parametrize("detail", ["", "ci"])
def test_a_task_that_nobody_knows_the_age_of_is_changed_by_no_clock(detail: str) -> None:
    task = a_task(state=S.CHECKING, note=Note(why=W.CHECKS, detail=detail))

    assert verdict_changes_at(a_run(tasks=(task,)), task) is None


def test_what_was_never_seen_has_no_checks_but_misses_those_it_needs() -> None:
    task, run = a_task(passed_names=("test",)), a_run(required_checks=("test", "lint"))

    assert missing_checks(run, task) == {"lint"}
    assert waiting_checks(run, task) == ["lint"]
