from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, a_hint, a_plan, a_pull, a_run, a_work_world, after, an_actor, an_issue
from orchestrator.play import Play
from valine.orchestrator.decide.desired_effects import still_coming
from valine.orchestrator.decide.effect_results import succeeded
from valine.orchestrator.decide.observe import LAGGING, RECONCILE, concerns, difference, observe, satisfied
from valine.orchestrator.model import events
from valine.orchestrator.model.effects import update_key
from valine.orchestrator.model.observations import Failure
from valine.orchestrator.model.run import Check, Note, Shipping
from valine.orchestrator.model.states import IssueNumber, MilestoneKind, Stage, TaskState, Why

if TYPE_CHECKING:
    from valine.orchestrator.model.observations import IssueSeen, WorkWorld
    from valine.orchestrator.model.run import PullSeen
from orchestrator.tracked import NEW, PASSED, a_seen_task, seen, tracking

replace = msgspec.structs.replace

PENDING = Check(key="app/ci/test", name="test", state="pending")


# --- Which hints matter ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "matters"),
    [
        ({"issue": 41, "name": "issues.edited"}, True),
        ({"issue": 7}, True),
        ({"branch": "valine/r1/41-issue-41"}, True),
        ({"head": a_pull().head}, True),
        ({"branch": "main", "name": "push"}, True),
        ({"issue": 99}, False),
        ({"branch": "other", "name": "push"}, False),
        ({"issue": 41, "name": "issues.labeled"}, False),
        ({"issue": 41, "name": "issue_comment.created"}, False),
    ],
)
def test_a_hint_concerns_the_run_whose_things_it_names(hint: dict[str, Any], matters: bool) -> None:  # noqa: FBT001
    assert concerns(tracking(), a_hint(**hint)) == matters


def test_settled_tasks_are_looked_at_no_more() -> None:
    assert not concerns(tracking(a_seen_task(state=TaskState.MERGED)), a_hint(issue=7))


def test_while_pull_requests_are_opened_hints_are_echoes() -> None:
    assert not concerns(tracking(stage=Stage.EXECUTING), a_hint(issue=7))


@pytest.mark.parametrize(("name", "issue", "matters"), [("issues.edited", 41, True), ("issues.edited", 9, False)])
def test_a_proposal_is_concerned_by_its_issues(name: str, issue: int, matters: bool) -> None:  # noqa: FBT001
    assert concerns(a_run(plan=a_plan()), a_hint(name=name, issue=issue)) == matters


@pytest.mark.parametrize(
    ("hint", "already"),
    [
        ({"head": a_pull().head, "issue": 7, "updated_at": after(-5)}, True),
        ({"head": NEW, "issue": 7}, False),
        ({"issue": 7, "updated_at": after(5)}, False),
        ({"name": "push", "branch": "valine/r1/41-issue-41", "head": NEW}, False),
        ({"name": "push", "branch": "valine/r1/41-issue-41", "head": a_pull().head}, True),
        ({"name": "check_run.completed", "head": a_pull().head, "check": "test", "state": "passed"}, True),
        ({"name": "check_run.completed", "head": a_pull().head, "check": "test", "state": "failed"}, False),
        ({"name": "issues.edited", "issue": 41}, False),
        ({"name": "issues.closed", "issue": 41}, False),
        ({"name": "push", "branch": "main", "head": NEW}, False),
    ],
)
def test_a_hint_is_satisfied_by_what_was_already_seen(hint: dict[str, Any], already: bool) -> None:  # noqa: FBT001
    run = tracking(a_seen_task(passed_checks=(PASSED.key,), passed_names=(PASSED.name,)), refreshed_at=after(-60))

    assert satisfied(run, a_hint(**hint)) == already


@pytest.mark.parametrize(
    ("state", "looked", "already"),
    [("pending", -60, False), ("pending", 1, True), ("failed", 1, False), ("passed", -60, True)],
)
def test_that_a_check_began_is_satisfied_by_any_later_refresh_at_how_it_ended(
    state: Any,
    looked: float,
    already: bool,  # noqa: FBT001
) -> None:
    task = a_seen_task(passed_checks=(PASSED.key,), passed_names=(PASSED.name,))
    hint = a_hint(name="check_run.created", head=a_pull().head, check="test", state=state)

    assert satisfied(tracking(task, refreshed_at=after(looked)), hint) == already


