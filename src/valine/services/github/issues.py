"""What Valine writes on issues: a label, assignees, a comment, and that they are done.

Labels and assignees are added and taken off one by one: setting them all would undo what people set meanwhile.
https://docs.github.com/en/rest/issues
"""

from __future__ import annotations

from datetime import timedelta

from valine.orchestrator.effects import EnsureAssignees, EnsureComment, EnsureIssueClosed, EnsureLabel
from valine.orchestrator.events import AssigneesEnsured, CommentEnsured, IssueClosed, LabelEnsured
from valine.services.github import errors
from valine.services.github.api import GitHubApi
from valine.services.github.people import timestamp
from valine.services.github.shapes import Comment, Issue

ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
COMMENT = "/repos/{owner}/{repo}/issues/comments/{comment_id}"
NOT_FOUND, GONE = 404, 410
# `since` is our clock's time, the comments' are GitHub's.
SKEW = timedelta(minutes=5)


async def ensure_label(api: GitHubApi, effect: EnsureLabel) -> LabelEnsured:
    """The label is on the issue, or off it. One that was not there to be taken off is as good."""
    if effect.present:
        body = {"labels": [effect.label]}
        await api.write("POST", f"{ISSUE}/labels", body, issue_number=effect.issue)
        if not await _labelled(api, effect):
            raise errors.ambiguous(f"GitHub did not put {effect.label} on #{effect.issue}")
    else:
        path = f"{ISSUE}/labels/{{name}}"
        gone = {NOT_FOUND, GONE}
        answer = await api.write("DELETE", path, issue_number=effect.issue, name=effect.label, expected=gone)
        if answer.status not in gone and await _labelled(api, effect):
            raise errors.ambiguous(f"GitHub did not take {effect.label} off #{effect.issue}")
    return LabelEnsured(issue=effect.issue, present=effect.present)


async def _labelled(api: GitHubApi, effect: EnsureLabel) -> bool:
    issue = await _seen(api, effect.issue)
    return effect.label.casefold() in {label.name.casefold() for label in issue.labels}


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
    """A comment with the marker is there: found, or written."""
    if not await _commented(api, effect):
        body = effect.body if effect.marker in effect.body else f"{effect.body}\n\n{effect.marker}"
        answer = await api.write("POST", f"{ISSUE}/comments", {"body": body}, issue_number=effect.number)
        made = answer.read(Comment)
        seen = await api.get(COMMENT, comment_id=made.id, expected={NOT_FOUND})
        if seen.status == NOT_FOUND or effect.marker not in (made.body or ""):
            raise errors.ambiguous(f"GitHub did not take the comment on #{effect.number}")
    return CommentEnsured(issue=effect.issue, name=effect.name)


async def _commented(api: GitHubApi, effect: EnsureComment) -> bool:
    path = f"{ISSUE}/comments{{?since,per_page,page}}"
    since = timestamp(effect.since - SKEW)
    async for comment in api.pages(path, Comment, issue_number=effect.number, since=since):
        if effect.marker in (comment.body or ""):
            return True
    return False


async def ensure_issue_closed(api: GitHubApi, effect: EnsureIssueClosed) -> IssueClosed:
    """The issue is closed. One that was deleted (410) is no longer open either."""
    answer = await api.get(ISSUE, issue_number=effect.issue, expected={GONE})
    if answer.status != GONE and answer.read(Issue).state == "open":
        body = {"state": "closed", "state_reason": "completed"}
        await api.write("PATCH", ISSUE, body, issue_number=effect.issue)
        if (await _seen(api, effect.issue)).state != "closed":
            raise errors.ambiguous(f"GitHub left #{effect.issue} open")
    return IssueClosed(issue=effect.issue)
