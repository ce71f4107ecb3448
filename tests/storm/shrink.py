"""The smallest story that still breaks the same law: decisions are left out, many at a time and then one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storm.play import Played, play
from storm.process import Parts

if TYPE_CHECKING:
    from storm.choices import Story

MOST_TRIES = 400


def shrink(played: Played, *, parts: type[Parts] = Parts) -> Story:
    """What of the story is needed for the first law that it broke."""
    law = played.violations[0].law
    tries = 0

    def breaks(story: Story) -> bool:
        nonlocal tries
        tries += 1
        again = play(played.seed, profile=played.profile, story=story, parts=parts)
        return any(violation.law == law for violation in again.violations)

    story = dict(played.story)
    size = max(len(story) // 2, 1)
    while size and tries < MOST_TRIES:
        left = _without_some(story, size)
        found = next((smaller for smaller in left if tries < MOST_TRIES and breaks(smaller)), None)
        if found is not None:
            story = found
        else:
            size //= 2
        size = min(size, len(story))
    return story


def _without_some(story: Story, size: int) -> list[Story]:
    """The story without each stretch of that many decisions."""
    addresses = list(story)
    stretches = [set(addresses[start : start + size]) for start in range(0, len(addresses), size)]
    return [{address: story[address] for address in addresses if address not in gone} for gone in stretches]
