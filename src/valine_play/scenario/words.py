"""What stands for something in a phrase: its pattern, and its value. A wrong one says what there is instead."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from valine.ingress.discord.manifest import manifest
from valine.orchestrator.model.states import RunStatus, Stage, TaskState, Why

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


INTEGER = 4  # of the types of options
# Each slash command's options, with their types.
OPTIONS: dict[str, dict[str, int]] = {
    one["name"]: {option["name"]: option["type"] for option in one["options"]} for one in manifest(in_guild=True)
}


class Wrong(ValueError):
    """It is not written as it must be; the text says what is wrong, and what there is."""


QUOTED = r'"(?:[^"\\]|\\.)*"'
ITEM = rf"(?:{QUOTED}|[\w.@/\[\]-]+)"
ITEMS = rf"{ITEM}(?:, {ITEM})*"
TIME = r"\d+ (?:second|minute|hour|day)s?(?: \d+ (?:second|minute|hour|day)s?)*"


def meant(word: str, known: Sequence[str]) -> str:
    """What was probably meant, or all there is, as the end of a sentence."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}."


def _text(given: str) -> str:
    try:
        return str(json.loads(given))
    except ValueError as error:
        raise Wrong(f'{given} is not a text: a new line is \\n, a quote \\", a backslash \\\\.') from error


def _item(given: str) -> str:
    return _text(given) if given.startswith('"') else given


def _items(given: str) -> tuple[str, ...]:
    return tuple(_item(one) for one in re.findall(ITEM, given))


