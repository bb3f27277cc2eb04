"""Older schemas: the `.avsc` files of earlier versions, as a folder keeps them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.compat import Break, Rule, check
from schemas.errors import ContractBroken
from schemas.model import Schema
from schemas.names import last_part, named_types, well_formed
from schemas.topics import Compatibility, Topic


@dataclass(frozen=True, slots=True)
class Version:
    """A schema as it was; `label` is its path in the folder, such as `v1/purchase.avsc`."""

    label: str
    schema: Schema


def versions(folder: Path) -> list[Version]:
    """Every `.avsc` file in `folder` and below, by path. Raises `ContractBroken` for what is no record."""
    return [
        Version(path.relative_to(folder).as_posix(), _load(path)) for path in sorted(folder.rglob("*.avsc"))
    ]


def breaks(
    older: list[Version], present: Mapping[str, Schema], topics: Mapping[str, Topic]
) -> Iterator[tuple[Version, Break]]:
    """What the present schemas break, with the older version that shows it."""
    rules = compatibilities(topics)
    for version in older:
        name = last_part(version.schema["name"])
        if name in present:
            for found in check(version.schema, present[name], rules.get(name, "full_transitive")):
                yield version, found
        else:
            yield version, Break(name, Rule.RECORD_REMOVED, "no schema has this name any more")


def compatibilities(topics: Mapping[str, Topic]) -> dict[str, Compatibility]:
    """What a change of each record must keep to, by record name; the strictest of its topics."""
    strictest: dict[str, Compatibility] = {}
    for topic in topics.values():
        if topic.schema and strictest.get(topic.schema) != "full_transitive":
            strictest[topic.schema] = topic.compatibility
    return strictest


def _load(path: Path) -> Schema:
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
        if schema["type"] == "record" and well_formed(schema, named_types(schema)):
            return dict(schema)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ContractBroken(f"{path} is not an Avro record: {error}") from error
    raise ContractBroken(f"{path} is not an Avro record")
