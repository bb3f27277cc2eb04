import json
from typing import Any

import pytest
from fastavro.schema import to_parsing_canonical_form

from schemas.codecs import FINGERPRINTS
from schemas.fingerprint import canonical, fingerprint
from schemas.model import contract, documents


@pytest.mark.parametrize(
    ("schema", "crc"),
    [
        ({"type": "null"}, 7195948357588979594),
        ({"type": "boolean"}, -6970731678124411036),
        ({"type": "int"}, 8247732601305521295),
        ({"type": "long"}, -3434872931120570953),
        ({"type": "float"}, 5583340709985441680),
        ({"type": "double"}, -8181574048448539266),
        ({"type": "bytes"}, 5746618253357095269),
        ({"type": "string"}, -8142146995180207161),
    ],
)
def test_fingerprints_are_those_of_avros_own_test_data(schema: dict[str, str], crc: int) -> None:
    assert fingerprint(schema) == crc.to_bytes(8, "little", signed=True)


def test_a_fingerprint_does_not_see_docs_defaults_and_limits() -> None:
    schema = json.loads(json.dumps(documents()["Usage"]))
    for field in schema["fields"]:
        field["doc"] = "other"
        field.pop("form", None)
    assert fingerprint(schema) == FINGERPRINTS["Usage"]


def test_a_fingerprint_sees_a_new_field() -> None:
    schema = json.loads(json.dumps(documents()["Usage"]))
    schema["fields"].append({"name": "more", "type": "int", "default": 0})
    assert fingerprint(schema) != FINGERPRINTS["Usage"]


@pytest.mark.parametrize("name", sorted(contract()))
def test_the_canonical_form_is_that_of_fastavro(name: str) -> None:
    assert canonical(documents()[name]) == to_parsing_canonical_form(dict(documents()[name]))
    assert FINGERPRINTS[name] == fingerprint(documents()[name])


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "map", "values": {"type": "long", "logicalType": "timestamp-micros"}},
        {"type": "fixed", "name": "n.F", "size": 12, "aliases": ["G"]},
        {
            "type": "record",
            "name": "R",
            "namespace": "a.b",
            "fields": [
                {"name": "x", "type": {"type": "enum", "name": "E", "symbols": ["y"]}},
                {"name": "again", "type": ["null", "E"]},
                {"name": "elsewhere", "type": {"type": "fixed", "name": "F", "namespace": "c", "size": 2}},
                {"name": "itself", "type": {"type": "array", "items": "a.b.R"}},
            ],
        },
    ],
)
def test_names_are_made_full_and_attributes_dropped_as_fastavro_does(schema: dict[str, Any]) -> None:
    assert canonical(schema) == to_parsing_canonical_form(schema)


def test_a_default_of_the_wrong_type_does_not_matter() -> None:
    schema = json.loads(json.dumps(documents()["Usage"]))
    schema["fields"][0]["default"] = None
    assert fingerprint(schema) == FINGERPRINTS["Usage"]
