"""Every decision of a storm has an address, and is drawn from the seed and that address alone.

So one can be left out without shifting any other: a story is the decisions that were not the ordinary ones, and it
is shrunk by leaving some of them out.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

Story = dict[str, str]  # address to what was decided there, in the order in which it came up
_UNIT = 1 << 32


class Bits:
    """A hundred random bits or so, to be used up."""

    def __init__(self, value: int) -> None:
        self._value = value

    def below(self, limit: int) -> int:
        """A number from 0 up to, without, the limit."""
        self._value, rest = divmod(self._value, limit)
        return rest

    def among(self, options: Sequence[T]) -> T:
        """One of these."""
        return options[self.below(len(options))]

    def weighed(self, options: Mapping[str, int]) -> str:
        """One of these names, each as likely as its weight."""
        place = self.below(sum(options.values()))
        for name, weight in options.items():
            place -= weight
            if place < 0:
                return name
        raise AssertionError  # no weights at all

    def between(self, least: float, most: float) -> float:
        """A number between these, to a thousandth."""
        return least + (most - least) * self.below(1001) / 1000


class Choices:
    """Draws decisions, or tells them again: with `told`, what is not in it is ordinary."""

    def __init__(self, seed: int, told: Story | None = None) -> None:
        self._key = seed.to_bytes(8, "big")
        self._told = told
        self.made: Story = {}
        self.calm = False  # from then on everything is ordinary

    def unusual(self, address: str, chance: float, draw: Callable[[Bits], str]) -> str | None:
        """What was decided there; None for the ordinary."""
        if self.calm:
            return None
        if self._told is not None:
            found = self._told.get(address)
        else:
            bits = self._bits(address)
            found = None if bits % _UNIT >= chance * _UNIT else draw(Bits(bits // _UNIT))
        if found is not None:
            self.made[address] = found
        return found

    def setting(self, address: str, draw: Callable[[Bits], T]) -> T:
        """A decision that belongs to the seed itself, and is never left out."""
        return draw(Bits(self._bits(address)))

    def _bits(self, address: str) -> int:
        return int.from_bytes(blake2b(address.encode(), digest_size=20, key=self._key).digest(), "big")
