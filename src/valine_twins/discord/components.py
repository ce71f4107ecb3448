"""Message components held against Discord's limits; what passes is stored as Discord stores it, with ids and defaults.

https://docs.discord.com/developers/components/reference
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from valine_twins.discord.errors import Path, Problem, bad_choice, bad_length, bad_type, required, too_long

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from valine_twins.discord.state import Json

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
OTHER_SELECTS = (5, 6, 7, 8)
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 18, 21, 22, 23
V2_ONLY = (SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER)
LINK, PREMIUM = 5, 6

MOST_COMPONENTS = 40
MOST_TEXT = 4000
MOST_ROWS = 5
MOST_OPTIONS = 25
MOST_BUTTONS = 5
# Not documented: https://github.com/discord/discord-api-docs/issues/8554
MOST_TEXT_BYTES = 10_170


def walk(components: object) -> Iterator[Json]:
    """Every component of a message, nested ones and accessories included, in the order they are read."""
    for component in components if isinstance(components, list) else []:
        if isinstance(component, dict):
            yield component
            yield from walk(component.get("components"))
            for key in ("accessory", "component"):
                yield from walk([component.get(key)])


def text_bytes(components: list[Json]) -> int:
    """The size by which Discord fails with a 500 instead of refusing."""
    texts = (c["content"] for c in walk(components) if c.get("type") == TEXT and isinstance(c.get("content"), str))
    return sum(len(text.encode()) + 12 for text in texts)


def problems_of(components: object, *, v2: bool) -> list[Problem]:
    """What is wrong with a message's components."""
    if not isinstance(components, list):
        return [bad_type(("components",), "array")]
    checker = Checker()
    top = V2_TOP if v2 else (ROW,)
    for index, component in enumerate(components):
        checker.check(component, ("components", index), top)
    if not v2 and len(components) > MOST_ROWS:
        checker.problems.append(bad_length(("components",), 0, MOST_ROWS))
    checker.check_whole(components, ("components",))
    return checker.problems


V2_TOP = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER)
IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)


