"""Writes the decode functions of `schemas/codecs.py`, one straight line of statements per record.

Each `_<shape>` function returns the lines that read one value at `at` into the variable `var` and move `at`
behind it. The lines may use `n` and `end`. Nested records and arrays of them have functions of their own.
"""

import builtins
import textwrap
from collections.abc import Sequence

from schemas.model import Array, Boolean, Double, Enumeration, Nullable, Number, Record, Shape, Text

SHORT_BYTES_MAX = 63
"""A size of so many bytes takes one byte, which is even and below 128."""
_TAKEN = {*dir(builtins), "at", "count", "data", "end", "items", "most", "n", "size", "start"}


def variable(name: str) -> str:
    """The variable of a field: its name, unless Python or the generated code means something else by it."""
    return f"{name}_" if name in _TAKEN else name


def snake(name: str) -> str:
    """`OrderLine` as `order_line`."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")


def table(enumeration: Enumeration) -> str:
    """The name of the table that decodes `enumeration`."""
    return f"_{snake(enumeration.name).upper()}"


def decoder(record: Record) -> str:
    """The public function that decodes `record`."""
    lines = [*_fields(record), "if at == len(data):", f"    return {_made(record)}"]
    name = snake(record.name)
    return "\n".join(
        [
            f"def decode_{name}(data: bytes, at: int = 0) -> {record.name}:",
            f'    """The {record.name} that `data[at:]` is. Raises `Undecodable`."""',
            "    start = at",
            "    try:",
            textwrap.indent("\n".join(lines), " " * 8),
            "    except DOUBTS:",
            "        pass",
            f'    return convert(read(documents()["{record.name}"], data, start), {record.name})',
        ]
    )


def part_decoder(record: Record) -> str:
    """The function that decodes a nested record."""
    head = f"def _read_{snake(record.name)}(data: bytes, at: int) -> tuple[{record.name}, int]:"
    lines = [*_fields(record), f"return {_made(record)}, at"]
    return head + "\n" + textwrap.indent("\n".join(lines), "    ")


def array_decoder(record: Record) -> str:
    """The function that decodes an array of a nested record."""
    result = f"tuple[tuple[{record.name}, ...], int]"
    head = f"def _read_{snake(record.name)}s(data: bytes, at: int, most: int) -> {result}:"
    each = textwrap.indent("\n".join([*_fields(record), f"items.append({_made(record)})"]), " " * 12)
    return "\n".join(
        [
            head,
            f"    items: list[{record.name}] = []",
            "    while data[at]:",
            "        block, at = count(data, at, most - len(items))",
            "        for _ in range(block):",
            each,
            "    return tuple(items), at + 1",
        ]
    )


def _made(record: Record) -> str:
    return f"{record.name}({', '.join(variable(field.name) for field in record.fields)})"


def _fields(record: Record) -> list[str]:
    return [line for field in record.fields for line in _value(field.shape, variable(field.name))]


def _value(shape: Shape, var: str) -> list[str]:
    match shape:
        case Text():
            return _text(shape, var)
        case Number("timestamp"):
            return _timestamp(shape, var)
        case Number():
            return _number(shape, var)
        case Double():
            return [f"({var},) = unpack_double(data, at)", "at += 8", *_doubt_if(f"{var} - {var} != 0.0")]
        case Boolean():
            return [f"{var} = _BOOLEAN[data[at]]", "at += 1"]
        case Enumeration():
            return [f"{var} = {table(shape)}[data[at]]", "at += 1"]
        case Array(items, max_items):
            call = _array_call(items, max_items)
            return ["if data[at]:", f"    {var}, at = {call}", "else:", f"    {var} = ()", "    at += 1"]
        case Nullable(of):
            return _nullable(of, var)
        case Record(name):
            return [f"{var}, at = _read_{snake(name)}(data, at)"]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _doubt_if(condition: str) -> list[str]:
    return [f"if {condition}:", "    raise Doubt"]


def _text(shape: Text, var: str) -> list[str]:
    lines = [
        "n = data[at]",
        "if n & 0x81:",
        f"    n, at = size(data, at, {shape.max_chars})",
        "    end = at + n",
        "else:",
        "    at += 1",
        "    end = at + (n >> 1)",
        f"{var} = data[at:end].decode()",
        "at = end",
    ]
    if shape.max_chars < SHORT_BYTES_MAX:
        lines += _doubt_if(f"len({var}) > {shape.max_chars}")
    if shape.form == "id":
        lines += _doubt_if(f"not ({var} and {var}.isprintable())")
    return lines


def _timestamp(shape: Number, var: str) -> list[str]:
    return [
        "a, b, c, d, e, f = six(data, at)",
        "if f < 128 <= a & b & c & d & e and not a & 1:",
        "    at += 6",
        f"    {var} = (a + (b << 7) + (c << 14) + (d << 21) + (e << 28) + (f << 35) - CONTINUATION_6) >> 1",
        "else:",
        f"    {var}, at = varint(data, at)",
        *_doubt_if(f"not {shape.low} <= {var} <= {shape.high}"),
    ]


def _number(shape: Number, var: str) -> list[str]:
    lines = ["n = data[at]", "if n & 0x81:", f"    {var}, at = varint(data, at)"]
    if shape.kind != "long":
        lines += _indented(_doubt_if(f"not {shape.low} <= {var} <= {shape.high}"))
    lines += ["else:", f"    {var} = n >> 1", "    at += 1"]
    if shape.low > 0:
        lines += _doubt_if(f"{var} < {shape.low}")
    return lines


def _nullable(of: Shape, var: str) -> list[str]:
    return [
        "n = data[at]",
        "if n == 0:",
        "    at += 1",
        f"    {var} = None",
        "elif n == 2:",
        "    at += 1",
        *_indented(_value(of, var)),
        "else:",
        "    raise Doubt",
    ]


def _array_call(items: Shape, max_items: int) -> str:
    match items:
        case Text(_, "id"):
            return f"ids(data, at, {max_items})"
        case Text(max_chars, _):
            return f"texts(data, at, {max_items}, {max_chars})"
        case Record(name):
            return f"_read_{snake(name)}s(data, at, {max_items})"
    raise NotImplementedError(items)
