"""A phrase is a line that can be written: words, places for values in braces, and in brackets what may be left out."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from valine_play.scenario.words import SLOTS

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")

PLACE = re.compile(r"\{(\w+)(?::(\w+))?\}")
Part = Literal["given", "discord", "github", "valine", "expect"]
Block = Literal["none", "steps", "text"]


class Steps(dict[str, "Callable[..., Any]"]):
    """The functions that play phrases, by the phrases' names. Used as a decorator it adds one under its own name."""

    def __call__(self, function: Function) -> Function:
        """The function itself."""
        self[function.__name__] = function
        return function


@dataclass(frozen=True)
class Phrase:
    """`name` finds who plays it; `means` is its line in docs/scenarios.md.

    `block`: what is indented below it. `alone`: it lets time pass, so it cannot be one of several things at once.
    """

    name: str
    part: Part
    written: str
    means: str
    block: Block = "none"
    alone: bool = False

    @functools.cached_property
    def slots(self) -> dict[str, str]:
        """The name of each place, with the kind of value it takes."""
        return {name: kind or name for name, kind in PLACE.findall(self.written)}

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a line of this phrase looks like."""
        out = ""
        for piece in re.split(r"(\{\w+(?::\w+)?\}|\[|\])", self.written):
            place = PLACE.fullmatch(piece)
            if place:
                out += f"(?P<{place[1]}>{SLOTS[place[2] or place[1]].pattern})"
            else:
                out += {"[": "(?:", "]": ")?"}.get(piece, re.escape(piece))
        return re.compile(out)

    @functools.cached_property
    def shown(self) -> str:
        """The phrase with an example of each value; what may be left out is in brackets."""
        spaced = self.written.replace("[ ", " [")
        return PLACE.sub(lambda found: SLOTS[found[2] or found[1]].shown, spaced)

    def match(self, line: str) -> dict[str, str] | None:
        """The words in each place that is filled, if the line has this form."""
        found = self.pattern.fullmatch(line)
        return None if found is None else {name: word for name, word in found.groupdict().items() if word is not None}

    def values(self, words: dict[str, str]) -> dict[str, Any]:
        """What the words stand for. Raises Wrong."""
        return {name: SLOTS[self.slots[name]].convert(word) for name, word in words.items()}
