"""What all parts of the twin share during one call: the state, the objects, the moment, and the events that follow.

Everything uncertain comes from here: `now` for the time, `random numbers` for anything random, `next_id` for identity.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from valine_twins.github.state import ROLES, Installation, Pull, Repository, Role, State, User

if TYPE_CHECKING:
    import random

    from valine_twins.github.state import DeliveryRecord
    from valine_twins.objects import ObjectStore

JSON = dict[str, Any]
JwtVerifier = Callable[[str, str], bool]
WEB = "https://github.test"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Options:
    """How strict, slow and forgetful this GitHub is. Times are seconds.

    `mergeable_unknown_looks`: how often a look at mergeability says "not known yet" after head or base moved.
    `close_on_merge`: how long after a merge its issues close; None means never.
    `no_commits_seconds`: how long a new branch still answers "No commits between".
    `jwt_verifier`: says whether a JWT is signed by the owner of a PEM public key; None checks its claims only.
    """

    api_url: str = "http://github.test"
    enforce_limits: bool = True
    primary_limit: int = 5000
    content_per_minute: int = 80
    content_per_hour: int = 500
    points_per_minute: int = 900
    graphql_points_per_minute: int = 2000
    mergeable_unknown_looks: int = 0
    close_on_merge: float | None = 0.0
    no_commits_seconds: float = 0.0
    webhook_delay: float = 0.0
    installation_token_length: int = 520
    jwt_verifier: JwtVerifier | None = None


class Refused(Exception):
    """GitHub says no: an HTTP status with its message. People's acts turn it into ActError."""

    def __init__(self, status: int, message: str, *, errors: list[Any] | None = None, page: str = "rest") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.page = page


@dataclass(slots=True)
class Event:
    """Something that hooks may want to hear; `hook` names the only one to tell, as for a ping."""

    name: str
    action: str | None
    repository: Repository
    sender: str
    body: JSON
    hook: int | None = None


@dataclass(slots=True)
class World:
    """One call's view of the twin."""

    state: State
    objects: ObjectStore
    rng: random.Random
    now: datetime
    options: Options
    events: list[Event] = field(default_factory=list)
    redeliveries: list[DeliveryRecord] = field(default_factory=list)

    def next_id(self) -> int:
        """A new identity; all kinds of thing count together, as nobody may rely on the gaps."""
        self.state.last_id += 1
        return self.state.last_id

    def guid(self) -> str:
        """A delivery's GUID."""
        digits = f"{self.rng.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def user(self, login: str) -> User:
        """The account of that login, made on first mention; the case of a login does not matter."""
        known = self.state.users.get(login.lower())
        if known is None:
            known = User(self.next_id(), login, "Bot" if login.endswith("[bot]") else "User")
            self.state.users[login.lower()] = known
        return known

    def repository(self, name: str) -> Repository:
        """The repository "owner/name"; 404 if there is none."""
        found = self.state.repositories.get(name.lower())
        if found is None:
            raise Refused(404, "Not Found")
        return found

    def role(self, repository: Repository, login: str) -> Role | None:
        """What somebody may do in a repository; None for outsiders of a private one."""
        if login.lower() == repository.owner.lower():
            return "admin"
        for member, role in repository.members.items():
            if member.lower() == login.lower():
                return role
        return None if repository.private else "read"

    def may(self, repository: Repository, login: str, least: Role) -> bool:
        """Whether somebody has at least that role."""
        role = self.role(repository, login)
        return role is not None and ROLES.index(role) >= ROLES.index(least)

    def installation_for(self, repository: Repository, app_id: int | None = None) -> Installation | None:
        """An App's installation that covers a repository."""
        for installation in self.state.installations.values():
            covers = installation.repositories is None or repository.full_name in installation.repositories
            if (
                covers
                and installation.account.lower() == repository.owner.lower()
                and app_id in (None, installation.app_id)
            ):
                return installation
        return None

    def emit(
        self, repository: Repository, name: str, action: str | None, sender: str, body: Callable[[], JSON]
    ) -> None:
        """Note an event that shows things as they are now; nothing is made where no hook listens."""
        if self.listens(repository):
            self.events.append(Event(name, action, repository, self.user(sender).login, body()))

    def listens(self, repository: Repository) -> bool:
        """Whether any hook could want this repository's events: payloads nobody reads are not made."""
        return any(
            hook.active and (hook.app is not None or hook.repository == repository.full_name)
            for hook in self.state.hooks.values()
        )


def pulls(repository: Repository) -> list[Pull]:
    """The repository's pull requests, oldest first."""
    return [item for item in repository.issues.values() if isinstance(item, Pull)]


def node_id(kind: str, number: int) -> str:
    """A GraphQL id, opaque to clients."""
    return f"{kind}_{base64.urlsafe_b64encode(f'{kind}:{number}'.encode()).decode().rstrip('=')}"


def stamp(moment: datetime | None) -> str | None:
    """A time as GitHub writes it: UTC, whole seconds, a Z."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
