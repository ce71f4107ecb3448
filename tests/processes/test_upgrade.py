"""docs/upgrades.md, played: real older builds whose store is taken over in the middle of a run, and who come back.

The twins count: one of everything, whichever build began it.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from processes.builds import BUILDS, unpack
from processes.town import SOURCE, Town, a_town, check_nothing_doubled, environment
from samples import samples
from valine.documents import encode, plain
from valine.orchestrator.model.run import SCHEMA, Repository, Run
from valine.ports import Envelope, History, Inbox
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.proof

REFUSED = f"newer Valine (schema {SCHEMA}, this one knows 1). Run that version, or a later one."
SLOWLY = {"VALINE_WRITE_INTERVAL": "0.3"}  # so that there is a middle to stop in


@pytest.fixture(scope="module", params=BUILDS)
def older(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of an older build."""
    return unpack(request.param, tmp_path_factory.mktemp(request.param))


newest_older = pytest.mark.parametrize("older", ["798d2ac"], indirect=True)


@pytest.fixture
def town(tmp_path: Path, older: Path) -> Iterator[Town]:
    """The twins, and a server of the older build."""
    with a_town(tmp_path) as made:
        made.source = older / "src"
        made.serve(**SLOWLY)
        yield made


def test_a_run_whose_work_is_being_prepared_is_finished_by_this_build(town: Town, older: Path) -> None:
    town.plan_and_approve()
    until("a pull request is open", lambda: town.repository()["pull_requests"])
    upgrade(town, "executing")
    roll_back_and_return(town, older)

    town.work()
    town.ship()

    check_nothing_doubled(town)


@newest_older
def test_a_proposal_on_show_is_approved_and_shipped_with_this_build(town: Town, older: Path) -> None:
    town.plan()
    until("the proposal is on show", lambda: (run := town.run()) and not run.pending)
    upgrade(town, "proposed")
    town.approve()
    town.reached("tracking")
    roll_back_and_return(town, older)

    town.work()
    town.ship()

    check_nothing_doubled(town)


@newest_older
def test_a_run_that_is_being_shipped_is_shipped_to_its_end_by_this_build(town: Town, older: Path) -> None:
    town.plan_and_approve()
    town.work()
    town.ship()
    upgrade(town, "shipping")
    roll_back_and_return(town, older)

    check_nothing_doubled(town)


def test_an_older_build_refuses_each_document_of_this_one(older: Path) -> None:
    """On AWS there is no file to refuse: each document and each envelope has to be refused by itself."""
    kinds = (Envelope, History, Inbox, Repository, Run)
    newer = {kind.__name__: plain(samples(kind)[0]).decode() for kind in kinds}

    said = run_in(older, DECODE, json.dumps(newer))

    assert said == {kind.__name__: f"A stored {kind.__name__.lower()} was written by a {REFUSED}" for kind in kinds}


def test_an_older_worker_on_aws_keeps_an_envelope_of_this_build_as_it_is(older: Path) -> None:
    newer = encode(samples(Envelope)[0])

    said = run_in(older, TAKE_FROM_SQS, newer.decode())

    assert said["taken"] is None
    [kept] = said["dead_letters"]
    assert kept == {"trouble": f"A stored envelope was written by a {REFUSED}", "document": newer.decode()}


def upgrade(town: Town, stage: str) -> None:
    """Kill the older server, and start this build's on what it left; until that has stored something of its own."""
    assert town.stop(signal.SIGKILL) == -signal.SIGKILL
    run = town.run()
    assert run is not None
    assert run.stage == stage
    assert schemas(town) == {1}
    town.source = SOURCE
    town.serve()
    until("this build has written to the run", lambda: SCHEMA in schemas(town))


def roll_back_and_return(town: Town, older: Path) -> None:
    """Kill this build's server, and start the older one: it says why it cannot, and changes nothing."""
    assert town.stop(signal.SIGKILL) == -signal.SIGKILL
    before = content(town)
    town.source = older / "src"

    for command in (("serve", "--port", str(town.port)), ("runs", "list"), ("runs", "show", "r1")):
        refused = town.valine(*command, "--env", str(town.env))
        assert refused.returncode == 1, refused.stderr
        assert REFUSED in refused.stderr
        assert "Traceback" not in refused.stderr

    assert content(town) == before
    town.source = SOURCE
    town.serve()


def schemas(town: Town) -> set[int]:
    """In which schemas the steps of the run are stored."""
    with closing(sqlite3.connect(town.store)) as connection:
        found = [row[0] for row in connection.execute("SELECT document FROM history")]
    plain_text = [one if one[:1] == b"{" else zlib.decompress(one) for one in found]
    return {json.loads(one)["schema"] for one in plain_text}


def content(town: Town) -> list[str]:
    """All that is in the store, to the byte."""
    with closing(sqlite3.connect(town.store)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()
        return [*connection.iterdump(), str(version)]


def run_in(older: Path, script: str, given: str) -> dict[str, Any]:
    """What the script, run in that build, prints as JSON."""
    ended = subprocess.run(
        [sys.executable, "-c", script],
        input=given,
        env=environment(older / "src") | {"PYTHONPATH": f"{older / 'src'}:{older / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    said: dict[str, Any] = json.loads(ended.stdout)
    return said


# These run in the older builds, and name things as they did.
DECODE = """
import json, sys
from valine.documents import decode
from valine.errors import StoreError
from valine.orchestrator.model import Repository, Run
from valine.ports import Envelope, History, Inbox

said = {}
for name, document in json.load(sys.stdin).items():
    try:
        decode(document.encode(), globals()[name])
        said[name] = "read"
    except StoreError as error:
        said[name] = str(error)
print(json.dumps(said))
"""

TAKE_FROM_SQS = """
import asyncio, json, sys
from builders import NOON
from dynamodb import make_table
from moto_aws import make_queue, moto_aws, moto_client, receive
from valine.services.queue_sqs import SqsQueue
from valine.simulator.clock import ManualClock

async def main():
    dynamodb, sqs = moto_client("dynamodb"), moto_client("sqs")
    make_table(dynamodb, "table")
    url = make_queue(sqs)
    queue = SqsQueue(sqs=sqs, queue_url=url, dynamodb=dynamodb, table="table", clock=ManualClock(NOON))
    sqs.send_message(QueueUrl=url, MessageBody=sys.stdin.read(), MessageGroupId="a", MessageDeduplicationId="b")
    [record] = receive(sqs, url)
    queue.hand_over(record)
    taken = await queue.take(NOON)
    items = dynamodb.scan(TableName="table")["Items"]
    kept = [{"trouble": one["trouble"]["S"], "document": one["document"]["B"].decode()} for one in items]
    print(json.dumps({"taken": taken and repr(taken), "dead_letters": kept}))

with moto_aws():
    asyncio.run(main())
"""
