"""Which issues a run takes, in which order, and why each is in or out.

Total and deterministic: the same issues give the same plan in whatever order they are read, and every issue that was
read is either an item or left out with one reason.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from valine.orchestrator import naming
from valine.orchestrator.model.observations import IssueSeen, PlanWorld
from valine.orchestrator.model.plan import Actor, LeftOut, Plan, PlanItem
from valine.orchestrator.model.policy import Policy
from valine.orchestrator.model.run import Repository, Task
from valine.orchestrator.model.states import IssueNumber, Login, Reason, Step
from valine.orchestrator.planning.dependency_graph import cycles, hanging_on, urgent_first
from valine.orchestrator.planning.dependency_text import mentioned

__all__ = ["digest", "make_plan", "mentioned", "refresh", "revise", "tasks", "too_big"]

replace = msgspec.structs.replace

# A DynamoDB item may have 400 KB, of the run as it is stored, deflated. A task with everything filled in is about
# 1,900 bytes of JSON, most of it alike from task to task; what differs most is its title, in the plan and in the task.
LARGEST_RUN = 380_000
LARGEST_TASK = 900
TITLE_KEPT = 120  # of an issue that is left out: it is only ever listed

# The keys of the policy that approval has been about from the first schema on: always part of a plan's digest.
DIGESTED: dict[str, tuple[str, ...]] = {
    "plan": ("label", "priorities", "limit", "expires_hours"),
    "tasks": ("assignees", "label"),
    "ship": ("method", "checks", "checks_minutes", "release"),
}

Seen = Mapping[int, IssueSeen]
Out = dict[int, LeftOut]
Order = list[tuple[int, list[int]]]


def make_plan(  # noqa: PLR0913 - all that a plan is made of
    world: PlanWorld,
    *,
    policy: Policy,
    label: str,
    limit: int | None,
    repository: Repository,
    revision: int,
    at: datetime,
    by: Actor,
    drop: Collection[int] = (),
) -> Plan:
    """The plan for these issues, `drop` taken out by hand; its digest set. Without items if nothing can be done."""
    seen: Seen = {issue.number: issue for issue in world.issues}
    out = _unfit(seen, label, repository)
    out |= {number: _out(seen[number], Reason.DROPPED) for number in drop if number in seen and number not in out}
    order = _order(seen, out, policy)
    fitting = order if limit is None else order[:limit]
    out |= {number: _out(seen[number], Reason.LIMIT) for number, _ in order[len(fitting) :]}
    plan = Plan(
        revision=revision,
        label=label,
        limit=limit,
        base=world.base,
        web=world.web,
        policy=policy,
        items=_items(seen, fitting, policy, {}),
        left_out=_sorted(out.values()),
        revised_at=at,
        revised_by=by,
    )
    return replace(plan, digest=digest(plan))


def refresh(plan: Plan, world: PlanWorld, repository: Repository, at: datetime) -> Plan | None:
    """The plan as today's issues make it, its choice of issues kept; None if nothing that approval is about changed.

    Issues that are new are not added, those that were left out stay out, and the plan's own policy stays in force.
    """
    found = {issue.number: issue for issue in world.issues}
    seen: Seen = {item.issue: found[item.issue] for item in plan.items if item.issue in found}
    out = _unfit(seen, plan.label, repository)
    out |= {
        item.issue: LeftOut(issue=item.issue, title=item.title[:TITLE_KEPT], reason=Reason.GONE)
        for item in plan.items
        if item.issue not in seen
    }
    order = _order(seen, out, plan.policy)
    before: dict[int, PlanItem] = {item.issue: item for item in plan.items}
    fresh = replace(
        plan,
        revision=plan.revision + 1,
        base=world.base,
        web=world.web,
        items=_items(seen, order, plan.policy, before),
        left_out=_sorted([*plan.left_out, *out.values()]),
        revised_at=at,
        revised_by=None,
    )
    fresh = replace(fresh, digest=digest(fresh))
    return None if fresh.digest == digest(plan) else fresh


def revise(plan: Plan, *, drop: Collection[int], at: datetime, by: Actor) -> Plan:
    """The plan without these issues and without those that depend on them, as its next revision."""
    dropped = {item.issue for item in plan.items} & set(drop)
    needs: dict[int, Collection[int]] = {item.issue: item.depends_on for item in plan.items}
    blocked = hanging_on(needs, dropped)
    gone = dropped | blocked
    out = [
        LeftOut(
            issue=item.issue,
            title=item.title[:TITLE_KEPT],
            reason=Reason.BLOCKED if item.issue in blocked else Reason.DROPPED,
            by=tuple(sorted(set(item.depends_on) & gone)) if item.issue in blocked else (),
        )
        for item in plan.items
        if item.issue in gone
    ]
    revised = replace(
        plan,
        revision=plan.revision + 1,
        items=tuple(item for item in plan.items if item.issue not in gone),
        left_out=_sorted([*plan.left_out, *out]),
        revised_at=at,
        revised_by=by,
    )
    return replace(revised, digest=digest(revised))


def digest(plan: Plan) -> str:
    """12 characters that stand for all that approval is about: the work, by whom, to which branch, by which policy."""
    work = [
        (
            item.issue,
            item.title,
            item.body_hash,
            sorted(item.depends_on),
            (item.adopts.number, item.adopts.head) if item.adopts else None,
            sorted(item.assignees),
        )
        for item in sorted(plan.items, key=lambda item: item.issue)
    ]
    policy = msgspec.json.encode(_named(plan.policy))
    return naming.short_hash(msgspec.json.encode(work).hex(), plan.base.branch, policy.hex())


def _named(policy: Policy) -> dict[str, dict[str, Any]]:
    """The policy by the names of its keys. A key that came later counts only where it is not at its default."""
    tables: dict[str, dict[str, Any]] = {
        table: {**{key: getattr(rules, key) for key in keys}, **_changed(rules, keys)}
        for table, keys in DIGESTED.items()
        for rules in [getattr(policy, table)]
    }
    return {**tables, "people": dict(sorted(policy.people.items())), **_changed(policy, (*DIGESTED, "people"))}


def _changed(rules: msgspec.Struct, known: tuple[str, ...]) -> dict[str, Any]:
    return {
        field.name: value
        for field in msgspec.structs.fields(rules)
        if field.name not in known and (value := getattr(rules, field.name)) != field.default
    }


def tasks(run_name: str, plan: Plan) -> tuple[Task, ...]:
    """What an approved plan is carried out as, in its order. An adopted pull request needs no branch of ours."""
    return tuple(_task(run_name, item) for item in plan.items)


def _task(run_name: str, item: PlanItem) -> Task:
    task = Task(
        issue=item.issue,
        title=item.title,
        body_hash=item.body_hash,
        depends_on=item.depends_on,
        assignees=item.assignees,
        own_assignee=item.own_assignee,
        branch=naming.branch(run_name, item.issue, item.title),
    )
    if item.adopts is None:
        return task
    return replace(
        task,
        branch=item.adopts.branch,
        adopted=True,
        pull_request=item.adopts.number,
        done=(Step.BRANCH, Step.PULL_REQUEST),
    )


def too_big(plan: Plan) -> int | None:
    """How many of its issues a run could hold, if it cannot hold them all; else None."""
    room = LARGEST_RUN - len(msgspec.json.encode(replace(plan, items=())))
    for count, item in enumerate(plan.items):
        room -= LARGEST_TASK + len(msgspec.json.encode(item))
        if room < 0:
            return count
    return None


def _unfit(seen: Seen, label: str, repository: Repository) -> Out:
    """The issues that cannot be in any plan, for reasons of their own."""
    out = {}
    for number, issue in seen.items():
        run = repository.claims.get(str(number))
        pulls = sorted({pull.number for pull in issue.pulls})
        if not issue.open or label.casefold() not in {own.casefold() for own in issue.labels}:
            out[number] = _out(issue, Reason.GONE)
        elif run is not None:
            out[number] = replace(_out(issue, Reason.CLAIMED), run=run)
        elif len(pulls) > 1:
            out[number] = _out(issue, Reason.UNCLEAR, pulls)
    return out


def _order(seen: Seen, out: Out, policy: Policy) -> Order:
    """The issues that can be done, best first, with what each depends on; those that cannot are added to `out`."""
    graph, outside = _graph(seen, out)
    circles = cycles(graph)
    blocked = {number for number, others in outside.items() if others or _elsewhere(seen[number])} - set(circles)
    blocked |= hanging_on(graph, {*circles, *blocked})
    stuck = {*circles, *blocked}
    out |= {number: _out(seen[number], Reason.CYCLE, circle) for number, circle in circles.items()}
    for number in blocked:
        behind = _out(seen[number], Reason.BLOCKED, sorted(outside[number] | graph[number] & stuck))
        out[number] = replace(behind, elsewhere=_elsewhere(seen[number]))
    rest = {number: needs for number, needs in graph.items() if number not in stuck}
    urgency = {number: _urgency(seen[number], policy) for number in rest}
    return [(number, sorted(rest[number])) for number in urgent_first(rest, urgency)]


def _graph(seen: Seen, out: Out) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """What each possible issue needs among the possible ones, and what it needs besides them.

    GitHub's own blocked-by always counts while the blocker is open. Words in a body are only a hint: they count where
    the other issue could have been in this plan, so that taking one out takes its dependants out.
    """
    possible = {number for number in seen if number not in out}
    hinted = possible | {number for number, why in out.items() if why.reason in {Reason.DROPPED, Reason.UNCLEAR}}
    graph, outside = {}, {}
    for number in possible:
        issue = seen[number]
        native = {blocker.number for blocker in issue.blocked_by if blocker.open and blocker.repository is None}
        needs = native | (set(issue.mentions) - {number}) & hinted
        graph[number] = needs & possible
        outside[number] = needs - possible
    return graph, outside


def _elsewhere(issue: IssueSeen) -> tuple[str, ...]:
    """The open issues of other repositories that block this one."""
    found = {f"{b.repository}#{b.number}" for b in issue.blocked_by if b.open and b.repository is not None}
    return tuple(sorted(found))


def _priority(issue: IssueSeen, policy: Policy) -> int | None:
    own = {label.casefold() for label in issue.labels}
    return next((n for n, name in enumerate(policy.plan.priorities) if name.casefold() in own), None)


def _urgency(issue: IssueSeen, policy: Policy) -> tuple[int | float, ...]:
    priority = _priority(issue, policy)
    last = len(policy.plan.priorities)
    return (last if priority is None else priority, issue.created_at.timestamp(), issue.number)


def _items(seen: Seen, order: Order, policy: Policy, before: Mapping[int, PlanItem]) -> tuple[PlanItem, ...]:
    """The items of a plan. An issue that nobody has goes to the next in turn, unless it was given before."""
    items = []
    turns = itertools.cycle(policy.tasks.assignees or [None])
    for number, needs in order:
        issue, earlier = seen[number], before.get(number)
        assignees = issue.assignees
        if not assignees and earlier and not earlier.own_assignee:
            assignees = earlier.assignees
        elif not assignees:
            assignees = tuple(Login(login) for login in [next(turns)] if login)
        items.append(
            PlanItem(
                issue=issue.number,
                title=issue.title,
                body_hash=issue.body_hash,
                depends_on=tuple(IssueNumber(need) for need in needs),
                priority=_priority(issue, policy),
                assignees=assignees,
                own_assignee=bool(issue.assignees),
                milestone=issue.milestone,
                adopts=min(issue.pulls, key=lambda pull: pull.number, default=None),
            )
        )
    return tuple(items)


def _out(issue: IssueSeen, reason: Reason, by: Iterable[int] = ()) -> LeftOut:
    return LeftOut(issue=issue.number, title=issue.title[:TITLE_KEPT], reason=reason, by=tuple(by))


def _sorted(out: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    return tuple(sorted(out, key=lambda left: left.issue))
