"""What goes wrong between Valine and AWS: told for what it is, sent once, and never taken for absence."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from builders import NOON, REPOSITORY, a_history, a_repository, a_run, an_envelope, an_inbox
from dynamodb import environment
from ports import closed_port
from valine.errors import Busy, ConfigurationError, Conflict, StoreError, TooLarge
from valine.ports import Commit
from valine.services.aws import client
from valine.services.aws.queue import SqsQueue
from valine.services.aws.run_store import DynamoRunStore
from valine.services.aws.secrets import fetch
from valine_twins.clock import ManualClock
from waiting import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from valine.errors import ValineError

pytestmark = pytest.mark.proof

QUESTIONS: dict[str, Callable[[DynamoRunStore], Awaitable[object]]] = {
    "run": lambda store: store.run(REPOSITORY, 1),
    "repository": lambda store: store.repository(REPOSITORY),
    "inbox": lambda store: store.inbox("c1", NOON),
    "history": lambda store: store.history(REPOSITORY, 1),
    "due": lambda store: store.due(NOON),
    "recent": lambda store: store.recent(REPOSITORY),
    "commit": lambda store: store.commit(Commit(run=a_run()), NOON),
}


@dataclass
class Answering:
    """A server that answers whatever it is asked with the same: None for never."""

    status: int | None
    body: bytes
    request_id: bool
    url: str = ""
    asked: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.rfile.read(int(request.headers["content-length"])))
        if self.status is None:
            self.ended.wait()
            return
        request.send_response(self.status)
        if self.request_id:
            request.send_header("x-amzn-RequestId", "1")
        request.send_header("content-length", str(len(self.body)))
        request.end_headers()
        request.wfile.write(self.body)


@contextmanager
def answering(status: int | None, body: object = b"", *, request_id: bool = True) -> Iterator[Answering]:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    its = Answering(status, text, request_id)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            its.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        its.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield its
        finally:
            its.ended.set()
            server.shutdown()


def refusing(code: str, text: str = "because", *, status: int = 400, **more: object) -> Any:
    """A server that answers with that error, as DynamoDB words it."""
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": text, "Message": text, **more}
    return answering(status, body)


def cancelled(*codes: str, text: str = "because") -> Any:
    """A server that cancels every transaction for these reasons, one an item."""
    reasons = [{"Code": code, "Message": None if code == "None" else text} for code in codes]
    return refusing("TransactionCanceledException", "Transaction cancelled", CancellationReasons=reasons)


def store_at(url: str, read_timeout: float = 30) -> DynamoRunStore:
    return DynamoRunStore(client.client("dynamodb", endpoint_url=url, read_timeout=read_timeout), "RunStateTable")


async def trouble_with(url: str, question: str = "run") -> ValineError:
    with pytest.raises((StoreError, Conflict)) as told:
        await QUESTIONS[question](store_at(url))
    return told.value


async def each_trouble_with(store: DynamoRunStore) -> list[ValineError]:
    """What becomes of every question."""
    troubles = []
    for question in QUESTIONS.values():
        with pytest.raises((StoreError, Conflict)) as told:
            await question(store)
        troubles.append(told.value)
    return troubles


@pytest.fixture(scope="module", autouse=True)
def aws_environment() -> Iterator[None]:
    with environment():
        yield


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One that tells neither who asks nor where."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    client._session.cache_clear()
    yield
    client._session.cache_clear()


@pytest.fixture
def closed() -> Iterator[str]:
    """An address where nobody listens."""
    with closed_port() as port:
        yield f"http://127.0.0.1:{port}"


# --- an outage -------------------------------------------------------------------------------------------------------


async def test_a_closed_port_is_an_outage_whatever_is_asked(closed: str) -> None:
    for trouble in await each_trouble_with(store_at(closed)):
        assert isinstance(trouble, Busy)
        assert "DynamoDB is out of reach" in str(trouble)


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_error_is_an_outage_and_nothing_is_sent_twice(status: int) -> None:
    with refusing("InternalServerError", status=status) as server:
        troubles = await each_trouble_with(store_at(server.url))

    assert {type(trouble) for trouble in troubles} == {Busy}
    assert len(server.asked) == len(QUESTIONS)


async def test_no_answer_in_time_is_an_outage_and_nothing_is_sent_twice() -> None:
    with answering(None) as server:
        troubles = await each_trouble_with(store_at(server.url, read_timeout=0.3))
        until("every question has come", lambda: len(server.asked) >= len(QUESTIONS))

    for trouble in troubles:
        assert isinstance(trouble, Busy)
        assert "Whether it did what was asked is not known" in str(trouble)
    assert len(server.asked) == len(QUESTIONS)


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"]
)
async def test_throttling_is_an_outage_and_nothing_is_sent_twice(code: str) -> None:
    with refusing(code) as server:
        troubles = await each_trouble_with(store_at(server.url))

    for trouble in troubles:
        assert isinstance(trouble, Busy)
        assert "Nothing was done" in str(trouble)
    assert len(server.asked) == len(QUESTIONS)


@pytest.mark.parametrize("body", [b"<html>Welcome to the hotel!</html>", b"{}", b""])
async def test_a_proxy_that_answers_in_its_place_is_an_outage(body: bytes) -> None:
    with answering(200, body, request_id=False) as server:
        troubles = await each_trouble_with(store_at(server.url))

    assert {type(trouble) for trouble in troubles} == {Busy}


async def test_a_proxy_that_fails_is_an_outage() -> None:
    with answering(502, b"<html>Bad gateway</html>", request_id=False) as server:
        assert isinstance(await trouble_with(server.url), Busy)


# --- what does not pass by itself ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException", "InvalidSignatureException"],
)
async def test_a_missing_permission_is_told_and_is_not_absence(code: str) -> None:
    with refusing(code, "role/worker is not authorized to perform that") as server:
        troubles = await each_trouble_with(store_at(server.url))

    for trouble in troubles:
        assert "role/worker is not authorized" in str(trouble)
        assert "Look at the permissions of the role" in str(trouble)


async def test_a_missing_table_is_told_with_the_setting_that_names_it() -> None:
    with refusing("ResourceNotFoundException", "Requested resource not found") as server:
        trouble = await trouble_with(server.url)

    assert str(trouble) == (
        "DynamoDB refused GetItem (ResourceNotFoundException): Requested resource not found. "
        "Deploy the stack, or correct VALINE_STORE."
    )


async def test_a_missing_queue_is_told_with_the_setting_that_names_it() -> None:
    body = {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."}
    with answering(400, body) as server:
        sqs, dynamodb = (client.client(name, endpoint_url=server.url) for name in ("sqs", "dynamodb"))
        queue = SqsQueue(
            sqs=sqs, queue_url=f"{server.url}/1/q.fifo", dynamodb=dynamodb, table="T" * 9, clock=ManualClock(NOON)
        )
        with pytest.raises(StoreError, match="VALINE_QUEUE_URL"):
            await queue.put(an_envelope(), NOON)


def test_no_region_is_told(bare_environment: None) -> None:
    with pytest.raises(StoreError, match=r"You must specify a region\. Set AWS_DEFAULT_REGION"):
        client.client("dynamodb")


def test_no_credentials_are_told(closed: str, bare_environment: None) -> None:
    dynamodb = client.client("dynamodb", region="eu-central-1", endpoint_url=closed)

    with pytest.raises(StoreError, match="Unable to locate credentials"):
        client.ask(dynamodb, "list_tables")


def test_a_mistake_in_the_program_is_not_taken_for_an_outage(closed: str) -> None:
    dynamodb = client.client("dynamodb", endpoint_url=closed)

    with pytest.raises(Exception, match="Parameter validation failed") as told:
        client.ask(dynamodb, "get_item", TableName="RunStateTable", Key=7)

    assert not isinstance(told.value, StoreError)


def test_secrets_out_of_reach_are_told_by_their_setting(closed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", closed)

    with pytest.raises(ConfigurationError, match="VALINE_SECRETS_PREFIX: SSM is out of reach"):
        fetch("/valine/prod", ("GITHUB_TOKEN",))


# --- transactions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "codes",
    [
        ("None", "ConditionalCheckFailed", "None"),
        ("TransactionConflict",),
        ("ThrottlingError", "ConditionalCheckFailed"),
    ],
)
async def test_a_lost_race_is_a_conflict(codes: tuple[str, ...]) -> None:
    with cancelled(*codes) as server:
        assert isinstance(await trouble_with(server.url, "commit"), Conflict)


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
async def test_a_transaction_that_was_throttled_is_busy(code: str) -> None:
    with cancelled("None", code) as server:
        assert isinstance(await trouble_with(server.url, "commit"), Busy)


async def test_a_transaction_with_an_item_too_large_is_too_large() -> None:
    with cancelled("None", "ValidationError", text="Item size has exceeded the maximum allowed size") as server:
        assert isinstance(await trouble_with(server.url, "commit"), TooLarge)


async def test_a_transaction_that_is_invalid_is_told_with_its_first_reason() -> None:
    with cancelled("None", "ValidationError", text="One of the values is odd") as server:
        trouble = await trouble_with(server.url, "commit")

    assert not isinstance(trouble, Busy | TooLarge)
    assert "One of the values is odd" in str(trouble)


async def test_a_commit_is_one_request_of_at_most_five_items_each_under_a_condition() -> None:
    run, repository = a_run(version=4), a_repository(version=2)
    commit = Commit(run=run, repository=repository, history=a_history(run), inbox=an_inbox())

    with answering(200, b"{}") as server:
        await store_at(server.url).commit(commit, NOON)

    [request] = server.asked
    puts = [item["Put"] for item in json.loads(request)["TransactItems"]]
    assert [put["ConditionExpression"] for put in puts] == [
        "version = :loaded",
        "version = :loaded",
        "attribute_not_exists(pk)",
        "attribute_not_exists(pk) OR expires_at <= :now",
    ]
