from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from builders import (
    HEAD,
    NOON,
    a_base,
    a_plan,
    a_plan_item,
    a_plan_world,
    a_repository,
    after,
    an_actor,
    an_issue,
)
from valine.orchestrator.model.observations import Blocker
from valine.orchestrator.model.plan import LeftOut, Plan, PlanItem, PullRef
from valine.orchestrator.model.policy import PlanPolicy, Policy, TaskPolicy
from valine.orchestrator.model.run import Repository
from valine.orchestrator.model.states import IssueNumber, Login, PullNumber, Reason, RunNumber, Sha, Step
from valine.orchestrator.planning.planner import digest, make_plan, refresh, revise, tasks, too_big

if TYPE_CHECKING:
    from valine.orchestrator.model.observations import IssueSeen

replace = msgspec.structs.replace


def plan_for(*issues: IssueSeen, repository: Repository | None = None, **changes: Any) -> Plan:
    given: dict[str, Any] = {
        "policy": Policy(),
        "label": "ready",
        "limit": None,
        "repository": repository or a_repository(),
        "revision": 1,
        "at": NOON,
        "by": an_actor(),
    }
    return make_plan(a_plan_world(*issues), **{**given, **changes})


def blocked_by(*numbers: int, is_open: bool = True) -> tuple[Blocker, ...]:
    return tuple(Blocker(number=number, open=is_open) for number in numbers)


def mentions(*numbers: int) -> tuple[IssueNumber, ...]:
    return tuple(IssueNumber(number) for number in numbers)


def a_pull_ref(number: int = 7) -> PullRef:
    return PullRef(number=PullNumber(number), branch="fix", head=HEAD, author="eve")


def order(plan: Plan) -> list[int]:
    return [item.issue for item in plan.items]


def reasons(plan: Plan) -> dict[int, tuple[Reason, tuple[int, ...]]]:
    return {out.issue: (out.reason, out.by) for out in plan.left_out}


def item(plan: Plan, issue: int) -> PlanItem:
    return next(item for item in plan.items if item.issue == issue)


def test_priority_then_age_then_number_decide_where_nothing_depends() -> None:
    plan = plan_for(
        an_issue(1),
        an_issue(2, created_at=after(-60)),
        an_issue(3, labels=("ready", "P1"), created_at=after(60)),
        an_issue(4, labels=("ready", "p0", "p3")),
        an_issue(5),
    )

    assert order(plan) == [4, 3, 2, 1, 5]
    assert [item.priority for item in plan.items] == [0, 1, None, None, None]


def test_the_policys_own_priorities_are_used() -> None:
    policy = Policy(plan=PlanPolicy(priorities=("urgent", "soon")))

    plan = plan_for(an_issue(1, labels=("ready", "soon", "p0")), an_issue(2, labels=("ready", "Urgent")), policy=policy)

    assert order(plan) == [2, 1]


def test_dependencies_come_first_and_an_urgent_dependant_pulls_them_forward() -> None:
    plan = plan_for(
        an_issue(1, labels=("ready", "p1")),
        an_issue(2),
        an_issue(3, labels=("ready", "p0"), blocked_by=blocked_by(2)),
    )

    assert order(plan) == [2, 3, 1]
    assert item(plan, 3).depends_on == (2,)


def test_the_limit_takes_the_first_and_never_a_dependant_without_its_dependency() -> None:
    plan = plan_for(an_issue(1), an_issue(2, blocked_by=blocked_by(1)), an_issue(3, blocked_by=blocked_by(2)), limit=2)

    assert order(plan) == [1, 2]
    assert reasons(plan) == {3: (Reason.LIMIT, ())}


def test_a_mention_orders_and_blocks_only_within_the_plan() -> None:
    plan = plan_for(an_issue(1, mentions=mentions(2, 99, 1)), an_issue(2))

    assert order(plan) == [2, 1]
    assert item(plan, 1).depends_on == (2,)


