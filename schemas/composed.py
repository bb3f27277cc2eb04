"""Decoders for the data of other writers, put together when their schema is met.

After every change of the contract, all producers write the older schema for weeks, so reading it must not
cost twenty times as much as reading our own. Each field of the writer becomes one small function that reads
it as our record wants it, or passes over it. As in the generated code, whatever is unusual raises one of
`DOUBTS`, and the careful reader decides.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from schemas import records
from schemas.errors import ContractBroken
from schemas.model import (
    ITEMS_MAX,
    TEXT_CHARS_MAX,
    Array,
    Boolean,
    Double,
    Enumeration,
    Nullable,
    Number,
    Record,
    Schema,
    Shape,
    Text,
    contract,
    parse,
)
from schemas.wire import Doubt, count, size, unpack_double, varint

Read: TypeAlias = Callable[[bytes, int], tuple[Any, int]]
"""The value at a position, and the position after it."""


def composed(writer: Schema, name: str) -> Read | None:
    """How to read the record `name` from what `writer` wrote; None for shapes that the contract lacks.

    The schemas must be compatible (`schemas.compat.unreadable`). What is read raises one of `DOUBTS`, or
    ends where the record ends, which need not be the end of the data.
    """
    try:
        return _record(parse(writer), contract()[name])
    except ContractBroken:
        return None


def _record(theirs: Record, ours: Record | None) -> Read:
    fields = ours.fields if ours else ()
    slots = {field.name: slot for slot, field in enumerate(fields)}
    defaults = [field.default for field in fields]
    nowhere = len(defaults)
    plan = []
    for field in theirs.fields:
        slot = slots.get(field.name, nowhere)
        plan.append((_shape(field.shape, fields[slot].shape if slot < nowhere else None), slot))
    kind = getattr(records, ours.name) if ours else None

    def read(data: bytes, at: int) -> tuple[Any, int]:
        values = [*defaults, None]
        for part, slot in plan:
            values[slot], at = part(data, at)
        values.pop()
        return kind(*values) if kind else None, at

    return read


def _shape(theirs: Shape, ours: Shape | None) -> Read:
    """How to read what `theirs` wrote as `ours`, or for nobody when that is None."""
    match theirs, ours:
        case Nullable(of), Nullable(want):
            return _nullable(_shape(of, want), null_is_fine=True)
        case Nullable(of), _:
            return _nullable(_shape(of, ours), null_is_fine=ours is None)
        case _, Nullable(want):
            return _shape(theirs, want)
        case Array(items, _), Array(want, most):
            return _array(_shape(items, want), most)
        case Array(items, _), None:
            return _array(_shape(items, None), ITEMS_MAX)
        case Record(), Record() | None:
            return _record(theirs, ours)
    return _leaf(theirs, ours)


def _leaf(theirs: Shape, ours: Shape | None) -> Read:
    match theirs, ours:
        case Text(), Text() | None:
            return _text(ours or Text(TEXT_CHARS_MAX, ""))
        case Number(kind), Number() | None:
            return _number(Number("int" if kind in ("int", "date") else "long"), ours)
        case Number(), Double():
            return _widened
        case Double(), Double() | None:
            return _double
        case Boolean(), Boolean() | None:
            return _boolean
        case Enumeration(), Enumeration() | None:
            return _enumeration(theirs, ours or theirs)
    raise ContractBroken(f"{theirs} cannot be read as {ours}")


def _nullable(of: Read, *, null_is_fine: bool) -> Read:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        branch = data[at]
        if branch == 2:
            return of(data, at + 1)
        if branch or not null_is_fine:
            raise Doubt
        return None, at + 1

    return read


def _text(shape: Text) -> Read:
    most, is_id = shape.max_chars, shape.form == "id"

    def read(data: bytes, at: int) -> tuple[str, int]:
        length, at = size(data, at, most)
        end = at + length
        text = data[at:end].decode()
        if is_id and not (text and text.isprintable()):
            raise Doubt
        return text, end

    return read


def _number(theirs: Number, ours: Number | None) -> Read:
    low = max(theirs.low, ours.low) if ours else theirs.low
    high = min(theirs.high, ours.high) if ours else theirs.high

    def read(data: bytes, at: int) -> tuple[int, int]:
        value, at = varint(data, at)
        if not low <= value <= high:
            raise Doubt
        return value, at

    return read


def _widened(data: bytes, at: int) -> tuple[float, int]:
    value, at = varint(data, at)
    return float(value), at


def _double(data: bytes, at: int) -> tuple[float, int]:
    (value,) = unpack_double(data, at)
    if value - value != 0.0:
        raise Doubt
    return value, at + 8


def _boolean(data: bytes, at: int) -> tuple[bool, int]:
    return (False, True)[data[at]], at + 1


def _enumeration(theirs: Enumeration, ours: Enumeration) -> Read:
    known = {
        2 * number: symbol
        for number, symbol in enumerate(theirs.symbols)
        if symbol in ours.symbols and number < 64
    }
    return lambda data, at: (known[data[at]], at + 1)


def _array(item: Read, most: int) -> Read:
    def read(data: bytes, at: int) -> tuple[tuple[Any, ...], int]:
        items: list[Any] = []
        while data[at]:
            block, at = count(data, at, most - len(items))
            for _ in range(block):
                value, at = item(data, at)
                items.append(value)
        return tuple(items), at + 1

    return read
