"""What Discord's answers mean, the odd ones included."""

import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON
from services.discord.place import API, HandClock, Handler, a_message
from valine.errors import Ambiguous, OutsideError, Permanent, Transient
from valine.orchestrator.model.observations import Failure
from valine.ports import ReplyTo, Sent
from valine.services.discord import DiscordChat
from valine.services.discord.answers import understand
from valine.view.replies import RenderedReply

TOKEN = "MTExMTExMTExMTExMTExMTEx.abcdef.secret-secret-secret-secret-secret"
PAGE = b"<html>502 Bad Gateway</html>"


def failure(
    status: int, body: object = None, *, write: bool = True, headers: dict[str, str] | None = None
) -> Failure | None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return understand(status, headers or {}, content, write=write, now=NOON).failure


def error(code: int, message: str = "No.") -> dict[str, Any]:
    return {"code": code, "message": message}


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, error(50035, "Invalid Form Body"), "permanent", "invalid"),
        (400, error(50083), "transient", "invalid"),
        (400, error(30046), "transient", "limited"),
        (429, error(30046), "transient", "limited"),
        (400, error(160006), "transient", "limited"),
        (401, error(0), "permanent", "unauthorized"),
        (403, error(50001), "permanent", "forbidden"),
        (403, error(50013), "permanent", "forbidden"),
        (403, PAGE, "permanent", "forbidden"),
        (404, error(10003), "permanent", "lost"),
        (404, error(10008), "permanent", "lost"),
        (404, error(0), "permanent", "not_found"),
        (404, error(10004), "permanent", "not_found"),
        (405, b"", "permanent", "invalid"),
        (418, b"\xff\xfe", "permanent", "invalid"),
        (400, b"[" * 100_000, "permanent", "invalid"),
        (400, {"code": "x", "message": None, "errors": [1]}, "permanent", "invalid"),
        (429, b"", "transient", "limited"),
        (302, b"", "transient", "unreachable"),
        (101, b"", "ambiguous", "unreachable"),
        (500, b"", "ambiguous", "unreachable"),
        (502, PAGE, "ambiguous", "unreachable"),
        (522, PAGE, "ambiguous", "unreachable"),
        (999, PAGE, "ambiguous", "unreachable"),
        (408, b"", "ambiguous", "unreachable"),
        (200, PAGE, "ambiguous", "unreachable"),
        (201, b"", "ambiguous", "unreachable"),
    ],
)
def test_each_answer_to_a_write_says_what_to_do_next(status: int, body: object, kind: str, code: str) -> None:
    found = failure(status, body)

    assert found is not None
    assert (found.kind, found.code) == (kind, code)


def test_what_was_deleted_is_answered_with_nothing() -> None:
    assert failure(204, b"") is None


@pytest.mark.parametrize(("status", "body"), [(500, b""), (502, PAGE), (200, b""), (200, PAGE), (408, b"")])
def test_a_read_that_was_not_answered_can_be_repeated(status: int, body: bytes) -> None:
    found = failure(status, body, write=False)

    assert found is not None
    assert (found.kind, found.code) == ("transient", "unreachable")


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        ({"retry_after": 1.5}, {"retry-after": "2"}, 1.5),
        (PAGE, {"retry-after": "7"}, 7),
        (b"", {"x-ratelimit-reset-after": "0.25"}, 0.25),
        (b"", {}, 5),
        ({"retry_after": "nonsense"}, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 5),
        ({"retry_after": -3}, {}, 0),
        ({"retry_after": 1e300}, {}, 86400),
    ],
)
def test_a_limit_says_when_to_try_again(body: object, headers: dict[str, str], seconds: float) -> None:
    found = failure(429, body, headers=headers)

    assert found is not None
    assert found.retry_at == NOON + timedelta(seconds=seconds)


def test_edits_of_old_messages_wait_a_minute() -> None:
    found = failure(400, error(30046))

    assert found is not None
    assert found.retry_at == NOON + timedelta(minutes=1)


def test_a_refused_form_names_the_place() -> None:
    nested = {"components": {"0": {"label": {"_errors": [{"code": "X", "message": "Must be 80 or fewer."}]}}}}

    found = failure(400, {**error(50035, "Invalid Form Body"), "errors": nested})

    assert found is not None
    assert found.detail == "Invalid Form Body (50035): components.0.label: Must be 80 or fewer."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["code", "message", "errors", "_errors", "retry_after"]), inner)
    ),
)


@given(
    status=st.integers(100, 999),
    body=st.binary() | st.builds(json.dumps, JSON).map(str.encode),
    header=st.text(),
    write=st.booleans(),
)
def test_no_answer_is_too_odd(status: int, body: bytes, header: str, *, write: bool) -> None:
    answer = understand(status, {"retry-after": header}, body, write=write, now=NOON)

    assert (answer.failure is None) == (200 <= status < 300 and (answer.body is not None or status == 204))


def a_chat(handler: Handler) -> DiscordChat:
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
    return DiscordChat(client, application_id="1" * 18, bot_token=TOKEN, api_url=API + "/", clock=HandClock())


