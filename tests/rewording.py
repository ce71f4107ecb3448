"""Releases that change nothing but how things look: every text in capitals, and pages of half the size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from valine.engine import Engine
from valine.view import components
from valine.view.cards import RENDERING, Rendering

if TYPE_CHECKING:
    from valine.orchestrator.facts.documents import Document
    from valine.view.components import Message

replace = msgspec.structs.replace
WORDS = ("content", "label", "placeholder")


def rewording(
    version: int = RENDERING.version + 1,
    *,
    capitals: bool = True,
    characters: int = components.MOST_CHARACTERS // 2,
    options: int = components.MOST_OPTIONS // 2,
) -> Rendering:
    """A rendering of that version, with room for so many characters and options on a page."""

    ordinary = RENDERING.render

    def render(facts: Document) -> tuple[Message, ...]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(components, "MOST_CHARACTERS", characters)
            patch.setattr(components, "MOST_OPTIONS", options)
            pages = ordinary(facts)
        return tuple(replace(page, body=upper(page.body)) for page in pages) if capitals else pages

    return Rendering(version=version, render=render)


def release(patch: pytest.MonkeyPatch, rendering: Rendering) -> None:
    """Whatever engine is made from now on renders like that."""
    defaults = Engine.__init__.__kwdefaults__
    assert defaults is not None
    patch.setitem(defaults, "rendering", rendering)


def upper(body: Any) -> Any:
    """The message in capitals: all but its marker, by which it is found again, and what is not text."""
    if isinstance(body, list):
        return [upper(part) for part in body]
    if isinstance(body, dict):
        return {
            name: _capitals(part) if name in WORDS and isinstance(part, str) else upper(part)
            for name, part in body.items()
        }
    return body


def _capitals(text: str) -> str:
    return "\n".join(line if line.startswith("-# ") else line.upper() for line in text.split("\n"))
