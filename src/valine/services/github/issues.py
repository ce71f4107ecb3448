"""What Valine writes on issues: a label, assignees, a comment, and that they are done.

Labels and assignees are added and taken off one by one: setting them all would undo what people set meanwhile.
https://docs.github.com/en/rest/issues
"""

from __future__ import annotations

from valine.orchestrator.model.effects import EnsureAssignees, EnsureComment, EnsureIssueClosed, EnsureLabel
from valine.orchestrator.model.events import AssigneesEnsured, CommentEnsured, IssueClosed, LabelEnsured
from valine.services.github import errors
from valine.services.github.api import GitHubApi
from valine.services.github.shapes import Comment, Issue
from valine.view import github

ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
COMMENT = "/repos/{owner}/{repo}/issues/comments/{comment_id}"
NOT_FOUND, GONE = 404, 410


async def ensure_label(api: GitHubApi, effect: EnsureLabel) -> LabelEnsured:
    """The label is on the issue, or off it. One that was not there to be taken off is as good."""
    if effect.present:
        body = {"labels": [effect.label]}
        await api.write("POST", f"{ISSUE}/labels", body, issue_number=effect.issue)
        if not await _has_label(api, effect):
            raise errors.ambiguous(f"GitHub did not put {effect.label} on #{effect.issue}")
    else:
        path = f"{ISSUE}/labels/{{name}}"
        await api.write("DELETE", path, issue_number=effect.issue, name=effect.label, expected={NOT_FOUND, GONE})
        # "Not found" may be the label, or all of the repository for somebody who was shut out: the issue tells.
        if await _has_label(api, effect):
            raise errors.ambiguous(f"GitHub did not take {effect.label} off #{effect.issue}")
    return LabelEnsured(issue=effect.issue, present=effect.present)


async def _has_label(api: GitHubApi, effect: EnsureLabel) -> bool:
    """Whether the issue has the label; one that was deleted (410) has none."""
    answer = await api.get(ISSUE, issue_number=effect.issue, expected={GONE})
    labels = [] if answer.status == GONE else answer.read(Issue).labels
    return effect.label.casefold() in {label.name.casefold() for label in labels}


async def _seen(api: GitHubApi, number: int) -> Issue:
    """An issue or pull request as it is: a write is believed when it is seen."""
    return (await api.get(ISSUE, issue_number=number)).read(Issue)


async def ensure_assignees(api: GitHubApi, effect: EnsureAssignees) -> AssigneesEnsured:
    """Assigned, but for those whom GitHub dropped without a word, who have no push access.

    https://docs.github.com/en/rest/issues/assignees#add-assignees-to-an-issue
    """
    dropped: dict[str, None] = {}
    for number in effect.numbers if effect.logins else ():
        body = {"assignees": list(effect.logins)}
        answer = await api.write("POST", f"{ISSUE}/assignees", body, issue_number=number)
        taken = _logins(answer.read(Issue))
        if not taken <= _logins(await _seen(api, number)):
            raise errors.ambiguous(f"GitHub did not assign anybody to #{number}, though it said so")
        dropped |= dict.fromkeys(login for login in effect.logins if login.casefold() not in taken)
    return AssigneesEnsured(issue=effect.issue, dropped=tuple(login for login in effect.logins if login in dropped))


def _logins(issue: Issue) -> set[str]:
    return {person.login.casefold() for person in issue.assignees}


async def ensure_comment(api: GitHubApi, effect: EnsureComment) -> CommentEnsured:
    """A comment with the marker is there: found, or written. There is one only, whoever else wrote it meanwhile."""
    if not await _commented(api, effect):
        body = {"body": github.comment_body(effect)}
        await api.write("POST", f"{ISSUE}/comments", body, issue_number=effect.number)
        # Seen is believed; and whoever lost its partition to another process may not be the only one that wrote it.
        if not await _commented(api, effect):
            raise errors.ambiguous(f"GitHub did not take the comment on #{effect.number}")
    return CommentEnsured(issue=effect.issue, name=effect.name)


async def _commented(api: GitHubApi, effect: EnsureComment) -> bool:
    """Whether such a comment is there; of several the first stays, and the others are taken away."""
    path = f"{ISSUE}/comments{{?per_page,page}}"
    pages = api.pages(path, Comment, issue_number=effect.number)
    marked = sorted([comment.id async for comment in pages if effect.marker in (comment.body or "")])
    for doubled in marked[1:]:
        await api.write("DELETE", COMMENT, comment_id=doubled, expected={NOT_FOUND})
    return bool(marked)


async def ensure_issue_closed(api: GitHubApi, effect: EnsureIssueClosed) -> IssueClosed:
    """The issue is closed. One that was deleted (410) is no longer open either."""
    answer = await api.get(ISSUE, issue_number=effect.issue, expected={GONE})
    if answer.status != GONE and answer.read(Issue).state == "open":
        body = {"state": "closed", "state_reason": "completed"}
        await api.write("PATCH", ISSUE, body, issue_number=effect.issue)
        if (await _seen(api, effect.issue)).state != "closed":
            raise errors.ambiguous(f"GitHub left #{effect.issue} open")
    return IssueClosed(issue=effect.issue)
