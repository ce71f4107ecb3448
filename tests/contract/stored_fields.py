"""The fields of everything that is stored, a line a struct, as stored_fields.json keeps them for each schema.

    PYTHONPATH=src .venv/bin/python tests/contract/stored_fields.py

writes those of this code under the present SCHEMA. The lines of an older schema never change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from valine.orchestrator.model.run import SCHEMA, Repository, Run
from valine.ports import Envelope, History, Inbox

STORED = (Envelope, History, Inbox, Repository, Run)
TABLE = Path(__file__).with_name("stored_fields.json")
PLAIN = {
    inspect.BoolType: "bool",
    inspect.DateTimeType: "datetime",
    inspect.IntType: "int",
    inspect.NoneType: "null",
    inspect.StrType: "str",
}


def stored_fields() -> dict[str, str]:
    """The fields of every struct that a document may hold, by the struct's name."""
    return fields_of(*STORED)


def fields_of(*kinds: type[msgspec.Struct]) -> dict[str, str]:
    """The same for these structs and all they hold: `name: type`, with `?` where a document may lack the field."""
    found: dict[str, str] = {}
    classes: dict[str, type] = {}
    waiting: list[inspect.Type] = [inspect.type_info(kind) for kind in kinds]
    while waiting:
        kind = waiting.pop()
        waiting += _parts(kind)
        if isinstance(kind, inspect.StructType):
            name = kind.cls.__name__
            assert classes.setdefault(name, kind.cls) is kind.cls, f"two structs that are stored are named {name}"
            if name not in found:
                found[name] = _line(kind)
                waiting += [field.type for field in kind.fields]
    return dict(sorted(found.items()))


def recorded() -> dict[str, dict[str, str]]:
    """What stored_fields.json has, by schema."""
    table: dict[str, dict[str, str]] = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    return table


def _line(kind: inspect.StructType) -> str:
    tag = [f"{kind.tag_field}={kind.tag}"] if kind.tag_field else []
    fields = sorted(f"{field.encode_name}{'' if field.required else '?'}: {_name(field.type)}" for field in kind.fields)
    return "; ".join(tag + fields)


def _name(kind: inspect.Type) -> str:  # noqa: PLR0911 - a line a kind of type
    name = PLAIN.get(type(kind))
    if name is not None:
        return name
    match kind:
        case inspect.StructType(cls=cls) | inspect.EnumType(cls=cls):
            return cls.__name__
        case inspect.LiteralType(values=values):
            return " | ".join(sorted(map(repr, values)))
        case inspect.UnionType(types=types):
            return " | ".join(sorted(map(_name, types)))
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return f"[{_name(item)}]"
        case inspect.TupleType(item_types=items):
            return f"({', '.join(map(_name, items))})"
        case inspect.DictType(key_type=key, value_type=value):
            return f"{{{_name(key)}: {_name(value)}}}"
        case _:
            raise AssertionError(f"stored_fields.py has no name for {kind}: add one")


def _parts(kind: Any) -> list[inspect.Type]:
    match kind:
        case inspect.UnionType(types=types):
            return list(types)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return [item]
        case inspect.TupleType(item_types=items):
            return list(items)
        case inspect.DictType(key_type=key, value_type=value):
            return [key, value]
        case _:
            return []


def write() -> None:
    """Record the fields of this code under the present schema."""
    table = recorded() | {str(SCHEMA): stored_fields()}
    TABLE.write_bytes(msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n")


if __name__ == "__main__":
    write()
