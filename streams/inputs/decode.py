"""A record of an input topic becomes an event, or a rejection that says why not.

Checks, in this order, the first that fails gives the reason: framing and schema (`schemas.framing`), the
key, the partition, the date, the meaning (`streams.inputs.rules`).

Only one thing is neither: a writer's schema that cannot be had now raises `Retryable`. A source that knows
better after a time says so itself (see `streams.registry.cache`).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from schemas.errors import Reason, SchemaUnavailable, Undecodable
from schemas.framing import RecordDecoder, SchemaSource
from schemas.model import Schema
from schemas.names import last_part
from schemas.records import Profile
from schemas.topics import DEFAULT_PREFIX, Topic, inputs
from streams.errors import Fatal, Retryable
from streams.inputs.partition import Partitioner, murmur2_partition
from streams.inputs.records import Input, InputRecord, Rejection, Removal
from streams.inputs.rules import broken_rule

FUTURE_MS: Final = 5 * 60_000
"""How far an event may be dated after its Kafka timestamp, because clocks differ. One from next year would be
the latest of its customer for a year."""

_KINDS: Final[Mapping[str, type[Any]]] = {kind.__name__: kind for kind in get_args(Input)}


class InputDecoder:
    """Decodes the records of all input topics.

    `older` are schemas of other writers, of any record, known by their fingerprints; `source` knows schemas
    by the id of a registry. `partitions` is the count of the co-partitioned inputs; without it, as for
    files, no partition is wrong.
    """

    def __init__(
        self,
        *,
        prefix: str = DEFAULT_PREFIX,
        older: Iterable[Schema] = (),
        source: SchemaSource | None = None,
        partitions: int | None = None,
        partitioner: Partitioner = murmur2_partition,
    ) -> None:
        schemas = list(older)
        self._partitions = partitions
        self._partitioner = partitioner
        self._topics = {
            topic.full_name(prefix): _Reader(topic, schemas, source) for topic in inputs().values()
        }

    def decode(self, record: InputRecord) -> Input | Rejection | Removal:
        """What `record` is. Raises `Retryable`, and `Fatal` for a topic that is no input."""
        reader = self._topics.get(record.topic)
        if reader is None:
            raise Fatal(f"{record.topic} is not an input of Kairos: read only the topics of `kairos topics`")
        return self._decode(record, reader)

    def undecided(self, record: InputRecord, where: str) -> Rejection:
        """What to answer when deciding upon `record` failed there."""
        return Rejection(Reason.DECISION_FAILED, where, self._topics[record.topic].name)

    def _decode(self, record: InputRecord, reader: "_Reader") -> Input | Rejection | Removal:
        if record.value is None:
            return reader.tombstone(record)
        try:
            event = reader.decoder.decode(record.value)
        except Undecodable as error:
            return Rejection(error.reason, error.field, reader.name)
        except SchemaUnavailable as error:
            raise Retryable(str(error)) from error
        refused = self._misplaced(record, reader, event)
        if refused is None and reader.dated:
            refused = _from_the_future(record, event)
        if refused is None:
            refused = broken_rule(event)
        return event if refused is None else Rejection(*refused, reader.name)

    def _misplaced(self, record: InputRecord, reader: "_Reader", event: Input) -> tuple[Reason, str] | None:
        key = record.key
        if key is None or key != getattr(event, reader.key).encode():
            return Reason.WRONG_KEY, reader.key
        if self._partitions is None or not reader.co_partitioned:
            return None
        right = self._partitioner(key, self._partitions) == record.partition
        return None if right else (Reason.WRONG_PARTITION, "")


class _Reader:
    """What is known of one topic."""

    def __init__(self, topic: Topic, older: Iterable[Schema], source: SchemaSource | None) -> None:
        assert topic.schema is not None
        kind = _KINDS[topic.schema]
        self.name = topic.schema
        self.key = topic.key
        self.co_partitioned = topic.co_partitioned
        self.compacted = topic.compacted
        self.dated = topic.rank is not None
        own = [schema for schema in older if last_part(schema["name"]) == topic.schema]
        self.decoder: RecordDecoder[Any] = RecordDecoder(kind, own, source)

    def tombstone(self, record: InputRecord) -> Removal | Rejection:
        """A record without a value, which only a compacted topic may have."""
        if not self.compacted:
            return Rejection(Reason.EMPTY, "", self.name)
        try:
            key = (record.key or b"").decode()
        except UnicodeDecodeError:
            return Rejection(Reason.WRONG_KEY, self.key, self.name)
        return Removal(record.topic, key) if key else Rejection(Reason.WRONG_KEY, self.key, self.name)


def _from_the_future(record: InputRecord, event: Any) -> tuple[Reason, str] | None:
    """A date of `event` that would win every "latest" for too long, of what happened or of a consent."""
    if record.timestamp_ms is None:
        return None
    latest_ms = record.timestamp_ms + FUTURE_MS
    if event.occurred_at > latest_ms:
        return Reason.FROM_THE_FUTURE, "occurred_at"
    if isinstance(event, Profile):
        for index, consent in enumerate(event.consents):
            if consent.at > latest_ms:
                return Reason.FROM_THE_FUTURE, f"consents[{index}].at"
    return None
