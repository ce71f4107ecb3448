"""What a scenario is given: issues, people, a policy and the repository's options; and the world that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from valine.orchestrator.model.policy import FILE
from valine_play.demo import team
from valine_play.demo.world import PRODUCT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from valine_play.demo.world import World
    from valine_play.scenario.parse import Step

REPOSITORY = f"{team.OWNER}/{team.NAME}"
SECRET = "simulated-webhook-secret"  # noqa: S105 - the twins' secrets are no secrets
PLAIN = 3  # issues, where none are given


@dataclass
class Place:
    """The world before anything happens in it."""

    issues: list[dict[str, Any]] | None = None
    policy: str | None = None
    members: dict[str, list[str]] = field(default_factory=lambda: {"Ana": ["lead"], "Ben": ["lead"], "Chen": []})
    logins: dict[str, str] = field(default_factory=lambda: dict.fromkeys((*team.DEVELOPERS, team.BOT), "write"))
    options: dict[str, Any] = field(default_factory=dict)

    def add(self, number: int, **issue: Any) -> None:
        """One more issue."""
        self.issues = [*(self.issues or []), {"number": number, "labels": ["ready"], "by": "ana", **issue}]

    def set_up(self, world: World) -> None:
        """Make the repository with all that is given."""
        policy = {} if self.policy is None else {FILE: _with_ids(self.policy, world)}
        files = {"README.md": "# Rocket\n", **policy}
        world.on_github(
            "create_repository",
            owner=team.OWNER,
            name=team.NAME,
            members=self.logins,
            files=files,
            **self.options,
        )
        world.on_github("create_hook", url=f"{PRODUCT}/github/webhook", secret=SECRET)
        for issue in plain(PLAIN) if self.issues is None else self.issues:
            world.on_github("create_issue", **issue)


def _with_ids(policy: str, world: World) -> str:
    """A policy in which people's Discord ids stand instead of `<Ana>`."""
    for member in world.discord.view()["guild"]["members"]:
        policy = policy.replace(f"<{member['name']}>", str(member["id"]))
    return policy


def plain(count: int) -> list[dict[str, Any]]:
    """So many issues without anything special."""
    numbers = range(1, count + 1)
    return [{"number": n, "title": f"Issue number {n}", "labels": ["ready"], "by": "ana"} for n in numbers]


def place_of(steps: Sequence[Step]) -> Place:
    """What the given steps give."""
    place = Place()
    for step in steps:
        if step.phrase.part == "given":
            GIVERS[step.phrase.name](place, step)
    return place


def _issues(place: Place, step: Step) -> None:
    place.issues = [*(place.issues or []), *plain(step.values.get("n", 0))]


def _issue(place: Place, step: Step) -> None:
    values = step.values
    more = {
        "labels": list(values["labels"]) if "labels" in values else None,
        "assignees": list(values["logins"]) if "logins" in values else None,
        "blocked_by": list(values["blockers"]) if "blockers" in values else None,
        "created_at": values.get("opened"),
    }
    if "bare" in values:
        more["labels"] = []
    given = {key: value for key, value in more.items() if value is not None}
    place.add(values["issue"], title=values["title"], **given)


def _says(place: Place, step: Step) -> None:
    for issue in place.issues or []:
        if issue["number"] == step.values["issue"]:
            issue["body"] = step.values["text"]


def _option(name: str, value: Callable[[dict[str, Any]], Any]) -> Callable[[Place, Step], None]:
    def give(place: Place, step: Step) -> None:
        place.options[name] = value(step.values)

    return give


def _member(place: Place, step: Step) -> None:
    place.members[step.values["person"]] = ["lead"] if step.values["rank"] == "lead" else []


def _access(place: Place, step: Step) -> None:
    place.logins[step.values["login"]] = step.values["role"]


def _policy(place: Place, step: Step) -> None:
    place.policy = step.block


GIVERS: dict[str, Callable[[Place, Step], None]] = {
    "issues": _issues,
    "no_issues": _issues,
    "issue": _issue,
    "says": _says,
    "policy": _policy,
    "member": _member,
    "access": _access,
    "public": _option("private", lambda _: False),
    "reviews": _option("required_reviews", lambda values: values["n"]),
    "checks": _option("required_checks", lambda values: list(values["names"])),
    "strict": _option("strict", lambda _: True),
    "no_drafts": _option("drafts", lambda _: False),
    "methods": _option("merge_methods", lambda values: list(values["names"])),
}
