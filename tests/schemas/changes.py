"""Schemas with one change."""

import json
from collections.abc import Callable
from typing import Any

from schemas.model import documents

Change = Callable[[dict[str, Any]], object]


def changed(name: str, *changes: Change) -> dict[str, Any]:
    """A copy of the present schema `name`, after `changes`."""
    schema: dict[str, Any] = json.loads(json.dumps(documents()[name]))
    for change in changes:
        change(schema)
    return schema


def at(schema: dict[str, Any], path: str) -> dict[str, Any]:
    """The field at a dotted `path` of `schema`."""
    name, _, rest = path.partition(".")
    field: dict[str, Any] = next(field for field in schema["fields"] if field["name"] == name)
    return at(record_in(field["type"]), rest) if rest else field


def record_in(kind: Any) -> dict[str, Any]:
    """The record within a nullable or an array."""
    if isinstance(kind, list):
        return record_in(kind[1])
    found: dict[str, Any] = kind
    return record_in(found["items"]) if found["type"] == "array" else found


def without(path: str) -> Change:
    """Remove the field at `path`."""

    def change(schema: dict[str, Any]) -> None:
        parent, _, name = path.rpartition(".")
        record = record_in(at(schema, parent)["type"]) if parent else schema
        record["fields"] = [field for field in record["fields"] if field["name"] != name]

    return change


def adding(**field: Any) -> Change:
    """Append a field."""
    return lambda schema: schema["fields"].append(field)


def setting(path: str, **attributes: Any) -> Change:
    """Set attributes of the field at `path`."""
    return lambda schema: at(schema, path).update(attributes)


def renamed(name: str) -> Change:
    """Give the record another name."""
    return lambda schema: schema.update(name=name)


def symbols(path: str, edit: Callable[[list[str]], object]) -> Change:
    """Edit the symbols of the enumeration at `path`."""

    def change(schema: dict[str, Any]) -> None:
        kind = at(schema, path)["type"]
        edit((kind[1] if isinstance(kind, list) else kind)["symbols"])

    return change


def nullable(path: str) -> Change:
    """Let the field at `path` be null."""

    def change(schema: dict[str, Any]) -> None:
        field = at(schema, path)
        field["type"] = ["null", field["type"]]

    return change
