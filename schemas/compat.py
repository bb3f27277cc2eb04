"""What a change of a schema breaks, by Avro's rules of schema resolution.

A reader with one schema must understand data of a writer with another. Inputs must be readable by the
Kairos of the future (`backward_transitive`: the new reader reads the data of every older writer). Outputs
also by the subscribers of today (`full_transitive`: and every older reader reads the data of the new
writer), because Kairos is upgraded before they are.

Two rules are ours: a limit must not become narrower, and the meaning of a number must not change. Avro sees
neither, but a record that was accepted yesterday would be refused today, or read as another time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from schemas.model import ID_CHARS_MAX, ITEMS_MAX, TEXT_CHARS_MAX, Schema
from schemas.names import full_name, last_part, named_types, resolved
from schemas.topics import Compatibility


class Rule(StrEnum):
    """The rule of resolution that a change breaks."""

    RECORD_REMOVED = "a record must not be removed or renamed"
    NAME_DIFFERS = "a named type must keep its name"
    FIELD_WITHOUT_DEFAULT = "a field that the writer does not write needs a default"
    TYPE_DIFFERS = "a type must stay or be promoted, as int to long"
    BRANCH_MISSING = "every branch of the writer's union must be readable"
    SYMBOL_MISSING = "every symbol of the writer must be known, or the enumeration have a default"
    SIZE_DIFFERS = "a fixed must keep its size"
    LIMIT_NARROWER = "a limit must not become narrower"
    MEANING_DIFFERS = "the logical type of a number must stay"


PROMOTIONS: Final = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}
"""What a writer's type may be read as, besides itself."""


@dataclass(frozen=True, slots=True)
class Break:
    """Why a reader cannot understand a writer. `field` is a path such as `Purchase.lines.quantity`."""

    field: str
    rule: Rule
    detail: str

    def __str__(self) -> str:
        return f"{self.field}: {self.detail} ({self.rule})"


def check(old: Schema, new: Schema, compatibility: Compatibility) -> list[Break]:
    """What replacing `old` by `new` breaks, empty when nothing."""
    if compatibility == "none":
        return []
    before, after = full_name(old, ""), full_name(new, "")
    if before != after:
        return [Break(before, Rule.NAME_DIFFERS, f"is now named {after}")]
    breaks = [*unreadable(reader=new, writer=old), *_narrowed(old, new, new["name"])]
    if compatibility == "full_transitive":
        breaks += unreadable(reader=old, writer=new)
    return breaks


def unreadable(*, reader: Schema, writer: Schema) -> list[Break]:
    """What of data written with `writer` cannot be read with `reader`."""
    return list(
        _Resolution(named_types(reader), named_types(writer), set()).breaks(reader, writer, reader["name"])
    )


