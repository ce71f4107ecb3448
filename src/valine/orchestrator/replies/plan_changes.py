"""What is different between two revisions of a plan, as facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine.orchestrator.facts.rows import left_out_row
from valine.orchestrator.replies.parts import MOST_ROWS, ItemChange, PlanChanges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from valine.orchestrator.model.plan import Plan, PlanItem


def changes(before: Plan, after: Plan) -> PlanChanges:
    """The differences: of base and policy, then the issues that are out, then those that are new or changed."""
    found = tuple(_items(before, after))
    return PlanChanges(
        base=after.base.branch if before.base.branch != after.base.branch else None,
        policy=before.policy != after.policy,
        items=found[:MOST_ROWS],
        others=len(found[MOST_ROWS:]),
    )


def _items(before: Plan, after: Plan) -> Iterator[ItemChange]:
    old = {item.issue: item for item in before.items}
    new = {item.issue: item for item in after.items}
    left_out = {left.issue: left for left in after.left_out}
    for item in before.items:
        if item.issue not in new:
            left = left_out.get(item.issue)
            yield ItemChange(issue=item.issue, out=True, reason=left_out_row(left) if left is not None else None)
    for item in after.items:
        change = _change(old.get(item.issue), item)
        if change != ItemChange(issue=item.issue):
            yield change


def _change(old: PlanItem | None, new: PlanItem) -> ItemChange:
    if old is None:
        return ItemChange(issue=new.issue, new=True)
    return ItemChange(
        issue=new.issue,
        title=old.title != new.title,
        body=old.body_hash != new.body_hash,
        depends_on=new.depends_on if old.depends_on != new.depends_on else None,
        assignees=new.assignees if set(old.assignees) != set(new.assignees) else None,
        adopts=_adopted(old) != _adopted(new),
    )


def _adopted(item: PlanItem) -> tuple[int, str] | None:
    return (item.adopts.number, item.adopts.head) if item.adopts else None
