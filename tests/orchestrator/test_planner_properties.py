"""What holds of every plan, whatever the issues are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, a_plan_world, a_repository, after, an_actor, an_issue
from valine.orchestrator.model.observations import Blocker, IssueSeen
from valine.orchestrator.model.plan import PullRef
from valine.orchestrator.model.policy import Policy, TaskPolicy
from valine.orchestrator.model.states import IssueNumber, Login, PullNumber, RunNumber, Sha
from valine.orchestrator.planning.planner import digest, make_plan, refresh, revise

if TYPE_CHECKING:
    from collections.abc import Collection

    from valine.orchestrator.model.plan import Plan
    from valine.orchestrator.model.run import Repository

POLICY = Policy(tasks=TaskPolicy(assignees=("ana", "ben", "eve")))
NUMBERS = st.integers(1, 12)
LABELS = st.sets(st.sampled_from(["ready", "p0", "p1", "p2", "bug"])).map(
    lambda found: tuple(sorted(found | ({"ready"} if "bug" not in found else set())))
)
BLOCKERS = st.builds(Blocker, number=NUMBERS, open=st.booleans(), repository=st.sampled_from([None, None, None, "o/r"]))
PULLS = st.integers(100, 103).map(lambda n: PullRef(number=PullNumber(n), branch=f"b{n}", head=Sha(f"{n:040}")))


@st.composite
def issues(draw: st.DrawFn) -> IssueSeen:
    return an_issue(
        draw(NUMBERS),
        open=draw(st.sampled_from([True, True, True, False])),
        labels=draw(LABELS),
        created_at=NOON + timedelta(days=draw(st.integers(0, 3))),
        assignees=draw(st.sampled_from([(), (), (Login("zoe"),)])),
        blocked_by=tuple(draw(st.lists(BLOCKERS, max_size=2))),
        mentions=tuple(IssueNumber(n) for n in draw(st.lists(NUMBERS, max_size=2))),
        pulls=tuple(draw(st.lists(PULLS, max_size=1))),
    )


WORLDS = st.lists(issues(), max_size=12, unique_by=lambda issue: issue.number)
REPOSITORIES = st.sets(NUMBERS, max_size=2).map(lambda ns: a_repository(claims={str(n): RunNumber(3) for n in ns}))
LIMITS = st.none() | st.integers(1, 12)


def planned(
    found: Collection[IssueSeen], repository: Repository, limit: int | None = None, drop: Collection[int] = ()
) -> Plan:
    return make_plan(
        a_plan_world(*found),
        policy=POLICY,
        label="ready",
        limit=limit,
        repository=repository,
        revision=1,
        at=NOON,
        by=an_actor(),
        drop=drop,
    )


@given(WORLDS, REPOSITORIES, LIMITS, st.sets(NUMBERS, max_size=2))
def test_every_issue_is_in_or_out_once(
    found: list[IssueSeen], repository: Repository, limit: int | None, drop: set[int]
) -> None:
    plan = planned(found, repository, limit, drop)

    listed = [item.issue for item in plan.items] + [out.issue for out in plan.left_out]
    assert sorted(listed) == sorted(issue.number for issue in found)
    assert limit is None or len(plan.items) <= limit


@given(WORLDS, REPOSITORIES, LIMITS)
def test_dependencies_are_in_the_plan_and_come_earlier(
    found: list[IssueSeen], repository: Repository, limit: int | None
) -> None:
    plan = planned(found, repository, limit)

    seen: set[int] = set()
    blockers = {i.number: {b.number for b in i.blocked_by if b.open and b.repository is None} for i in found}
    for item in plan.items:
        assert set(item.depends_on) <= seen
        assert blockers[item.issue] <= set(item.depends_on)
        seen.add(item.issue)


@given(st.data(), WORLDS, REPOSITORIES, LIMITS)
def test_the_order_in_which_issues_are_read_means_nothing(
    data: st.DataObject, found: list[IssueSeen], repository: Repository, limit: int | None
) -> None:
    shuffled = data.draw(st.permutations(found))

    assert planned(shuffled, repository, limit) == planned(found, repository, limit)


@given(WORLDS, REPOSITORIES, LIMITS)
def test_a_larger_limit_only_adds_at_the_end(found: list[IssueSeen], repository: Repository, limit: int | None) -> None:
    everything = planned(found, repository)

    plan = planned(found, repository, limit)

    assert plan.items == everything.items[:limit]


@given(WORLDS, REPOSITORIES, LIMITS)
def test_a_plan_is_not_refreshed_by_the_world_it_was_made_from(
    found: list[IssueSeen], repository: Repository, limit: int | None
) -> None:
    plan = planned(found, repository, limit)

    assert refresh(plan, a_plan_world(*found), repository, after(60)) is None


@given(WORLDS, WORLDS, REPOSITORIES)
def test_a_refreshed_plan_adds_nothing_loses_nothing_and_is_stable(
    before: list[IssueSeen], today: list[IssueSeen], repository: Repository
) -> None:
    plan = planned(before, repository)

    fresh = refresh(plan, a_plan_world(*today), repository, after(60))

    if fresh is not None:
        assert {item.issue for item in fresh.items} <= {item.issue for item in plan.items}
        listed = [item.issue for item in fresh.items] + [out.issue for out in fresh.left_out]
        assert sorted(listed) == sorted(issue.number for issue in before)
        assert refresh(fresh, a_plan_world(*today), repository, after(120)) is None


@given(WORLDS, REPOSITORIES, st.sets(NUMBERS))
def test_dropping_from_a_stored_plan_leaves_what_planning_without_them_would(
    found: list[IssueSeen], repository: Repository, drop: set[int]
) -> None:
    plan = planned(found, repository)
    drop &= {item.issue for item in plan.items}

    revised = revise(plan, drop=drop, at=after(60), by=an_actor("ben"))

    anew = planned(found, repository, drop=drop)
    assert {item.issue for item in revised.items} == {item.issue for item in anew.items}
    assert {(out.issue, out.reason) for out in revised.left_out} == {(out.issue, out.reason) for out in anew.left_out}
    again = revise(revised, drop=drop, at=after(120), by=an_actor("ben"))
    assert (again.items, again.left_out, again.digest) == (revised.items, revised.left_out, digest(revised))
