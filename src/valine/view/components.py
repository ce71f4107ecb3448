"""Discord's message components as plain JSON, and the limits that they and their texts must keep.

https://docs.discord.com/developers/components/reference
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from valine.orchestrator import naming
from valine.orchestrator.facts.documents import RunRef
from valine.orchestrator.naming import page_name
from valine.orchestrator.text import shorten, size
from valine.view.custom_id import Action, CustomId

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from valine.orchestrator.model.run import Run

Json = dict[str, Any]
Style = Literal["primary", "secondary", "success", "danger"]

EPHEMERAL = 1 << 6
COMPONENTS_V2 = 1 << 15
STYLES: dict[Style, int] = {"primary": 1, "secondary": 2, "success": 3, "danger": 4}

MOST_CONTENT = 2000
MOST_CHARACTERS = 4000  # of all text displays of a message together
MOST_BYTES = 10_000  # Discord answers 500 at about 10,170, https://github.com/discord/discord-api-docs/issues/8554
TEXT_OVERHEAD = 12
HEADING_AND_FOOTER = 800  # characters kept for them: a few names of people and branches, each cut
FOOTER = 150
MOST_OPTIONS = 25
BUTTONS_IN_A_ROW = 5
LONGEST_LABEL = 80
LONGEST_OPTION = 100

SILENT: Json = {"parse": []}
GREY = 0x99AAB5  # over: cancelled, ended, not needed any more


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as Discord takes it, for creating and for editing."""

    body: Json


def shown(components: Sequence[Json], color: int) -> Message:
    """A message of components in one coloured frame; nobody is notified."""
    frame = {"type": 17, "accent_color": color, "components": list(components)}
    return Message(body={"flags": COMPONENTS_V2, "components": [frame], "allowed_mentions": SILENT})


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What all pages of the card or board (`document`) of a run have in common; `word` is what people call it."""

    run: RunRef
    document: str
    word: str
    heading: str
    color: int


def page_of(frame: Frame, page: int, found: Sequence[Sequence[Entry]], controls: Iterable[Json]) -> Message:
    """One page of the entries in its frame, with its controls below."""
    footer = text(f"-# {naming.marker(frame.run, page_name(frame.document, page))}")
    title = frame.heading if page == 1 else f"**{frame.word} {frame.run.name}**, page {page} of {len(found)}"
    entries = found[page - 1]
    return shown([text(title), *([text(joined(entries))] if entries else []), *controls, footer], frame.color)


def said(content: str, mention: Sequence[str] = ()) -> Message:
    """A message of plain text, which alone is shown in push notifications; only those in `mention` are mentioned."""
    mentions = {"parse": [], "users": sorted(set(mention))[:100]} if mention else SILENT
    return Message(body={"content": clip(content, MOST_CONTENT), "allowed_mentions": mentions})


def custom_id(run: Run | RunRef, action: Action, *arguments: object) -> str:
    """What a button on this run carries."""
    return CustomId(action=action, run=run.number, uid=run.uid, arguments=tuple(map(str, arguments))).write()


def text(content: str) -> Json:
    """A text display."""
    return {"type": 10, "content": content}


def row(*components: Json) -> Json:
    """An action row."""
    return {"type": 1, "components": list(components)}


def button(label: str, identity: str, style: Style = "secondary") -> Json:
    """A button that comes back to us."""
    return {"type": 2, "style": STYLES[style], "label": shorten(label, LONGEST_LABEL), "custom_id": identity}


def buttons(made: Sequence[Json]) -> list[Json]:
    """The buttons in as many rows as they need."""
    return [row(*made[at : at + BUTTONS_IN_A_ROW]) for at in range(0, len(made), BUTTONS_IN_A_ROW)]


def select(identity: str, placeholder: str, options: Sequence[tuple[str, str]]) -> Json:
    """A row with a select of (value, label), any number of which can be chosen; 25 at most."""
    return row(
        {
            "type": 3,
            "custom_id": identity,
            "placeholder": placeholder,
            "min_values": 1,
            "max_values": len(options),
            "options": [{"value": value, "label": shorten(label, LONGEST_OPTION)} for value, label in options],
        }
    )


def weight(content: str) -> int:
    """The bytes that a text display counts for."""
    return len(content.encode()) + TEXT_OVERHEAD


def clip(content: str, characters: int, most_bytes: int = MOST_BYTES) -> str:
    """The text within both limits, cut at the end of a line where one is near, with an ellipsis."""
    if size(content) <= characters and weight(content) <= most_bytes:
        return content
    low, high = 0, len(content)
    while low < high:
        middle = (low + high + 1) // 2
        part = content[:middle] + "\n…"
        low, high = (middle, high) if size(part) <= characters and weight(part) <= most_bytes else (low, middle - 1)
    part = content[:low]
    line_end = part.rfind("\n")
    return (part[:line_end] if line_end > low // 2 else part) + "\n…"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a long message with what it weighs, and the select's option that goes with it."""

    line: str
    characters: int
    heavy: int
    option: tuple[str, str] | None = None


def entry(line: str, option: tuple[str, str] | None = None) -> Entry:
    """The line, weighed with the line break that follows it."""
    return Entry(line=line, characters=size(line) + 1, heavy=len(line.encode()) + 1, option=option)


def pages(entries: Iterable[Entry]) -> list[list[Entry]]:
    """The entries, in their order, on as few pages as keep the limits of a message; at least one page."""
    found: list[list[Entry]] = [[]]
    characters = heavy = options = 0
    for one in entries:
        room = MOST_CHARACTERS - (HEADING_AND_FOOTER if len(found) == 1 else FOOTER)
        option = one.option is not None
        fits = (
            characters + one.characters <= room
            and heavy + one.heavy <= room * MOST_BYTES // MOST_CHARACTERS
            and options + option <= MOST_OPTIONS
        )
        if not fits and found[-1]:
            found.append([])
            characters = heavy = options = 0
        found[-1].append(one)
        characters += one.characters
        heavy += one.heavy
        options += option
    return found


def joined(entries: Sequence[Entry]) -> str:
    """The lines of a page."""
    return "\n".join(entry.line for entry in entries)


def options(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """The options of a page."""
    return [entry.option for entry in entries if entry.option is not None]
