"""What can be expected to be seen on Discord."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_play.demo.show import controls
from valine_play.scenario.expects_run import same, so
from valine_play.scenario.phrase import Steps
from valine_play.scenario.stage import Stage, Unmet

if TYPE_CHECKING:
    from typing import Any

LONG = 600
BUTTON = 2


def short(text: str) -> str:
    """A text as a sentence holds it."""
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def _has(text: str, words: str, what: str, n: int | None = None) -> None:
    count = text.count(words)
    if n is not None:
        same(count, n, f"{what} has it {count} times: {short(text)}")
    so(f"{what} reads: {short(text)}", when=count > 0)


def _has_not(text: str, words: str, what: str) -> None:
    so(f"{what} reads: {short(text)}", when=words not in text)


plays = Steps()


@plays
def told(stage: Stage, *, person: str, text: str, n: int | None = None) -> None:
    _has(stage.reply(person), text, "the newest reply", n)


@plays
def told_exactly(stage: Stage, *, person: str, text: str) -> None:
    same(stage.reply(person), text, f"the newest reply reads: {short(stage.reply(person))}")


@plays
def told_first(stage: Stage, *, person: str, text: str) -> None:
    said = stage.reply(person)
    same(said[: len(text)], text, f"the newest reply reads: {short(said)}")


@plays
def not_told(stage: Stage, *, person: str, text: str) -> None:
    _has_not(stage.reply(person), text, "the newest reply")


def _buttons(message: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(one.get("label")) for one in controls(message["components"]) if one["type"] == BUTTON)


@plays
def buttons(stage: Stage, *, person: str, texts: tuple[str, ...]) -> None:
    replies = stage.replies(person)
    found = _buttons(replies[-1]) if replies else ()
    same(found, texts, f"there are {', '.join(found) or 'none'}")


@plays
def no_buttons(stage: Stage, *, person: str) -> None:
    buttons(stage, person=person, texts=())


@plays
def suggestions(stage: Stage, *, texts: tuple[str, ...]) -> None:
    found = tuple(str(one["value"]) for one in stage.choices)
    begin = tuple(value[: len(text)] for value, text in zip(found, texts, strict=False))
    so(f"there are {', '.join(found) or 'none'}", when=len(found) == len(texts) and begin == texts)


@plays
def suggestion(stage: Stage, *, text: str) -> None:
    if not stage.choices:
        raise Unmet("there are none")
    same(stage.choices[0]["name"], text, f"it reads “{stage.choices[0]['name']}”")


@plays
def no_suggestions(stage: Stage) -> None:
    suggestions(stage, texts=())


@plays
def card(stage: Stage, *, text: str, n: int | None = None) -> None:
    _has(stage.newest("card")["text"], text, "the card", n)


@plays
def card_not(stage: Stage, *, text: str) -> None:
    _has_not(stage.newest("card")["text"], text, "the card")


@plays
def board(stage: Stage, *, text: str, n: int | None = None) -> None:
    _has(stage.newest("board")["text"], text, "the board", n)


@plays
def board_not(stage: Stage, *, text: str) -> None:
    _has_not(stage.newest("board")["text"], text, "the board")


@plays
def board_bare(stage: Stage) -> None:
    found = _buttons(stage.newest("board"))
    so(f"it has {', '.join(found)}", when=not found)


def _thread(stage: Stage) -> list[str]:
    return [str(message["text"]) for thread in stage.threads() for message in thread["messages"]]


@plays
def thread(stage: Stage, *, text: str, n: int | None = None) -> None:
    said = _thread(stage)
    count = sum(text in one for one in said)
    told = short(" / ".join(one.split("\n")[0] for one in said)) or "nothing"
    so(f"{count} messages have it; the thread says: {told}", when=count == n if n is not None else count > 0)


@plays
def thread_not(stage: Stage, *, text: str) -> None:
    found = [one for one in _thread(stage) if text in one]
    so(f"it says: {short(' / '.join(found))}", when=not found)


@plays
def thread_ends(stage: Stage, *, text: str) -> None:
    said = _thread(stage)
    last = said[-1].split("\n")[0] if said else "nothing"
    same(last, text, f"it ends with: {last}")


@plays
def thread_lines(stage: Stage, *, n: int) -> None:
    said = _thread(stage)
    same(len(said), n, f"it has {len(said)}: {short(' / '.join(one.split(chr(10))[0] for one in said))}")


@plays
def cards(stage: Stage, *, n: int) -> None:
    same(len(stage.channel()), n, f"there are {len(stage.channel())}")


def _notified(stage: Stage) -> set[str]:
    view = stage.world.discord.view()
    names = {row["id"]: row["name"] for row in [*view["guild"]["members"], *view["guild"]["roles"]]}
    messages = [*stage.channel(), *(m for thread in stage.threads() for m in thread["messages"])]
    everyone = {"@everyone"} if any(m["notified"]["everyone"] for m in messages) else set()
    ids = {one for m in messages for one in (*m["notified"]["users"], *m["notified"]["roles"])}
    return everyone | {names.get(one, one) for one in ids}


@plays
def nobody_notified(stage: Stage) -> None:
    found = _notified(stage)
    so(f"{', '.join(sorted(found))} was", when=not found)


@plays
def notified(stage: Stage, *, person: str) -> None:
    found = _notified(stage)
    so(f"{', '.join(sorted(found)) or 'nobody'} was", when=person in found)