@dataclass(frozen=True, slots=True)
class _Resolution:
    """One pair of schemas. `seen` are the pairs of records under way, so that recursive types end."""

    readers: Mapping[str, Any]
    writers: Mapping[str, Any]
    seen: set[tuple[int, int]]

    def breaks(self, reader: Any, writer: Any, path: str) -> Iterator[Break]:
        reader, writer = resolved(reader, self.readers), resolved(writer, self.writers)
        if isinstance(writer, list):
            yield from self._writer_union(reader, writer, path)
        elif isinstance(reader, list):
            yield from self._reader_union(reader, writer, path)
        elif _kind(reader) == _kind(writer):
            yield from self._same_kind(reader, writer, path)
        elif _kind(reader) not in PROMOTIONS.get(_kind(writer), ()):
            yield Break(path, Rule.TYPE_DIFFERS, f"{_kind(writer)} cannot be read as {_kind(reader)}")

    def _writer_union(self, reader: Any, writer: Sequence[Any], path: str) -> Iterator[Break]:
        for branch in writer:
            found = list(self.breaks(reader, branch, path))
            if found and branch == "null":
                yield Break(path, Rule.BRANCH_MISSING, "null cannot be read")
            else:
                yield from found

    def _reader_union(self, reader: Sequence[Any], writer: Any, path: str) -> Iterator[Break]:
        """One branch must read it; where none does, the branch of the same kind says why."""
        found = [(branch, list(self.breaks(branch, writer, path))) for branch in reader]
        if all(breaks for _, breaks in found):
            alike = [
                breaks for branch, breaks in found if _kind(resolved(branch, self.readers)) == _kind(writer)
            ]
            missing = Break(path, Rule.BRANCH_MISSING, f"no branch reads {_kind(writer)}")
            yield from alike[0] if alike else [missing]

    def _same_kind(self, reader: Any, writer: Any, path: str) -> Iterator[Break]:
        match _kind(reader):
            case "record" | "enum" | "fixed" if _last(reader) != _last(writer):
                yield Break(path, Rule.NAME_DIFFERS, f"{_last(writer)} is read as {_last(reader)}")
            case "record":
                yield from self._record(reader, writer, path)
            case "enum":
                yield from _symbols(reader, writer, path)
            case "fixed" if reader["size"] != writer["size"]:
                yield Break(path, Rule.SIZE_DIFFERS, f"{writer['size']} bytes are read as {reader['size']}")
            case "array":
                yield from self.breaks(reader["items"], writer["items"], path)
            case "map":
                yield from self.breaks(reader["values"], writer["values"], path)
            case _ if _logical(reader) and _logical(writer) and _logical(reader) != _logical(writer):
                yield Break(path, Rule.MEANING_DIFFERS, f"{_logical(writer)} is read as {_logical(reader)}")

    def _record(self, reader: Schema, writer: Schema, path: str) -> Iterator[Break]:
        pair = (id(reader), id(writer))
        if pair in self.seen:
            return
        self.seen.add(pair)
        written = {field["name"]: field for field in writer["fields"]}
        for field in reader["fields"]:
            names = [field["name"], *field.get("aliases", ())]
            source = next((written[name] for name in names if name in written), None)
            inner = f"{path}.{field['name']}"
            if source is not None:
                yield from self.breaks(field["type"], source["type"], inner)
            elif "default" not in field:
                yield Break(inner, Rule.FIELD_WITHOUT_DEFAULT, "is not written, and has no default")
        self.seen.discard(pair)


def _symbols(reader: Schema, writer: Schema, path: str) -> Iterator[Break]:
    missing = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    if missing and "default" not in reader:
        yield Break(path, Rule.SYMBOL_MISSING, f"{', '.join(missing)} cannot be read")


def _narrowed(old: Any, new: Any, path: str) -> Iterator[Break]:
    """Limits that are narrower in `new`, for fields that both have."""
    before = {field["name"]: field for field in _fields(old)}
    for field in _fields(new):
        earlier = before.get(field["name"])
        if earlier is None:
            continue
        inner = f"{path}.{field['name']}"
        for name, was, now in zip(("max_chars", "max_items"), _limits(earlier), _limits(field), strict=True):
            if now < was:
                yield Break(inner, Rule.LIMIT_NARROWER, f"{name} was {was} and is {now}")
        if field.get("form") == "id" != earlier.get("form"):
            yield Break(inner, Rule.LIMIT_NARROWER, "must be an identifier now")
        yield from _narrowed(earlier["type"], field["type"], inner)


def _fields(schema: Any) -> list[Schema]:
    """The fields of the record within `schema`, which may be nullable or an array."""
    match schema:
        case list():
            return [field for branch in schema for field in _fields(branch)]
        case {"type": "array", "items": items}:
            return _fields(items)
        case {"fields": fields}:
            return list(fields)
    return []


def _limits(field: Schema) -> tuple[int, int]:
    chars = ID_CHARS_MAX if field.get("form") else TEXT_CHARS_MAX
    return field.get("max_chars", chars), field.get("max_items", ITEMS_MAX)


def _kind(schema: Any) -> str:
    kind: str = schema if isinstance(schema, str) else schema["type"]
    return "record" if kind == "error" else kind


def _logical(schema: Any) -> str | None:
    return schema.get("logicalType") if isinstance(schema, dict) else None


def _last(schema: Schema) -> str:
    return last_part(schema["name"])
