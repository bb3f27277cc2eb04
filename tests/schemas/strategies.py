"""Random records of the contract, within its limits, for Hypothesis."""

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st

import schemas.records
from schemas.model import Array, Boolean, Double, Enumeration, Nullable, Number, Record, Shape, Text, contract

Make = Callable[[Record, tuple[Any, ...]], Any]

CHARACTERS = st.characters(codec="utf-8")
PRINTABLE = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))
ITEMS_DRAWN_MAX = 3


def struct(record: str) -> type[msgspec.Struct]:
    """The generated type named `record`."""
    found: type[msgspec.Struct] = getattr(schemas.records, record)
    return found


def records(name: str) -> st.SearchStrategy[msgspec.Struct]:
    """Records of the contract named `name`."""
    return _shape(contract()[name], lambda record, values: struct(record.name)(*values))


def plain_records(record: Record) -> st.SearchStrategy[dict[str, Any]]:
    """What `record` describes, as dicts; it need not be of the contract."""

    def make(part: Record, values: tuple[Any, ...]) -> dict[str, Any]:
        return dict(zip((field.name for field in part.fields), values, strict=True))

    return _shape(record, make)


def any_record() -> st.SearchStrategy[msgspec.Struct]:
    """Records of any kind."""
    return st.sampled_from(sorted(contract())).flatmap(records)


def _shape(shape: Shape, make: Make) -> st.SearchStrategy[Any]:
    match shape:
        case Text(max_chars, form):
            drawn = min(max_chars, 80)
            if form == "id":
                return st.text(PRINTABLE, min_size=1, max_size=drawn) | st.just("é" * max_chars)
            return st.text(CHARACTERS, max_size=drawn) | st.just("x" * max_chars)
        case Number():
            edges = st.sampled_from([shape.low, shape.high, max(shape.low, 63), max(shape.low, 64)])
            return edges | st.integers(shape.low, shape.high)
        case Double():
            return st.floats(allow_nan=False, allow_infinity=False)
        case Boolean():
            return st.booleans()
        case Enumeration(_, symbols, _):
            return st.sampled_from(symbols)
        case Array(items, _):
            return st.lists(_shape(items, make), max_size=ITEMS_DRAWN_MAX).map(tuple)
        case Nullable(of):
            return st.none() | _shape(of, make)
        case Record(_, _, fields, _):
            parts = st.tuples(*(_shape(field.shape, make) for field in fields))
            return parts.map(lambda values: make(shape, values))
