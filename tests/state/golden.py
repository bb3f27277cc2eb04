"""The stored bytes of every kind and version, kept in `golden.json`, so that no layout changes unnoticed.

    python -m tests.state.golden           adds what is new: a kind, a version, an appended field
    python -m tests.state.golden --anew    starts over; only while no release has written any state

An appended field has a default. Any other change of a version is refused: give it the next version in
`state.layouts`.
"""

import json
import sys
import types
from itertools import count
from pathlib import Path
from typing import Any, TypedDict, Union, get_args, get_origin

import msgspec

from state.codec import Codec
from state.layouts import Codecs
from state.records.parts import Part

FILE = Path(__file__).with_name("golden.json")
Shape = str | list[Any]
"""A type as JSON: its name, `[origin, shape, ...]`, or `["record", [field, shape, default], ...]`."""


class Entry(TypedDict):
    """One version of one kind: its type, and its sample in hex, once more for every appended field."""

    shape: Shape
    data: list[str]


def codecs() -> list[Codec[Any]]:
    """The codec of every kind."""
    every = Codecs()
    return [every.customer, every.item, every.order, every.forgotten]


def name_of(codec: Codec[Any]) -> str:
    return f"{codec.layout.kind} {codec.layout.version}"


def load() -> dict[str, Entry]:
    entries: dict[str, Entry] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return entries


def shape_of(kind: Any) -> Shape:
    """The shape of a type of a record or field."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = msgspec.structs.fields(kind)
        return ["record", *([field.name, shape_of(type_of(field)), default_of(field)] for field in fields)]
    origin = get_origin(kind)
    if origin is None:
        return "..." if kind is Ellipsis else str(kind.__name__)
    return ["union" if is_union(kind) else origin.__name__, *map(shape_of, get_args(kind))]


def type_of(field: msgspec.structs.FieldInfo) -> Any:
    """The type of a field, also of a part that is read later from its bytes."""
    part = part_of(field)
    return field.type if part is None else type(part.held)


def part_of(field: msgspec.structs.FieldInfo) -> Part | None:
    """The part of a record that a field holds, None for any other field."""
    made = None if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    return made if isinstance(made, Part) else None


def default_of(field: msgspec.structs.FieldInfo) -> str | bool:
    """What a field is that is not stored; False where it always is."""
    if field.required:
        return False
    part = part_of(field)
    if part is not None:
        return repr(part.held)
    return repr(field.default if field.default is not msgspec.NODEFAULT else field.default_factory())


def reads(new: Shape, old: Shape) -> bool:
    """Whether bytes of the old shape are read right by the new: only fields with a default were appended."""
    if isinstance(new, str) or isinstance(old, str) or new[0] != "record":
        return new == old if isinstance(new, str) or isinstance(old, str) else _reads_all(new, old)
    kept = zip(new[1:], old[1:], strict=False)
    return (
        len(new) >= len(old)
        and all(mine[::2] == theirs[::2] and reads(mine[1], theirs[1]) for mine, theirs in kept)
        and all(field[2] for field in new[len(old) :])
    )


def _reads_all(new: list[Any], old: list[Any]) -> bool:
    return len(new) == len(old) and all(reads(mine, theirs) for mine, theirs in zip(new, old, strict=True))


def is_union(kind: Any) -> bool:
    return get_origin(kind) in {Union, types.UnionType}


def sample(kind: Any, numbers: "count[int]") -> Any:
    """A value of a type in which every field has something, and every number is another."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind(*(_sample_of(field, numbers) for field in msgspec.structs.fields(kind)))
    if is_union(kind):
        return sample(get_args(kind)[0], numbers)
    origin, args = get_origin(kind), get_args(kind)
    if origin is list or (origin is tuple and args[-1] is Ellipsis):
        return origin([sample(args[0], numbers), sample(args[0], numbers)])
    if origin is tuple:
        return tuple(sample(part, numbers) for part in args)
    number = next(numbers)
    return f"s{number}" if kind is str else kind(number)


def _sample_of(field: msgspec.structs.FieldInfo, numbers: "count[int]") -> Any:
    made = sample(type_of(field), numbers)
    return made if part_of(field) is None else Part(made)


def entry_of(codec: Codec[Any]) -> Entry:
    """What the present code makes of a kind."""
    record = sample(codec.layout.type, count(1))
    return {"shape": shape_of(codec.layout.type), "data": [codec.encode(record).hex()]}


def update(entries: dict[str, Entry], codec: Codec[Any]) -> bool:
    """Add what is new of a kind; False when its version has changed in another way."""
    entry = entry_of(codec)
    known = entries.setdefault(name_of(codec), entry)
    if not reads(entry["shape"], known["shape"]):
        return False
    known["shape"] = entry["shape"]
    known["data"] += [data for data in entry["data"] if data not in known["data"]]
    return True


def main(arguments: list[str]) -> int:
    """Add what is new to the file; 1 when a version has changed in another way."""
    entries = {} if arguments == ["--anew"] else load()
    for codec in codecs():
        if not update(entries, codec):
            print(
                f"{name_of(codec)} reads its own old bytes wrongly: give it the next version", file=sys.stderr
            )
            return 1
    lines = (f"{json.dumps(name)}: {json.dumps(entries[name])}" for name in sorted(entries))
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
