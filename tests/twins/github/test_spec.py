"""What the twin invents, held against GitHub's own descriptions; skipped where ../shared is not there."""

from __future__ import annotations

import functools
import json
import re
import sys
from typing import Any

import pytest

from twins.github.github_tour import PLAN, TRACK, tour
from twins.github.github_world import SHARED, GitHubWorld
from valine_twins.github.graphql_schema import SCHEMA
from valine_twins.github.rest import ROUTES

SPECS = SHARED / "specs"
pytestmark = pytest.mark.skipif(not SPECS.exists(), reason="../shared/specs is not here")


@functools.cache
def day() -> GitHubWorld:
    return tour()


@functools.cache
def description() -> Any:
    return json.loads((SPECS / "github-openapi-subset.json").read_text())


def deref(node: Any) -> Any:
    while "$ref" in node:
        _, _, kind, name = node["$ref"].split("/", 3)
        node = description()["components"][kind][name]
    return node


def template_of(method: str, path: str) -> str:
    matching = [row for row in ROUTES if row.method == method and row.pattern.fullmatch(path)]
    return min(matching, key=lambda row: (row.template.count("{"), -len(row.template))).template if matching else ""


def test_every_route_is_one_of_githubs() -> None:
    paths = description()["paths"]

    unknown = [
        f"{row.method} {row.template}" for row in ROUTES if row.method.lower() not in paths.get(row.template, {})
    ]

    assert unknown == []


def test_the_tour_calls_every_route() -> None:
    called = {(method, template_of(method, path)) for method, path, _, _ in day().exchanges}

    assert [f"{row.method} {row.template}" for row in ROUTES if (row.method, row.template) not in called] == []


# Slips of the description: it wants an installation's account to be a user and an enterprise at once, and tells the
# kinds of content apart by a field that a folder's list cannot have (the test below holds that one to its schema).
SLIPS = ("GET /app/installations 200: 0/account", "GET /repos/acme/shop/contents/src 200: : ")


def test_every_answer_has_what_github_says_it_has() -> None:
    validators = pytest.importorskip("openapi_schema_validator")
    wrong = []
    for method, path, _, reply in day().exchanges:
        operation = description()["paths"].get(template_of(method, path), {}).get(method.lower())
        if operation is None or reply.json is None:
            continue
        described = operation["responses"].get(str(reply.status))
        if described is None:
            if reply.status not in (401, 403, 404, 405, 409, 422):
                wrong.append(f"{method} {path}: {reply.status} is not described")
            continue
        content = deref(described).get("content", {}).get("application/json")
        if content is None:
            continue
        schema = {**content["schema"], "components": description()["components"]}
        for error in validators.OAS30Validator(schema).iter_errors(reply.json):
            if error.instance is None and error.schema.get("nullable"):
                continue  # the validator lets `enum` and `oneOf` refuse a null that `nullable` allows
            where = "/".join(map(str, error.absolute_path))
            wrong.append(f"{method} {path} {reply.status}: {where}: {error.message[:200]}")

    assert [one for one in wrong if not one.startswith(SLIPS)] == []


def test_a_folders_rows_are_as_github_describes_them() -> None:
    validators = pytest.importorskip("openapi_schema_validator")
    (rows,) = (reply.json for _, path, _, reply in day().exchanges if path.endswith("/contents/src"))
    schema = {"$ref": "#/components/schemas/content-directory", "components": description()["components"]}

    assert [one["path"] for one in rows] == ["src/cart.py"]
    assert [error.message for error in validators.OAS30Validator(schema).iter_errors(rows)] == []


def test_every_request_of_the_tour_is_one_that_github_takes() -> None:
    pytest.importorskip("openapi_schema_validator")
    sys.path.insert(0, str(SHARED / "oracles"))
    judge = __import__("judge").GitHubJudge()

    problems = [
        f"{method} {path}: {problem}"
        for method, path, body, _ in day().exchanges
        if path not in ("/graphql", "/repos/acme/shop/nowhere")
        for problem in judge.request(method, path, body)
    ]

    assert problems == []
    assert judge.graphql(PLAN) == []
    assert judge.graphql(TRACK) == []


