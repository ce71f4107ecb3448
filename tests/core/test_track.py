from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, a_hint, a_plan, a_pull, a_run, a_task, a_work_world, after, an_actor, an_issue
from core.play import Play
from valine.orchestrator import events
from valine.orchestrator.model import Check, Note, Run, Shipping, Task
from valine.orchestrator.results import succeeded
from valine.orchestrator.states import (
    IssueNumber,
    MilestoneKind,
    PullNumber,
    RunStatus,
    Sha,
    Stage,
    Step,
    TaskState,
    Why,
)
from valine.orchestrator.track import LAGGING, MERGEABLE_SOON, RECONCILE, concerns, difference, observe, satisfied
from valine.orchestrator.wanted import still_coming
from valine.orchestrator.world import Failure

if TYPE_CHECKING:
    from valine.orchestrator.model import PullSeen
    from valine.orchestrator.world import IssueSeen, WorkWorld

replace = msgspec.structs.replace

NEW = Sha("9" * 40)
PASSED = Check(key="app/ci/test", name="test", state="passed")
PENDING = Check(key="app/ci/test", name="test", state="pending")


def tracking(*tasks: Task, **changes: Any) -> Run:
    given = {"status": RunStatus.IN_PROGRESS, "stage": Stage.TRACKING, "tasks": tasks or (a_seen_task(),)}
    return a_run(**(given | changes))


def a_seen_task(issue: int = 41, number: int = 7, **changes: Any) -> Task:
    done = (Step.BRANCH, Step.PULL_REQUEST, Step.LABEL, Step.COMMENT)
    given = {"pull": a_pull(number, issue), "pull_request": PullNumber(number), "done": done, "head_since": NOON}
    return a_task(issue, **(given | changes))


def seen(run: Run, world: WorkWorld, at: float = 60, hint: events.HintReceived | None = None) -> Run:
    return observe(run, events.WorldObserved(at=after(at), world=world, hint=hint))


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
    run = tracking(a_seen_task(passed_checks=(PASSED.key,), passed_names=(PASSED.name,)), looked_at=after(-60))

    assert satisfied(run, a_hint(**hint)) == already


@pytest.mark.parametrize(
    ("state", "looked", "already"),
    [("pending", -60, False), ("pending", 1, True), ("failed", 1, False), ("passed", -60, True)],
)
def test_that_a_check_began_is_satisfied_by_any_later_look_at_how_it_ended(
    state: Any,
    looked: float,
    already: bool,  # noqa: FBT001
) -> None:
    task = a_seen_task(passed_checks=(PASSED.key,), passed_names=(PASSED.name,))
    hint = a_hint(name="check_run.created", head=a_pull().head, check="test", state=state)

    assert satisfied(tracking(task, looked_at=after(looked)), hint) == already


def test_a_check_that_shares_its_name_with_another_satisfies_a_hint_by_a_later_look_only() -> None:
    task = a_seen_task(pull=a_pull(checks=(PENDING,)), passed_checks=("app/nightly/test",), passed_names=("test",))
    hint = a_hint(name="check_run.completed", head=a_pull().head, check="test", state="passed")

    assert not satisfied(tracking(task, looked_at=after(-60)), hint)
    assert satisfied(tracking(task, looked_at=after(1)), hint)


def test_a_hint_that_says_no_more_is_satisfied_by_a_later_look() -> None:
    hint = a_hint(name="push", branch="main", head=NEW)

    assert satisfied(tracking(looked_at=after(1)), hint)
    assert not satisfied(tracking(looked_at=None), hint)


# --- Looks -----------------------------------------------------------------------------------------------------------


def test_a_look_older_than_its_hint_is_repeated_sooner_and_later_and_then_at_leisure() -> None:
    run, waits = tracking(), []
    hint = a_hint(issue=7, head=NEW)
    for given_hint in (hint, None, None, None):
        run = seen(run, a_work_world(pulls=(a_pull(),)), hint=given_hint)
        assert run.look_at is not None
        waits.append(run.look_at - after(60))

    assert waits == [*LAGGING, RECONCILE[Stage.TRACKING]]


def test_github_still_computing_is_looked_at_again_soon() -> None:
    green = a_pull(draft=False, mergeable="unknown", merge_state="UNKNOWN", checks=(PASSED,))

    run = seen(tracking(), a_work_world(pulls=(green,)))

    assert run.look_at is not None
    assert run.look_at < after(70)


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
def test_what_is_news_is_all_that_a_look_needs(before: WorkWorld, world: WorkWorld) -> None:
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
    """Not for ever: a look that finds nothing new ends it."""
    play = Play()
    play.plan()
    play.settle()
    failure = Failure(kind="transient", code="unreachable")
    play.decide(events.LookFailed(at=play.now, failure=failure), 1)

    play.settle()

    assert play.run.look_at is None
    assert play.run.wake_at == play.run.expires_at


