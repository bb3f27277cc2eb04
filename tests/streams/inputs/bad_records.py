"""Records that nobody should send, made up by seed: good ones with one thing wrong.

A few are still valid (a flipped bit may fall into a text), which is for whoever reads them to find out.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from schemas.codecs import ENCODERS
from schemas.errors import Reason, SchemaUnavailable, Undecodable
from schemas.framing import KnownSchemas, RecordDecoder, encode, encode_confluent
from schemas.model import RECORD_BYTES_MAX, Schema, documents
from schemas.topics import inputs
from schemas.wire import whole
from streams.inputs.decode import InputDecoder
from streams.inputs.partition import murmur2_partition
from streams.inputs.records import InputRecord
from tests.schemas.examples import label, paths, topic_of
from tests.schemas.strategies import struct

PARTITIONS: Final = 12
SCHEMA_IDS: Final = {name: number for number, name in enumerate(sorted(documents()), 1)}
AT: Final = 1_740_000_000_000
"""A Kafka timestamp after all examples."""


@dataclass(frozen=True)
class Good:
    """A record to be damaged: its event, and where it lies."""

    event: msgspec.Struct
    topic: str
    key: bytes
    partition: int

    def record(self, value: bytes | None) -> InputRecord:
        return InputRecord(self.topic, self.partition, 0, AT, self.key, value)


Damage = Callable[[Good, random.Random], InputRecord]


class AllSchemas(KnownSchemas):
    """There are no others."""

    def schema(self, schema_id: int) -> Schema:
        try:
            return super().schema(schema_id)
        except SchemaUnavailable:
            raise Undecodable(Reason.UNKNOWN_SCHEMA) from None


def decoder() -> InputDecoder:
    """A decoder that knows all schemas by their ids."""
    source = AllSchemas({number: documents()[name] for name, number in SCHEMA_IDS.items()})
    return InputDecoder(partitions=PARTITIONS, source=source)


def bad_records(seed: int, n: int) -> Iterator[InputRecord]:
    """`n` records of all input topics, Avro and JSON, one thing wrong with each, the same for a `seed`."""
    chance = random.Random(seed)
    good = good_records()
    damages, weights = list(DAMAGES), list(DAMAGES.values())
    for offset in range(n):
        (damage,) = chance.choices(damages, weights)
        yield msgspec.structs.replace(damage(chance.choice(good), chance), offset=offset)


def good_records() -> list[Good]:
    """The valid examples of the inputs."""
    found = []
    for path in sorted(paths("valid", "in"), key=label):
        topic = topic_of(path)
        event = RecordDecoder(struct(topic.schema or "")).decode(path.read_bytes())
        key = str(getattr(event, topic.key)).encode()
        found.append(Good(event, topic.full_name(), key, murmur2_partition(key, PARTITIONS)))
    return found


def _framed(good: Good, chance: random.Random) -> bytes:
    """The event in any framing."""
    forms = (encode, lambda it: encode_confluent(it, SCHEMA_IDS[type(it).__name__]), msgspec.json.encode)
    return chance.choice(forms)(good.event)


def truncated(good: Good, chance: random.Random) -> InputRecord:
    raw = _framed(good, chance)
    return good.record(raw[: chance.randrange(len(raw))])


def flipped(good: Good, chance: random.Random) -> InputRecord:
    raw = bytearray(_framed(good, chance))
    for _ in range(chance.randint(1, 8)):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return good.record(bytes(raw))


def overwritten(good: Good, chance: random.Random) -> InputRecord:
    raw = bytearray(_framed(good, chance))
    at = chance.randrange(len(raw))
    raw[at : at + chance.randrange(8)] = chance.randbytes(chance.randrange(12))
    return good.record(bytes(raw))


def huge_count(good: Good, chance: random.Random) -> InputRecord:
    """A size or count that nobody can hold, somewhere in the Avro record."""
    raw = ENCODERS[type(good.event).__name__](good.event)
    at = chance.randrange(len(raw))
    huge = whole(chance.choice([1 << 31, (1 << 63) - 1, -(1 << 63), -1, 5_000, -5_000]))
    return good.record(encode(good.event)[:10] + raw[:at] + huge + raw[at + chance.randrange(2) :])


def not_utf8(good: Good, chance: random.Random) -> InputRecord:
    """Two characters of a text become two bytes that begin nothing."""
    raw = bytearray(_framed(good, chance))
    texts = [at for at in range(6, len(raw) - 1) if chr(raw[at]).isalnum() and chr(raw[at + 1]).isalnum()]
    at = chance.choice(texts)
    raw[at : at + 2] = chance.choice([b"\xff\xfe", b"\xc3\x28", b"\xed\xa0", b"\x80\x80"])
    return good.record(bytes(raw))


def nonsense(good: Good, chance: random.Random) -> InputRecord:
    first = chance.choice([b"", b"{", b"\x00", b"\xc3\x01", b"\xc3\x01" + encode(good.event)[2:10]])
    return good.record(first + chance.randbytes(chance.randrange(60)))


def wrong_framing(good: Good, chance: random.Random) -> InputRecord:
    """The bytes of the record behind a beginning that is not theirs."""
    raw = ENCODERS[type(good.event).__name__](good.event)
    other = chance.choice(sorted(SCHEMA_IDS.values())).to_bytes(4, "big")
    firsts = (
        b"",
        b"\x01",
        b"\x00" + other,
        b"\x00" + chance.randbytes(4),
        b"\xc3\x01" + chance.randbytes(8),
        b"\xef\xbb\xbf",
    )
    return good.record(chance.choice(firsts) + raw)


def too_large(good: Good, chance: random.Random) -> InputRecord:
    return good.record(_framed(good, chance).ljust(RECORD_BYTES_MAX + 1))


def nested_deeply(good: Good, chance: random.Random) -> InputRecord:
    depth = chance.choice([1_000, 10_000, 100_000])
    opening = chance.choice([b"[", b'{"a":'])
    field = chance.choice([b"more", b"source", b"lines"])
    return good.record((b'{"' + field + b'":' + opening * depth)[:RECORD_BYTES_MAX])


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values within plain JSON, the outermost left out."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield (*path, name)
        yield from _leaves(part, (*path, name))


def _with_json(good: Good, chance: random.Random, edit: Callable[[Any, Any], None]) -> InputRecord:
    """The event as JSON, after `edit` of one of its values: it gets the container and the name or index."""
    plain = json.loads(msgspec.json.encode(good.event))
    *path, name = chance.choice(list(_leaves(plain)))
    container = plain
    for step in path:
        container = container[step]
    edit(container, name)
    return good.record(json.dumps(plain).encode())


def another_value(good: Good, chance: random.Random) -> InputRecord:
    """A value of another type, an unknown word, a bad id, a text or number that is too large."""
    values: tuple[Any, ...] = (
        *(None, True, 0, -1, 1.5, 1e300, 1 << 63, 1 << 70, -(1 << 63) - 1, {}, [], [None], {"a": 1}),
        *("", "nap", "a\x00b", "x" * 129, "x" * 5_000, "\u0085", "2025-01-15"),
    )
    return _with_json(
        good, chance, lambda container, name: container.__setitem__(name, chance.choice(values))
    )


def one_field_less(good: Good, chance: random.Random) -> InputRecord:
    return _with_json(good, chance, lambda container, name: container.pop(name))


def too_many_items(good: Good, chance: random.Random) -> InputRecord:
    """One array, or what stands in its place, many times over."""
    return _with_json(
        good,
        chance,
        lambda container, name: container.__setitem__(name, [container[name]] * chance.choice([257, 2_001])),
    )


def said_twice(good: Good, chance: random.Random) -> InputRecord:
    """Every line of an order twice; what has no lines is cut instead."""
    lines = getattr(good.event, "lines", ())
    if not lines:
        return truncated(good, chance)
    twice = replace(good, event=msgspec.structs.replace(good.event, lines=lines * 2))
    return twice.record(_framed(twice, chance))


def wrong_key(good: Good, chance: random.Random) -> InputRecord:
    key = chance.choice([None, b"", b"\xff", good.key + b"x", good.key.upper()])
    return msgspec.structs.replace(good.record(_framed(good, chance)), key=key)


def wrong_partition(good: Good, chance: random.Random) -> InputRecord:
    elsewhere = (good.partition + chance.randrange(1, PARTITIONS)) % PARTITIONS
    return replace(good, partition=elsewhere).record(_framed(good, chance))


def before_its_time(good: Good, chance: random.Random) -> InputRecord:
    return msgspec.structs.replace(good.record(_framed(good, chance)), timestamp_ms=AT - 10**11)


def tombstone(good: Good, _chance: random.Random) -> InputRecord:
    return good.record(None)


def of_another_topic(good: Good, chance: random.Random) -> InputRecord:
    topic = chance.choice(sorted(inputs()))
    return replace(good, topic=inputs()[topic].full_name()).record(_framed(good, chance))


DAMAGES: Final[Mapping[Damage, int]] = {
    truncated: 100,
    flipped: 200,
    overwritten: 150,
    huge_count: 100,
    not_utf8: 60,
    nonsense: 60,
    wrong_framing: 60,
    too_large: 2,
    nested_deeply: 5,
    another_value: 200,
    one_field_less: 60,
    too_many_items: 5,
    said_twice: 10,
    wrong_key: 20,
    wrong_partition: 20,
    before_its_time: 20,
    tombstone: 5,
    of_another_topic: 30,
}
"""What can be wrong with a record, and how often it is."""