def test_an_open_blocker_outside_the_plan_takes_an_issue_and_its_dependants_out() -> None:
    plan = plan_for(
        an_issue(1, blocked_by=blocked_by(99)),
        an_issue(2, blocked_by=blocked_by(1)),
        an_issue(3, mentions=mentions(2)),
        an_issue(4, blocked_by=blocked_by(98, is_open=False)),
    )

    assert order(plan) == [4]
    assert reasons(plan) == {
        1: (Reason.BLOCKED, (99,)),
        2: (Reason.BLOCKED, (1,)),
        3: (Reason.BLOCKED, (2,)),
    }


def test_an_open_blocker_in_another_repository_is_named() -> None:
    plan = plan_for(an_issue(1, blocked_by=(Blocker(number=5, open=True, repository="team/lib"),)), an_issue(5))

    assert order(plan) == [5]
    assert plan.left_out == (
        LeftOut(issue=IssueNumber(1), title="Issue 1", reason=Reason.BLOCKED, elsewhere=("team/lib#5",)),
    )


def test_a_circle_is_out_with_all_its_members_and_its_dependants_are_blocked() -> None:
    plan = plan_for(
        an_issue(1, blocked_by=blocked_by(2)),
        an_issue(2, mentions=mentions(3)),
        an_issue(3, blocked_by=blocked_by(1)),
        an_issue(4, blocked_by=blocked_by(3)),
        an_issue(5, blocked_by=blocked_by(5)),
        an_issue(6),
    )

    assert order(plan) == [6]
    assert reasons(plan) == {
        1: (Reason.CYCLE, (1, 2, 3)),
        2: (Reason.CYCLE, (1, 2, 3)),
        3: (Reason.CYCLE, (1, 2, 3)),
        4: (Reason.BLOCKED, (3,)),
        5: (Reason.CYCLE, (5,)),
    }


def test_a_claimed_issue_is_out_and_whatever_github_says_waits_for_it_too() -> None:
    repository = a_repository(claims={"1": RunNumber(7)})

    plan = plan_for(
        an_issue(1),
        an_issue(2, blocked_by=blocked_by(1)),
        an_issue(3, mentions=mentions(1)),
        repository=repository,
    )

    assert order(plan) == [3]
    assert reasons(plan) == {1: (Reason.CLAIMED, ()), 2: (Reason.BLOCKED, (1,))}
    assert plan.left_out[0].run == 7


def test_closed_and_unlabelled_issues_are_gone() -> None:
    plan = plan_for(an_issue(1, open=False), an_issue(2, labels=("other",)), an_issue(3, labels=("READY",)))

    assert order(plan) == [3]
    assert reasons(plan) == {1: (Reason.GONE, ()), 2: (Reason.GONE, ())}


def test_one_open_pull_request_is_adopted_and_several_are_unclear() -> None:
    plan = plan_for(an_issue(1, pulls=(a_pull_ref(7),)), an_issue(2, pulls=(a_pull_ref(9), a_pull_ref(8))))

    assert item(plan, 1).adopts == a_pull_ref(7)
    assert reasons(plan) == {2: (Reason.UNCLEAR, (8, 9))}


def test_who_has_an_issue_keeps_it_and_the_others_are_given_out_in_turn() -> None:
    policy = Policy(tasks=TaskPolicy(assignees=("ana", "ben")))

    plan = plan_for(
        an_issue(1), an_issue(2, assignees=(Login("eve"),)), an_issue(3), an_issue(4), an_issue(5), policy=policy
    )

    assert [item.assignees for item in plan.items] == [("ana",), ("eve",), ("ben",), ("ana",), ("ben",)]
    assert [item.own_assignee for item in plan.items] == [False, True, False, False, False]


def test_dropped_issues_are_out_with_their_dependants() -> None:
    plan = plan_for(an_issue(1), an_issue(2, mentions=mentions(1)), an_issue(3), drop=(1, 99))

    assert order(plan) == [3]
    assert reasons(plan) == {1: (Reason.DROPPED, ()), 2: (Reason.BLOCKED, (1,))}


def test_a_plan_of_nothing_is_a_plan() -> None:
    plan = plan_for()

    assert (plan.items, plan.left_out) == ((), ())
    assert len(plan.digest) == 12


