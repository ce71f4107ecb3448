"""What is stored is a document: JSON that names the schema it was written in, and is never larger than a store takes.

A long one is deflated (zlib), which makes a run of 250 tasks about a fifth; the first byte tells which it is.
Unknown fields are passed over, so a field whose loss would matter raises SCHEMA: a document of a newer schema is
refused rather than half understood. An older one is carried forward, a step a schema, by MIGRATIONS, and is in this
schema when it is next stored. The fields of each schema are in tests/contract/stored_fields.json.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, TypeVar

import msgspec

from valine.errors import Newer, StoreError, TooLarge
from valine.orchestrator import replies
from valine.orchestrator.model.run import SCHEMA

T = TypeVar("T")
Fields = dict[str, Any]
Migration = Callable[[Fields], Fields]

# Bytes. A DynamoDB item may have 400 KB with its keys and the attributes that its indexes need; 20 KB are for those.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_DOCUMENT = 380 * 1024


def _history_1(fields: Fields) -> Fields:
    """A step keeps the repository's record whole, and so carries it forward with itself."""
    record = fields.get("repository")
    return fields if record is None else {**fields, "repository": {**record, "schema": 2}}


# (type, schema it was written in) -> what makes it one of the next schema. A type that did not change has no entry.
# Pure functions of the fields, which may lack those that had a default then.
MIGRATIONS: Mapping[tuple[str, int], Migration] = {("History", 1): _history_1, ("Inbox", 1): replies.upgraded}


PLAIN_UP_TO = 32 * 1024  # bytes: what is shorter stays readable in the store
INFLATED_AT_MOST = 64 * MAX_DOCUMENT
FAST = 1


class _Written(msgspec.Struct):
    schema: int


# msgspec works a type out when it is first read, and threads that meet there crash the process: one at a time. Only
# documents are read by several threads.
_FIRST_READING = Lock()
_READERS: dict[type, msgspec.json.Decoder[Any]] = {_Written: msgspec.json.Decoder(_Written)}


def plain(value: msgspec.Struct) -> bytes:
    """The document of that value as JSON, with its schema in it, however long; `decode` reads it."""
    document = msgspec.json.encode(value)
    if "schema" in value.__struct_fields__:
        return document
    rest = document[1:]
    return b'{"schema":%d%s%s' % (SCHEMA, b"" if rest == b"}" else b",", rest)


def encode(value: msgspec.Struct) -> bytes:
    """The document of that value, with its schema in it. Raises TooLarge above MAX_DOCUMENT bytes."""
    document = plain(value)
    if len(document) > PLAIN_UP_TO:
        document = zlib.compress(document, FAST)
    if len(document) > MAX_DOCUMENT:
        kind = type(value).__name__.lower()
        raise TooLarge(
            f"The {kind} takes {len(document):,} bytes, and no more than {MAX_DOCUMENT:,} can be stored. "
            "Plan fewer issues at a time (/plan limit)."
        )
    return document


def decode(document: bytes, kind: type[T]) -> T:
    """The value of that document. Raises Newer if a newer Valine wrote it, StoreError if it is none of that type."""
    name = kind.__name__.lower()
    try:
        document = _inflated(document)
        written = _READERS[_Written].decode(document).schema
        if written > SCHEMA:
            raise Newer(
                f"A stored {name} was written by a newer Valine (schema {written}, this one knows {SCHEMA}). "
                "Run that version, or a later one."
            )
        reader = _reader(kind)
        if written == SCHEMA:
            return reader.decode(document)
        return msgspec.convert(migrate(msgspec.json.decode(document), kind.__name__, written), kind)
    except (msgspec.MsgspecError, zlib.error, RecursionError) as error:
        raise StoreError(
            f"A stored {name} makes no sense ({error}): the store was changed by something other than Valine, or by "
            "a newer one. Restore a backup, or run that version."
        ) from error


def _reader(kind: type[T]) -> msgspec.json.Decoder[T]:
    if kind not in _READERS:
        with _FIRST_READING:
            _READERS[kind] = msgspec.json.Decoder(kind)
    return _READERS[kind]


def _inflated(document: bytes) -> bytes:
    if document[:1] == b"{":
        return document
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(document, INFLATED_AT_MOST)
    if not inflater.eof:
        raise zlib.error("it is cut short, or far too long")
    return inflated


def migrate(
    fields: Fields,
    kind: str,
    written: int,
    *,
    schema: int = SCHEMA,
    migrations: Mapping[tuple[str, int], Migration] = MIGRATIONS,
) -> Fields:
    """The fields of a document of that kind, carried from the schema it was written in to `schema`."""
    for step in range(written, schema):
        change = migrations.get((kind, step))
        fields = {**(change(fields) if change else fields), "schema": step + 1}
    return fields