def _numbers(given: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", given))


def _time(given: str) -> timedelta:
    parts = re.findall(r"(\d+) (second|minute|hour|day)", given)
    return sum((timedelta(**{f"{unit}s": int(number)}) for number, unit in parts), timedelta())


def _day(given: str) -> str:
    try:
        return f"{date.fromisoformat(given)}T00:00:00Z"
    except ValueError as error:
        raise Wrong(f"{given} is no day.") from error


def _methods(given: str) -> tuple[str, ...]:
    return tuple(_one_of("way to merge", ("merge", "squash", "rebase"))(one) for one in _items(given))


def _one_of(kind: str, known: Sequence[str]) -> Callable[[str], str]:
    def convert(given: str) -> str:
        if given not in known:
            raise Wrong(f"there is no {kind} {given}{meant(given, known)}")
        return given

    return convert


def _command(given: str) -> tuple[str, dict[str, Any]]:
    """The name of a slash command and its options, as `/plan label:ready limit:3`; one alone needs no name."""
    name, _, rest = given.partition(" ")
    if name not in OPTIONS:
        raise Wrong(f"there is no command /{name}{meant(name, list(OPTIONS))}")
    known = OPTIONS[name]
    options: dict[str, Any] = {}
    for whole in re.findall(rf"(?:\w+:)?(?:{QUOTED}|\S+)", rest):
        key, _, value = whole.partition(":") if re.match(r"\w+:", whole) else (next(iter(known)), "", whole)
        if key not in known:
            raise Wrong(f"/{name} has no option {key}{meant(key, list(known))}")
        if known[key] == INTEGER and not value.isdigit():
            raise Wrong(f"/{name} {key}: takes a whole number, not {value}.")
        options[key] = int(value) if known[key] == INTEGER else _item(value)
    return name, options


REASONS = ("completed", "not_planned", "duplicate")
PERMISSIONS = ("SEND_MESSAGES", "CREATE_PUBLIC_THREADS", "SEND_MESSAGES_IN_THREADS", "VIEW_CHANNEL")
CONCLUSIONS = ("success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required")
VERDICTS = ("approve", "request changes", "comment")
STANDINGS = [*map(str, RunStatus), *(str(one) for one in Stage if one is not Stage.DONE)]
PULLS = ("open", "closed", "merged", "draft")
UNDER_WAY = ("queued", "in_progress")


@dataclass(frozen=True)
class Slot:
    """A place in a phrase: how it is shown, its pattern, what it becomes, and what may stand there."""

    shown: str
    pattern: str
    convert: Callable[[str], Any]
    means: str


SLOTS: dict[str, Slot] = {
    "person": Slot("Ana", r"[A-Z][\w-]*", str, "somebody on Discord: Ana and Ben (leads), Chen, and who else is given"),
    "login": Slot("ana", r"[a-z][\w-]*(?:\[bot\])?", str, "somebody on GitHub: ana, ben, chen, dora, valine-bot, …"),
    "issue": Slot("#1", r"#[1-9]\d*", lambda given: int(given[1:]), "an issue, by which its pull request is known too"),
    "issues": Slot("#1, #2", r"#\d+(?:, #\d+)*", _numbers, "issues"),
    "run": Slot("r1", r"r\d+", lambda given: int(given[1:]), "a run"),
    "n": Slot("2", r"\d+", int, "a number"),
    "text": Slot('"text"', QUOTED, _text, 'text in double quotes; \\n is a new line, \\" a quote'),
    "texts": Slot('"one", "two"', rf"{QUOTED}(?:, {QUOTED})*", _items, "several of them"),
    "name": Slot("name", ITEM, _item, "a label, branch, file or check; in quotes if it has spaces"),
    "names": Slot("one, two", ITEMS, _items, "several of them"),
    "label": Slot("Approve", r".+", lambda given: _item(given) if re.fullmatch(QUOTED, given) else given, "a button"),
    "words": Slot("these words", r".+", str, "words, without quotes"),
    "typed": Slot("approve", r"\w+", _one_of("command", tuple(OPTIONS)), "a command"),
    "reason": Slot("not_planned", r"\w+", _one_of("reason to close", REASONS), ", ".join(REASONS)),
    "permission": Slot("SEND_MESSAGES", r"\w+", _one_of("permission", PERMISSIONS), ", ".join(PERMISSIONS)),
    "command": Slot("plan label:ready limit:3", r".+", _command, "a command with its options"),
    "comment": Slot("/valine retry", r".+", lambda given: given.replace("\\n", "\n"), "words; \\n is a new line"),
    "bare": Slot("unlabelled", r"unlabelled", str, "no label at all"),
    "message": Slot("card", r"card|board", str, "card or board"),
    "time": Slot("3 minutes", TIME, _time, "seconds, minutes, hours or days, or several: 1 hour 5 minutes"),
    "date": Slot("2026-01-31", r"\d{4}-\d\d-\d\d", _day, "a day"),
    "methods": Slot("merge, squash", ITEMS, _methods, "merge, squash or rebase"),
    "service": Slot("GitHub", r"GitHub|Discord", str, "GitHub or Discord"),
    "fault": Slot("502 after", r".+?", str, "a fault, see below"),
    "which": Slot("the next", r"the next(?: \d+)?|every", str, "the next, the next 3, or every"),
    "target": Slot("merge", r".+", str, "what it strikes, see below"),
    "rank": Slot("lead", r"\w+", _one_of("rank", ("lead", "member")), "lead (Manage Server) or member"),
    "role": Slot("read", r"\w+", _one_of("access", ("read", "triage", "write", "maintain", "admin")), "read … admin"),
    "verdict": Slot("approve", r"[\w ]+", _one_of("verdict", VERDICTS), "or request changes, comment"),
    "conclusion": Slot(
        "success", r"[\w]+", _one_of("result of a check", (*CONCLUSIONS, *UNDER_WAY)), "or failure, in_progress, …"
    ),
    "state": Slot("held", r"\w+", _one_of("state of a task", [str(one) for one in TaskState]), ", ".join(TaskState)),
    "pull": Slot("open", r"\w+", _one_of("standing of a pull request", PULLS), ", ".join(PULLS)),
    "why": Slot("draft", r"\w+", _one_of("reason", [str(one) for one in Why]), ", ".join(Why)),
    "standing": Slot("completed", r"\w+", _one_of("status or stage of a run", STANDINGS), ", ".join(STANDINGS)),
}
