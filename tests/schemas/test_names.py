import json

import pytest

from schemas.codecs import FINGERPRINTS
from schemas.errors import ContractBroken
from schemas.model import documents
from schemas.names import fingerprint, named_types, resolved


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


def test_a_name_stands_for_its_type_with_or_without_namespace() -> None:
    inner = {"type": "enum", "name": "E", "symbols": ["a"]}
    outer = {"type": "record", "name": "R", "namespace": "n", "fields": [{"name": "x", "type": inner}]}
    names = named_types(outer)
    assert set(names) == {"n.R", "n.E"}
    assert resolved("E", names) == resolved("n.E", names) == resolved({"type": "E"}, names) == inner


def test_a_name_that_nothing_bears_is_refused() -> None:
    with pytest.raises(ContractBroken, match="Nobody"):
        resolved("Nobody", {})
