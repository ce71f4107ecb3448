"""Documents that older builds wrote are read, lose nothing, and are of this schema once they are stored again.

Those of schema 1 were written by 798d2ac (record_documents.py).
"""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
import pytest

from builders import NOON
from contract.record_documents import STORED
from contract.stored_fields import recorded
from valine.documents import decode, encode, migrate, plain
from valine.orchestrator.model.run import SCHEMA, Repository, Run
from valine.orchestrator.model.states import Stage
from valine.ports import Commit, Envelope, History
from valine.services.sqlite.file import SqliteFile
from valine.services.sqlite.queue import SqliteQueue
from valine.services.sqlite.run_store import SqliteRunStore

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")
REPOSITORY = "acme/rocket"  # theirs

FOLDER = Path(__file__).parent
# What a later schema says in another way, by the field's path: everything else comes back as it was stored.
# A reply leaves out what is at its default; what a message showed is known by its facts.
CHANGED = re.compile(r"(.*\.)?(schema|shown)|reply\.buttons(\.\d+\.style)?")


class Recorded(NamedTuple):
    """A document as an older build stored it."""

    kind: type[msgspec.Struct]
    fields: dict[str, Any]
    name: str

    @property
    def document(self) -> bytes:
        return json.dumps(self.fields).encode()


def _recorded() -> Iterator[Recorded]:
    for file in sorted(FOLDER.glob("documents_v*/*.json")):
        kinds = json.loads(file.read_text(encoding="utf-8"))
        for kind in STORED:
            for number, fields in enumerate(kinds[kind.__name__]):
                yield Recorded(kind, fields, f"{file.parent.name}-{file.stem}-{kind.__name__}-{number}")


DOCUMENTS = list(_recorded())
every_document = pytest.mark.parametrize("older", DOCUMENTS, ids=lambda older: older.name)


def of(kind: type[T]) -> list[tuple[Recorded, T]]:
    """The documents of that kind, with what they are read as."""
    return [(older, decode(older.document, kind)) for older in DOCUMENTS if older.kind is kind]


@every_document
def test_an_older_document_is_read_and_loses_nothing(older: Recorded) -> None:
    value = decode(older.document, older.kind)

    again = json.loads(plain(value))
    assert [path for path in lost(older.fields, again) if not CHANGED.fullmatch(path)] == []
    assert again["schema"] == SCHEMA
    assert decode(encode(value), older.kind) == value


@every_document
def test_an_older_document_is_read_whatever_else_is_in_it(older: Recorded) -> None:
    value = decode(older.document, older.kind)

    assert decode(json.dumps(with_more(older.fields)).encode(), older.kind) == value
    assert decode(zlib.compress(older.document), older.kind) == value


@every_document
def test_a_migration_leaves_what_it_is_given_as_it_is(older: Recorded) -> None:
    migrate(older.fields, older.kind.__name__, older.fields["schema"])

    assert older in list(_recorded())


def test_a_record_within_a_step_is_carried_forward_with_it() -> None:
    records = [step.repository for _, step in of(History) if step.repository is not None]

    assert {record.schema for record in records} == {SCHEMA}


def test_steps_of_schema_1_were_decided_under_the_first_rules() -> None:
    steps = [step for older, step in of(History) if older.fields["schema"] == 1]

    assert {(step.rules, step.render) for step in steps} == {(1, 0)}


@pytest.mark.parametrize("schema", range(1, SCHEMA))
def test_all_that_an_older_schema_had_is_among_its_documents(schema: int) -> None:
    found = [older.fields for older in DOCUMENTS if older.fields["schema"] == schema]
    tags = re.findall(r"type=(\w+)", " ".join(recorded()[str(schema)].values()))  # events, results, failures

    assert len(tags) > 30
    assert [tag for tag in tags if f'"type": "{tag}"' not in json.dumps(found)] == []
    assert {fields["stage"] for fields in found if "stage" in fields} == {stage.value for stage in Stage}


async def test_a_store_of_schema_1_is_of_this_schema_as_far_as_it_is_written_again(memory: SqliteFile) -> None:
    run, expected = next((older.fields, run) for older, run in of(Run) if run.stage is Stage.TRACKING)
    record = next(older.fields for older, record in of(Repository) if record.active)
    values = (REPOSITORY, run["number"], run["version"], run["uid"], run["status"], 0, None, json.dumps(run).encode())
    with memory.writing() as sql:
        sql.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        of_record = (REPOSITORY, record["version"], json.dumps(record).encode())
        sql.execute("INSERT INTO repository VALUES (?, ?, ?)", of_record)
    store = SqliteRunStore(memory)

    await store.commit(Commit(run=expected, repository=await store.repository(REPOSITORY)), NOON)

    assert await store.run(REPOSITORY, run["number"]) == msgspec.structs.replace(expected, version=run["version"] + 1)
    with memory.reading() as sql:
        stored = sql.execute("SELECT document FROM run UNION ALL SELECT document FROM repository").fetchall()
    assert [json.loads(document)["schema"] for (document,) in stored] == [SCHEMA, SCHEMA]


async def test_envelopes_of_schema_1_that_wait_are_taken(memory: SqliteFile) -> None:
    waiting = of(Envelope)
    with memory.writing() as sql:
        for number, (older, _) in enumerate(waiting):
            sql.execute(
                "INSERT INTO queue (id, lane, urgent, seen_at, visible_at, envelope) VALUES (?1, ?1, 0, 0, 0, ?2)",
                (str(number), older.document),
            )
    queue = SqliteQueue(memory)

    delivery = [await queue.receive(NOON) for _ in waiting]

    assert [one and one.envelope for one in delivery] == [envelope for _, envelope in waiting]
    assert await queue.dead_letters() == ()


def lost(before: object, now: object, path: str = "") -> Iterator[str]:
    """Where something of the one is not, or not so, in the other."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name, value in before.items():
            at = f"{path}.{name}" if path else name
            yield from lost(value, now[name], at) if name in now else [at]
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (one, other) in enumerate(zip(before, now, strict=True)):
            yield from lost(one, other, f"{path}.{number}")
    elif before != now:
        yield path


# Their keys are data; and a policy refuses keys that it does not know, in a file of the team's as in a document.
CLOSED = {"heads", "releases", "messages", "pending", "claims", "people", "policy"}


def with_more(value: Any, name: str = "") -> Any:
    """The document with a field that nobody knows in each of its structs, but for those that take none."""
    if isinstance(value, list):
        return [with_more(one) for one in value]
    if not isinstance(value, dict) or name == "policy":
        return value
    more = {} if name in CLOSED else {"nobody_knows_this": [{"x": None}]}
    return {key: with_more(one, key) for key, one in value.items()} | more
