"""What a team decided about its runs (.github/valine.toml), and who may do what under it.

Who may is decided here and nowhere else. A rule that is not configured means that fewer people may, never more.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from valine.orchestrator.model.plan import Actor

FILE = ".github/valine.toml"
# What the TOML parser is given at all. A key of n parts costs it n² in time and memory, and no key here has three.
LARGEST_POLICY = 64 * 1024  # characters: room for a thousand people
MOST_DOTS = 64  # in one line, texts and comments included
DEEPEST = 32  # brackets and braces open at once
ADMINISTRATOR = 1 << 3
MANAGE_SERVER = 1 << 5


class PlanPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[plan]`: which issues, how urgent, how many, and how long a proposal stands."""

    label: str = "ready"
    priorities: tuple[str, ...] = ("p0", "p1", "p2", "p3")
    limit: int | None = None
    expires_hours: int = 24


class TaskPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tasks]`: who gets an issue that nobody has (in turn), and the label of work under way."""

    assignees: tuple[str, ...] = ()
    label: str = "in-progress"


class ShipPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[ship]`: how pull requests are merged. `checks = "none"` lets one without any check be merged."""

    method: Literal["merge", "squash", "rebase"] = "squash"
    checks: Literal["some", "none"] = "some"
    checks_minutes: int = 60
    release: bool = False


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of valine.toml. `people` maps GitHub logins to Discord user ids: whom to ping."""

    plan: PlanPolicy = PlanPolicy()
    tasks: TaskPolicy = TaskPolicy()
    ship: ShipPolicy = ShipPolicy()
    people: dict[str, str] = {}


class PolicyProblem(ValueError):
    """The policy file cannot be used as it stands; the text names the file, the key and what was expected.

    `detail` is the same without the file's name. `key` is the key that is wrong, like `plan.limit`, and `line` the line
    that is wrong, counted from 1, as far as each is known. `whole`: the detail is a predicate of the whole file.
    """

    def __init__(self, detail: str, *, key: str | None = None, line: int | None = None, whole: bool = False) -> None:
        super().__init__(f"{FILE} {detail}" if whole else f"{FILE}: {detail}")
        self.detail = f"this {detail}" if whole else detail
        self.key = key
        self.line = line


Action = Literal["plan", "approve", "reject", "edit", "ship", "cancel", "retry", "drop", "status"]
OPEN_TO_MEMBERS: frozenset[Action] = frozenset({"plan", "status"})
OPEN_TO_GITHUB: frozenset[Action] = frozenset({"retry", "drop", "cancel", "status"})


