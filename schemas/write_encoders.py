"""Writes the encode functions of `schemas/codecs.py`: every value becomes a few pieces of bytes, joined once.

A piece is an expression; what needs a statement first (a string's bytes, a test for null) has it in front.
"""

import textwrap
from collections.abc import Sequence

from schemas.model import Array, Boolean, Double, Enumeration, Nullable, Number, Record, Shape, Text
from schemas.wire import ID_BYTES_MAX
from schemas.write_decoders import snake, table

_ID_CHARS = ID_BYTES_MAX // 4


def encoder(record: Record) -> str:
    """The public function that encodes `record`."""
    before, pieces = _record(record)
    name = snake(record.name)
    return "\n".join(
        [
            f"def encode_{name}(it: {record.name}) -> bytes:",
            f'    """The bytes of `it`. Raises `Unencodable` when a {record.name} cannot hold its values."""',
            "    try:",
            textwrap.indent("\n".join([*before, f"return {_joined(pieces)}"]), " " * 8),
            "    except MISFITS:",
            f'        return write(documents()["{record.name}"], it)',
        ]
    )


def part_encoder(record: Record) -> str:
    """The function that encodes a nested record."""
    before, pieces = _record(record)
    head = f"def _write_{snake(record.name)}(it: {record.name}) -> bytes:"
    return head + "\n" + textwrap.indent("\n".join([*before, f"return {_joined(pieces)}"]), "    ")


def array_encoder(record: Record) -> str:
    """The function that encodes an array of a nested record."""
    before, pieces = _record(record)
    return "\n".join(
        [
            f"def _write_{snake(record.name)}s(items: tuple[{record.name}, ...]) -> bytes:",
            "    if not items:",
            "        return ZERO",
            "    parts = [whole(len(items))]",
            "    for it in items:",
            textwrap.indent("\n".join([*before, f"parts += ({', '.join(pieces)},)"]), " " * 8),
            "    parts.append(ZERO)",
            '    return b"".join(parts)',
        ]
    )


def _joined(pieces: Sequence[str]) -> str:
    return f'b"".join(({", ".join(pieces)},))'


def _record(record: Record) -> tuple[list[str], list[str]]:
    before: list[str] = []
    pieces: list[str] = []
    for number, field in enumerate(record.fields):
        lines, parts = _value(field.shape, f"it.{field.name}", f"v{number}")
        before += lines
        pieces += parts
    return before, pieces


def _value(shape: Shape, value: str, var: str) -> tuple[list[str], list[str]]:
    """Statements, and the pieces of the expression `value`. Statements set names that begin with `var`."""
    match shape:
        case Text(_, "word"):
            return [], [f"WORDS[{value}]"]
        case Text(max_chars):
            size = f"SIZES[len({var})]" if max_chars <= _ID_CHARS else f"whole(len({var}))"
            return [f"{var} = {value}.encode()"], [size, var]
        case Number("timestamp"):
            pieces = [f"PAIRS[{var} & 0x3FFF]", f"PAIRS[{var} >> 14 & 0x3FFF]", f"LASTS[{var} >> 28]"]
            return [f"{var} = {value} << 1"], pieces
        case Number(kind):
            return _number(kind, value, var)
        case Double():
            return [], [f"pack_double({value})"]
        case Boolean():
            return [], [f"TRUE if {value} else ZERO"]
        case Enumeration():
            return [], [f"{table(shape)}_BYTE[{value}]"]
        case Array(items, _):
            return [], [f"{_array_writer(items)}({value})"]
        case Nullable(of):
            return _nullable(of, value, var)
        case Record(name):
            return [], [f"_write_{snake(name)}({value})"]


def _number(kind: str, value: str, var: str) -> tuple[list[str], list[str]]:
    writer = "whole" if kind == "long" else "short"
    return [f"{var} = {value}"], [f"SIZES[{var}] if 0 <= {var} <= {ID_BYTES_MAX} else {writer}({var})"]


def _nullable(of: Shape, value: str, var: str) -> tuple[list[str], list[str]]:
    """A test for null first, so that one piece stands for the branch and its value."""
    match of:
        case Text(max_chars, form) if form != "word" and max_chars <= _ID_CHARS:
            present = [f"    raw = {var}.encode()", f"    {var}_ = PRESENT_SIZES[len(raw)] + raw"]
        case _:
            before, pieces = _value(of, var, f"{var}n")
            whole = " + ".join(["PRESENT", *(f"({piece})" if " if " in piece else piece for piece in pieces)])
            if not before:
                return [f"{var} = {value}"], [f"ZERO if {var} is None else {whole}"]
            present = [*(f"    {line}" for line in before), f"    {var}_ = {whole}"]
    lines = [f"{var} = {value}", f"if {var} is None:", f"    {var}_ = ZERO", "else:", *present]
    return lines, [f"{var}_"]


def _array_writer(items: Shape) -> str:
    match items:
        case Text(_, form):
            return "write_words" if form == "word" else "write_texts"
        case Record(name):
            return f"_write_{snake(name)}s"
    raise NotImplementedError(items)
