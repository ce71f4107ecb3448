"""Whatever GitHub does, it is told as what to do next, and no token is told with it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from builders import NOON, a_run, a_task, after
from services.github.forge_world import TOKEN, OddGitHub, no, ok
from services.github.things import EFFECTS, LABEL_EFFECT, MERGE_EFFECT, UNLABEL_EFFECT, a_rest_pull
from valine.errors import Ambiguous, OutsideError, Permanent, Transient
from valine.orchestrator.model.effects import ForgeEffect
from valine.services.github.errors import redact


def test_every_request_is_judged(shared: object) -> None:
    """Skipped visibly where there is no ../shared: then the other tests' requests are held against nothing."""


async def _read(github: OddGitHub) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        await github.forge().may_write("ana")
    return caught.value


async def _write(github: OddGitHub) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        await github.forge().perform(LABEL_EFFECT)
    return caught.value


NOT_SENT = [httpx2.ConnectError("refused"), httpx2.ConnectTimeout("slow"), httpx2.PoolTimeout("busy")]
CUT = [
    httpx2.ReadTimeout("slow"),
    httpx2.ReadError("reset"),
    httpx2.WriteError("reset"),
    httpx2.RemoteProtocolError("cut"),
    httpx2.DecodingError("no gzip"),
    OSError("what"),
]


@pytest.mark.parametrize("trouble", NOT_SENT, ids=repr)
async def test_what_was_never_sent_is_transient_even_for_a_write(github: OddGitHub, trouble: Exception) -> None:
    github.says(trouble, trouble)

    read, write = await _read(github), await _write(github)

    assert isinstance(read, Transient)
    assert isinstance(write, Transient)
    assert write.failure.code == "unreachable"


@pytest.mark.parametrize("trouble", CUT, ids=repr)
async def test_an_answer_that_was_lost_is_transient_for_a_read_and_ambiguous_for_a_write(
    github: OddGitHub, trouble: Exception
) -> None:
    github.says(trouble, trouble)

    read, write = await _read(github), await _write(github)

    assert isinstance(read, Transient)
    assert isinstance(write, Ambiguous)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (httpx2.ConnectError("refused"), "GitHub cannot be reached: refused"),
        (httpx2.ReadTimeout(""), "GitHub did not answer in time"),
        (httpx2.ReadError("reset"), "the connection to GitHub broke: reset"),
    ],
    ids=repr,
)
async def test_what_went_wrong_on_the_way_is_told_in_words_and_not_by_a_class(
    github: OddGitHub, trouble: Exception, said: str
) -> None:
    github.says(trouble)

    assert (await _read(github)).failure.detail == said


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 599, 408, 101])
async def test_a_5xx_write_may_have_happened_and_is_not_sent_again(github: OddGitHub, status: int) -> None:
    github.says(httpx2.Response(status, text="<html>oops</html>"), httpx2.Response(status))

    read, write = await _read(github), await _write(github)

    assert isinstance(read, Transient)
    assert isinstance(write, Ambiguous)
    assert len(github.seen) == 2


RESET = f"{NOON.timestamp() + 90:.0f}"
LIMITS: list[tuple[httpx2.Response, float]] = [
    (no(429), 60),
    (no(429, retry_after="7"), 7),
    (no(403, "You have exceeded a secondary rate limit", retry_after="30"), 30),
    (no(403, "You have exceeded a secondary rate limit. Please wait."), 60),
    (no(403, "You have triggered an abuse detection mechanism"), 60),
    (
        no(403, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset=RESET),
        90,
    ),
    (no(429, "", x_ratelimit_remaining="0", x_ratelimit_reset="9" * 15), 7200),
    (no(429, "", x_ratelimit_remaining="0", x_ratelimit_reset="soon"), 60),
    (no(429, "", retry_after="0"), 1),
    (no(422, "Validation Failed", [{"message": "was submitted too quickly"}]), 60),
]


@pytest.mark.parametrize(("answer", "seconds"), LIMITS, ids=str)
async def test_a_limit_of_any_shape_tells_when_to_come_back(
    github: OddGitHub, answer: httpx2.Response, seconds: float
) -> None:
    github.says(answer)

    limited = await _write(github)

    assert isinstance(limited, Transient)
    assert limited.failure.code == "limited"
    assert limited.failure.retry_at == after(seconds)


async def test_a_limit_beats_the_refusal_that_the_caller_expects(github: OddGitHub) -> None:
    github.says(ok(a_rest_pull()), no(422, "Validation Failed: was submitted too quickly"))

    with pytest.raises(Transient) as caught:
        await github.forge().perform(MERGE_EFFECT)

    assert caught.value.failure.code == "limited"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "unauthorized"),
        (403, "forbidden"),
        (404, "not_found"),
        (410, "not_found"),
        (301, "not_found"),
        (307, "not_found"),
        (422, "invalid"),
        (400, "invalid"),
        (451, "forbidden"),
    ],
)
async def test_a_refusal_is_permanent_and_named(github: OddGitHub, status: int, code: str) -> None:
    github.says(no(status, "Not like this"))

    refused = await _write(github)

    assert isinstance(refused, Permanent)
    assert refused.failure.code == code
    assert "Not like this" in refused.failure.detail


