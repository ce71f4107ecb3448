"""Modals: a form held against its limits, and what a person's answers to it look like.

https://docs.discord.com/developers/components/using-modal-components
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine_twins.discord import components as parts
from valine_twins.discord.components import Checker, walk
from valine_twins.discord.errors import Path, Problem, bad_choice, bad_type
from valine_twins.transport import ActError

if TYPE_CHECKING:
    from valine_twins.discord.state import Json

FIELDS = (
    parts.TEXT_INPUT,
    parts.STRING_SELECT,
    parts.RADIO_GROUP,
    parts.CHECKBOX_GROUP,
    parts.CHECKBOX,
    *parts.OTHER_SELECTS,
)
CHOICES = (parts.STRING_SELECT, parts.RADIO_GROUP, parts.CHECKBOX_GROUP)


def problems_of(modal: object) -> list[Problem]:
    """What is wrong with the data of a modal."""
    if not isinstance(modal, dict):
        return [bad_type(("data",), "object")]
    checker = Checker()
    checker.text(modal, "custom_id", ("data",), 1, 100)
    checker.text(modal, "title", ("data",), 1, 45)
    components = checker.items(modal, "components", ("data",), 1, 5)
    for index, component in enumerate(components):
        _top(checker, component, ("data", "components", index))
    checker.check_whole(components, ("data", "components"))
    return checker.problems


def _top(checker: Checker, component: object, path: Path) -> None:
    kind = component.get("type") if isinstance(component, dict) else None
    if not isinstance(component, dict) or kind not in (parts.LABEL, parts.ROW, parts.TEXT):
        checker.problems.append(bad_choice((*path, "type"), (parts.LABEL, parts.TEXT)))
    elif kind == parts.LABEL:
        checker.text(component, "label", path, 1, 45)
        checker.text(component, "description", path, 0, 100)
        _field(checker, component.get("component"), (*path, "component"), FIELDS)
    elif kind == parts.ROW:
        for index, inner in enumerate(checker.items(component, "components", path, 1, 1)):
            _field(checker, inner, (*path, "components", index), (parts.TEXT_INPUT,))
    else:
        checker.check(component, path, (parts.TEXT,))


def _field(checker: Checker, field: object, path: Path, allowed: tuple[int, ...]) -> None:
    if not isinstance(field, dict) or field.get("type") not in allowed:
        checker.problems.append(bad_choice((*path, "type"), allowed))
        return
    kind = field["type"]
    checker.text(field, "custom_id", path, 1, 100)
    checker.text(field, "placeholder", path, 0, 150 if kind == parts.STRING_SELECT else 100)
    if kind == parts.TEXT_INPUT:
        if field.get("style") not in (1, 2):
            checker.problems.append(bad_choice((*path, "style"), (1, 2)))
        checker.text(field, "value", path, 0, 4000)
    elif kind == parts.STRING_SELECT:
        checker.range(field, path, len(checker.options(field, path, 1, 25)))
    elif kind == parts.RADIO_GROUP:
        checker.options(field, path, 2, 10)
    elif kind == parts.CHECKBOX_GROUP:
        checker.options(field, path, 1, 10)


def submitted(modal: Json, values: dict[str, Any]) -> Json:
    """The data of a submit: the person's `values` by custom id, defaults where nothing was entered.

    Raises ActError for a field that is not there, or an entry that the form would not let through.
    """
    fields = {c["custom_id"] for c in walk(modal["components"]) if c["type"] in FIELDS}
    if set(values) - fields:
        message = f"the modal has no field {sorted(set(values) - fields)}; it has {sorted(fields)}"
        raise ActError(message)
    answered: list[Json] = []
    for component in modal["components"]:
        entry: Json = {"type": component["type"], "id": len(answered) + 1}
        if component["type"] == parts.LABEL:
            entry["component"] = _entered(component["component"], values)
        elif component["type"] == parts.ROW:
            entry["components"] = [_entered(inner, values) for inner in component["components"]]
        answered.append(entry)
    return {"custom_id": modal["custom_id"], "components": answered}


def _entered(field: Json, values: dict[str, Any]) -> Json:
    kind, name = field["type"], field["custom_id"]
    entered: Json = {"type": kind, "custom_id": name}
    chosen = [o["value"] for o in field.get("options", []) if o.get("default")]
    if kind == parts.TEXT_INPUT:
        return entered | {"value": _text(field, str(values.get(name, field.get("value") or "")))}
    if kind == parts.CHECKBOX:
        return entered | {"value": bool(values.get(name, field.get("default", False)))}
    picked = values.get(name, chosen)
    picked = [picked] if isinstance(picked, str) else list(picked or [])
    unknown = set(picked) - {o["value"] for o in field.get("options", [])}
    if kind in CHOICES and unknown:
        message = f"{name} has no option {sorted(unknown)}"
        raise ActError(message)
    if field.get("required", True) and not picked:
        message = f"{name} must be answered"
        raise ActError(message)
    if kind == parts.RADIO_GROUP:
        return entered | {"value": picked[0] if picked else None}
    return entered | {"values": picked}


def _text(field: Json, text: str) -> str:
    least, most = field.get("min_length", 0), field.get("max_length", 4000)
    if field.get("required", True) and not text:
        message = f"{field['custom_id']} must be filled in"
        raise ActError(message)
    if text and not least <= len(text) <= most:
        message = f"{field['custom_id']} takes {least} to {most} characters"
        raise ActError(message)
    return text
