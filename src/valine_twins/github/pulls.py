"""What people and programs do to pull requests: open, un-draft, review, update, merge.

Messages and statuses are GitHub's. https://docs.github.com/en/rest/pulls/pulls
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from valine_twins.github import branches, issues, merging
from valine_twins.github.state import Pull, Review
from valine_twins.github.world import Refused, World, pulls
from valine_twins.objects import Commit, Merge, Signature

if TYPE_CHECKING:
    from valine_twins.github.state import Repository, ReviewState

_MERGE_PAGE = "rest/pulls/pulls#merge-a-pull-request"
_METHOD_WORDS = {"merge": "Merge commits are", "squash": "Squash merges are", "rebase": "Rebase merges are"}


def find(it: Repository, number: int) -> Pull:
    """A pull request; 404 if there is none of that number, or it is an issue."""
    found = it.issues.get(number)
    if not isinstance(found, Pull):
        raise Refused(404, "Not Found", page="rest/pulls/pulls#get-a-pull-request")
    return found


def _invalid(message: str | None = None, field: str | None = None) -> Refused:
    error: dict[str, Any] = {"resource": "PullRequest", "code": "custom" if message else "invalid"}
    error |= {"message": message} if message else {}
    error |= {"field": field} if field else {}
    return Refused(422, "Validation Failed", errors=[error], page="rest/pulls/pulls#create-a-pull-request")


def create(world: World, it: Repository, *, title: str, head: str, base: str, by: str, **fields: Any) -> Pull:
    """Open a pull request. `head` is a branch, or "owner:branch"; `fields`: body, draft."""
    owner, _, branch = head.rpartition(":")
    fork = owner if owner and owner.lower() != it.owner.lower() else None
    ref = f"refs/forks/{fork.lower()}/{branch}" if fork else f"refs/heads/{branch}"
    _check_new(world, it, ref, fork, branch, base)
    if fields.get("draft") and not it.drafts:
        raise Refused(
            422,
            "Draft pull requests are not supported in this repository.",
            page="rest/pulls/pulls#create-a-pull-request",
        )
    pull = Pull(
        id=world.next_id(),
        pull_id=world.next_id(),
        number=issues.next_number(it),
        title=title,
        body=fields.get("body"),
        author=world.user(by).login,
        created_at=world.now,
        updated_at=world.now,
        head=branch,
        base=base,
        head_sha=it.refs[ref],
        base_sha=it.refs[f"refs/heads/{base}"],
        draft=bool(fields.get("draft")),
        fork=fork,
    )
    branches.unsettle(world, pull, "head")
    it.issues[pull.number] = pull
    branches.announce(world, it, pull, "opened", by)
    return pull


def _check_new(world: World, it: Repository, ref: str, fork: str | None, branch: str, base: str) -> None:
    if f"refs/heads/{base}" not in it.refs:
        raise _invalid(field="base")
    if ref not in it.refs:
        raise _invalid(field="head")
    young = world.now - it.refs_made[ref] < timedelta(seconds=world.options.no_commits_seconds)
    if young or not world.objects.ahead(it.full_name, it.refs[f"refs/heads/{base}"], it.refs[ref]):
        raise _invalid(f"No commits between {base} and {f'{fork}:' if fork else ''}{branch}")
    if any(one.open and branches.head_ref(one) == ref and one.base == base for one in pulls(it)):
        raise _invalid(f"A pull request already exists for {fork or it.owner}:{branch}.")


def set_draft(world: World, it: Repository, which: Pull, by: str, *, draft: bool) -> None:
    """Convert to a draft, or mark ready for review."""
    if not which.open:
        raise Refused(422, "Pull request is closed.")
    if draft and not it.drafts:
        raise Refused(422, "Draft pull requests are not supported in this repository.")
    if which.draft != draft:
        which.draft, which.updated_at = draft, world.now
        branches.announce(world, it, which, "converted_to_draft" if draft else "ready_for_review", by)


def review(world: World, it: Repository, which: Pull, by: str, state: ReviewState, body: str = "") -> Review:
    """Submit a review."""
    if state != "COMMENTED" and by.lower() == which.author.lower():
        word = "approve" if state == "APPROVED" else "request changes on"
        raise Refused(422, f"Can not {word} your own pull request")
    made = Review(world.next_id(), world.user(by).login, state, body, which.head_sha, world.now)
    which.reviews.append(made)
    which.updated_at = world.now
    branches.announce_review(world, it, which, made.id, "submitted", by)
    return made


def dismiss(world: World, it: Repository, which: Pull, which_review: Review, by: str) -> None:
    """Dismiss a review: it counts no longer."""
    which_review.state = "DISMISSED"
    branches.announce_review(world, it, which, which_review.id, "dismissed", by)


def check_mergeable(world: World, it: Repository, which: Pull, sha: str | None, method: str) -> Merge:
    """The merge that is about to happen, or why it may not: 405 and 409 with GitHub's messages."""
    if not which.open:
        raise Refused(405, "Pull Request is not mergeable", page=_MERGE_PAGE)
    if which.draft:
        raise Refused(405, "Pull Request is still a draft", page=_MERGE_PAGE)
    if sha is not None and sha != which.head_sha:
        raise Refused(409, "Head branch was modified. Review and try the merge again.", page=_MERGE_PAGE)
    if method not in it.merge_methods:
        raise Refused(405, f"{_METHOD_WORDS[method]} not allowed on this repository.", page=_MERGE_PAGE)
    if which.refreshes_left:
        which.refreshes_left -= 1
        moved = "Base branch was modified. Review and try the merge again."
        raise Refused(405, moved if which.moved == "base" else "Pull Request is not mergeable", page=_MERGE_PAGE)
    merge = merging.test_merge(world, it, which)
    if merge.tree is None:
        raise Refused(405, "Pull Request is not mergeable", page=_MERGE_PAGE)
    broken = merging.violations(world, it, which)
    if broken:
        listed = "".join(f"{rule}\n\n" for rule in broken)
        raise Refused(405, f"Repository rule violations found\n\n{listed}", page=_MERGE_PAGE)
    return merge


