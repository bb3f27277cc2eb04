"""The written form of a policy, as tables of TOML, turned into a tree of the fields of `Policy`.

The file says what people say, the code counts: a field `window_ms` is written `window = "7 d"`, and
`live.from_ms` is written `from`, as a date-time with an offset (or 0: never set). Only shape is judged here:
unknown and missing fields, types, durations, and words that are keys. What a value may be is the matter of
`policy_constraints`.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, NamedTuple, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from schemas.topics import DELIVERIES, ERASURES, PROFILES, PURCHASES, REPLIES, TICKETS, USAGE
from streams.journey.policy import Policy
from streams.journey.policy_set import DIMENSIONS, Tree
from streams.journey.words import Flag, Move, Placement
from streams.loading.durations import NotADuration, format_duration, parse_duration
from streams.loading.problems import did_you_mean, shown

Path = tuple[str, ...]
Report = Callable[[Path, str], None]
"""Takes the path of a field as it is written, and a reason."""

INPUTS: Final = (PURCHASES, DELIVERIES, USAGE, TICKETS, REPLIES, PROFILES, ERASURES)
"""The input topics, by the name that the policy knows them by."""

KEYS: Final[Mapping[Path, Sequence[str]]] = {
    ("moments",): [placement.word for placement in Placement],
    ("friction",): [flag.word for flag in Flag],
    ("friction", "*", "open_blocks"): [move.word for move in Move],
    ("friction", "*", "cooling_blocks"): [move.word for move in Move],
    ("sources", "silent_after"): INPUTS,
}
"""Tables whose keys are words of the journey."""

BESIDE: Final = ("version", *DIMENSIONS)
"""What stands beside the sections of a policy in its file."""

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_UNITS: Final = "_ms"
_INSTANT: Final = "from"
_NAMES_OF_TYPES: Final = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
_HOW_INSTANT: Final = "must be a date-time such as 2026-03-01T00:00:00Z, or 0 for never set"
_NOTHING: Final = object()


class _Field(NamedTuple):
    """Where a value stands, and how milliseconds are written there."""

    path: Path
    is_length: bool
    is_instant: bool


def written_name(field: str) -> str:
    """The name in the file of a field of a policy table: `window_ms` is written `window`."""
    return field.removesuffix(_UNITS)


def read_tree(raw: Mapping[str, Any], report: Report, prefix: Path = ()) -> Tree:
    """The tree of a written policy, which may be partial; what cannot be read is reported and left out.

    `prefix` is put before every reported path, for overrides.
    """

    def reported(path: Path, reason: str) -> None:
        report(prefix + path, reason)

    return _read_struct(raw, Policy, (), reported)


def report_missing(tree: Tree, report: Report, prefix: Path = ()) -> None:
    """Report every field that `tree` lacks to make a whole `Policy`."""
    _missing(tree, Policy, prefix, report)


def write_value(path: Path, value: object) -> str:
    """A value of a tree as the file would say it. `path` is the path of the tree, with `_ms`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and path[-1] == _INSTANT + _UNITS:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat() if value else "never set"
    if isinstance(value, int) and any(part.endswith(_UNITS) for part in path):
        return format_duration(value)
    if isinstance(value, int) and path[-1].endswith("_minute"):
        return f"{value} ({value // 60:02}:{value % 60:02})"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)


def write_path(path: Path) -> str:
    """A path as TOML writes it: names that are not bare stand in quotes."""
    return ".".join(part if _BARE.fullmatch(part) else f'"{part}"' for part in path)


def matches(pattern: Path, path: Path) -> bool:
    """Whether a path is of a pattern, where `*` stands for any one part."""
    return len(pattern) == len(path) and all(p in ("*", q) for p, q in zip(pattern, path, strict=True))


