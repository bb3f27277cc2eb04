"""Names of Avro types: what a name within a schema stands for, and whether each stands for something."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.errors import ContractBroken

PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
NAMED: Final = frozenset({"record", "error", "enum", "fixed"})


def full_name(schema: Mapping[str, Any], namespace: str) -> str:
    """The name of a named type with its namespace, which may stand in the name, beside it or around it."""
    name: str = schema["name"]
    if "." in name:
        return name
    space = schema.get("namespace", namespace)
    return f"{space}.{name}" if space else name


def named_types(schema: Any) -> Mapping[str, Any]:
    """Every named type within `schema`, by full name; references are left as they are."""
    return dict(_named(schema, ""))


def _named(schema: Any, namespace: str) -> Iterator[tuple[str, Any]]:
    match schema:
        case list():
            for branch in schema:
                yield from _named(branch, namespace)
        case {"type": ("record" | "error" | "enum" | "fixed")}:
            name = full_name(schema, namespace)
            yield name, schema
            space = name.rpartition(".")[0]
            for field in schema.get("fields", ()):
                yield from _named(field["type"], space)
        case {"type": "array", "items": inner} | {"type": "map", "values": inner} | {"type": inner}:
            yield from _named(inner, namespace)


def well_formed(schema: Any, names: Mapping[str, Any]) -> bool:
    """Whether `schema` has the shape of an Avro schema, all of whose types are primitive or among `names`."""
    match schema:
        case str():
            return schema in PRIMITIVES or schema in {
                last for name in names for last in (name, last_part(name))
            }
        case list():
            return all(well_formed(branch, names) for branch in schema)
        case {"type": "record" | "error", "name": str(), "fields": list(fields)}:
            return all(isinstance(it["name"], str) and well_formed(it["type"], names) for it in fields)
        case {"type": "enum", "name": str(), "symbols": list(symbols)}:
            return all(isinstance(symbol, str) for symbol in symbols)
        case {"type": "fixed", "name": str(), "size": int(size)}:
            return size >= 0
        case {"type": "array", "items": inner} | {"type": "map", "values": inner}:
            return well_formed(inner, names)
        case {"type": str(name)}:
            return name not in NAMED | {"array", "map"} and well_formed(name, names)
        case {"type": inner}:
            return well_formed(inner, names)
    return False


def last_part(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition(".")[2]


def resolved(schema: Any, names: Mapping[str, Any]) -> Any:
    """`schema`, or the type that it names. A name without namespace is found by its last part.

    Raises `ContractBroken` for a name that nothing bears.
    """
    while isinstance(schema, dict) and isinstance(schema["type"], dict | list):
        schema = schema["type"]
    if isinstance(schema, dict) and schema["type"] not in PRIMITIVES | NAMED | {"array", "map"}:
        schema = schema["type"]
    if not isinstance(schema, str) or schema in PRIMITIVES:
        return schema
    for name, found in names.items():
        if schema in (name, last_part(name)):
            return found
    raise ContractBroken(f"no type is named {schema!r}")
