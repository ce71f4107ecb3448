"""Lines of the log: whole, correlated, and without secrets."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any, Literal, NoReturn

import pytest

from valine import logs

LONG = "ghs_" + "a1B2" * 130
BOT = "MTExMTExMTExMTExMTExMTEx.GabcDe.abcdefghijklmnopqrstuvwxyz0123456789"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl"


class Lines:
    """Logging set up for a test, and what came out of it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.log = logging.getLogger("valine.test")

    def set_up(
        self, kind: Literal["json", "human"] = "json", secrets: tuple[str, ...] = (), level: str = "info"
    ) -> None:
        logs.configure(kind, level, secrets, stream=self.stream)

    def text(self) -> str:
        return self.stream.getvalue()

    def json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]


def fail(why: str) -> NoReturn:
    raise ValueError(why)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Puts logging back afterwards."""
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield Lines()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_a_line_is_one_json_object(lines: Lines) -> None:
    lines.set_up()

    lines.log.warning("took %d s\nand more", 3, extra={"run": "r1", "tasks": (1, 2)})

    (line,) = lines.json()
    assert line.pop("ts").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "valine.test",
        "message": "took 3 s\nand more",
        "correlation": None,
        "run": "r1",
        "tasks": [1, 2],
    }


def test_a_line_for_people_is_one_line_whatever_is_in_it(lines: Lines) -> None:
    lines.set_up("human")

    with logs.correlate("discord:1"):
        lines.log.info("title: %s", "x\nINFO valine: forged\x1b[2J\u2028", extra={"run": "r1"})

    assert lines.text().count("\n") == 1
    assert lines.text()[9:] == (
        "INFO    valine.test [discord:1]: title: x\\nINFO valine: forged\\x1b[2J\\u2028 run=r1\n"
    )


async def test_lines_bear_the_id_of_what_is_worked_on(lines: Lines) -> None:
    lines.set_up()

    async def work(name: str) -> None:
        with logs.correlate(name):
            await asyncio.sleep(0)
            lines.log.info("inside")
            with logs.correlate(f"{name}.deeper"):
                lines.log.info("deeper")
            lines.log.info("inside again")

    await asyncio.gather(work("a"), work("b"))
    lines.log.info("outside")

    seen = [line["correlation"] for line in lines.json()]
    assert [one for one in seen if one and one[0] == "a"] == ["a", "a.deeper", "a"]
    assert [one for one in seen if one and one[0] == "b"] == ["b", "b.deeper", "b"]
    assert seen[-1] is None
    assert logs.correlation() is None


@pytest.mark.parametrize("kind", ["json", "human"])
@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("token ghp_abcdefABCDEF0123456789", "ghp_abc"),
        ("tokens gho_xYz1 ghu_xYz2 ghr_xYz3", "xYz"),
        (f"token {LONG}", "a1B2"),
        ("token ghs_123_part.with-dots.and-more", "dots"),
        ("github_pat_11ABC_defGHI", "11ABC"),
        (f"installing {JWT}!", "c2lnbmF0dXJl"),
        (f"bot {BOT}", "GabcDe"),
        (f"Authorization: Bot {BOT[:20]}", BOT[:20]),
        ("Authorization: Bearer abcDEF123", "abcDEF123"),
        ("{'authorization': 'token abcDEF123'}", "abcDEF123"),
        ("[(b'Authorization', b'Bot abcDEF123')]", "abcDEF123"),
        ("PATCH https://discord.com/api/v10/webhooks/123/aW50ZXJ-YWN0_aW9u/messages/@original", "aW50ZXJ"),
        ("POST /interactions/123/aW50ZXJ-YWN0_aW9u/callback", "aW50ZXJ"),
        ("https:\\/\\/discord.com\\/api\\/webhooks\\/123\\/aW50ZXJ-YWN0_aW9u", "aW50ZXJ"),
        ("https:\\\\/\\\\/discord.com\\\\/api\\\\/webhooks\\\\/123\\\\/aW50ZXJ-YWN0_aW9u\\\\/messages", "aW50ZXJ"),
        ("url=https%3A%2F%2Fdiscord.com%2Fapi%2Fwebhooks%2F123%2FaW50ZXJ-YWN0_aW9u", "aW50ZXJ"),
        ("url=https%253A%252F%252Fdiscord.com%252Fapi%252Fwebhooks%252F123%252FaW50ZXJ-YWN0_aW9u", "aW50ZXJ"),
        ("https:\\u002F\\u002Fdiscord.com\\u002Fapi\\u002Fwebhooks\\u002F123\\u002FaW50ZXJ-YWN0_aW9u", "aW50ZXJ"),
        ("https:&#x2F;&#x2F;discord.com&#x2F;api&#47;webhooks&#47;123&#47;aW50ZXJ-YWN0_aW9u", "aW50ZXJ"),
        ("installation v1.1f699f1069f60xxx1f699f1069f60xxx12345678", "1f699f"),
        ("Authorization: token v1.1f699f1069f60xxx1f699f1069f60xxx12345678", "1f699f"),
        ('{"token": "aW50ZXJhY3Rpb24", "type": 2}', "aW50ZXJ"),
        (PEM, "MIIE"),
        (PEM.replace("\n", "\\n"), "IBAAKC"),
        (PEM[:50], "MIIE"),
        ("the secret is hunter22", "hunter22"),
        ("the key is first\nsecond", "second"),
        ("the key is first\\nsecond", "second"),
    ],
)
def test_secrets_are_nowhere_in_a_line(lines: Lines, kind: Literal["json", "human"], said: str, hidden: str) -> None:
    lines.set_up(kind, secrets=("hunter22", "first\nsecond"))

    lines.log.info(said)
    lines.log.info("%s", said)
    lines.log.info("%r", {"nested": [said]})
    lines.log.info("extra", extra={"what": {"deep": [said]}, "bytes": said.encode()})
    try:
        fail(said)
    except ValueError:
        lines.log.exception("failed", stack_info=True)
    lines.log.info("wrong call %d", said)

    shown = lines.text()
    assert shown.count("***") >= 6
    # A traceback quotes the source, which names the parameter, not what is in it.
    assert hidden not in shown


def test_a_value_is_known_as_secret_by_its_name(lines: Lines) -> None:
    lines.set_up()

    lines.log.info("x", extra={"token": "aW50ZXJhY3Rpb24", "title": "token of thanks"})

    assert lines.json()[0]["token"] == "***"
    assert lines.json()[0]["title"] == "token of thanks"


@pytest.mark.parametrize(
    "said",
    [
        "webhooks are configured",
        "issue #41 blocked by #7",
        "a robot token ring",
        "ghost_writer",
        "sha 1f" + "0" * 38,
        "valine v1.2.3",
        "v1:approve:12:abcdefghijkl:2",
        "webhooks/123 of 4",
    ],
)
def test_ordinary_words_stay(lines: Lines, said: str) -> None:
    lines.set_up(secrets=("", "abc"))

    lines.log.info(said)

    assert lines.json()[0]["message"] == said


def test_exceptions_are_told_with_their_traceback(lines: Lines) -> None:
    lines.set_up()
    try:
        fail("it broke")
    except ValueError:
        lines.log.exception("failed")

    assert "ValueError: it broke" in lines.json()[0]["exception"]


def test_libraries_that_tell_every_request_are_quiet(lines: Lines) -> None:
    lines.set_up(level="debug")

    logging.getLogger("httpx2").info("HTTP Request: PATCH …")
    logging.getLogger("httpcore2.http11").debug("send_request_headers.started")
    logging.getLogger("uvicorn.access").info("GET /healthz")
    lines.log.debug("ours")

    assert [line["message"] for line in lines.json()] == ["ours"]


def test_setting_up_twice_does_not_double_the_lines(lines: Lines) -> None:
    lines.set_up()
    lines.set_up()

    lines.log.info("once")

    assert len(lines.json()) == 1


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        logs.configure("json", "loud")


def test_a_stream_that_is_gone_does_not_print_the_record_elsewhere(
    lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    lines.set_up()
    lines.stream.close()

    lines.log.info("to nobody")

    assert capsys.readouterr() == ("", "")


def test_standard_error_is_the_default(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("human")

    lines.log.info("hello")

    assert "hello" in capsys.readouterr().err
    assert sys.stderr is not None


class Runtime(logging.Formatter):
    """Lambda's own formatter, in short: JSON with what is extra, and the exception's text by itself."""

    def format(self, record: logging.LogRecord) -> str:
        trouble = str(record.exc_info[1]) if record.exc_info else None
        told = {"message": record.getMessage(), "correlation": getattr(record, "correlation", None)}
        return json.dumps(told | {"errorMessage": trouble, "token": getattr(record, "token", None)}) + "\n"


def test_a_handler_that_is_there_keeps_its_format_and_tells_no_secret(lines: Lines) -> None:
    handler = logging.StreamHandler(lines.stream)
    handler.setFormatter(Runtime())
    logging.getLogger().handlers[:] = [handler]
    logs.join(logging.INFO)
    logs.join(logging.INFO, ["hush hush"])

    with logs.correlate("discord:7"):
        lines.log.info("said %s", "hush hush", extra={"token": "another"})
    try:
        fail(f"{LONG} and hush hush")
    except ValueError:
        lines.log.exception("broke")
    lines.log.info("wrong %d", "hush hush")

    said = [json.loads(line) for line in lines.text().splitlines() if line]
    assert said[0] == {"message": "said ***", "correlation": "discord:7", "errorMessage": None, "token": "***"}
    assert (said[1]["message"], said[1]["errorMessage"]) == ("broke", "*** and ***")
    assert said[2]["message"] == "wrong %d ('***',)"


def test_where_nobody_logs_yet_it_is_json(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger().handlers[:] = []

    logs.join(None, ["hush hush"])
    lines.log.info("said hush hush")

    assert json.loads(capsys.readouterr().err)["message"] == "said ***"


def test_a_text_of_others_is_cut_and_shows_no_part_of_a_secret_that_lay_across_the_cut(lines: Lines) -> None:
    lines.set_up(secrets=("hunter22",))

    lines.log.info("%s", "x" * (logs.LONGEST - 4) + "hunter22" + "y" * 1_000_000)

    (line,) = lines.json()
    assert line["message"] == "x" * (logs.LONGEST - 4) + "***y… (cut)"
