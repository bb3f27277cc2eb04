from pathlib import Path

import msgspec
import pytest

from schemas.codecs import ENCODERS
from schemas.errors import Undecodable
from schemas.framing import KnownSchemas, RecordDecoder, encode, encode_confluent, encode_json
from schemas.model import documents
from schemas.topics import topics
from tests.schemas.examples import EXAMPLES, label, load, paths, topic_of
from tests.schemas.references import fastavro_bytes
from tests.schemas.strategies import struct

VALID = paths("valid", "in") + paths("valid", "out")
REJECTED_OUTPUTS = paths("rejected", "out")
SCHEMA_ID = 77


def decoder(path: Path) -> RecordDecoder[msgspec.Struct]:
    name = topic_of(path).schema or ""
    return RecordDecoder(struct(name), source=KnownSchemas({SCHEMA_ID: documents()[name]}))


def test_every_topic_has_examples_of_both_kinds_and_nothing_else_has() -> None:
    assert {path.name for path in EXAMPLES.iterdir()} == set(topics())
    for name in topics():
        words = {path.stem.partition("-")[0] for path in (EXAMPLES / name).iterdir()}
        assert words == {"valid", "rejected"}, name


@pytest.mark.parametrize("path", VALID, ids=label)
def test_a_valid_example_survives_every_framing(path: Path) -> None:
    reader = decoder(path)
    record = reader.decode(path.read_bytes())
    framings = (encode(record), encode_confluent(record, SCHEMA_ID), encode_json(record))
    assert [reader.decode(framed) for framed in framings] == [record] * 3


@pytest.mark.parametrize("path", VALID, ids=label)
def test_a_valid_example_says_only_what_its_schema_knows(path: Path) -> None:
    record = decoder(path).decode(path.read_bytes())
    assert set(load(path)) <= set(record.__struct_fields__)


@pytest.mark.parametrize("path", VALID, ids=label)
def test_a_valid_example_is_the_same_for_fastavro(path: Path) -> None:
    record = decoder(path).decode(path.read_bytes())
    assert ENCODERS[type(record).__name__](record) == fastavro_bytes(record)


@pytest.mark.parametrize("path", REJECTED_OUTPUTS, ids=label)
def test_a_rejected_output_gives_exactly_its_reason(path: Path) -> None:
    example = load(path)
    with pytest.raises(Undecodable) as error:
        decoder(path).decode(msgspec.json.encode(example["record"]))
    assert (error.value.reason, error.value.field) == (example["reason"], example["field"])
