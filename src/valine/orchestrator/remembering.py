"""A pure function's answers, remembered for the very objects that it was asked about.

Most parts of a run are the same objects after a decision as before it: comparing them by identity costs nothing,
hashing them would cost as much as the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Value = TypeVar("Value")
Answer = TypeVar("Answer")

MOST = 4096  # a few of the largest runs


class Remembering(Generic[Value, Answer]):
    """`function` of one immutable value, with the latest answers at hand."""

    def __init__(self, function: Callable[[Value], Answer], most: int = MOST) -> None:
        self._function = function
        self._most = most
        self._known: dict[int, tuple[Value, Answer]] = {}

    def __call__(self, value: Value) -> Answer:
        known = self._known.get(id(value))
        if known is not None and known[0] is value:  # it is kept alive here, so its id is nobody else's
            return known[1]
        answer = self._function(value)
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[id(value)] = (value, answer)
        return answer

    def each(self, values: Iterable[Value]) -> list[Answer]:
        """The answers to all of them, in their order: without a call for each that is known."""
        known = self._known
        return [
            entry[1] if (entry := known.get(id(value))) is not None and entry[0] is value else self(value)
            for value in values
        ]

    def clear(self) -> None:
        """Forget all of it."""
        self._known.clear()