def test_the_graphql_schema_is_a_part_of_githubs() -> None:
    graphql = pytest.importorskip("graphql")
    whole = graphql.build_schema((SPECS / "github-schema.graphql").read_text(), assume_valid=True)
    more = graphql.parse((SPECS / "github-schema-additions.graphql").read_text())
    whole = graphql.extend_schema(whole, more, assume_valid=True)
    different = []

    kind: Any
    for name, kind in SCHEMA.type_map.items():
        real: Any = whole.type_map.get(name)
        if name.startswith("__"):
            continue
        if real is None or type(real) is not type(kind):
            different.append(name)
            continue
        for key, field in getattr(kind, "fields", {}).items():
            theirs = real.fields.get(key)
            arguments = {a: (str(v.type), v.default_value) for a, v in getattr(field, "args", {}).items()}
            described = {a: (str(v.type), v.default_value) for a, v in getattr(theirs, "args", {}).items()}
            if theirs is None or str(theirs.type) != str(field.type) or not arguments.items() <= described.items():
                different.append(f"{name}.{key}")
        if hasattr(kind, "values") and set(kind.values) - set(real.values):
            different.append(f"{name} values")
        interfaces = {one.name for one in getattr(kind, "interfaces", ())}
        if interfaces - {one.name for one in getattr(real, "interfaces", ())}:
            different.append(f"{name} interfaces")

    assert different == []


# A fact of the examples, which are from 2019: fields that GitHub has added since, and lists that are empty in all.
NEWER = re.compile(
    r"/(has_discussions|state_reason|client_id|verified_at|reactions(/.*)?|changes(/.*)?|events\[\]|removed\[\])$"
)
# What examples of some action carry by chance: App deliveries, an organisation's, and a pull request's on issues.
CHANCE = re.compile(r"installation\.|: organization\.|: issue\.(draft|pull_request)$")


def kinds(value: Any, where: str = "") -> set[tuple[str, str]]:
    """Every path in a document with the JSON type found there; list items share a path."""
    found = {(where, type(value).__name__)}
    if isinstance(value, dict):
        for key, inner in value.items():
            found |= kinds(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for inner in value:
            found |= kinds(inner, f"{where}[]")
    return found


@functools.cache
def example_kinds(event: str) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    for example in json.loads((SPECS / "webhook-examples" / f"{event}.json").read_text()):
        for where, kind in kinds(example):
            known.setdefault(where, set()).add(kind)
    return known


def test_webhook_payloads_have_fields_that_githubs_have_with_the_same_types() -> None:
    wrong = set()
    for delivery in day().deliveries:
        event = delivery.headers["X-GitHub-Event"]
        known = example_kinds(event)
        for where, kind in kinds(json.loads(delivery.body)):
            above = {where[:at] for at, mark in enumerate(where) if mark in "/["}
            if any(known.get(one) == {"NoneType"} for one in above):
                continue  # no example has more than null there
            if where not in known:
                if not NEWER.search(where) and not re.search(r"/(permissions|config)/", where):
                    wrong.add(f"{event} {where}: no example has it")
            elif kind != "NoneType" and known[where] != {"NoneType"} and kind not in known[where]:
                wrong.add(f"{event} {where}: {kind}, not {known[where]}")

    assert sorted(wrong) == []


def test_webhook_payloads_carry_what_every_example_of_their_event_and_action_carries() -> None:
    missing = set()
    for delivery in day().deliveries:
        event, body = delivery.headers["X-GitHub-Event"], json.loads(delivery.body)
        examples = json.loads((SPECS / "webhook-examples" / f"{event}.json").read_text())
        alike = [one for one in examples if one.get("action") == body.get("action")] or examples
        always = set.intersection(*({(key, inner) for key in one for inner in _keys(one[key])} for one in alike))
        given = {(key, inner) for key in body for inner in _keys(body[key])}
        missing |= {f"{event}: {key}.{inner}" for key, inner in always - given}

    assert sorted(one for one in missing if not CHANCE.search(one)) == []


def _keys(value: Any) -> set[str]:
    return {"", *value} if isinstance(value, dict) else {""}