def test_a_check_that_shares_its_name_with_another_satisfies_a_hint_by_a_later_refresh_only() -> None:
    task = a_seen_task(pull=a_pull(checks=(PENDING,)), passed_checks=("app/nightly/test",), passed_names=("test",))
    hint = a_hint(name="check_run.completed", head=a_pull().head, check="test", state="passed")

    assert not satisfied(tracking(task, refreshed_at=after(-60)), hint)
    assert satisfied(tracking(task, refreshed_at=after(1)), hint)


def test_a_hint_that_says_no_more_is_satisfied_by_a_later_refresh() -> None:
    hint = a_hint(name="push", branch="main", head=NEW)

    assert satisfied(tracking(refreshed_at=after(1)), hint)
    assert not satisfied(tracking(refreshed_at=None), hint)


# --- Looks -----------------------------------------------------------------------------------------------------------


def test_a_refresh_older_than_its_hint_is_repeated_sooner_and_later_and_then_at_leisure() -> None:
    run, waits = tracking(), []
    hint = a_hint(issue=7, head=NEW)
    for given_hint in (hint, None, None, None):
        run = seen(run, a_work_world(pulls=(a_pull(),)), hint=given_hint)
        assert run.refresh_at is not None
        waits.append(run.refresh_at - after(60))

    assert waits == [*LAGGING, RECONCILE[Stage.TRACKING]]


def test_github_still_computing_is_looked_at_again_soon() -> None:
    green = a_pull(draft=False, mergeable="unknown", merge_state="UNKNOWN", checks=(PASSED,))

    run = seen(tracking(), a_work_world(pulls=(green,)))

    assert run.refresh_at is not None
    assert run.refresh_at < after(70)


def test_a_new_head_forgets_what_github_refused() -> None:
    refused = tracking(a_seen_task(refusal=Note(why=Why.RULES, detail="no")))

    moved = seen(refused, a_work_world(pulls=(a_pull(head=NEW),)))
    same = seen(refused, a_work_world(pulls=(a_pull(),)))

    assert moved.tasks[0].refusal is None
    assert same.tasks[0].refusal is not None


def test_checks_are_waited_for_from_when_they_were_first_pending_and_anew_for_each_head() -> None:
    green, pending = a_pull(draft=False, checks=(PASSED,)), a_pull(draft=False, checks=(PENDING,))
    pushed = replace(pending, head=NEW)
    run, since = tracking(a_seen_task(pull=green)), []

    for at, pull in ((60, green), (7200, pending), (7260, pending), (7320, pushed), (7380, replace(green, head=NEW))):
        run = seen(run, a_work_world(pulls=(pull,)), at=at)
        since.append(run.tasks[0].waiting_since)

    assert since == [None, after(7200), after(7200), after(7320), None]


def test_a_pull_request_merged_by_hand_is_told_from_one_that_was_shipped() -> None:
    merged = a_pull(state="merged", merge_sha=NEW)

    task = seen(tracking(), a_work_world(pulls=(merged,))).tasks[0]

    assert (task.state, task.merged_by_hand, task.merged_sha) == (TaskState.MERGED, True, NEW)


def test_an_issue_that_was_edited_is_told() -> None:
    run = seen(tracking(), a_work_world(issues=(an_issue(41, body_hash="other", title="New"),)))

    assert run.tasks[0].edited
    assert [milestone.kind for milestone in run.milestones] == [MilestoneKind.EDITED]


def test_the_same_reason_for_the_same_head_is_told_once() -> None:
    conflict = a_work_world(pulls=(a_pull(draft=False, mergeable="no"),))
    pushed = a_work_world(pulls=(a_pull(draft=False, mergeable="no", head=NEW),))

    run = seen(seen(seen(tracking(), conflict), conflict), pushed)

    assert [milestone.kind for milestone in run.milestones] == [MilestoneKind.HELD] * 2


