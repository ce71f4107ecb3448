"""POST /graphql: parse, cost, execute, and errors in GitHub's shape (HTTP 200, a `type` beside the message).

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import graphql
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
)

from valine_twins.github.graphql_nodes import QueryError, Scope
from valine_twins.github.graphql_repository import Root
from valine_twins.github.graphql_schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

_NODES_A_POINT = 100


@functools.lru_cache(maxsize=256)
def prepare(query: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """A query parsed and validated, or what is wrong with it. The same text is worked out once."""
    try:
        document = graphql.parse(query)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(graphql.validate(SCHEMA, document))


def operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation to run."""
    found = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    named = [one for one in found if name is None or (one.name and one.name.value == name)]
    return named[0] if named else None


def writes(document: DocumentNode | None, name: str | None) -> bool:
    """Whether a request is a mutation."""
    chosen = operation(document, name) if document else None
    return chosen is not None and chosen.operation is OperationType.MUTATION


def price(document: DocumentNode, name: str | None, variables: Mapping[str, Any]) -> tuple[int, int]:
    """Points and nodes of a query, by GitHub's formula: a hundredth of the lists it would have to fetch."""
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    chosen = operation(document, name)

    def walk(selections: Any, times: int) -> tuple[int, int]:
        lists = nodes = 0
        for selection in selections.selections if selections else ():
            inner, more = selection, times
            if isinstance(selection, FieldNode):
                size = _size(selection, variables)
                if size:
                    lists, nodes, more = lists + times, nodes + times * size, times * size
            elif isinstance(selection, graphql.FragmentSpreadNode):
                inner = fragments[selection.name.value]
            below = walk(getattr(inner, "selection_set", None), more)
            lists, nodes = lists + below[0], nodes + below[1]
        return lists, nodes

    lists, nodes = walk(chosen.selection_set if chosen else None, 1)
    return max(1, round(lists / _NODES_A_POINT)), nodes


def _size(selection: FieldNode, variables: Mapping[str, Any]) -> int:
    for argument in selection.arguments or ():
        if argument.name.value in ("first", "last"):
            value = graphql.value_from_ast_untyped(argument.value, dict(variables))
            return value if isinstance(value, int) else 0
    return 0


def execute(scope: Scope, document: DocumentNode, name: str | None, variables: dict[str, Any]) -> dict[str, Any]:
    """Run a valid document."""
    result = graphql.execute_sync(
        SCHEMA,
        document,
        root_value=Root(scope),
        variable_values=variables,
        operation_name=name,
        field_resolver=_resolve,
        type_resolver=_type_of,
    )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [_shown(error) for error in result.errors]
    return answer


def refused(errors: tuple[GraphQLError, ...]) -> dict[str, Any]:
    """The answer to a document that cannot be run."""
    return {"errors": [_shown(error) for error in errors]}


def _shown(error: GraphQLError) -> dict[str, Any]:
    original = error.original_error
    if original is not None and not isinstance(original, QueryError):
        raise original  # the twin's own mistake: a test must see it
    shown: dict[str, Any] = {"type": original.type} if isinstance(original, QueryError) else {}
    if error.path:
        shown["path"] = error.path
    shown["locations"] = [{"line": at.line, "column": at.column} for at in error.locations or ()]
    shown["message"] = error.message
    return shown


def _resolve(source: Any, info: Any, **arguments: Any) -> Any:
    if isinstance(source, dict):
        return source.get(info.field_name)
    value = getattr(source, _snake(info.field_name))
    return value(info, **{_snake(key): given for key, given in arguments.items()}) if callable(value) else value


@functools.cache
def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _type_of(value: Any, _info: Any, _type: Any) -> str:
    return str(value.typename)
