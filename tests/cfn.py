"""template.yaml as plain values: each of CloudFormation's short forms (`!Ref X`) as its long one ({"Ref": "X"})."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Loader(yaml.SafeLoader):  # type: ignore[misc] # yaml publishes no types
    """YAML, and CloudFormation's tags."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


def read(path: Path) -> dict[str, Any]:
    """The template."""
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    return loaded


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of that type, by logical id; at least one, or what asks for them asks nothing."""
    found = {name: one.get("Properties", {}) for name, one in template["Resources"].items() if one["Type"] == kind}
    assert found, f"there is no {kind}"
    return found


def statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each statement of each policy, with the id of its resource."""
    for name, resource in template["Resources"].items():
        for document in _documents(resource):
            yield from ((name, statement) for statement in document["Statement"])


def _documents(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("Statement"), list):
            yield value
        for inner in value.values():
            yield from _documents(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _documents(inner)


def texts(value: Any) -> list[str]:
    """A string or list of them, or of what CloudFormation makes strings from, as a list of strings; of an If, both."""
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    if isinstance(value, dict) and "Fn::If" in value:
        return texts(value["Fn::If"][1:])
    return [value if isinstance(value, str) else repr(value)]