def merge(world: World, it: Repository, which: Pull, by: str, method: str = "merge", **fields: Any) -> str:
    """Merge; gives the new tip of the base. `fields`: sha, commit_title, commit_message."""
    if method not in _METHOD_WORDS:
        raise Refused(422, f'Invalid request.\n\n{method} is not a member of ["merge", "squash", "rebase"].')
    prepared = check_mergeable(world, it, which, fields.get("sha"), method)
    tip = merging.base_tip(it, which)
    made = _write_merge(world, it, which, by, method, prepared, fields)
    which.base_sha = tip
    which.open = False  # before the base moves, so that this is not taken for a merge by hand
    branches.move(world, it, f"refs/heads/{which.base}", made, by)
    branches.settle_merged(world, it, which, made, by)
    if it.delete_branch_on_merge and which.fork is None and branches.head_ref(which) in it.refs:
        branches.move(world, it, branches.head_ref(which), None, by)
    return made


def _write_merge(
    world: World, it: Repository, which: Pull, by: str, method: str, prepared: Merge, fields: dict[str, Any]
) -> str:
    tip = merging.base_tip(it, which)
    if method == "rebase":
        return _rebase(world, it, which, tip, by)
    label = f"{which.fork or it.owner}/{which.head}"
    title = (
        f"Merge pull request #{which.number} from {label}" if method == "merge" else f"{which.title} (#{which.number})"
    )
    text = which.title if method == "merge" else _squash_text(world, it, which)
    parts = [
        fields.get("commit_title") or title,
        text if fields.get("commit_message") is None else fields["commit_message"],
    ]
    commit = Commit(
        tree=prepared.tree or "",
        parents=(tip, which.head_sha) if method == "merge" else (tip,),
        author=author(world, by),
        committer=Signature("GitHub", "noreply@github.test", world.now),
        message="\n\n".join(part for part in parts if part),
    )
    return world.objects.write_commit(it.full_name, commit)


def _squash_text(world: World, it: Repository, which: Pull) -> str:
    messages = [world.objects.commit(it.full_name, sha).message for sha in merging.commits(world, it, which)]
    return (
        messages[0].partition("\n")[2].strip() if len(messages) == 1 else "\n\n".join(f"* {text}" for text in messages)
    )


def _rebase(world: World, it: Repository, which: Pull, tip: str, by: str) -> str:
    for sha in merging.commits(world, it, which):
        commit = world.objects.commit(it.full_name, sha)
        if len(commit.parents) != 1:
            continue
        trees = [world.objects.commit(it.full_name, one).tree for one in (commit.parents[0], tip, sha)]
        picked = world.objects.merge_trees(it.full_name, *trees)
        if picked.tree is None:
            raise Refused(405, "This branch can't be rebased due to conflicts", page=_MERGE_PAGE)
        committer = author(world, by)
        moved = Commit(
            tree=picked.tree, parents=(tip,), author=commit.author, committer=committer, message=commit.message
        )
        tip = world.objects.write_commit(it.full_name, moved)
    return tip


def update_branch(world: World, it: Repository, which: Pull, by: str, expected: str | None) -> str:
    """Merge the base into the head; gives the new head."""
    page = "rest/pulls/pulls#update-a-pull-request-branch"
    if expected is not None and expected != which.head_sha:
        raise Refused(422, "expected head sha didn\u2019t match current head ref.", page=page)
    tip = merging.base_tip(it, which)
    if not which.open or not merging.behind(world, it, which):
        raise Refused(422, "There are no new commits on the base branch.", page=page)
    merged = world.objects.merge(it.full_name, which.head_sha, tip)
    if merged.tree is None:
        raise Refused(422, "merge conflict between base and head", page=page)
    commit = Commit(
        tree=merged.tree,
        parents=(which.head_sha, tip),
        author=author(world, by),
        committer=Signature("GitHub", "noreply@github.test", world.now),
        message=f"Merge branch '{which.base}' into {which.head}",
    )
    sha = world.objects.write_commit(it.full_name, commit)
    branches.move(world, it, branches.head_ref(which), sha, by)
    return sha


def author(world: World, login: str) -> Signature:
    """How somebody signs commits made on the platform."""
    who = world.user(login)
    return Signature(who.login, f"{who.id}+{who.login}@users.noreply.github.test", world.now)