PULLS = st.builds(
    a_pull,
    st.integers(7, 9),
    draft=st.booleans(),
    head=st.sampled_from([a_pull().head, NEW]),
    state=st.sampled_from(["open", "open", "closed", "merged"]),
    mergeable=st.sampled_from(["yes", "no", "unknown"]),
    updated_at=st.sampled_from([NOON, after(30)]),
    checks=st.lists(
        st.builds(Check, key=st.sampled_from("abc"), state=st.sampled_from(["passed", "failed"])), max_size=3
    ).map(tuple),
)
ISSUES = st.builds(an_issue, st.integers(41, 43), open=st.booleans(), body_hash=st.sampled_from(["hash-41", "b"]))
WORLDS = st.builds(
    lambda pulls, issues: a_work_world(began_at=after(50), pulls=tuple(pulls), issues=tuple(issues)),
    st.lists(PULLS, max_size=3, unique_by=lambda pull: pull.number),
    st.lists(ISSUES, max_size=3, unique_by=lambda issue: issue.number),
)


@given(WORLDS, WORLDS)
def test_what_is_news_is_all_that_a_refresh_needs(before: WorkWorld, world: WorkWorld) -> None:
    run = seen(tracking(*(a_seen_task(41 + n, 7 + n) for n in range(3))), before, at=55)

    news = difference(run, world)

    assert seen(run, news) == seen(run, world)
    kept: list[PullSeen | IssueSeen] = [*news.pulls, *news.issues]
    assert all(one in (*world.pulls, *world.issues) for one in kept)


@given(WORLDS)
def test_the_same_sight_is_no_news(world: WorkWorld) -> None:
    run = seen(tracking(*(a_seen_task(41 + n, 7 + n) for n in range(3))), world)

    news = difference(run, world)

    assert (news.pulls, news.issues) == ((), ())


def test_a_proposal_that_could_not_be_looked_at_is_looked_at_until_it_could() -> None:
    """Not for ever: a refresh that finds nothing new ends it."""
    play = Play()
    play.plan()
    play.settle()
    failure = Failure(kind="transient", code="unreachable")
    play.decide(events.LookFailed(at=play.now, failure=failure), 1)

    play.settle()

    assert play.run.refresh_at is None
    assert play.run.wake_at == play.run.expires_at


def test_an_issue_that_is_gone_holds_its_task_until_it_is_back() -> None:
    run = tracking()
    gone = a_work_world(missing=(41,))

    held = observe(run, events.WorldObserved(at=NOON, world=gone))
    back = observe(held, events.WorldObserved(at=after(60), world=a_work_world(issues=(an_issue(41),))))

    assert (held.tasks[0].state, held.tasks[0].note) == (TaskState.HELD, Note(why=Why.GONE))
    assert back.tasks[0].refusal is None
    assert back.tasks[0].state is not TaskState.HELD


def test_a_refresh_older_than_our_own_update_of_a_branch_ends_no_round() -> None:
    task = a_seen_task(passed_checks=("app/ci/test",))
    assert task.pull is not None
    old = task.pull
    shipping = Shipping(by=an_actor(), at=NOON, round=1, heads={"41": old.head})
    run = tracking(task, stage=Stage.SHIPPING, shipping=shipping, refreshed_at=NOON)
    updated = succeeded(
        run,
        events.EffectSucceeded(
            at=NOON,
            key=update_key(41, old.head),
            result=events.BranchUpdated(issue=IssueNumber(41), head=NEW, clean=True),
        ),
    )

    lagging = observe(updated, events.WorldObserved(at=after(1), world=a_work_world(pulls=(old,))))
    seen = observe(lagging, events.WorldObserved(at=after(4), world=a_work_world(pulls=(replace(old, head=NEW),))))

    assert lagging.tasks[0].state is TaskState.CHECKING
    assert still_coming(lagging)
    assert seen.tasks[0].note != Note(why=Why.HEAD_MOVED)
    assert seen.tasks[0].updated_to is None
