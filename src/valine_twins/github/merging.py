"""Whether a pull request may be merged, and why not: read from the objects, the checks, the reviews and the rules.

Nothing here changes anything, except that looking at a mergeability which is still being computed brings it nearer.
https://docs.github.com/en/graphql/reference/enums#mergestatestatus
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING

from valine_twins.github import checks
from valine_twins.objects import Change, Commit, Merge, Signature

if TYPE_CHECKING:
    from valine_twins.github.state import Pull, Repository, Review, Rules
    from valine_twins.github.world import World


@dataclass(slots=True, frozen=True)
class Judged:
    """Mergeability as GitHub tells it: None while it is being computed; `state` is a MergeStateStatus."""

    mergeable: bool | None
    state: str


def rules_for(it: Repository, branch: str) -> list[Rules]:
    """The rules that hold for a branch."""
    return [
        rules
        for rules in it.rules
        if fnmatch.fnmatchcase(branch, it.default_branch if rules.pattern == "~DEFAULT_BRANCH" else rules.pattern)
    ]


def base_tip(it: Repository, which: Pull) -> str:
    """Where the base branch stands, or stood when the pull request was closed."""
    return it.refs.get(f"refs/heads/{which.base}", which.base_sha) if which.open else which.base_sha


def test_merge(world: World, it: Repository, which: Pull) -> Merge:
    """What merging the pull request now would give."""
    return world.objects.merge(it.full_name, base_tip(it, which), which.head_sha)


def merge_commit(world: World, it: Repository, which: Pull) -> str | None:
    """The merge commit: the real one, or for an open pull request the test merge that GitHub prepares."""
    if not which.open or which.refreshes_left:
        return which.merge_commit
    merge = test_merge(world, it, which)
    if merge.tree is None:
        return None
    base, head = base_tip(it, which), which.head_sha
    dates = [world.objects.commit(it.full_name, sha).committer.date for sha in (base, head)]
    by = Signature("GitHub", "noreply@github.test", max(dates))
    message = f"Merge {head} into {base}"
    made = Commit(tree=merge.tree, parents=(base, head), author=by, committer=by, message=message)
    return world.objects.write_commit(it.full_name, made)


def commits(world: World, it: Repository, which: Pull) -> tuple[str, ...]:
    """The pull request's own commits, oldest first."""
    return world.objects.ahead(it.full_name, base_tip(it, which), which.head_sha)


def changes(world: World, it: Repository, which: Pull) -> tuple[Change, ...]:
    """The files it changes, against where it left its base."""
    root = world.objects.merge_base(it.full_name, base_tip(it, which), which.head_sha)
    if root is None:
        return ()
    trees = [world.objects.commit(it.full_name, sha).tree for sha in (root, which.head_sha)]
    return world.objects.changes(it.full_name, trees[0], trees[1])


def latest_reviews(world: World, it: Repository, which: Pull) -> dict[str, Review]:
    """The opinion that counts of each reviewer with write access: the last that is not a mere comment."""
    latest: dict[str, Review] = {}
    for review in which.reviews:
        if review.state == "DISMISSED":
            latest.pop(review.author.lower(), None)
        elif review.state != "COMMENTED" and world.may(it, review.author, "write"):
            latest[review.author.lower()] = review
    return latest


def review_decision(world: World, it: Repository, which: Pull) -> str | None:
    """APPROVED, CHANGES_REQUESTED, REVIEW_REQUIRED, or None where nobody asked for a review and none came."""
    states = [review.state for review in latest_reviews(world, it, which).values()]
    if "CHANGES_REQUESTED" in states:
        return "CHANGES_REQUESTED"
    needed = max((rules.required_reviews for rules in rules_for(it, which.base)), default=0)
    if states.count("APPROVED") >= max(needed, 1):
        return "APPROVED"
    return "REVIEW_REQUIRED" if needed else None


def behind(world: World, it: Repository, which: Pull) -> bool:
    """Whether the base has commits that the head has not."""
    tip = base_tip(it, which)
    return world.objects.merge_base(it.full_name, tip, which.head_sha) != tip


def violations(world: World, it: Repository, which: Pull) -> list[str]:
    """Every rule that forbids the merge now, in GitHub's words."""
    found: list[str] = []
    for rules in rules_for(it, which.base):
        if rules.merge_queue:
            found.append("Changes must be made through the merge queue")
        if rules.required_reviews:
            decision = review_decision(world, it, which)
            if decision == "CHANGES_REQUESTED":
                found.append("Changes have been requested by a reviewer with write access.")
            elif decision != "APPROVED":
                plural = "review is" if rules.required_reviews == 1 else "reviews are"
                found.append(
                    f"At least {rules.required_reviews} approving {plural} required by reviewers with write access."
                )
        found += _check_violations(it, which.head_sha, rules)
        if rules.strict and behind(world, it, which):
            found.append("The head branch must be up to date with the base branch before merging.")
    return found


def push_violations(it: Repository, ref: str, sha: str) -> list[str]:
    """Every rule that forbids that a ref be moved to a commit without a pull request, in GitHub's words."""
    found: list[str] = []
    branch = ref.removeprefix("refs/heads/")
    for rules in rules_for(it, branch) if branch != ref else []:
        if rules.merge_queue:
            found.append("Changes must be made through the merge queue")
        if rules.required_reviews:
            found.append("Changes must be made through a pull request.")
        found += _check_violations(it, sha, rules)
    return found


def _check_violations(it: Repository, sha: str, rules: Rules) -> list[str]:
    words = {"missing": "expected", "pending": "in progress", "failure": "failing"}
    states = {name: checks.state_of(it, sha, name) for name in rules.required_checks}
    bad = {name: state for name, state in states.items() if state != "success"}
    if len(bad) == 1:
        ((name, state),) = bad.items()
        return [f'Required status check "{name}" is {words[state]}.']
    if not bad:
        return []
    if set(bad.values()) == {"missing"}:
        return [f"{len(bad)} of {len(states)} required status checks are expected."]
    listed = [f"{list(bad.values()).count(state)} {word}" for state, word in words.items() if state in bad.values()]
    return [f"{len(bad)} of {len(states)} required status checks have not succeeded: {' and '.join(listed)}."]


def judge(world: World, it: Repository, which: Pull, *, look: bool) -> Judged:
    """Mergeability and merge state; a `look` brings the end of the computation nearer."""
    if not which.open:
        return Judged(None, "UNKNOWN")
    if which.refreshes_left:
        which.refreshes_left -= look
        return Judged(None, "UNKNOWN")
    if test_merge(world, it, which).tree is None:
        return Judged(False, "DIRTY")  # noqa: FBT003 - GitHub's own field is a bare boolean
    return Judged(True, _open_state(world, it, which))  # noqa: FBT003


def _open_state(world: World, it: Repository, which: Pull) -> str:
    if which.draft:
        return "DRAFT"
    if behind(world, it, which) and any(rules.strict for rules in rules_for(it, which.base)):
        return "BEHIND"
    if violations(world, it, which):
        return "BLOCKED"
    return "CLEAN" if checks.rollup(it, which.head_sha) in (None, "SUCCESS") else "UNSTABLE"
