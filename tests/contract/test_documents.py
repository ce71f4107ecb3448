"""Documents come back as they were, from this schema and older ones, and are refused when they can't be understood."""

from __future__ import annotations

import subprocess
import sys
import zlib

import msgspec
import pytest

from builders import a_plan, a_plan_item, a_repository, a_run, an_inbox, noise
from samples import samples
from valine.documents import MAX_DOCUMENT, PLAIN_UP_TO, Fields, decode, encode, migrate
from valine.errors import StoreError, TooLarge
from valine.orchestrator.model.run import SCHEMA, Repository, Run
from valine.ports import Envelope, History, Inbox


@pytest.mark.parametrize("kind", [Run, Repository, Inbox, History, Envelope])
def test_every_field_and_every_variant_survives(kind: type[msgspec.Struct]) -> None:
    for sample in samples(kind):
        assert decode(encode(sample), kind) == sample


@pytest.mark.parametrize("kind", [Run, Repository, Inbox, History, Envelope])
def test_every_document_names_its_schema(kind: type[msgspec.Struct]) -> None:
    document = encode(samples(kind)[0])
    fields = msgspec.json.decode(document if document.startswith(b"{") else zlib.decompress(document))

    assert fields["schema"] == SCHEMA


def test_a_value_without_fields_has_a_document_too() -> None:
    class Empty(msgspec.Struct):
        pass

    assert encode(Empty()) == b'{"schema":%d}' % SCHEMA
    assert isinstance(decode(encode(Empty()), Empty), Empty)


def test_fields_that_we_do_not_know_are_passed_over() -> None:
    fields = msgspec.json.decode(encode(a_repository()))

    assert decode(msgspec.json.encode({**fields, "mood": "good"}), Repository) == a_repository()


def test_fifty_threads_may_read_the_first_document_at_once() -> None:
    ended = subprocess.run(  # a fresh process: no type was read in it, and a crash is its own
        [sys.executable, "-c", FIFTY_READERS], input=encode(a_run()), capture_output=True, check=False
    )

    assert (ended.returncode, ended.stdout, ended.stderr.decode()) == (0, b"50", "")


FIFTY_READERS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from valine.documents import decode
from valine.orchestrator.model.run import Run

document, start = sys.stdin.buffer.read(), Barrier(50)
sys.setswitchinterval(1e-6)

def read(_):
    start.wait()
    return decode(document, Run)

with ThreadPoolExecutor(50) as threads:
    print(len([run for run in threads.map(read, range(50)) if run.number == 1]), end="")
"""


def test_a_document_of_a_newer_schema_is_refused() -> None:
    fields = msgspec.json.decode(encode(a_run()))

    with pytest.raises(StoreError, match=f"newer Valine .schema {SCHEMA + 1}, this one knows {SCHEMA}"):
        decode(msgspec.json.encode({**fields, "schema": SCHEMA + 1}), Run)


@pytest.mark.parametrize(
    "document", [b"", b"\xff", b"nonsense", b"[]", b"{}", b'{"schema":"1"}', b'{"schema":1,"number":"x"}']
)
def test_what_makes_no_sense_is_a_store_error(document: bytes) -> None:
    with pytest.raises(StoreError, match="makes no sense"):
        decode(document, Run)


def test_a_document_too_large_for_any_store_is_refused() -> None:
    with pytest.raises(TooLarge, match=r"The run takes .* no more than 389,120"):
        encode(a_run(plan=a_plan(a_plan_item(title=noise(2 * MAX_DOCUMENT)))))


def test_a_long_document_is_deflated_and_read_back() -> None:
    run = a_run(plan=a_plan(a_plan_item(title=noise(PLAIN_UP_TO))))

    document = encode(run)

    assert len(document) < PLAIN_UP_TO
    assert decode(document, Run) == run


def test_a_deflated_document_that_is_cut_short_makes_no_sense() -> None:
    document = encode(a_run(plan=a_plan(a_plan_item(title=noise(PLAIN_UP_TO)))))

    with pytest.raises(StoreError, match="makes no sense"):
        decode(document[:-20], Run)


def test_an_older_document_is_carried_forward_a_schema_at_a_time() -> None:
    def rename(fields: Fields) -> Fields:
        return {"title": fields["name"], "schema": fields["schema"]}

    def shout(fields: Fields) -> Fields:
        return {**fields, "title": fields["title"].upper()}

    migrations = {("Note", 1): rename, ("Note", 3): shout, ("Other", 2): rename}

    carried = migrate({"schema": 1, "name": "x"}, "Note", 1, schema=4, migrations=migrations)

    assert carried == {"schema": 4, "title": "X"}


def test_an_older_document_that_did_not_change_is_read_as_it_is() -> None:
    fields = msgspec.json.decode(encode(an_inbox()))

    assert decode(msgspec.json.encode({**fields, "schema": SCHEMA - 1}), Inbox) == an_inbox()
