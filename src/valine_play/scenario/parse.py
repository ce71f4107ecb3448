"""Text to steps, with their lines; and every mistake in it, not only the first.

Raises nothing: what is wrong comes back as `Mistake`s, each of which names its line.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from valine_play.scenario import faults
from valine_play.scenario.phrases import PHRASES
from valine_play.scenario.words import Wrong, meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from valine_play.scenario.phrase import Phrase

PEOPLE = ("Ana", "Ben", "Chen")
LOGINS = ("ana", "ben", "chen", "dora", "valine-bot")
TITLE = "Scenario:"
EACH = re.compile(r"for each ([A-Z][A-Z_]+)")
BELOW = "what it is about belongs below it, indented."
NOT_BELOW = "this is indented, but the line above takes nothing below it."
LONGEST = 200
MOST_ISSUES = 500
ENOUGH = 0.55  # how alike a phrase must be to be suggested


@dataclass(frozen=True)
class Step:
    """One line, with what its words stand for, and what is indented below it."""

    line: int
    text: str
    phrase: Phrase
    values: dict[str, Any]
    steps: tuple[Step, ...] = ()
    block: str = ""


@dataclass(frozen=True)
class Scenario:
    """One story, which is played in a world of its own."""

    name: str
    line: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Mistake:
    """What is wrong in a line, and the line itself."""

    line: int
    text: str
    says: str


@dataclass(frozen=True)
class Line:
    """A line that says something: where it is, how far it is indented, and its text."""

    number: int
    indent: int
    text: str


@dataclass
class _Story:
    """A title with its lines, before they are understood."""

    name: str
    line: int
    lines: list[Line] = field(default_factory=list)


def parse(text: str, *, name: str) -> tuple[tuple[Scenario, ...], tuple[Mistake, ...]]:
    """The scenarios of a file, and its mistakes; without any title there is one, of that name."""
    mistakes: list[Mistake] = []
    scenarios = []
    for whole in _stories(list(_lines(text)), name, mistakes):
        scenarios += [_Reader(story, mistakes).read() for story in _copies(whole, mistakes)]
    if not scenarios and not mistakes:
        mistakes.append(Mistake(1, "", "there is nothing to play: write what somebody does, and what you expect."))
    for number, title in enumerate(scenarios):
        if title.name in {one.name for one in scenarios[:number]}:
            mistakes.append(Mistake(title.line, title.name, "two scenarios have this name: give each its own."))
    return tuple(scenarios), tuple(dict.fromkeys(sorted(mistakes, key=lambda one: one.line)))


def _lines(text: str) -> Iterator[Line]:
    """All lines but empty ones and comments."""
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        shown = raw.expandtabs(4).rstrip()
        stripped = shown.lstrip()
        if stripped and not stripped.startswith("#"):
            yield Line(number, len(shown) - len(stripped), stripped)


def _stories(lines: Sequence[Line], name: str, mistakes: list[Mistake]) -> list[_Story]:
    found: list[_Story] = []
    for line in lines:
        if line.text.startswith(TITLE) and not line.indent:
            title = line.text.removeprefix(TITLE).strip()
            if not title:
                mistakes.append(Mistake(line.number, line.text, "a scenario needs a name, such as “Scenario: a push”."))
            found.append(_Story(title, line.number))
        elif not found:
            found.append(_Story(name, line.number, [line]))
        else:
            found[-1].lines.append(line)
    empty = [story for story in found if not story.lines]
    mistakes += [Mistake(one.line, f"{TITLE} {one.name}", "nothing happens in this scenario.") for one in empty]
    return found


def _copies(story: _Story, mistakes: list[Mistake]) -> Iterator[_Story]:
    """The story once for each line below `for each WORD`, with the word replaced; else the story itself."""
    found = EACH.fullmatch(story.lines[0].text) if story.lines else None
    if found is None:
        yield story
        return
    count = next((n for n, line in enumerate(story.lines[1:], start=1) if not line.indent), len(story.lines))
    if count == 1:
        head = story.lines[0]
        mistakes.append(Mistake(head.number, head.text, "write what it stands for below, indented."))
    for value in story.lines[1:count]:
        lines = [
            Line(line.number, line.indent, line.text.replace(found[1], value.text)) for line in story.lines[count:]
        ]
        yield _Story(f"{story.name} ({value.text})", story.line, lines)


class _Reader:
    """Understands the lines of one story."""

    def __init__(self, story: _Story, mistakes: list[Mistake]) -> None:
        self._story = story
        self._mistakes = mistakes
        self._people = [*PEOPLE]
        self._logins = [*LOGINS]
        self._issues: set[int] = set()

    def read(self) -> Scenario:
        steps = self._steps(self._story.lines, outer=None)
        begun = False
        for step in steps:
            if step.phrase.part != "given":
                begun = True
            elif begun:
                self._mistake(step.line, step.text, "what is given comes before anything happens: move it up.")
        return Scenario(self._story.name, self._story.line, tuple(steps))

    def _mistake(self, line: int, text: str, says: str) -> None:
        self._mistakes.append(Mistake(line, text, says))

    def _steps(self, lines: Sequence[Line], outer: Phrase | None) -> list[Step]:
        steps: list[Step] = []
        position = 0
        least = lines[0].indent if lines and outer else 0
        while position < len(lines):
            line = lines[position]
            below = position + 1
            while below < len(lines) and lines[below].indent > line.indent:
                below += 1
            if line.indent != least:
                self._mistake(line.number, line.text, "this is indented, but nothing above it takes a block.")
            else:
                step = self._step(line, lines[position + 1 : below], outer)
                steps += [step] if step is not None else []
            position = below
        return steps

    def _step(self, line: Line, below: Sequence[Line], outer: Phrase | None) -> Step | None:
        try:
            phrase, values = understood(line.text)
            self._known(phrase, values)
            self._given(phrase, values)
            _sensible(phrase, values, outer)
        except Wrong as wrong:
            self._mistake(line.number, line.text, str(wrong))
            return None
        if bool(below) != (phrase.block != "none"):
            at = below[0] if below else line
            self._mistake(at.number, at.text, BELOW if phrase.block != "none" else NOT_BELOW)
            return Step(line.number, line.text, phrase, values)
        if phrase.block == "text":
            return Step(line.number, line.text, phrase, values, block=_dedented(below))
        steps = self._steps(below, phrase) if below else []
        return Step(line.number, line.text, phrase, values, steps=tuple(steps))

    def _known(self, phrase: Phrase, values: dict[str, Any]) -> None:
        """Raise if somebody is nobody; note who is new."""
        for name, kind in phrase.slots.items():
            known = {"person": self._people, "login": self._logins}.get(kind)
            if known is None or name not in values:
                continue
            if phrase.part == "given" or phrase.name == "give_access":
                known.append(values[name])
            elif values[name] not in known:
                where = "Discord" if kind == "person" else "GitHub"
                raise Wrong(f"{values[name]} is nobody on {where}{meant(values[name], known)}")

    def _given(self, phrase: Phrase, values: dict[str, Any]) -> None:
        """Raise if an issue is given twice, or described before it is given; note which are."""
        number = values.get("issue", 0)
        match phrase.part, phrase.name:
            case "given", "issues" if values["n"] > MOST_ISSUES:
                raise Wrong(f"a scenario has at most {MOST_ISSUES} issues.")
            case "given", "issues":
                new = set(range(1, values["n"] + 1))
            case "given", "issue":
                new = {number}
            case "given", "says" if number not in self._issues:
                raise Wrong(f"issue #{number} is not given yet: write it above.")
            case _:
                return
        if new & self._issues:
            raise Wrong(f"issue #{min(new & self._issues)} is given twice.")
        self._issues |= new


def _dedented(lines: Iterable[Line]) -> str:
    found = list(lines)
    least = min(line.indent for line in found)
    return "".join(f"{' ' * (line.indent - least)}{line.text}\n" for line in found)


def understood(line: str) -> tuple[Phrase, dict[str, Any]]:
    """The phrase of a line and its values. Raises Wrong, with what was probably meant."""
    wrong: Wrong | None = None
    for phrase in PHRASES:
        words = phrase.match(line)
        if words is None:
            continue
        try:
            return phrase, phrase.values(words)
        except Wrong as error:
            wrong = wrong or error
    if wrong is not None:
        raise wrong
    raise Wrong(f"nothing can be written like this{_nearest(line)}")


def _nearest(line: str) -> str:
    """The phrase that the line is most like, as the end of a sentence."""
    if line.startswith("given"):
        pool = [phrase for phrase in PHRASES if phrase.part == "given"]
    else:
        expects = line.startswith("expect")
        pool = [phrase for phrase in PHRASES if phrase.part != "given" and (phrase.part == "expect") == expects]
    alike = [(difflib.SequenceMatcher(None, _bones(line), _bones(phrase.shown)).ratio(), phrase) for phrase in pool]
    score, phrase = max(alike, key=lambda one: one[0])
    return f"; did you mean “{phrase.shown}”?" if score > ENOUGH else "; docs/scenarios.md has all that can be."


def _bones(line: str) -> str:
    """A line without its particulars, so that likeness is of the words that matter."""
    line = re.sub(r'"[^"]*"?', '""', line[:LONGEST])
    return re.sub(r"#?\d+", "#1", re.sub(r"[\[\]]", "", line))


def _sensible(phrase: Phrase, values: dict[str, Any], outer: Phrase | None) -> None:
    """Raise for what is well written but cannot be."""
    if outer is not None and (phrase.alone or phrase.part in {"given", "expect"}):
        raise Wrong(f"this cannot happen in the moment of “{outer.shown}”: write it as a step of its own.")
    if phrase.name == "fault":
        faults.fault(values["service"], values["fault"], values["which"], values["target"])
    elif phrase.name in {"before", "crash", "requests"} and faults.target_of(values["target"]).delivered:
        raise Wrong(f"“{values['target']}” is nothing that Valine asks for, but what it is told.")