Lacking = Literal["manage_server", "write", "discord", "person"]


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody may not do this; `needs` is what would let them."""

    action: Action
    needs: Lacking


def authorize(actor: Actor, action: Action, policy: Policy) -> Denial | None:  # noqa: ARG001 - the place for roles and quorum
    """None if they may, else what they lack. A platform or action that is not listed is denied."""
    if actor.platform == "discord":
        allowed = action in OPEN_TO_MEMBERS or bool(actor.permissions & (ADMINISTRATOR | MANAGE_SERVER))
        return None if allowed else Denial(action=action, needs="manage_server")
    if actor.platform == "github":
        if action not in OPEN_TO_GITHUB:
            return Denial(action=action, needs="discord")
        return None if actor.may_write else Denial(action=action, needs="write")
    return Denial(action=action, needs="person")


_AT_LINE = re.compile(r"\(at line (\d+)")  # how tomllib says where it stopped, before Python 3.14
_BRACKETS = re.compile(r"[\[\]{}]")
LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}(\[bot\])?")
DISCORD_ID = re.compile(r"[1-9][0-9]{16,19}")
LONGEST_LABEL = 50


def _label(value: str) -> bool:
    return 0 < len(value.strip()) <= LONGEST_LABEL


def _distinct(values: tuple[str, ...], good: Callable[[str], Any]) -> bool:
    return all(map(good, values)) and len({value.strip().casefold() for value in values}) == len(values)


# Every key: what is expected of it, and whether a value of the right type is.
RULES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "plan.label": ("the name of a label, 1 to 50 characters", _label),
    "plan.priorities": (
        "a list of different labels, most urgent first",
        lambda values: _distinct(values, _label),
    ),
    "plan.limit": ("a whole number from 1 to 250", lambda value: value is None or 1 <= value <= 250),  # noqa: PLR2004
    "plan.expires_hours": ("a whole number from 1 to 720", lambda value: 1 <= value <= 720),  # noqa: PLR2004
    "tasks.assignees": (
        "a list of different GitHub logins, without @",
        lambda values: _distinct(values, LOGIN.fullmatch),
    ),
    "tasks.label": ("the name of a label, 1 to 50 characters", _label),
    "ship.method": ('"merge", "squash" or "rebase"', lambda _: True),
    "ship.checks": ('"some" or "none"', lambda _: True),
    "ship.checks_minutes": ("a whole number from 1 to 1440", lambda value: 1 <= value <= 1440),  # noqa: PLR2004
    "ship.release": ("true or false", lambda _: True),
}
PEOPLE = 'GitHub logins and Discord ids, like ana = "80351110224678912"'
TABLES: dict[str, tuple[str, ...]] = {
    "plan": PlanPolicy.__struct_fields__,
    "tasks": TaskPolicy.__struct_fields__,
    "ship": ShipPolicy.__struct_fields__,
}


def parse(text: str | None) -> Policy:
    """The policy in this text; the defaults where there is no file. Raises PolicyProblem."""
    data = _read(text or "")
    _known("", data, Policy.__struct_fields__)
    for table, keys in TABLES.items():
        content = data.get(table, {})
        if not isinstance(content, dict):
            raise _problem(table, f"a table, [{table}]", content)
        _known(f"{table}.", content, keys)
        for key, value in content.items():
            _typed(table, key, value)
    _check_people(data.get("people", {}))
    policy = msgspec.convert(data, Policy)
    _check_values(policy)
    return _stripped(policy)


def _read(text: str) -> dict[str, Any]:
    import tomllib

    _check_shape(text)
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError as error:  # TOMLDecodeError, or a number of more digits than Python reads
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found else None
        raise PolicyProblem(f"is not valid TOML: {str(error)[:200]}", line=line, whole=True) from error
    except RecursionError as error:
        raise PolicyProblem("is not valid TOML: it is nested too deeply", whole=True) from error


def _check_shape(text: str) -> None:
    """Raise if the parser could be made to work without end on this text. One pass, and nothing is kept of it."""
    if len(text) > LARGEST_POLICY:
        raise PolicyProblem(f"has {len(text):,} characters; no more than {LARGEST_POLICY:,} are read", whole=True)
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > MOST_DOTS:
            sentence = f"line {number} has more than {MOST_DOTS} dots; keys have one, like plan.limit"
            raise PolicyProblem(sentence, line=number)
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            sentence = f"is nested too deeply: more than {DEEPEST} brackets are open at once"
            raise PolicyProblem(sentence, whole=True)


def _known(prefix: str, data: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in data:
        if key not in keys:
            import difflib

            close = difflib.get_close_matches(key.lower(), keys, n=1)
            hint = f"did you mean {prefix}{close[0]}?" if close else f"known are {', '.join(keys)}"
            raise PolicyProblem(f"unknown key {prefix}{key[:60]}; {hint}", key=f"{prefix}{key}")


def _typed(table: str, key: str, value: object) -> None:
    """Raise if the value is of the wrong type, by letting msgspec read a file of this one key."""
    try:
        msgspec.convert({table: {key: value}}, Policy)
    except msgspec.ValidationError:
        name = f"{table}.{key}"
        raise _problem(name, RULES[name][0], value) from None


def _check_people(people: object) -> None:
    if not isinstance(people, dict):
        raise _problem("people", PEOPLE, people)
    for login, person in people.items():
        if not LOGIN.fullmatch(login):
            raise _problem("people", PEOPLE, login)
        if not isinstance(person, str) or not DISCORD_ID.fullmatch(person):
            raise _problem(f"people.{login}", 'a Discord id in quotes, like "80351110224678912"', person)


def _check_values(policy: Policy) -> None:
    for name, (expected, good) in RULES.items():
        table, key = name.split(".")
        value = getattr(getattr(policy, table), key)
        if not good(value):
            raise _problem(name, expected, value)


def _stripped(policy: Policy) -> Policy:
    """The policy with its labels as GitHub has them: without spaces around."""
    plan, tasks = policy.plan, policy.tasks
    priorities = tuple(label.strip() for label in plan.priorities)
    return msgspec.structs.replace(
        policy,
        plan=msgspec.structs.replace(plan, label=plan.label.strip(), priorities=priorities),
        tasks=msgspec.structs.replace(tasks, label=tasks.label.strip()),
    )


def _problem(key: str, expected: str, value: object) -> PolicyProblem:
    try:
        shown = json.dumps(value, default=str, ensure_ascii=False)
    except ValueError:  # hexadecimal numbers may be longer than what Python writes as a decimal
        shown = "a number of thousands of digits"
    except RecursionError:
        shown = "a table of tables of tables"
    cut = shown if len(shown) <= 60 else f"{shown[:60]}…"  # noqa: PLR2004 - as much as a sentence holds
    return PolicyProblem(f"{key} must be {expected}, not {cut}", key=key)
