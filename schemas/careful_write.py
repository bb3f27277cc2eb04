"""Writes a record slowly and by name: what the generated encoders do fast, and why they could not.

Only what Avro itself cannot hold is refused; the limits of the contract are checked by whoever reads.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas.errors import Unencodable
from schemas.model import Schema
from schemas.names import PRIMITIVES, named_types, resolved
from schemas.wire import short, text, whole


def write(schema: Schema, value: object) -> bytes:
    """The bytes of `value`, a struct or a dict per record. Raises `Unencodable`, which names the field."""
    out = bytearray()
    _write(schema, value, named_types(schema), out, schema["name"])
    return bytes(out)


def _write(schema: Any, value: Any, names: Mapping[str, Any], out: bytearray, path: str) -> None:
    schema = resolved(schema, names)
    if isinstance(schema, list):
        out += whole(0 if value is None else 1)
        if value is not None:
            _write(schema[1], value, names, out, path)
        return
    kind = schema if isinstance(schema, str) else schema["type"]
    if kind in PRIMITIVES:
        out += _primitive(kind, value, path)
    elif kind == "enum":
        out += whole(_symbol(schema["symbols"], value, path))
    elif kind == "array":
        _array(schema, value, names, out, path)
    else:
        for field in schema["fields"]:
            _write(field["type"], _part(value, field["name"], path), names, out, f"{path}.{field['name']}")


def _array(schema: Schema, value: Any, names: Mapping[str, Any], out: bytearray, path: str) -> None:
    if not isinstance(value, tuple | list):
        raise Unencodable(f"{path} is {value!r}, not an array")
    if value:
        out += whole(len(value))
    for number, item in enumerate(value):
        _write(schema["items"], item, names, out, f"{path}[{number}]")
    out += whole(0)


def _part(value: Any, name: str, path: str) -> Any:
    try:
        return value[name] if isinstance(value, dict) else getattr(value, name)
    except (KeyError, AttributeError):
        raise Unencodable(f"{path} is {value!r}, which has no {name}") from None


def _symbol(symbols: list[str], value: object, path: str) -> int:
    if value not in symbols:
        raise Unencodable(f"{path} is {value!r}, not one of {', '.join(symbols)}")
    return symbols.index(str(value))


def _primitive(kind: str, value: Any, path: str) -> bytes:
    expected, writer = _PRIMITIVES[kind]
    if not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean"):
        raise Unencodable(f"{path} is {value!r}, not a {kind}")
    try:
        return writer(value)
    except (OverflowError, UnicodeEncodeError) as error:
        raise Unencodable(f"{path} is {value!r}, which a {kind} cannot hold") from error


_PRIMITIVES: Final[Mapping[str, tuple[Any, Callable[[Any], bytes]]]] = {
    "boolean": (bool, lambda value: b"\x01" if value else b"\x00"),
    "int": (int, short),
    "long": (int, whole),
    "double": (float | int, lambda value: struct.pack("<d", value)),
    "string": (str, text),
}
