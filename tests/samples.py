"""Values of a type in which every field is filled: one for each choice that its unions offer, at any depth.

What a round trip loses, it loses visibly. New fields and new events are covered without anybody thinking of it.
(`schema` keeps its default: it names the format, and tells nothing about the run.)
"""

from __future__ import annotations

import enum
import types
import typing
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")
NOTHING: dict[Any, Any] = {type(None): None, msgspec.UnsetType: msgspec.UNSET}
_MARK = 'é 🚢 <@1> "\\ \u200f\n'


def samples(kind: type[T]) -> list[T]:
    """Filled values of that type; together they take every branch of every union in it."""
    return list(_fill(kind, count(1)))


def union_samples(union: Any) -> list[Any]:
    """The same for a union of types."""
    return list(_fill(union, count(1)))


def _fill(kind: Any, numbers: Iterator[int]) -> list[Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, typing.NewType):
        values = _fill(kind.__supertype__, numbers)
    elif origin in {Union, types.UnionType}:
        values = [value for argument in arguments for value in _fill(argument, numbers)]
    elif origin is Literal:
        values = list(arguments)
    elif origin is tuple:
        values = [tuple(_fill(arguments[0], numbers)), ()]
    elif origin is dict:
        values = [_fill_dict(arguments[0], arguments[1], numbers), {}]
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        values = _fill_struct(kind, numbers)
    else:
        values = _fill_plain(kind, next(numbers))
    return values


def _fill_dict(key: Any, value: Any, numbers: Iterator[int]) -> dict[Any, Any]:
    values = _fill(value, numbers)
    if isinstance(key, type) and issubclass(key, enum.Enum):
        return {one: values[index % len(values)] for index, one in enumerate(key)}
    return {f"key {next(numbers)}": one for one in values}


def _fill_plain(kind: Any, number: int) -> list[Any]:
    if kind in NOTHING:
        return [NOTHING[kind]]
    if issubclass(kind, enum.Enum):
        return list(kind)
    if kind is str:
        return [f"text {number} {_MARK}"]
    if kind is bool:
        return [True, False]
    if kind is int:
        return [2**50 + number]
    if kind is datetime:
        return [datetime(2026, 1, 1, 23, 59, 59, 1, tzinfo=UTC) + timedelta(seconds=number)]
    raise AssertionError(f"samples.py does not know {kind}: teach it")


def _fill_struct(kind: type[msgspec.Struct], numbers: Iterator[int]) -> list[Any]:
    """As many values as the field with the most choices has; the others repeat theirs."""
    hints = typing.get_type_hints(kind)
    choices = {name: _fill(hints[name], numbers) for name in kind.__struct_fields__ if name != "schema"}
    longest = max((len(values) for values in choices.values()), default=1)
    return [kind(**{name: values[index % len(values)] for name, values in choices.items()}) for index in range(longest)]
