"""The registry of all topics, read from `topics.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from schemas.errors import ContractBroken
from schemas.model import FOLDER, RECORD_BYTES_MAX, contract

DEFAULT_PREFIX: Final = "journey."

PURCHASES: Final = "purchases"
DELIVERIES: Final = "deliveries"
USAGE: Final = "usage"
TICKETS: Final = "tickets"
REPLIES: Final = "replies"
PROFILES: Final = "profiles"
ERASURES: Final = "erasures"
CATALOGUE: Final = "catalogue"
CONTROL: Final = "control"
ELIGIBILITY: Final = "eligibility"
HOLDOUT: Final = "holdout"
STAGES: Final = "stages"
FRICTION: Final = "friction"
DECISIONS: Final = "decisions"
CUSTOMERS: Final = "customers"
DEAD_LETTERS: Final = "dead-letters"

Compatibility = Literal["backward_transitive", "full_transitive", "none"]


class Topic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One topic. Where a default stands, it holds for topics that say nothing.

    `name` is without prefix. `schema` is the name of the record, absent where the bytes are of any kind.
    `retention_days` is absent where the topic is compacted. `rank` is absent where order plays no part.
    """

    name: str
    direction: Literal["in", "out"]
    schema: str | None = None
    key: str
    co_partitioned: bool
    partitions: int
    retention_days: int | None = None
    compacted: bool = False
    max_record_bytes: int = RECORD_BYTES_MAX
    rank: int | None = None
    compatibility: Compatibility
    owner: str
    aligned_with: str
    doc: str

    def full_name(self, prefix: str = DEFAULT_PREFIX) -> str:
        """The name on the broker."""
        return prefix + self.name


class _File(msgspec.Struct, forbid_unknown_fields=True):
    prefix: str
    topics: dict[str, dict[str, object]]


@cache
def topics(path: Path = FOLDER / "topics.toml") -> Mapping[str, Topic]:
    """All topics by name without prefix, in the order of the file. Raises `ContractBroken`."""
    try:
        file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
        found = {name: msgspec.convert({"name": name, **topic}, Topic) for name, topic in file.topics.items()}
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ContractBroken(f"{path.name}: {error}") from error
    for topic in found.values():
        _check(topic)
    return found


def inputs() -> Mapping[str, Topic]:
    """The topics that Kairos reads, by name."""
    return {name: topic for name, topic in topics().items() if topic.direction == "in"}


def outputs() -> Mapping[str, Topic]:
    """The topics that Kairos writes, by name."""
    return {name: topic for name, topic in topics().items() if topic.direction == "out"}


def journey_inputs() -> tuple[Topic, ...]:
    """The co-partitioned inputs, which carry events of customers, by rank."""
    return tuple(sorted((it for it in inputs().values() if it.rank is not None), key=lambda it: it.rank or 0))


def _check(topic: Topic) -> None:
    """Refuse what no single field can show."""
    record = contract().get(topic.schema) if topic.schema else None
    if topic.schema and record is None:
        raise ContractBroken(f"topics.toml: {topic.name} has the schema {topic.schema}, which no file holds")
    if record and topic.key not in {field.name for field in record.fields}:
        raise ContractBroken(f"topics.toml: {topic.name} has the key {topic.key}, which {topic.schema} lacks")
    if topic.compacted == (topic.retention_days is not None):
        raise ContractBroken(f"topics.toml: {topic.name} needs either retention_days or compacted")
    if topic.co_partitioned and topic.direction == "in" and topic.rank is None:
        raise ContractBroken(f"topics.toml: {topic.name} is a co-partitioned input and needs a rank")