def test_an_issue_that_is_gone_holds_its_task_until_it_is_back() -> None:
    run = tracking()
    gone = a_work_world(missing=(41,))

    held = observe(run, events.WorldObserved(at=NOON, world=gone))
    back = observe(held, events.WorldObserved(at=after(60), world=a_work_world(issues=(an_issue(41),))))

    assert (held.tasks[0].state, held.tasks[0].note) == (TaskState.HELD, Note(why=Why.GONE))
    assert back.tasks[0].refusal is None
    assert back.tasks[0].state is not TaskState.HELD


def test_a_look_older_than_our_own_update_of_a_branch_ends_no_round() -> None:
    task = a_seen_task(passed_checks=("app/ci/test",))
    assert task.pull is not None
    old = task.pull
    shipping = Shipping(by=an_actor(), at=NOON, round=1, heads={"41": old.head})
    run = tracking(task, stage=Stage.SHIPPING, shipping=shipping, looked_at=NOON)
    updated = succeeded(
        run,
        events.EffectSucceeded(
            at=NOON, key="x", result=events.BranchUpdated(issue=IssueNumber(41), head=NEW, clean=True)
        ),
    )

    lagging = observe(updated, events.WorldObserved(at=after(1), world=a_work_world(pulls=(old,))))
    seen = observe(lagging, events.WorldObserved(at=after(4), world=a_work_world(pulls=(replace(old, head=NEW),))))

    assert lagging.tasks[0].state is TaskState.CHECKING
    assert still_coming(lagging)
    assert seen.tasks[0].note != Note(why=Why.HEAD_MOVED)
    assert seen.tasks[0].updated_to is None


# --- What a hint saw, and what the task shows ------------------------------------------------------------------------

BEFORE, AFTER = after(-60), after(1)  # the last look began before the hint came, or after


@pytest.mark.parametrize(
    ("name", "is_open", "looked", "already"),
    [
        ("issues.closed", True, BEFORE, False),
        ("issues.closed", True, AFTER, False),  # a look that began later did not see it: GraphQL lags
        ("issues.closed", False, BEFORE, False),
        ("issues.closed", False, AFTER, True),
        ("issues.reopened", False, AFTER, False),
        ("issues.reopened", True, AFTER, True),
        ("issues.reopened", True, BEFORE, False),
        ("issues.edited", True, BEFORE, False),
        ("issues.edited", True, AFTER, True),
        ("issues.edited", False, AFTER, True),
    ],
)
def test_an_issue_shows_of_a_hint_whether_it_is_open(name: str, is_open: bool, looked: Any, already: bool) -> None:  # noqa: FBT001
    run = tracking(a_seen_task(issue_open=is_open), looked_at=looked)

    assert satisfied(run, a_hint(name=name, issue=41, updated_at=NOON)) is already


@pytest.mark.parametrize("event", ["pull_request", "pull_request_review"])
@pytest.mark.parametrize(("seconds", "looked", "already"), [(5, AFTER, False), (-5, BEFORE, True), (0, BEFORE, False)])
def test_a_change_of_a_pull_request_is_told_by_its_time(event: str, seconds: float, looked: Any, already: bool) -> None:  # noqa: FBT001
    hint = a_hint(name=f"{event}.edited", issue=7, updated_at=after(seconds))

    assert satisfied(tracking(looked_at=looked), hint) is already


@pytest.mark.parametrize("name", ["check_run.completed", "status", "push"])
def test_the_time_of_anything_else_is_not_that_of_the_pull_request(name: str) -> None:
    hint = a_hint(name=name, issue=7, updated_at=after(-5))

    assert not satisfied(tracking(looked_at=BEFORE), hint)


@pytest.mark.parametrize("known", [{"check": "test"}, {"state": "passed"}])
def test_a_check_without_its_name_or_result_tells_nothing(known: dict[str, Any]) -> None:
    task = a_seen_task(passed_checks=(PASSED.key,), passed_names=(PASSED.name,))
    hint = a_hint(name="check_suite.completed", head=a_pull().head, **known)

    assert not satisfied(tracking(task, looked_at=BEFORE), hint)
    assert satisfied(tracking(task, looked_at=AFTER), hint)


