"""Reading what a plan is made from: the labelled issues, the policy and the base, a hundred issues a request."""

from __future__ import annotations

from datetime import datetime

from valine.orchestrator import naming
from valine.orchestrator.model.observations import Blocker, IssueSeen, PlanWorld
from valine.orchestrator.model.plan import Base, PullRef
from valine.orchestrator.model.policy import FILE, PlanPolicy, PolicyProblem, parse
from valine.orchestrator.model.states import IssueNumber, Login, PullNumber, Sha
from valine.orchestrator.planning.planner import mentioned
from valine.services.github import errors, queries
from valine.services.github.api import GitHubApi
from valine.services.github.graphql import Reply
from valine.services.github.nodes import ClosingPull, IssueNode, PlanData, PlanRepository, PullNode, Ref

MOST_PAGES = 50


def body_hash(body: str | None) -> str:
    """What stands for an issue's body: no body and an empty one are the same."""
    return naming.short_hash("body", body or "")


class PlanReader:
    """Reads one repository's issues. Remembers whether its GitHub knows issue dependencies."""

    def __init__(self, api: GitHubApi) -> None:
        self._api = api
        self._blocked_by = True

    async def read(self, label: str | None) -> PlanWorld:
        """The open issues with that label; None: with the policy's own, which costs a request if it is not `ready`."""
        began = self._api.clock.now()
        wanted = label or PlanPolicy().label
        page = await self._page(wanted, None)
        own = _label(_policy(page))
        if label is None and own != wanted:
            wanted = own
            page = await self._page(wanted, None)
        return await self._rest(page, wanted, began)

    async def _rest(self, first: PlanRepository, label: str, began: datetime) -> PlanWorld:
        issues: dict[int, IssueSeen] = {}
        page = first
        for _ in range(MOST_PAGES):
            for node in page.issues.all():
                issues.setdefault(node.number, issue_seen(node, first.name_with_owner))
            if not page.issues.page_info.has_next_page:
                break
            page = await self._page(label, page.issues.page_info.end_cursor)
        return PlanWorld(
            began_at=began,
            base=_base(first),
            web=first.url,
            policy=_policy(first),
            issues=tuple(issues.values()),
        )

    async def _page(self, label: str, after: str | None) -> PlanRepository:
        variables = {"owner": self._api.owner, "name": self._api.name, "label": label, "after": after}
        reply = await self._api.graphql(queries.plan(blocked_by=self._blocked_by), variables)
        if self._blocked_by and reply.unknown_field("blockedBy"):
            self._blocked_by = False
            reply = await self._api.graphql(queries.plan(blocked_by=False), variables)
        found = reply.read(PlanData).repository
        if found is None:
            raise no_repository(self._api, reply)
        if found.is_archived:
            raise errors.permanent("forbidden", f"{found.name_with_owner} is archived: nobody can write to it")
        return found


def no_repository(api: GitHubApi, reply: Reply) -> Exception:
    """Why there is no repository in the reply: it does not exist for this token, or the server knows too little."""
    if not reply.errors or reply.missing("repository"):
        return errors.permanent("not_found", f"{api.owner}/{api.name} does not exist, or this token may not see it")
    return errors.permanent("invalid", f"GitHub answered: {reply.errors[0].message}")


def tip(ref: Ref | None, branch: str) -> Base | None:
    """The base at the head of that ref; None if there is no commit."""
    if ref is None or ref.target is None or ref.target.tree is None:
        return None
    return Base(branch=branch, sha=Sha(ref.target.oid), tree=Sha(ref.target.tree.oid))


def _base(page: PlanRepository) -> Base:
    ref = page.default_branch_ref
    base = tip(ref, ref.name if ref else "")
    if base is None:
        raise errors.permanent("invalid", f"{page.name_with_owner} is empty: there is no branch to start from")
    return base


def _policy(page: PlanRepository) -> str | None:
    if page.policy is None:
        return None
    if page.policy.text is None or page.policy.is_truncated:
        # A policy that cannot be read must not turn into the defaults.
        raise errors.permanent("invalid", f"{FILE} is too large, or not text")
    return page.policy.text


def _label(policy: str | None) -> str:
    """The policy's label. A policy that is wrong is for the core to refuse, with its reason."""
    try:
        return parse(policy).plan.label
    except PolicyProblem:
        return PlanPolicy().label


def issue_seen(node: IssueNode, repository: str) -> IssueSeen:
    """The issue as a value, its body reduced to what is kept of it."""
    return IssueSeen(
        number=IssueNumber(node.number),
        title=node.title,
        body_hash=body_hash(node.body),
        open=node.state == "OPEN",
        labels=tuple(label.name for label in node.labels.all()) if node.labels else (),
        assignees=tuple(Login(person.login) for person in node.assignees.all()) if node.assignees else (),
        milestone=node.milestone.title if node.milestone else None,
        created_at=node.created_at,
        updated_at=node.updated_at,
        blocked_by=_blockers(node, repository),
        mentions=mentioned(node.body or ""),
        pulls=_pulls(node, repository),
    )


def _blockers(node: IssueNode, repository: str) -> tuple[Blocker, ...]:
    found = node.blocked_by.all() if node.blocked_by else []
    return tuple(
        Blocker(
            number=one.number,
            open=one.state == "OPEN",
            repository=None if _same(one.repository.name_with_owner, repository) else one.repository.name_with_owner,
        )
        for one in found
    )


def _pulls(node: IssueNode, repository: str) -> tuple[PullRef, ...]:
    """The open pull requests of this repository that close the issue; another one's have numbers of their own."""
    found = node.closed_by_pull_requests_references
    return tuple(
        PullRef(
            number=PullNumber(pull.number),
            branch=head_name(pull),
            head=Sha(pull.head_ref_oid),
            author=pull.author.login if pull.author else None,
        )
        for pull in (found.all() if found else [])
        if pull.state == "OPEN" and (pull.repository is None or _same(pull.repository.name_with_owner, repository))
    )


def head_name(pull: ClosingPull | PullNode) -> str:
    """The head branch; one in a fork as author:branch, which no branch of this repository can be called.

    So that a `main` in somebody's fork is never taken for ours (and deleted after the merge).
    """
    if not pull.is_cross_repository:
        return pull.head_ref_name
    return f"{pull.author.login if pull.author else 'ghost'}:{pull.head_ref_name}"


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