async def test_a_422_tells_githubs_words(github: OddGitHub) -> None:
    github.says(no(422, "Validation Failed", [{"resource": "Label", "field": "name", "code": "invalid"}, "so there"]))

    refused = await _write(github)

    assert refused.failure.detail == "Validation Failed: Label name invalid: so there"


@pytest.mark.parametrize("secret", [TOKEN, "ghs_" + "x" * 520, "github_pat_11AAAA_" + "z" * 60, "eyJhbGci.eyJpc3M.sig"])
async def test_no_token_is_ever_told(github: OddGitHub, secret: str) -> None:
    github.says(no(403, f"the token {secret} is bad, Bearer {secret} too"))

    refused = await _write(github)

    assert secret not in str(refused)
    assert secret[8:] not in refused.failure.detail


def test_a_detail_is_one_short_line() -> None:
    assert redact("a\n b\t c") == "a b c"
    assert len(redact("x" * 5000)) == 300
    assert redact("refused by personal access token policies") == "refused by personal access token policies"


DEEP = b"[" * 100_000
ODD = [
    lambda: httpx2.Response(200, text="<html>hello</html>"),
    lambda: httpx2.Response(200, content=b""),
    lambda: httpx2.Response(200, content=b"\xff\xfe"),
    lambda: httpx2.Response(200, content=DEEP),
    lambda: httpx2.Response(200, json={"data": {"repository": 7}}),
    lambda: httpx2.Response(200, json={"data": {"repository": {"nameWithOwner": []}}}),
    lambda: httpx2.Response(200, json={"data": None, "errors": [{"path": ["repository"]}]}),
    lambda: httpx2.Response(200, json={}),
    lambda: httpx2.Response(200, json=[]),
    lambda: httpx2.Response(200, json=[{}]),
    lambda: httpx2.Response(200, json=None),
    lambda: httpx2.Response(206, json="half"),
    lambda: httpx2.Response(304),
    lambda: httpx2.Response(302, headers={"location": "https://evil.test/"}),
    lambda: httpx2.Response(404, content=DEEP),
    lambda: httpx2.Response(422, json={"message": 7, "errors": {"a": None}}),
    lambda: httpx2.Response(422, json={"message": "x", "errors": [None, 7, {"message": 7}]}),
    lambda: httpx2.Response(403, content=b"\xff"),
    lambda: httpx2.Response(299, json={"number": "7"}),
    lambda: httpx2.Response(599),
    lambda: httpx2.Response(200, headers={"content-encoding": "gzip"}, content=b"no gzip"),
    lambda: httpx2.Response(200, json={"data": {"repository": None}, "errors": "what"}),
]


@pytest.mark.parametrize("index", range(len(ODD)))
@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: type(effect).__name__)
async def test_an_odd_answer_to_an_effect_raises_nothing_unnamed(
    github: OddGitHub, effect: ForgeEffect, index: int
) -> None:
    github.says(*[_odd(index) for _ in range(20)])

    try:
        await github.forge().perform(effect)
    except OutsideError as error:
        assert len(error.failure.detail) <= 300  # noqa: PT017 - that nothing is raised is as good
        assert error.failure.kind == type(error).__name__.lower()  # noqa: PT017


@pytest.mark.parametrize("index", range(len(ODD)))
@pytest.mark.parametrize("look", ["plan", "work", "comments", "permission"])
async def test_an_odd_answer_to_a_refresh_raises_nothing_unnamed(github: OddGitHub, look: str, index: int) -> None:
    github.says(*[_odd(index) for _ in range(20)])
    forge = github.forge()
    looks: dict[str, Any] = {
        "plan": lambda: forge.plan_world(None),
        "work": lambda: forge.work_world(a_run(tasks=(a_task(),))),
        "comments": lambda: forge.comments_since(NOON),
        "permission": lambda: forge.may_write("ana"),
    }

    try:
        await looks[look]()
    except OutsideError as error:
        assert not isinstance(error, Ambiguous)  # noqa: PT017


def _odd(index: int) -> httpx2.Response | Exception:
    try:
        return ODD[index]()
    except httpx2.DecodingError as error:
        return error


async def test_writes_are_paced_and_serial(github: OddGitHub) -> None:
    github.says(*[no(404) for _ in range(6)])
    forge = github.forge()

    await asyncio.gather(*[forge.perform(UNLABEL_EFFECT) for _ in range(3)], return_exceptions=True)

    assert github.clock.at == NOON + timedelta(seconds=2)


async def test_reads_wait_for_nobody(github: OddGitHub) -> None:
    github.says(*[ok({"permission": "write"}) for _ in range(3)])
    forge = github.forge()

    answers = [await forge.may_write("ana") for _ in range(3)]

    assert answers == [True, True, True]
    assert github.clock.slept == []


async def test_each_request_says_who_asks_and_which_version(github: OddGitHub) -> None:
    github.says(ok({"permission": "read"}))

    await github.forge().may_write("ana")

    headers = github.requests[0].headers
    assert headers["user-agent"].startswith("valine/")
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert github.requests[0].extensions["timeout"]["read"] == 12
