"""No field is stored, dropped or changed without a schema that says so."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from contract.stored_fields import fields_of, recorded, stored_fields
from valine.orchestrator.model.run import SCHEMA, Posted

ADVICE = (
    "What is stored has changed. Raise SCHEMA in orchestrator/model.py (unless this schema was never released), add a "
    "migration to documents.py if an older document would not be read as it was meant, add a step to "
    "services/sqlite_schema.py, and record the fields: PYTHONPATH=src .venv/bin/python tests/contract/stored_fields.py"
)


def test_the_fields_of_what_is_stored_are_those_of_its_schema() -> None:
    assert stored_fields() == recorded().get(str(SCHEMA)), ADVICE


def test_every_schema_has_its_fields_and_differs_from_the_one_before() -> None:
    tables = recorded()

    assert list(tables) == [str(schema) for schema in range(1, SCHEMA + 1)]
    assert all(older != newer for older, newer in pairwise(tables.values()))


def test_a_new_field_a_lost_one_and_a_changed_one_are_each_seen() -> None:
    known = fields_of(Posted)
    shown_at = next(field for field in msgspec.structs.fields(Posted) if field.name == "shown_at")
    fields = [(field.name, field.type, None) for field in msgspec.structs.fields(Posted)]
    more = msgspec.defstruct("Posted", [*fields, ("colour", str, "")], kw_only=True)
    fewer = msgspec.defstruct("Posted", fields[:-1], kw_only=True)
    other = msgspec.defstruct("Posted", [*fields[:-1], (shown_at.name, str, "")], kw_only=True)

    assert all(fields_of(changed)["Posted"] != known["Posted"] for changed in (more, fewer, other))
