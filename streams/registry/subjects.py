"""Under which subjects the contract stands (TopicNameStrategy), and what a new version of each must keep to.

Keys are plain text, so only values have subjects. What runs beside a live application writes the same
records under other names: the ids are those of the live subjects.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from schemas.model import Schema, documents
from schemas.topics import Compatibility, outputs, topics
from streams.errors import Fatal
from streams.registry.client import RegistryClient

LEVELS: Final[Mapping[Compatibility, str]] = {
    "backward_transitive": "BACKWARD_TRANSITIVE",
    "full_transitive": "FULL_TRANSITIVE",
    "none": "NONE",
}


class Subject(Struct, frozen=True):
    """A subject of the contract. `topic` is without prefix."""

    name: str
    topic: str
    schema: Schema
    compatibility: Compatibility

    @property
    def text(self) -> str:
        """The schema as it is registered."""
        return json.dumps(self.schema, ensure_ascii=False)

    @property
    def level(self) -> str:
        """Its compatibility, in the registry's word."""
        return LEVELS[self.compatibility]


def subjects(prefix: str) -> Iterator[Subject]:
    """All subjects, in the order of the topics."""
    for topic in topics().values():
        if topic.schema is not None:
            name = f"{topic.full_name(prefix)}-value"
            yield Subject(name, topic.name, documents()[topic.schema], topic.compatibility)


async def output_ids(client: RegistryClient, prefix: str) -> dict[str, int]:
    """The id of the schema of each output, by topic without prefix. Fatal: some are not registered."""
    found = {
        subject.topic: (subject.name, await client.id_of(subject.name, subject.text))
        for subject in subjects(prefix)
        if subject.topic in outputs()
    }
    missing = [name for name, schema_id in found.values() if schema_id is None]
    if missing:
        raise Fatal(
            f"{client.url} does not hold our schema of {', '.join(missing)}: `kairos schemas register --yes`"
        )
    return {topic: schema_id for topic, (_, schema_id) in found.items() if schema_id is not None}