@pytest.mark.parametrize("hint", [{"issue": 7}, {"branch": "valine/r1/41-issue-41", "name": "push"}])
def test_a_hint_that_names_no_head_is_satisfied_by_no_earlier_look(hint: dict[str, Any]) -> None:
    assert not satisfied(tracking(looked_at=BEFORE), a_hint(**hint))


def test_a_look_that_began_as_the_hint_came_may_have_seen_it() -> None:
    assert satisfied(tracking(looked_at=NOON), a_hint(issue=7))


def test_a_check_that_nobody_has_seen_satisfies_no_hint() -> None:
    task = a_seen_task(passed_checks=("app/ci/lint",), passed_names=("lint",))
    hint = a_hint(name="check_run.completed", head=a_pull().head, check="test", state="passed")

    assert not satisfied(tracking(task, looked_at=AFTER), hint)


@pytest.mark.parametrize("waits_for_it", [True, False])
def test_a_dropped_issue_still_concerns_the_run_while_another_waits_for_it(waits_for_it: bool) -> None:  # noqa: FBT001
    dropped = a_seen_task(state=TaskState.DROPPED)
    other = a_seen_task(42, 8, depends_on=(dropped.issue,) if waits_for_it else ())

    assert concerns(tracking(dropped, other), a_hint(issue=41, name="issues.closed")) is waits_for_it
    assert concerns(tracking(dropped, other), a_hint(issue=42, name="issues.closed"))


def test_a_dropped_issue_concerns_nobody_once_all_that_waited_is_settled() -> None:
    dropped = a_seen_task(state=TaskState.DROPPED)
    merged = a_seen_task(42, 8, depends_on=(dropped.issue,), state=TaskState.MERGED)

    assert not concerns(tracking(dropped, merged), a_hint(issue=41, name="issues.closed"))


def test_a_merged_issue_concerns_nobody_though_another_named_it() -> None:
    merged = a_seen_task(state=TaskState.MERGED)
    other = a_seen_task(42, 8, depends_on=(merged.issue,))

    assert not concerns(tracking(merged, other), a_hint(issue=41, name="issues.closed"))


# --- Looking again ---------------------------------------------------------------------------------------------------


def test_while_github_computes_it_is_looked_at_every_three_seconds_three_times() -> None:
    green = a_pull(draft=False, mergeable="unknown", merge_state="UNKNOWN", checks=(PASSED,))
    run, found = tracking(), []
    for _ in range(5):
        run = seen(run, a_work_world(pulls=(green,)))
        assert run.look_at is not None
        found.append((run.look_at - after(60), run.lag))

    soon, late = MERGEABLE_SOON, RECONCILE[Stage.TRACKING]
    assert found == [(soon, 1), (soon, 2), (soon, 3), (late, 0), (soon, 1)]


def test_a_second_hint_is_given_its_own_three_looks() -> None:
    run = seen(tracking(lag=3), a_work_world(pulls=(a_pull(),)), hint=a_hint(issue=7, head=NEW))

    assert (run.look_at, run.lag) == (after(60) + LAGGING[0], 1)


def test_a_doubt_that_is_settled_is_forgotten() -> None:
    doubtful = seen(tracking(), a_work_world(pulls=(a_pull(),)), hint=a_hint(issue=7, head=NEW))
    assert doubtful.doubt is not None

    run = seen(doubtful, a_work_world(pulls=(a_pull(head=NEW),)))

    assert (run.doubt, run.lag, run.look_at) == (None, 0, after(60) + RECONCILE[Stage.TRACKING])


def test_a_doubt_that_no_look_settles_is_given_up() -> None:
    run = tracking()
    for hint in (a_hint(issue=7, head=NEW), None, None, None):
        run = seen(run, a_work_world(pulls=(a_pull(),)), hint=hint)

    assert (run.doubt, run.lag) == (None, 0)


@pytest.mark.parametrize(
    ("task", "soon"),
    [
        ({"pull": None}, True),
        ({"pull": None, "pull_request": None}, False),
        ({"pull": None, "state": TaskState.DROPPED}, False),
        ({}, False),
    ],
)
def test_a_pull_request_that_graphql_does_not_know_yet_is_looked_for_soon(task: dict[str, Any], soon: bool) -> None:  # noqa: FBT001
    run = seen(tracking(a_seen_task(**task)), a_work_world())

    assert run.look_at == after(60) + (LAGGING[0] if soon else RECONCILE[Stage.TRACKING])


# --- What a look changes ---------------------------------------------------------------------------------------------


