"""Files of records of the contract: JSON Lines, as they are or packed with gzip, and Avro containers.

What a file is follows from its first bytes, not from its name. A record is read field by field when it cannot
be read as a whole, so that every wrong field is named. Fields that the contract does not know are passed
over, as everywhere, unless they look like a misspelt one: in a file that people write, that is a mistake.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, TypeVar, cast

import fastavro
import msgspec
from fastavro.schema import SchemaParseException

from schemas.constraints import MissingField
from schemas.model import RECORD_BYTES_MAX, documents
from streams.loading.problems import LoadError, Problem, did_you_mean

T = TypeVar("T", bound=msgspec.Struct)
PROBLEMS_MAX: Final = 10_000
"""After so many problems the rest of a file is not read."""

_GZIP: Final = b"\x1f\x8b"
_AVRO: Final = b"Obj\x01"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_AVRO: Final = (
    *(ValueError, TypeError, LookupError, EOFError, OSError, AttributeError, AssertionError, OverflowError),
    *(zlib.error, SchemaParseException, fastavro.read.SchemaResolutionError, MemoryError),
)
"""What fastavro raises on bytes that are no container, or one of another schema."""


class Numbered(NamedTuple):
    """Something that stands on a line of a file; in an Avro container the n-th record stands on line n."""

    line: int
    value: object


def read_records(path: Path, kind: type[T], problems: list[Problem]) -> Iterator[tuple[int, T]]:
    """The records of a file with their lines; what is no such record is added to `problems`.

    Raises LoadError when the file cannot be read at all.
    """
    name = str(path)
    try:
        with path.open("rb") as file:
            for line, value in _values(file, kind, name, problems):
                if len(problems) >= PROBLEMS_MAX:
                    problems.append(Problem(name, line, "", f"not read on, after {PROBLEMS_MAX} problems"))
                    return
                record = _record(value, kind, name, line, problems)
                if record is not None:
                    yield line, record
    except (OSError, EOFError, zlib.error) as error:
        raise LoadError([Problem(name, 0, "", f"cannot be read: {error}")]) from error


def _values(file: BinaryIO, kind: type[T], name: str, problems: list[Problem]) -> Iterator[Numbered]:
    first = file.read(len(_AVRO))
    file.seek(0)
    if first == _AVRO:
        yield from _avro(file, kind, name, problems)
    elif first.startswith(_GZIP):
        with gzip.open(file) as unpacked:
            yield from _json(cast("BinaryIO", unpacked), name, problems)
    else:
        yield from _json(file, name, problems)


def _avro(file: BinaryIO, kind: type[T], name: str, problems: list[Problem]) -> Iterator[Numbered]:
    line = 0
    try:
        for line, value in enumerate(fastavro.reader(file, dict(documents()[kind.__name__])), start=1):
            yield Numbered(line, _as_counted(value))
    except _NOT_AVRO as error:
        problems.append(Problem(name, line + 1, "", f"is no Avro container of {kind.__name__}: {error!r}"))


def _as_counted(value: object) -> object:
    """A value of fastavro with times as epoch milliseconds and dates as days, as records have them."""
    if isinstance(value, dict):
        return {key: _as_counted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_counted(item) for item in value]
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(milliseconds=1)
    if isinstance(value, date):
        return (value - _EPOCH.date()).days
    return value


def _json(file: BinaryIO, name: str, problems: list[Problem]) -> Iterator[Numbered]:
    line = 0
    while data := file.readline(RECORD_BYTES_MAX + 1):
        line += 1
        if len(data) > RECORD_BYTES_MAX:
            problems.append(Problem(name, line, "", f"is longer than {RECORD_BYTES_MAX} bytes"))
            return
        if not data.strip():
            continue
        try:
            yield Numbered(line, msgspec.json.decode(data))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problems.append(Problem(name, line, "", f"is not JSON: {error}"))


def _record(value: object, kind: type[T], name: str, line: int, problems: list[Problem]) -> T | None:
    if not isinstance(value, dict):
        problems.append(Problem(name, line, "", f"must be an object of {kind.__name__}"))
        return None
    fields = kind.__struct_fields__
    found = [
        Problem(name, line, key, f"unknown field{hint}")
        for key in value.keys() - set(fields)
        if (hint := did_you_mean(str(key), [field for field in fields if field not in value]))
    ]
    try:
        record = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        found.extend(_wrong_fields(value, kind, name, line))
        record = None
    problems.extend(found)
    return None if found else record


def _wrong_fields(value: Mapping[str, object], kind: type[T], name: str, line: int) -> Iterator[Problem]:
    for field in msgspec.structs.fields(kind):
        if field.name not in value:
            if _must_be_given(field):
                yield Problem(name, line, field.name, "missing")
            continue
        try:
            msgspec.convert(value[field.name], field.type)
        except MissingField as error:
            yield Problem(name, line, field.name, f"lacks {error}")
        except msgspec.ValidationError as error:
            reason, _, path = str(error).partition(" - at `$")
            yield Problem(name, line, field.name + path.rstrip("`"), reason)


def _must_be_given(field: msgspec.structs.FieldInfo) -> bool:
    if field.default_factory is msgspec.NODEFAULT:
        return field.required
    try:
        field.default_factory()
    except MissingField:
        return True
    return False
