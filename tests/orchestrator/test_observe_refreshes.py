"""What a refresh changes in the tasks, and when the next one is due."""

from typing import Any

import msgspec
import pytest

from builders import NOON, a_hint, a_pull, a_work_world, after, an_actor, an_issue
from orchestrator.tracked import NEW, PASSED, a_seen_task, seen, tracking
from valine.orchestrator.decide.observe import LAGGING, MERGEABLE_SOON, RECONCILE, concerns, difference, satisfied
from valine.orchestrator.model.run import Note, Shipping
from valine.orchestrator.model.states import IssueNumber, MilestoneKind, Stage, TaskState, Why

replace = msgspec.structs.replace

# --- What a hint saw, and what the task shows ------------------------------------------------------------------------

BEFORE, AFTER = after(-60), after(1)  # the last refresh began before the hint came, or after


@pytest.mark.parametrize(
    ("name", "is_open", "looked", "already"),
    [
        ("issues.closed", True, BEFORE, False),
        ("issues.closed", True, AFTER, False),  # a refresh that began later did not see it: GraphQL lags
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
    run = tracking(a_seen_task(issue_open=is_open), refreshed_at=looked)

    assert satisfied(run, a_hint(name=name, issue=41, updated_at=NOON)) is already


@pytest.mark.parametrize("event", ["pull_request", "pull_request_review"])
@pytest.mark.parametrize(("seconds", "looked", "already"), [(5, AFTER, False), (-5, BEFORE, True), (0, BEFORE, False)])
def test_a_change_of_a_pull_request_is_told_by_its_time(event: str, seconds: float, looked: Any, already: bool) -> None:  # noqa: FBT001
    hint = a_hint(name=f"{event}.edited", issue=7, updated_at=after(seconds))

    assert satisfied(tracking(refreshed_at=looked), hint) is already


@pytest.mark.parametrize("name", ["check_run.completed", "status", "push"])
def test_the_time_of_anything_else_is_not_that_of_the_pull_request(name: str) -> None:
    hint = a_hint(name=name, issue=7, updated_at=after(-5))

    assert not satisfied(tracking(refreshed_at=BEFORE), hint)


@pytest.mark.parametrize("known", [{"check": "test"}, {"state": "passed"}])
def test_a_check_without_its_name_or_result_tells_nothing(known: dict[str, Any]) -> None:
    task = a_seen_task(passed_checks=(PASSED.key,), passed_names=(PASSED.name,))
    hint = a_hint(name="check_suite.completed", head=a_pull().head, **known)

    assert not satisfied(tracking(task, refreshed_at=BEFORE), hint)
    assert satisfied(tracking(task, refreshed_at=AFTER), hint)


@pytest.mark.parametrize("hint", [{"issue": 7}, {"branch": "valine/r1/41-issue-41", "name": "push"}])
def test_a_hint_that_names_no_head_is_satisfied_by_no_earlier_refresh(hint: dict[str, Any]) -> None:
    assert not satisfied(tracking(refreshed_at=BEFORE), a_hint(**hint))


def test_a_refresh_that_began_as_the_hint_came_may_have_seen_it() -> None:
    assert satisfied(tracking(refreshed_at=NOON), a_hint(issue=7))


def test_a_check_that_nobody_has_seen_satisfies_no_hint() -> None:
    task = a_seen_task(passed_checks=("app/ci/lint",), passed_names=("lint",))
    hint = a_hint(name="check_run.completed", head=a_pull().head, check="test", state="passed")

    assert not satisfied(tracking(task, refreshed_at=AFTER), hint)


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
        assert run.refresh_at is not None
        found.append((run.refresh_at - after(60), run.lag))

    soon, late = MERGEABLE_SOON, RECONCILE[Stage.TRACKING]
    assert found == [(soon, 1), (soon, 2), (soon, 3), (late, 0), (soon, 1)]


def test_a_second_hint_is_given_its_own_three_refreshes() -> None:
    run = seen(tracking(lag=3), a_work_world(pulls=(a_pull(),)), hint=a_hint(issue=7, head=NEW))

    assert (run.refresh_at, run.lag) == (after(60) + LAGGING[0], 1)


def test_an_unmet_hint_that_is_settled_is_forgotten() -> None:
    doubtful = seen(tracking(), a_work_world(pulls=(a_pull(),)), hint=a_hint(issue=7, head=NEW))
    assert doubtful.unmet_hint is not None

    run = seen(doubtful, a_work_world(pulls=(a_pull(head=NEW),)))

    assert (run.unmet_hint, run.lag, run.refresh_at) == (None, 0, after(60) + RECONCILE[Stage.TRACKING])


def test_an_unmet_hint_that_no_refresh_settles_is_given_up() -> None:
    run = tracking()
    for hint in (a_hint(issue=7, head=NEW), None, None, None):
        run = seen(run, a_work_world(pulls=(a_pull(),)), hint=hint)

    assert (run.unmet_hint, run.lag) == (None, 0)


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

    assert run.refresh_at == after(60) + (LAGGING[0] if soon else RECONCILE[Stage.TRACKING])


# --- What a refresh changes
# ---------------------------------------------------------------------------------------------


def test_what_is_required_is_what_the_last_refresh_found() -> None:
    run = seen(tracking(required_checks=("old",)), a_work_world(required_checks=("test", "lint")))

    assert run.required_checks == ("test", "lint")


@pytest.mark.parametrize(("merged", "by_hand"), [(True, False), (False, True)])
def test_a_merge_that_shipping_asked_for_is_not_by_hand(merged: bool, by_hand: bool) -> None:  # noqa: FBT001
    shipping = Shipping(by=an_actor(), at=NOON, round=1, heads={"41": a_pull().head} if merged else {"42": NEW})
    run = tracking(a_seen_task(), a_seen_task(42, 8), stage=Stage.SHIPPING, shipping=shipping)

    task = seen(run, a_work_world(pulls=(a_pull(state="merged", merge_sha=NEW),))).tasks[0]

    assert (task.merged_by_hand, task.merged_at, task.merged_sha) == (by_hand, after(60), NEW)


def test_what_waits_for_a_merge_is_judged_by_the_same_refresh() -> None:
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
    run = tracking(a_seen_task(pull=None, pull_request=None, refusal=Note(why=Why.FOREIGN)))

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
def test_a_change_may_have_solved_what_github_refused(moved: Any, kept: bool) -> None:  # noqa: FBT001
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