def test_what_is_required_is_what_the_last_look_found() -> None:
    run = seen(tracking(required_checks=("old",)), a_work_world(required_checks=("test", "lint")))

    assert run.required_checks == ("test", "lint")


@pytest.mark.parametrize(("merged", "by_hand"), [(True, False), (False, True)])
def test_a_merge_that_shipping_asked_for_is_not_by_hand(merged: bool, by_hand: bool) -> None:  # noqa: FBT001
    shipping = Shipping(by=an_actor(), at=NOON, round=1, heads={"41": a_pull().head} if merged else {"42": NEW})
    run = tracking(a_seen_task(), a_seen_task(42, 8), stage=Stage.SHIPPING, shipping=shipping)

    task = seen(run, a_work_world(pulls=(a_pull(state="merged", merge_sha=NEW),))).tasks[0]

    assert (task.merged_by_hand, task.merged_at, task.merged_sha) == (by_hand, after(60), NEW)


def test_what_waits_for_a_merge_is_judged_by_the_same_look() -> None:
    waiting = a_seen_task(42, 8, depends_on=(IssueNumber(41),))
    green = a_pull(8, 42, draft=False, checks=(PASSED,), merge_state="CLEAN")

    run = seen(tracking(waiting, a_seen_task()), a_work_world(pulls=(green, a_pull(state="merged", merge_sha=NEW))))

    assert (run.tasks[0].state, run.tasks[0].note) == (TaskState.READY, None)


@pytest.mark.parametrize(
    ("news", "edited", "told"),
    [
        ({"title": "Issue 41", "body_hash": "hash-41"}, False, []),
        ({"title": "Another", "body_hash": "hash-41"}, True, []),
        ({"title": "Issue 41", "body_hash": "other"}, True, [(41,)]),
    ],
)
def test_an_edited_issue_is_marked_and_named(news: dict[str, Any], edited: bool, told: list[Any]) -> None:  # noqa: FBT001
    run = seen(tracking(), a_work_world(issues=(an_issue(41, **news),)))

    assert (run.tasks[0].title, run.tasks[0].edited) == (news["title"], edited)
    assert [m.issues for m in run.milestones if m.kind is MilestoneKind.EDITED] == told


def test_a_task_held_before_it_has_a_pull_request_is_told_once() -> None:
    run = tracking(a_seen_task(pull=None, pull_request=None, refusal=Note(why=Why.STRANGER)))

    run = seen(seen(run, a_work_world()), a_work_world())

    assert [m.key for m in run.milestones] == ["held.41.stranger.start"]


def test_retargeted_and_then_merged_there_is_told_again() -> None:
    away = a_pull(base="release", draft=False)

    run = seen(tracking(), a_work_world(pulls=(away,)))
    run = seen(run, a_work_world(pulls=(replace(away, state="merged"),)))

    head = away.head[:7]
    assert [m.key for m in run.milestones] == [f"held.41.retargeted.{head}", f"held.41.retargeted.{head}.merged"]


@pytest.mark.parametrize(
    ("change", "anew"), [({"draft": False}, True), ({"head": NEW}, True), ({"review": "none"}, False)]
)
def test_a_head_is_as_old_as_its_push_or_as_being_no_draft(change: dict[str, Any], anew: bool) -> None:  # noqa: FBT001
    run = seen(tracking(), a_work_world(pulls=(a_pull(**change),)))

    assert run.tasks[0].head_since == (after(60) if anew else NOON)


@pytest.mark.parametrize(("moved", "kept"), [(after(30), False), (NOON, True)])
def test_a_change_may_have_mended_what_github_refused(moved: Any, kept: bool) -> None:  # noqa: FBT001
    refused = tracking(a_seen_task(refusal=Note(why=Why.RULES)))

    run = seen(refused, a_work_world(pulls=(a_pull(updated_at=moved),)))

    assert (run.tasks[0].refusal is not None) is kept


def test_what_is_news_is_kept_and_what_is_not_of_this_run_is_not() -> None:
    """Said of one world in particular, so that it needs no luck."""
    run = seen(tracking(), a_work_world(pulls=(a_pull(),), issues=(an_issue(41),)))
    changed, same = a_pull(head=NEW), a_pull()
    edited, foreign = an_issue(41, body_hash="other"), an_issue(99)

    news = difference(run, a_work_world(pulls=(changed, a_pull(99)), issues=(edited, foreign)))
    none = difference(run, a_work_world(pulls=(same,), issues=(an_issue(41),)))

    assert (news.pulls, news.issues) == ((changed,), (edited,))
    assert (none.pulls, none.issues) == ((), ())