def test_two_thousand_issues_are_planned_in_a_moment() -> None:
    issues = [an_issue(n, blocked_by=blocked_by(*range(max(1, n - 20), n))) for n in range(1, 2001)]
    began = time.process_time()

    plan = plan_for(*issues, limit=250)

    assert order(plan) == list(range(1, 251))
    assert time.process_time() - began < 5


def test_revising_takes_issues_and_what_depends_on_them_out_as_the_next_revision() -> None:
    plan = plan_for(
        an_issue(1), an_issue(2, blocked_by=blocked_by(1)), an_issue(3, blocked_by=blocked_by(2)), an_issue(4)
    )

    revised = revise(plan, drop=(1, 77), at=after(60), by=an_actor("ben"))

    assert order(revised) == [4]
    assert reasons(revised) == {1: (Reason.DROPPED, ()), 2: (Reason.BLOCKED, (1,)), 3: (Reason.BLOCKED, (2,))}
    assert (revised.revision, revised.revised_at, revised.revised_by) == (2, after(60), an_actor("ben"))
    assert revised.digest == digest(revised) != plan.digest


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Another"},
        {"body_hash": "another"},
        {"depends_on": (IssueNumber(40),)},
        {"assignees": (Login("ben"),)},
        {"adopts": a_pull_ref(8)},
        {"adopts": replace(a_pull_ref(7), head=Sha("3" * 40))},
        {"adopts": None},
    ],
)
def test_approval_is_about_what_is_done_to_which_text_by_whom(changes: dict[str, Any]) -> None:
    before = a_plan_item(41, adopts=a_pull_ref(7), assignees=(Login("ana"),))

    assert digest(a_plan(before)) != digest(a_plan(replace(before, **changes)))


def test_approval_is_about_the_branch_and_the_policy_too() -> None:
    assert digest(a_plan()) != digest(a_plan(base=a_base(branch="next")))
    assert digest(a_plan()) != digest(a_plan(policy=Policy(plan=PlanPolicy(limit=3))))


def test_approval_is_not_about_revision_time_order_or_where_the_base_is() -> None:
    one, two = a_plan_item(41), a_plan_item(42)
    moved = a_base(sha=Sha("9" * 40), tree=Sha("8" * 40))

    again = a_plan(two, one, revision=9, revised_at=after(9), base=moved, revised_by=an_actor("eve"))

    assert digest(a_plan(one, two)) == digest(again)


def refreshed(plan: Plan, *issues: IssueSeen, repository: Repository | None = None, **changes: Any) -> Plan | None:
    return refresh(plan, a_plan_world(*issues, **changes), repository or a_repository(), after(60))


def test_a_plan_that_github_still_agrees_with_needs_no_refreshing() -> None:
    plan = plan_for(an_issue(1), an_issue(2, blocked_by=blocked_by(1)), an_issue(3), limit=2)

    assert refreshed(plan, an_issue(1), an_issue(2, blocked_by=blocked_by(1)), an_issue(3), an_issue(4)) is None


def test_refreshing_follows_edits_and_lets_go_of_what_is_gone_but_adds_nothing() -> None:
    plan = plan_for(an_issue(1), an_issue(2), an_issue(3), an_issue(4, mentions=mentions(3)), limit=4)

    fresh = refreshed(
        plan,
        an_issue(1, title="Another"),
        an_issue(2, open=False),
        an_issue(4, mentions=mentions(3)),
        an_issue(5),
        base=a_base(sha=Sha("9" * 40)),
    )

    assert fresh is not None
    assert order(fresh) == [1, 4]
    assert item(fresh, 1).title == "Another"
    assert reasons(fresh) == {2: (Reason.GONE, ()), 3: (Reason.GONE, ())}
    assert (fresh.revision, fresh.revised_by, fresh.base.sha) == (2, None, Sha("9" * 40))


def test_refreshing_finds_new_blockers_claims_and_pull_requests() -> None:
    plan = plan_for(an_issue(1), an_issue(2), an_issue(3), an_issue(4))

    fresh = refreshed(
        plan,
        an_issue(1, blocked_by=blocked_by(99)),
        an_issue(2),
        an_issue(3, pulls=(a_pull_ref(7), a_pull_ref(8))),
        an_issue(4, pulls=(a_pull_ref(9),)),
        repository=a_repository(claims={"2": RunNumber(5)}),
    )

    assert fresh is not None
    assert order(fresh) == [4]
    assert item(fresh, 4).adopts == a_pull_ref(9)
    assert reasons(fresh) == {
        1: (Reason.BLOCKED, (99,)),
        2: (Reason.CLAIMED, ()),
        3: (Reason.UNCLEAR, (7, 8)),
    }


