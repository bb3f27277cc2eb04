import json
from collections.abc import Iterator
from typing import Any

import avro.schema  # type: ignore[import-untyped]
import msgspec
import pytest

from schemas.constraints import MissingField
from schemas.errors import ContractBroken
from schemas.model import FOLDER, Field, Record, contract, documents, nested, parse
from schemas.records import Usage
from schemas.topics import journey_inputs
from tests.schemas.strategies import struct

PATHS = sorted(FOLDER.glob("*.avsc"))
NAMES = sorted(contract())
EARLIER_FIELDS = ("event_id", "customer_id", "occurred_at", "source")


def fields(record: Record) -> Iterator[tuple[str, Field]]:
    for part in nested(record):
        if isinstance(part, Record):
            yield from ((part.name, field) for field in part.fields)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_avro_itself_accepts_every_file(path: Any) -> None:
    assert avro.schema.parse(path.read_text(encoding="utf-8")).type == "record"


@pytest.mark.parametrize("name", NAMES)
def test_everything_says_what_it_means(name: str) -> None:
    for part in nested(contract()[name]):
        assert part.doc, part.name
    for owner, field in fields(contract()[name]):
        assert field.doc.endswith("."), f"{owner}.{field.name}"


@pytest.mark.parametrize("name", NAMES)
def test_what_may_be_null_is_null_by_default(name: str) -> None:
    nullable = [field for _, field in fields(contract()[name]) if type(field.shape).__name__ == "Nullable"]
    assert all(field.has_default and field.default is None for field in nullable)


def test_no_field_has_an_alias_because_reading_goes_by_names() -> None:
    assert [name for name, schema in documents().items() if "aliases" in json.dumps(schema)] == []


def test_a_name_stands_for_one_type_in_all_files() -> None:
    parts = [part for record in contract().values() for part in nested(record)]
    assert len({part.name for part in parts}) == len(parts)


@pytest.mark.parametrize("topic", journey_inputs(), ids=lambda topic: topic.name)
def test_every_event_of_a_customer_begins_alike(topic: Any) -> None:
    assert tuple(field.name for field in contract()[topic.schema].fields[:4]) == EARLIER_FIELDS


@pytest.mark.parametrize("name", NAMES)
def test_the_generated_record_has_the_fields_and_defaults_of_its_schema(name: str) -> None:
    for part in nested(contract()[name]):
        if isinstance(part, Record):
            made = msgspec.structs.fields(struct(part.name))
            assert [field.name for field in made] == [field.name for field in part.fields]
            given = {field.name: field.default for field in made if field.default is not msgspec.NODEFAULT}
            assert given == {field.name: field.default for field in part.fields if field.has_default}


def test_a_required_field_after_an_optional_one_is_required_all_the_same() -> None:
    with pytest.raises(MissingField, match="type"):
        Usage("e", "c", 1_700_000_000_000, product_id="p")
    with pytest.raises(TypeError, match="customer_id"):
        Usage("e", product_id="p")  # type: ignore[call-arg]


def test_a_record_is_frozen_and_can_be_a_key() -> None:
    usage = Usage("e", "c", 1_700_000_000_000, None, "session", "p")
    with pytest.raises(AttributeError):
        usage.event_id = "f"  # type: ignore[misc]
    assert {usage: 1}[Usage("e", "c", 1_700_000_000_000, None, "session", "p")] == 1


@pytest.mark.parametrize(
    "kind",
    [
        "bytes",
        ["string", "null"],
        ["null", "string", "long"],
        {"type": "map", "values": "string"},
        {"type": "fixed", "name": "F", "size": 4},
        "SomethingElse",
        7,
    ],
)
def test_a_shape_that_the_contract_does_not_use_is_refused_by_name(kind: Any) -> None:
    schema = {"type": "record", "name": "R", "fields": [{"name": "x", "type": kind}]}
    with pytest.raises(ContractBroken, match="no shape"):
        parse(schema)


def test_a_form_that_nobody_knows_is_refused() -> None:
    schema = {"type": "record", "name": "R", "fields": [{"name": "x", "type": "string", "form": "uuid"}]}
    with pytest.raises(ContractBroken, match="uuid"):
        parse(schema)


def test_a_file_that_is_no_record_is_refused() -> None:
    with pytest.raises(ContractBroken, match="a record"):
        parse({"type": "string"})


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_file_is_named_after_its_record(path: Any) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["name"] == "".join(word.capitalize() for word in path.stem.split("_"))
    assert documents()[schema["name"]] == schema
