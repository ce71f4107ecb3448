"""What GraphQL's objects are made of here: a class a type, an attribute (in snake_case) a field.

A node is made for one query and thrown away. What a token may not read is an error beside a null, as on GitHub.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from valine_twins.github import auth, documents
from valine_twins.github.world import WEB, World, node_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from valine_twins.github.state import Comment, Repository, Token

_MOST = 100


class QueryError(Exception):
    """A field that cannot be had; `type` is GitHub's word for why."""

    def __init__(self, type_: str, message: str) -> None:
        super().__init__(message)
        self.type = type_


@dataclass(slots=True)
class Scope:
    """What all nodes of one query share: the world as it is shown to them, who asks, and what it costs."""

    world: World
    token: Token | None
    cost: int = 1
    node_count: int = 0
    standing: dict[str, int] | None = None

    def require(self, needs: str) -> None:
        """Refuse a field that the token's permissions do not reach."""
        if self.token is not None and not auth.allowed(self.token, needs):
            noun = "integration" if self.token.installation is not None else "personal access token"
            raise QueryError("FORBIDDEN", f"Resource not accessible by {noun}")


class Node:
    """The base of all nodes: the scope, and what the node is about."""

    typename = ""

    def __init__(self, scope: Scope, it: Repository, about: Any) -> None:
        self.scope = scope
        self.it = it
        self.about = about

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("scope", "it", "about"):
            raise AttributeError(name)
        return getattr(self.about, name)


class Connection:
    """A page of a list. Cursors are positions, and so stay good while nothing is taken out before them."""

    def __init__(self, name: str, items: Sequence[Any], make: Callable[[Any], Any], page: dict[str, Any]) -> None:
        first, last = page.get("first"), page.get("last")
        if first is None and last is None:
            raise QueryError(
                "MISSING_PAGINATION_BOUNDARIES",
                f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
            )
        for key, count in (("first", first), ("last", last)):
            if count is not None and not 0 <= count <= _MOST:
                asked = f"Requesting {count} records on the `{name}` connection"
                raise QueryError("EXCESSIVE_PAGINATION", f"{asked} exceeds the `{key}` limit of {_MOST} records.")
        start, end = _position(page.get("after"), 0), _position(page.get("before"), len(items) + 1) - 1
        if first is not None:
            end = min(end, start + first)
        if last is not None:
            start = max(start, end - last)
        self.total_count = len(items)
        self.nodes = [make(item) for item in items[start:end]]
        some = bool(self.nodes)
        self.page_info = {
            "hasNextPage": end < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": _cursor(start + 1) if some else None,
            "endCursor": _cursor(start + len(self.nodes)) if some else None,
        }


def _cursor(position: int) -> str:
    return base64.b64encode(f"cursor:v2:{position}".encode()).decode()


def _position(cursor: str | None, otherwise: int) -> int:
    if not cursor:
        return otherwise
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("cursor:v2:"))
    except ValueError as error:
        raise QueryError("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.") from error


class ActorNode(Node):
    """An account; `about` is its login."""

    @cached_property
    def user(self) -> Any:
        return self.scope.world.user(self.about)

    @property
    def typename(self) -> str:  # type: ignore[override]  # depends on the account
        return "Bot" if self.user.kind == "Bot" else "User"

    @property
    def id(self) -> str:
        return node_id("U", self.user.id)

    @property
    def database_id(self) -> int:
        return int(self.user.id)

    @property
    def login(self) -> str:
        # GraphQL leaves out the suffix that REST puts behind a bot's login.
        return str(self.user.login).removesuffix("[bot]")

    @property
    def name(self) -> str:
        return self.login

    @property
    def url(self) -> str:
        return f"{WEB}/{self.login}"


class LabelNode(Node):
    """A label."""

    typename = "Label"

    @property
    def id(self) -> str:
        return node_id("LA", self.about.id)


class MilestoneNode(Node):
    """A milestone."""

    typename = "Milestone"
    due_on = None

    @property
    def id(self) -> str:
        return node_id("MI", self.about.id)


class CommentNode(Node):
    """A comment."""

    typename = "IssueComment"

    def __init__(self, scope: Scope, it: Repository, about: Comment) -> None:
        super().__init__(scope, it, about)
        shown = documents.comment(scope.world, it, about)
        self.id, self.database_id, self.url = shown["node_id"], about.id, shown["html_url"]
        self.created_at, self.updated_at = shown["created_at"], shown["updated_at"]
        self.author = ActorNode(scope, it, about.author)
