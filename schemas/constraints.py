"""The limits of the contract as types, for the generated records, and the default of a field that has none.

msgspec checks them when it reads JSON or converts plain values; code that makes a record is not checked.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, NoReturn, TypeAlias

from msgspec import Meta, ValidationError, field

from schemas.model import DAY_MS, EARLIEST_MS, ID_CHARS_MAX, LATEST_MS

CONTROL_CHARACTERS: Final = "\\x00-\\x1f\\x7f-\\x9f"

Id: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=ID_CHARS_MAX, pattern=f"\\A[^{CONTROL_CHARACTERS}]*\\Z")
]
"""1 to 128 characters, none of them a control character."""
Int: TypeAlias = Annotated[int, Meta(ge=-(1 << 31), le=(1 << 31) - 1)]
Long: TypeAlias = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Timestamp: TypeAlias = Annotated[int, Meta(ge=EARLIEST_MS, lt=LATEST_MS)]
"""Epoch milliseconds in the years 2000 to 2199."""
Date: TypeAlias = Annotated[int, Meta(ge=EARLIEST_MS // DAY_MS, lt=LATEST_MS // DAY_MS)]
"""Days since 1970-01-01 in the years 2000 to 2199."""


class MissingField(ValidationError):
    """A field without default is absent. Its only argument is the name of the field."""


def required(name: str) -> Any:
    """A field that must be given although fields before it need not.

    The order of a schema's fields is fixed and puts optional fields before required ones, which Python
    forbids for positional arguments. So such a field has a default that refuses: `Usage("e1", "c1", at_ms)`
    raises `MissingField`.
    """
    return field(default_factory=_refuse(name))


def _refuse(name: str) -> Callable[[], NoReturn]:
    def refuse() -> NoReturn:
        raise MissingField(name)

    return refuse
