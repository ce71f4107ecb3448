"""The REST table: which route is served by which function, who may call it, and what a call carries.

Templates are written as in GitHub's OpenAPI description, so that counts and tests can name them alike.
https://docs.github.com/en/rest
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from valine_twins.github.world import Refused, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from valine_twins.github.state import App, Repository, Role, Token

_MANY_SEGMENTS = ("ref", "basehead", "branch", "tag", "name", "path")
_MOST_PER_PAGE = 100
# An address of GitHub's first years that it still answers, and that clients still ask.
_OLD_STATUSES = re.compile(r"(/repos/[^/]+/[^/]+)/statuses/(.+)")
_ROOT_FOLDER = re.compile(r"(/repos/[^/]+/[^/]+/contents)$")  # some clients leave the empty path's slash out
_PEOPLE: dict[str, Role] = {
    "contents": "write",
    "pull_requests": "write",
    "statuses": "write",
    "checks": "write",
    "issues": "triage",
    "repository_hooks": "admin",
    "administration": "admin",
}


@dataclass(slots=True)
class Call:
    """One request that was understood: who asks, about which repository, with what."""

    world: World
    method: str
    path: str
    params: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    accept: str = ""
    token: Token | None = None
    app: App | None = None
    repository: Repository | None = None

    @property
    def repo(self) -> Repository:
        """The repository that the path names."""
        if self.repository is None:
            raise Refused(404, "Not Found")
        return self.repository

    @property
    def login(self) -> str:
        """Who asks; nobody signed in is a ghost."""
        return self.token.login if self.token else "ghost"

    def number(self, name: str) -> int:
        """A number in the path; 404 if it is none."""
        text = self.params[name]
        if not text.isascii() or not text.isdigit():
            raise Refused(404, "Not Found")
        return int(text)

    def text(self, name: str, *, needed: bool = False) -> str | None:
        """A string of the body; 422 where it is something else, or missing though needed."""
        value = self.body.get(name)
        if value is None and needed:
            raise Refused(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        if value is not None and not isinstance(value, str):
            raise Refused(422, f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not a string.")
        return value

    def need(self, name: str) -> str:
        """A string of the body that must be there."""
        return self.text(name, needed=True) or ""

    def texts(self, name: str) -> list[str]:
        """A list of strings in the body; a single string counts as one, as GitHub lets it."""
        value = self.body.get(name, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise Refused(422, f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not an array.")
        return items


@dataclass(slots=True)
class Reply:
    """What a route answers: a status, something to write as JSON (None: nothing; bytes: as they are), and headers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Route:
    """One row of the table. `needs` is "permission:level"; `role` what a person must be in the repository."""

    method: str
    template: str
    pattern: re.Pattern[str]
    serve: Callable[[Call], Reply]
    needs: str
    role: Role
    content: bool


ROUTES: list[Route] = []


def route(
    method: str, template: str, needs: str = "metadata:read", *, role: Role | None = None, content: bool | None = None
) -> Callable[[Callable[[Call], Reply]], Callable[[Call], Reply]]:
    """Enter a function into the table. Writing counts as creating content unless said otherwise."""
    permission, _, level = needs.partition(":")
    least: Role = role or ("read" if level == "read" else _PEOPLE[permission.partition("|")[0]])
    creates = method in ("POST", "PUT", "PATCH") if content is None else content

    def enter(serve: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
        ROUTES.append(Route(method, template, _pattern(template), serve, needs, least, creates))
        return serve

    return enter


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", template)
    made = (f"(?P<{part[1:-1]}>{_width(part[1:-1])})" if part.startswith("{") else re.escape(part) for part in parts)
    return re.compile("".join(made))


def _width(name: str) -> str:
    """A file's path may have any number of segments, and none for the root."""
    return ".*" if name == "path" else ".+" if name in _MANY_SEGMENTS else "[^/]+"


def match(method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    """The row that serves a request, with what its path names; the most fixed template wins."""
    if method == "GET":
        path = _ROOT_FOLDER.sub(r"\1/", _OLD_STATUSES.sub(r"\1/commits/\2/statuses", path))
    found = [(row, hit) for row in ROUTES if row.method == method and (hit := row.pattern.fullmatch(path))]
    if not found:
        return None, {}
    row, hit = min(found, key=lambda pair: (pair[0].template.count("{"), -len(pair[0].template)))
    return row, {key: unquote(value) for key, value in hit.groupdict().items()}


def page(call: Call, items: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """One page of a list, with the Link header that leads to the others.

    https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    size = min(_number(call.query.get("per_page"), 30), _MOST_PER_PAGE)
    number = _number(call.query.get("page"), 1)
    last = max(1, -(-len(items) // size))
    links = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
    useful = [name for name in links if (number > 1 if name in ("prev", "first") else number < last)]
    base = f"{call.world.options.api_url}{call.path}"
    header = ", ".join(f'<{base}?{urlencode({**call.query, "page": links[name]})}>; rel="{name}"' for name in useful)
    return items[(number - 1) * size : number * size], {"Link": header} if header else {}


def listed(call: Call, items: list[Any], shown: Callable[[World, Repository, Any], Any] | None = None) -> Reply:
    """A page of a list as an answer; `shown` makes the document of each that is on it, where they are not made yet."""
    some, headers = page(call, items)
    return Reply(200, [shown(call.world, call.repo, one) for one in some] if shown else some, headers)


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdigit() and int(text) > 0 else otherwise