class Checker:
    """Walks components and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._kinds: dict[int, Callable[[Json, Path], None]] = {
            ROW: self._row,
            BUTTON: self._button,
            STRING_SELECT: self._string_select,
            SECTION: self._section,
            TEXT: self._text,
            THUMBNAIL: self._thumbnail,
            CONTAINER: self._container,
            **dict.fromkeys(OTHER_SELECTS, self._select),
        }

    def check(self, component: object, path: Path, allowed: tuple[int, ...]) -> None:
        """One component and all that is inside."""
        if not isinstance(component, dict):
            self.problems.append(bad_type(path, "object"))
        elif component.get("type") not in allowed:
            self.problems.append(bad_choice((*path, "type"), allowed))
        elif not isinstance(component.get("id") or 0, int):
            self.problems.append(bad_type((*path, "id"), "integer"))
        elif component["type"] in self._kinds:
            self._kinds[component["type"]](component, path)

    def check_whole(self, components: list[Any], path: Path) -> None:
        """What only all components together can break: their number, their text, ids that are taken."""
        everything = list(walk(components))
        if len(everything) > MOST_COMPONENTS:
            self.problems.append(
                (path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"Over {MOST_COMPONENTS} components.")
            )
        texts = [str(c.get("content", "")) for c in everything if c.get("type") == TEXT]
        if sum(map(len, texts)) > MOST_TEXT:
            self.problems.append((path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", f"Over {MOST_TEXT} characters."))
        for key, code in (("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED"), ("id", "COMPONENT_ID_DUPLICATED")):
            values = [repr(c[key]) for c in everything if c.get(key)]
            if len(values) != len(set(values)):
                self.problems.append((path, code, f"Component {key} cannot be duplicated"))

    def text(self, holder: Json, key: str, path: Path, least: int, most: int) -> None:
        """A text field: needed if `least` is more than nothing."""
        value = holder.get(key)
        if value is None:
            if least:
                self.problems.append(required((*path, key)))
        elif not isinstance(value, str):
            self.problems.append(bad_type((*path, key), "string"))
        elif not least <= len(value) <= most:
            self.problems.append(bad_length((*path, key), least, most))

    def items(self, holder: Json, key: str, path: Path, least: int, most: int) -> list[Any]:
        """A list field, [] if it is none."""
        value = holder.get(key)
        if not isinstance(value, list):
            self.problems.append(required((*path, key)))
            return []
        if not least <= len(value) <= most:
            self.problems.append(bad_length((*path, key), least, most))
        return value

    def options(self, holder: Json, path: Path, least: int, most: int) -> list[Json]:
        """The options of a select, radio group or checkbox group; those that are objects come back."""
        found = self.items(holder, "options", path, least, most)
        good: list[Json] = []
        for index, option in enumerate(found):
            place = (*path, "options", index)
            if not isinstance(option, dict):
                self.problems.append(bad_type(place, "object"))
                continue
            self.text(option, "label", place, 1, 100)
            self.text(option, "value", place, 1, 100)
            self.text(option, "description", place, 0, 100)
            good.append(option)
        values = [repr(o.get("value")) for o in good]
        if len(values) != len(set(values)):
            self.problems.append(
                (
                    (*path, "options"),
                    "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                    "The specified option value is used twice",
                )
            )
        return good

    def range(self, holder: Json, path: Path, available: int, default: int = 1) -> None:
        """`min_values` and `max_values`, which must fit each other and the options."""
        least, most = holder.get("min_values", default), holder.get("max_values", default)
        if not isinstance(least, int) or not isinstance(most, int):
            self.problems.append(bad_type((*path, "max_values"), "integer"))
        elif not 0 <= least <= MOST_OPTIONS or not max(1, least) <= most <= available:
            message = f"min_values and max_values must fit {available} options"
            self.problems.append(((*path, "max_values"), "COMPONENT_SELECT_RANGE", message))
        elif sum(bool(o.get("default")) for o in holder.get("options", []) if isinstance(o, dict)) > most:
            self.problems.append(((*path, "options"), "COMPONENT_SELECT_DEFAULTS", "More defaults than max_values"))

    def _row(self, row: Json, path: Path) -> None:
        inside = self.items(row, "components", path, 1, MOST_BUTTONS)
        others = [c for c in inside if not isinstance(c, dict) or c.get("type") != BUTTON]
        if others and len(inside) > 1:
            message = "A row holds up to five buttons or one select"
            self.problems.append(((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message))
        for index, component in enumerate(inside):
            self.check(component, (*path, "components", index), (BUTTON, STRING_SELECT, *OTHER_SELECTS))

    def _button(self, button: Json, path: Path) -> None:
        style = button.get("style")
        self.text(button, "label", path, 0, 80)
        if style not in range(1, 7):
            self.problems.append(bad_choice((*path, "style"), "(1, 2, 3, 4, 5, 6)"))
        elif style == LINK:
            self.text(button, "url", path, 1, 512)
            self._absent(button, "custom_id", path)
            if not str(button.get("url")).startswith(("http://", "https://", "discord://")):
                self.problems.append(
                    ((*path, "url"), "URL_TYPE_INVALID_SCHEME", "Scheme must be http, https or discord.")
                )
        elif style != PREMIUM:
            self.text(button, "custom_id", path, 1, 100)
            self._absent(button, "url", path)
        if style != PREMIUM and not (button.get("label") or button.get("emoji")):
            self.problems.append((path, "BUTTON_COMPONENT_MISSING_LABEL", "A button must have a label or an emoji"))

    def _absent(self, holder: Json, key: str, path: Path) -> None:
        if holder.get(key):
            self.problems.append(((*path, key), "BUTTON_COMPONENT_CONFLICT", "A link has a url, others a custom id"))

    def _select(self, select: Json, path: Path) -> None:
        self.text(select, "custom_id", path, 1, 100)
        self.text(select, "placeholder", path, 0, 150)
        self.range(select, path, MOST_OPTIONS)

    def _string_select(self, select: Json, path: Path) -> None:
        self.text(select, "custom_id", path, 1, 100)
        self.text(select, "placeholder", path, 0, 150)
        options = self.options(select, path, 1, MOST_OPTIONS)
        self.range(select, path, len(options))

    def _section(self, section: Json, path: Path) -> None:
        for index, component in enumerate(self.items(section, "components", path, 1, 3)):
            self.check(component, (*path, "components", index), (TEXT,))
        self.check(section.get("accessory"), (*path, "accessory"), (BUTTON, THUMBNAIL))

    def _text(self, display: Json, path: Path) -> None:
        content = display.get("content")
        if not isinstance(content, str) or not content:
            self.problems.append(required((*path, "content")))
        elif len(content) > MOST_TEXT:
            self.problems.append(too_long((*path, "content"), MOST_TEXT))

    def _thumbnail(self, thumbnail: Json, path: Path) -> None:
        if not isinstance(thumbnail.get("media"), dict):
            self.problems.append(required((*path, "media")))
        self.text(thumbnail, "description", path, 0, 1024)

    def _container(self, container: Json, path: Path) -> None:
        for index, component in enumerate(self.items(container, "components", path, 1, MOST_COMPONENTS)):
            self.check(component, (*path, "components", index), IN_CONTAINER)


DEFAULTS: dict[int, Json] = {
    STRING_SELECT: {"min_values": 1, "max_values": 1},
    **{kind: {"min_values": 1, "max_values": 1} for kind in OTHER_SELECTS},
    SEPARATOR: {"spacing": 1, "divider": True},
    CONTAINER: {"accent_color": None, "spoiler": False},
}


def stored(components: list[Json]) -> list[Json]:
    """A copy as Discord answers it: every component has an id, counted from 1, and its defaults."""
    kept: list[Json] = msgspec.json.decode(msgspec.json.encode(components))  # a deep copy, and a quick one
    taken = {c["id"] for c in walk(kept) if c.get("id")}
    following = 1
    for component in walk(kept):
        for key, value in DEFAULTS.get(component["type"], {}).items():
            component.setdefault(key, value)
        if not component.get("id"):
            while following in taken:
                following += 1
            component["id"] = following
            taken.add(following)
    return kept