def test_refreshing_leaves_issues_with_those_they_were_given_to() -> None:
    policy = Policy(tasks=TaskPolicy(assignees=("ana", "ben")))
    plan = plan_for(an_issue(1), an_issue(2), an_issue(3), policy=policy)

    fresh = refreshed(plan, an_issue(2), an_issue(3, assignees=(Login("eve"),)))

    assert fresh is not None
    assert [(item.issue, item.assignees) for item in fresh.items] == [(2, ("ben",)), (3, ("eve",))]


def test_tasks_have_their_own_branch_or_go_on_in_the_adopted_one() -> None:
    plan = plan_for(an_issue(1, title="Fix login"), an_issue(2, pulls=(a_pull_ref(7),), assignees=(Login("eve"),)))

    first, second = tasks("r12", plan)

    assert (first.branch, first.adopted, first.pull_request, first.done) == ("valine/r12/1-fix-login", False, None, ())
    assert (second.branch, second.adopted, second.pull_request) == ("fix", True, 7)
    assert second.done == (Step.BRANCH, Step.PULL_REQUEST)
    assert (second.assignees, second.own_assignee) == (("eve",), True)


def test_a_plan_that_a_stored_run_could_not_hold_tells_how_many_would_fit() -> None:
    small = a_plan(*(a_plan_item(n) for n in range(1, 251)))
    large = a_plan(*(a_plan_item(n) for n in range(1, 401)))

    assert too_big(small) is None
    assert too_big(large) == 360
    assert too_big(a_plan(*large.items[:360])) is None


# --- What mutants found missing --------------------------------------------------------------------------------------


def test_a_plan_made_anew_knows_its_time_its_site_and_what_is_gone() -> None:
    plan = plan_for(an_issue(1), an_issue(2))
    world = replace(a_plan_world(an_issue(1)), web="https://ghe.example/team/app")

    fresh = refresh(plan, world, a_repository(), after(60))

    assert fresh is not None
    assert (fresh.web, fresh.revised_at, fresh.revised_by) == ("https://ghe.example/team/app", after(60), None)
    assert fresh.left_out == (LeftOut(issue=IssueNumber(2), title="Issue 2", reason=Reason.GONE),)


def test_what_was_taken_out_by_name_waits_for_nothing() -> None:
    plan = plan_for(an_issue(1), an_issue(2, blocked_by=blocked_by(1)), an_issue(3, blocked_by=blocked_by(2)))

    left = revise(plan, drop=(1, 2), at=NOON, by=an_actor()).left_out

    assert [(out.issue, out.reason, out.by) for out in left] == [
        (1, Reason.DROPPED, ()),
        (2, Reason.DROPPED, ()),
        (3, Reason.BLOCKED, (2,)),
    ]


def test_an_approval_survives_another_order_of_people_in_the_policy() -> None:
    people = {"ana": "80351110224678912", "ben": "80351110224678913"}
    turned = dict(reversed(people.items()))
    one, other = (a_plan(policy=Policy(people=found)) for found in (people, turned))

    assert digest(one) == digest(other)


def test_what_is_left_out_takes_room_in_a_run_too() -> None:
    out = tuple(LeftOut(issue=IssueNumber(n), title="x" * 120, reason=Reason.LIMIT) for n in range(1, 2501))

    assert too_big(a_plan(a_plan_item(1))) is None
    assert too_big(a_plan(a_plan_item(1), left_out=out)) == 0


def test_an_item_keeps_its_milestone_and_adopts_its_pull_request_though_named_twice() -> None:
    plan = plan_for(an_issue(1, milestone="v2", pulls=(a_pull_ref(), a_pull_ref())))

    assert (plan.items[0].milestone, plan.items[0].adopts) == ("v2", a_pull_ref())
