"""JSON and plain values as records of the contract, and what is wrong with them.

JSON is the plain object of a record: fields by name, times in epoch milliseconds, enumerations as words, no
tags for unions. Fields that the schema does not know are passed over, as Avro passes over what only the
writer knows. The types of `schemas.records` carry the limits, so one conversion checks everything; its
messages are text, and this module turns them into our words.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from schemas.constraints import MissingField
from schemas.errors import Reason, Undecodable
from schemas.model import DAY_MS, EARLIEST_MS, LATEST_MS, Array, Nullable, Record, Shape, contract

T = TypeVar("T")

_TIMES: Final = {
    bound - step
    for bound in (EARLIEST_MS, LATEST_MS, EARLIEST_MS // DAY_MS, LATEST_MS // DAY_MS)
    for step in (0, 1)
}
_MESSAGES: Final = (
    (r"missing required field", Reason.MISSING_FIELD),
    (r"Invalid enum value", Reason.UNKNOWN_SYMBOL),
    (r"`str` of length <=", Reason.TEXT_TOO_LONG),
    (r"`str` of length >=|matching regex", Reason.BAD_ID),
    (r"`array` of length <=", Reason.TOO_MANY_ITEMS),
    (r"Expected `int` [<>]|[Nn]umber out of range", Reason.NUMBER_OUT_OF_RANGE),
)


def from_json(data: bytes, decoder: "msgspec.json.Decoder[T]", record: str) -> T:
    """The record of type `record` that `data` is. Raises `Undecodable` only."""
    try:
        return decoder.decode(data)
    except UnicodeDecodeError:
        raise Undecodable(Reason.NOT_UTF8) from None
    except MissingField as error:
        raise Undecodable(Reason.MISSING_FIELD, _missing(_untyped(data), record, error)) from None
    except msgspec.ValidationError as error:
        raise _blame(str(error)) from None
    except msgspec.DecodeError as error:
        reason = Reason.TRUNCATED if "truncated" in str(error) else Reason.MALFORMED
        raise Undecodable(reason) from None
    except RecursionError:
        raise Undecodable(Reason.NESTED_TOO_DEEP) from None


def from_plain(value: Mapping[str, Any], kind: type[T]) -> T:
    """The record of type `kind` that has the plain fields `value`. Raises `Undecodable` only."""
    try:
        return msgspec.convert(value, kind)
    except MissingField as error:
        raise Undecodable(Reason.MISSING_FIELD, _missing(value, kind.__name__, error)) from None
    except msgspec.ValidationError as error:
        raise _blame(str(error)) from None


def _blame(message: str) -> Undecodable:
    """What a message such as ``Expected `int`, got `str` - at `$.lines[0].quantity` `` says, in our words."""
    text, _, where = message.rpartition(" - at `") if " - at `" in message else (message, "", "")
    path = where.rstrip("`").removeprefix("$").removeprefix(".")
    reason = next((reason for pattern, reason in _MESSAGES if re.search(pattern, text)), Reason.WRONG_TYPE)
    if reason is Reason.MISSING_FIELD:
        path = ".".join(filter(None, (path, text.split("`")[1])))
    bound = re.search(r"-?\d+$", text)
    if reason is Reason.NUMBER_OUT_OF_RANGE and bound and int(bound[0]) in _TIMES:
        reason = Reason.TIME_OUT_OF_RANGE
    return Undecodable(reason, path)


def _untyped(data: bytes) -> object:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _missing(value: object, record: str, error: MissingField) -> str:
    """The path of the first field that is absent, or its name alone when the value cannot be searched."""
    name = str(error)
    return _missing_in(contract()[record], value, name).removeprefix(".") or name


def _missing_in(shape: Shape, value: object, name: str) -> str:
    match shape, value:
        case Record(), dict():
            steps = {
                f".{field.name}": _missing_in(field.shape, value.get(field.name), name)
                for field in shape.fields
            }
            lacks = (
                any(field.name == name and not field.has_default for field in shape.fields)
                and name not in value
            )
            return f".{name}" if lacks else _first(steps)
        case Array(items), Sequence() if not isinstance(value, str):
            return _first({f"[{index}]": _missing_in(items, item, name) for index, item in enumerate(value)})
        case Nullable(of), _:
            return _missing_in(of, value, name)
    return ""


def _first(steps: Mapping[str, str]) -> str:
    return next((step + rest for step, rest in steps.items() if rest), "")