@cache
def _fields(struct: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    return msgspec.structs.fields(struct)


def _read_struct(raw: Mapping[str, Any], struct: type[msgspec.Struct], path: Path, report: Report) -> Tree:
    fields = {written_name(field.name): field for field in _fields(struct)}
    tree: Tree = {}
    for key, value in raw.items():
        field = fields.get(key)
        if field is None:
            report((*path, key), f"unknown field{did_you_mean(key, [*fields, *([] if path else BESIDE)])}")
            continue
        is_ms = field.name.endswith(_UNITS)
        at = _Field((*path, key), is_ms and key != _INSTANT, is_ms and key == _INSTANT)
        read = _read(value, field.type, at, report)
        if read is not _NOTHING:
            tree[field.name] = read
    return tree


def _read(value: object, kind: Any, at: _Field, report: Report) -> object:
    if get_origin(kind) is dict:
        return _read_dict(value, get_args(kind)[1], at, report)
    if get_origin(kind) is tuple:
        return _read_list(value, at, report)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        table = _table(value, at, report)
        return _NOTHING if table is None else _read_struct(table, kind, at.path, report)
    try:
        return _read_scalar(value, kind, at)
    except (NotADuration, TypeError) as error:
        report(at.path, str(error))
        return _NOTHING


def _read_dict(value: object, kind: Any, at: _Field, report: Report) -> object:
    table = _table(value, at, report)
    if table is None:
        return _NOTHING
    known = next((words for pattern, words in KEYS.items() if matches(pattern, at.path)), None)
    tree: Tree = {}
    for key, item in table.items():
        if known is not None and key not in known:
            report((*at.path, key), f"unknown name{did_you_mean(key, known)}; known: {', '.join(known)}")
            continue
        read = _read(item, kind, at._replace(path=(*at.path, key)), report)
        if read is not _NOTHING:
            tree[key] = read
    return tree


def _read_list(value: object, at: _Field, report: Report) -> object:
    if not isinstance(value, list):
        report(at.path, f"must be a list of texts, not {shown(value)}")
        return _NOTHING
    wrong = [item for item in value if not isinstance(item, str)]
    for item in wrong:
        report(at.path, f"every item must be text, not {shown(item)}")
    return _NOTHING if wrong else list(value)


def _read_scalar(value: object, kind: type, at: _Field) -> object:
    if at.is_length:
        return _read_length(value)
    if at.is_instant:
        return _read_instant(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"must be {_NAMES_OF_TYPES[kind]}, not {shown(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise TypeError(f"must be a finite number, not {value}")
    return value


def _read_length(value: object) -> int:
    if not isinstance(value, str):
        raise TypeError(f'must be a duration as text, such as "7 d", not {shown(value)}')
    return parse_duration(value)


def _read_instant(value: object) -> int:
    if value == 0 and type(value) is int:
        return 0
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise TypeError(f"{_HOW_INSTANT}, not {shown(value)}") from None
    if not isinstance(value, datetime):
        raise TypeError(f"{_HOW_INSTANT}, not {shown(value)}")
    if value.tzinfo is None:
        raise TypeError(f"needs an offset: write {value.isoformat()}Z if that is UTC")
    if value < datetime(1970, 1, 1, tzinfo=UTC):
        raise TypeError(f"must not lie before 1970, but is {value.isoformat()}")
    return round(value.timestamp() * 1000)


def _missing(tree: Tree, struct: type[msgspec.Struct], path: Path, report: Report) -> None:
    for field in _fields(struct):
        here = (*path, written_name(field.name))
        if field.name not in tree:
            report(here, "missing")
        elif get_origin(field.type) is dict:
            kind = get_args(field.type)[1]
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                for key, item in tree[field.name].items():
                    _missing(item, kind, (*here, key), report)
        elif isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            _missing(tree[field.name], field.type, here, report)


def _table(value: object, at: _Field, report: Report) -> dict[str, object] | None:
    if isinstance(value, dict):
        return value
    report(at.path, f"must be a table, not {shown(value)}")
    return None
