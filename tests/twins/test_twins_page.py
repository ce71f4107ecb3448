"""docs/twins.md says what the twins serve; it is held against their tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twins.github.github_tour import tour
from valine_twins.discord.routes import HANDLERS
from valine_twins.discord.twin import ACTS as DISCORD_ACTS
from valine_twins.github import git_http
from valine_twins.github.acts import ACTS as GITHUB_ACTS
from valine_twins.github.graphql_schema import SCHEMA
from valine_twins.github.rest import ROUTES

METHODS = r"GET|POST|PUT|PATCH|DELETE"
SERVED_APART = {("GET", "/rate_limit"), ("POST", "/graphql")}


@pytest.fixture(scope="module")
def sections(root: Path) -> dict[str, str]:
    """The page, by heading of the second level."""
    parts = re.split(r"^## (\w+)$", (root / "docs" / "twins.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def routes(section: str) -> set[tuple[str, str]]:
    rows = "\n".join(line for line in section.splitlines() if line.startswith("|"))
    found = set()
    for methods, path in re.findall(rf"`((?:(?:{METHODS}) )+)([/…][^`]*)`", rows):
        found |= {(method, path.replace("…", "/repos/{owner}/{repo}")) for method in methods.split()}
    return found


def listed(section: str, start: str) -> list[str]:
    """The names in the paragraph that begins so."""
    paragraph = next(one for one in section.split("\n\n") if one.startswith(start))
    return re.findall(r"`(\w+)`", paragraph)


def test_githubs_routes_are_those_in_the_tables(sections: dict[str, str]) -> None:
    served = {(row.method, row.template) for row in ROUTES} | set(git_http.ROUTES) | SERVED_APART

    assert sorted(routes(sections["GitHub"]) ^ served) == []


def test_discords_routes_are_those_in_the_tables(sections: dict[str, str]) -> None:
    assert sorted(routes(sections["Discord"]) ^ set(HANDLERS)) == []


def test_acts_are_all_named(sections: dict[str, str]) -> None:
    assert listed(sections["GitHub"], "Acts:") == sorted(GITHUB_ACTS)
    assert listed(sections["Discord"], "Acts:") == sorted(DISCORD_ACTS)


def test_events_are_those_that_hooks_hear(sections: dict[str, str]) -> None:
    heard = {event.partition(".")[0] for event in tour().heard()}

    assert listed(sections["GitHub"], "Events") == sorted(heard)


def test_queries_and_mutations_are_those_of_the_schema(sections: dict[str, str]) -> None:
    assert SCHEMA.query_type is not None
    assert SCHEMA.mutation_type is not None

    assert listed(sections["GitHub"], "GraphQL:") == [
        *sorted(SCHEMA.query_type.fields),
        *sorted(SCHEMA.mutation_type.fields),
    ]