def raising(error: type[httpx2.RequestError]) -> Handler:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise error(f"could not send {request.url} with {request.headers}", request=request)

    return handler


async def create(chat: DiscordChat, *, first_attempt: bool = True) -> Sent:
    return await chat.ensure_message(
        channel="2" * 18,
        marker="m",
        nonce="n",
        message=a_message(),
        posted=None,
        since=NOON,
        first_attempt=first_attempt,
    )


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ConnectError, Transient),
        (httpx2.ConnectTimeout, Transient),
        (httpx2.PoolTimeout, Transient),
        (httpx2.ReadTimeout, Ambiguous),
        (httpx2.ReadError, Ambiguous),
        (httpx2.WriteError, Ambiguous),
        (httpx2.RemoteProtocolError, Ambiguous),
        (httpx2.DecodingError, Ambiguous),
    ],
)
async def test_a_write_that_was_cut_off_is_ambiguous_and_one_that_never_left_is_not(
    error: type[httpx2.RequestError], kind: type[OutsideError]
) -> None:
    with pytest.raises(kind) as caught:
        await create(a_chat(raising(error)))

    assert caught.value.failure.code == "unreachable"
    assert TOKEN not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


@pytest.mark.parametrize("body", [[], {}, "id", {"id": 5}, {"id": "1\x00"}, {"id": "../1"}, {"id": "9" * 5000}, None])
async def test_a_success_of_another_shape_is_ambiguous(body: object) -> None:
    with pytest.raises(Ambiguous):
        await create(a_chat(lambda _: httpx2.Response(200, json=body)))


@pytest.mark.parametrize("page", [{}, [1], [{"id": "x"}], [{"id": None}], [{"id": "²"}], [{"id": "9" * 5000}]])
async def test_a_page_of_another_shape_makes_nothing(page: object) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        assert request.method == "GET"
        return httpx2.Response(200, json={"id": "1"} if request.url.path.endswith("@me") else page)

    with pytest.raises(Transient):
        await create(a_chat(handler), first_attempt=False)


async def test_whatever_a_token_holds_it_stays_in_its_place_in_the_address() -> None:
    seen: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.raw_path.decode())
        return httpx2.Response(200, json={})

    await a_chat(handler).reply(ReplyTo(at=NOON, token="../../channels/1?x#y\x00"), RenderedReply(text="Yes."))

    assert seen == ["/api/v10/webhooks/" + "1" * 18 + "/..%2F..%2Fchannels%2F1%3Fx%23y%00/messages/@original"]


async def test_requests_bear_what_discord_asks_for() -> None:
    seen: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={**json.loads(request.content), "id": "3"})

    chat = a_chat(handler)
    await create(chat)
    await chat.reply(ReplyTo(at=NOON, token="interaction-token"), RenderedReply(text="hello"))

    by_bot, by_interaction = seen
    assert by_bot.headers["authorization"] == f"Bot {TOKEN}"
    assert by_bot.headers["user-agent"].startswith("DiscordBot (https://github.com/valine, ")
    assert by_bot.headers["content-type"] == "application/json"
    assert by_bot.extensions["timeout"] == {"connect": 5.0, "read": 10.0, "write": 10.0, "pool": 10.0}
    assert str(by_bot.url) == f"{API}/channels/{'2' * 18}/messages"
    assert "authorization" not in by_interaction.headers
    assert by_interaction.url.path == f"/api/v10/webhooks/{'1' * 18}/interaction-token/messages/@original"


async def test_a_thread_that_cannot_be_woken_says_why() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("messages"):
            return httpx2.Response(400, json=error(50083))
        return httpx2.Response(403, json=error(50013, "Missing Permissions"))

    with pytest.raises(Permanent, match="Missing Permissions"):
        await create(a_chat(handler))


async def test_a_thread_that_is_archived_again_at_once_is_tried_later() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            return httpx2.Response(400, json=error(50083))
        return httpx2.Response(200, json={"id": "2"})

    with pytest.raises(Transient) as caught:
        await create(a_chat(handler))

    assert caught.value.failure.retry_at == NOON


async def test_our_messages_are_known_by_the_bots_id_which_may_not_be_the_applications() -> None:
    ours = {"id": "77", "author": {"id": "55"}, "content": "m"}
    quoting = {"id": "76", "author": {"id": "55"}, "content": "", "referenced_message": {"content": "m"}}

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("@me"):
            return httpx2.Response(200, json={"id": "1" * 18, "bot": {"id": "55"}})
        return httpx2.Response(200, json=[ours, quoting] if request.method == "GET" else {"id": "77"})

    found = await create(a_chat(handler), first_attempt=False)

    assert found == Sent(message="77")


async def test_a_thread_that_exists_no_more_though_discord_says_so_is_lost() -> None:
    answers = {
        "POST": httpx2.Response(400, json={"message": "A thread has already been created", "code": 160004}),
        "GET": httpx2.Response(404, json={"message": "Unknown Channel", "code": 10003}),
    }
    chat = a_chat(lambda request: answers[request.method])

    with pytest.raises(Permanent) as raised:
        await chat.ensure_thread(channel="7", message="1", title="Plan r1")

    assert raised.value.failure.code == "lost"
