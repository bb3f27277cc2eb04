"""The name of a whole schema: CRC-64-AVRO of its Parsing Canonical Form.

The canonical form keeps what decoding needs and nothing else: no docs, defaults, aliases, limits or logical
types, full names, one order of attributes, no white space. Written out here although libraries have it,
because they also refuse schemas for mistakes that do not matter to us, such as a default of the wrong type.
"""

import json
from typing import Any, Final

from schemas.names import PRIMITIVES, full_name

_EMPTY: Final = 0xC15D_213A_A4D7_A795


def fingerprint(schema: Any) -> bytes:
    """The fingerprint of `schema`, which must be well formed: 8 bytes, little-endian."""
    value = _EMPTY
    for byte in canonical(schema).encode():
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value.to_bytes(8, "little")


def canonical(schema: Any, namespace: str = "") -> str:
    """`schema` in Parsing Canonical Form. `namespace` is that of the type around it."""
    if isinstance(schema, str):
        return _quoted(
            schema if schema in PRIMITIVES or "." in schema or not namespace else f"{namespace}.{schema}"
        )
    if isinstance(schema, list):
        return f"[{','.join(canonical(branch, namespace) for branch in schema)}]"
    match schema:
        case {"type": "array", "items": items}:
            return f'{{"type":"array","items":{canonical(items, namespace)}}}'
        case {"type": "map", "values": values}:
            return f'{{"type":"map","values":{canonical(values, namespace)}}}'
        case {"type": "record" | "error" | "enum" | "fixed" as kind}:
            return _named(schema, kind, full_name(schema, namespace))
    return canonical(schema["type"], namespace)


def _named(schema: Any, kind: str, name: str) -> str:
    head = f'{{"name":{_quoted(name)},"type":{_quoted(kind)},'
    if kind == "enum":
        return f'{head}"symbols":[{",".join(map(_quoted, schema["symbols"]))}]}}'
    if kind == "fixed":
        return f'{head}"size":{int(schema["size"])}}}'
    space = name.rpartition(".")[0]
    fields = (
        f'{{"name":{_quoted(field["name"])},"type":{canonical(field["type"], space)}}}'
        for field in schema["fields"]
    )
    return f'{head}"fields":[{",".join(fields)}]}}'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_EMPTY if byte & 1 else 0)
    return byte


_TABLE: Final = tuple(_crc_of_byte(byte) for byte in range(256))
