"""What people say to Valine on GitHub, and whether they may."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from valine.ingress.github.comments import comment_command
from valine.ports import NewComment, ReplyTo
from valine.services.github.api import GitHubApi
from valine.services.github.shapes import Comment, Permission

COMMENTS = "/repos/{owner}/{repo}/issues/comments{?since,sort,direction,per_page,page}"
PERMISSION = "/repos/{owner}/{repo}/collaborators/{username}/permission"
MAY_WRITE = {"admin", "maintain", "write"}
NUMBER = re.compile(r"[0-9]{1,10}")


async def comments_since(api: GitHubApi, since: datetime) -> list[NewComment]:
    """`/valine` comments changed at or after `since`, oldest change first. What bots say is nobody's wish."""
    found = []
    pages = api.pages(COMMENTS, Comment, since=timestamp(since), sort="updated", direction="asc")
    async for comment in pages:
        new = _command(comment, api.clock.now())
        if new is not None:
            found.append(new)
    return found


def _command(comment: Comment, now: datetime) -> NewComment | None:
    number = urlsplit(comment.issue_url).path.rpartition("/")[2]
    if comment.user is None or comment.user.type == "Bot" or NUMBER.fullmatch(number) is None:
        return None
    command = comment_command(
        login=comment.user.login,
        body=comment.body or "",
        comment_id=comment.id,
        number=int(number),
        created_at=comment.created_at,
        now=now,
    )
    if command is None:
        return None
    reply_to = ReplyTo(at=comment.created_at, number=int(number))
    return NewComment(command=command, reply_to=reply_to)


async def may_write(api: GitHubApi, login: str) -> bool:
    """True for write, maintain and admin. Somebody GitHub does not know may not.

    https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
    """
    answer = await api.find(PERMISSION, username=login)
    return answer is not None and answer.read(Permission).permission in MAY_WRITE


def timestamp(moment: datetime) -> str:
    """A time as GitHub takes it: UTC, whole seconds, rounded down."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
