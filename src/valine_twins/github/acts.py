"""People's acts: the table of what somebody can do on the platform without the API, by name.

Arguments are JSON-able, so that an act can be sent over HTTP too. `repository` ("owner/name") may be left out while
there is only one; `by` is the login of whoever does it, the repository's owner unless said otherwise.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from valine_twins.github.world import Refused, World
from valine_twins.objects import StoreError
from valine_twins.transport import ActError

if TYPE_CHECKING:
    from valine_twins.github.state import Issue, Repository, Role

Act = Callable[..., Any]
ACTS: dict[str, Act] = {}


def act(function: Act) -> Act:
    """Enter a function into the table under its name."""
    ACTS[function.__name__] = function
    return function


@dataclass(slots=True)
class Scene:
    """Where an act happens: the world, and the repository it is about."""

    world: World
    repository: Repository | None = None

    @property
    def it(self) -> Repository:
        """The repository; ActError if none was named and there is not just one."""
        if self.repository is None:
            msg = "there is no such repository: name one that exists as repository='owner/name'"
            raise ActError(msg)
        return self.repository

    def actor(self, by: str | None, least: Role = "read") -> str:
        """The login of whoever acts, who must have at least that role."""
        login = by or self.it.owner
        if not self.world.may(self.it, login, least):
            msg = f"{login} may not do this in {self.it.full_name}: it takes {least} access (add_member gives it)"
            raise ActError(msg)
        return self.world.user(login).login

    def issue(self, number: int) -> Issue:
        """An issue or pull request."""
        found = self.it.issues.get(number)
        if found is None:
            msg = f"{self.it.full_name} has no issue or pull request {number}"
            raise ActError(msg)
        return found

    def sha(self, what: str) -> str:
        """The commit that a branch or a sha names."""
        found = self.it.refs.get(f"refs/heads/{what}", what)
        self.world.objects.commit(self.it.full_name, found)
        return found


def perform(world: World, action: str, arguments: dict[str, Any]) -> Any:
    """Do it. ActError says what was wrong, in words that say what to do instead."""
    function = ACTS.get(action)
    if function is None:
        msg = f"there is no act {action!r}; there are {', '.join(sorted(ACTS))}"
        raise ActError(msg)
    given = {"from_" if key == "from" else key: value for key, value in arguments.items()}  # a keyword in Python
    scene = Scene(world, _repository(world, given.pop("repository", None)))
    try:
        inspect.signature(function).bind(scene, **given)
    except TypeError as error:
        msg = f"{action}: {error}; it takes {', '.join(list(inspect.signature(function).parameters)[1:])}"
        raise ActError(msg) from error
    try:
        return function(scene, **given)
    except (Refused, StoreError) as error:
        detail = error.errors if isinstance(error, Refused) and error.errors else ""
        msg = f"{action}: {error} {detail}".strip()
        raise ActError(msg) from error


def _repository(world: World, name: str | None) -> Repository | None:
    known = world.state.repositories
    if name is None:
        return next(iter(known.values())) if len(known) == 1 else None
    return known.get(name.lower())


def when(text: str | None) -> datetime | None:
    """A time from JSON; one without a zone is UTC."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
