import pytest

from schemas.errors import ContractBroken
from schemas.names import named_types, resolved, well_formed


def test_a_name_stands_for_its_type_with_or_without_namespace() -> None:
    inner = {"type": "enum", "name": "E", "symbols": ["a"]}
    outer = {"type": "record", "name": "R", "namespace": "n", "fields": [{"name": "x", "type": inner}]}
    names = named_types(outer)
    assert set(names) == {"n.R", "n.E"}
    assert resolved("E", names) == resolved("n.E", names) == resolved({"type": "E"}, names) == inner


def test_a_name_that_nothing_bears_is_refused() -> None:
    with pytest.raises(ContractBroken, match="Nobody"):
        resolved("Nobody", {})


SHAPES = [
    "string",
    ["null", "int"],
    {"type": "string", "avro.java.string": "String"},
    {"type": {"type": "array", "items": "E"}},
    {"type": "map", "values": ["null", "n.E"]},
    {"type": "fixed", "name": "F", "size": 8},
    {"type": "error", "name": "X", "fields": []},
]
NO_SHAPES = [
    "Nobody",
    7,
    None,
    {},
    {"type": "record", "name": "R"},
    {"type": "record", "fields": []},
    {"type": "enum", "name": "E", "symbols": [1]},
    {"type": "fixed", "name": "F", "size": -1},
    {"type": "array"},
    {"type": "map"},
    ["null", "Nobody"],
]


@pytest.mark.parametrize("schema", SHAPES)
def test_a_schema_is_well_formed_whatever_attributes_it_has(schema: object) -> None:
    assert well_formed(schema, {"n.E": {}})


@pytest.mark.parametrize("schema", NO_SHAPES)
def test_what_is_no_schema_is_not_well_formed(schema: object) -> None:
    assert not well_formed(schema, {"n.E": {}})
