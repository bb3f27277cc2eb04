"""Durations as people write them ("30 min", "48 h", "7 d") and as the code counts them (milliseconds).

Weeks, months and years are left out: a month is no number of milliseconds, and "7 d" says what a week would.
"""

import re
from decimal import Decimal
from typing import Final

from streams.errors import Fatal

DISORDER: Final = "5 min"
"""How late an event may come after those that happened later, in a replay of which nobody says otherwise."""
UNITS_MS: Final = {"d": 86_400_000, "h": 3_600_000, "min": 60_000, "s": 1_000, "ms": 1}
"""Unit to milliseconds, the longest first."""
DAYS_MAX: Final = 36_500
"""No duration is longer than a hundred years; sums of a few stay far within what a calendar can hold."""

_TEXT = re.compile(r"(-?)(\d{1,15}(?:\.\d{1,9})?) ?(ms|s|min|h|d)", re.ASCII)
_HOW = 'write a number and a unit (ms, s, min, h, d), as in "48 h"'


class NotADuration(ValueError):
    """The text is no duration; the message says what to write instead."""


def parse_duration(text: str) -> int:
    """Milliseconds of "30 min", "1.5 h" or "7 d"; whole, 0 or more, at most `DAYS_MAX` days.

    Raises NotADuration with the reason.
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise NotADuration(f'"{text[:40]}" is not a duration: {_HOW}')
    sign, number, unit = match.groups()
    length_ms = Decimal(number) * UNITS_MS[unit]
    if sign and length_ms:
        raise NotADuration(f'"{text.strip()}" is negative; a duration is 0 or more')
    if length_ms != int(length_ms):
        raise NotADuration(f'"{text.strip()}" is not a whole number of milliseconds')
    if length_ms > DAYS_MAX * UNITS_MS["d"]:
        raise NotADuration(f'"{text.strip()}" is longer than {DAYS_MAX} d')
    return int(length_ms)


def duration_ms(text: str) -> int:
    """The same of what stands on a command line; `Fatal` with the reason."""
    try:
        return parse_duration(text)
    except NotADuration as error:
        raise Fatal(str(error)) from error


def format_duration(length_ms: int) -> str:
    """The text in the largest unit that fits: 172,800,000 is "2 d", 90,000 is "90 s", 0 is "0 d"."""
    unit = next(unit for unit, unit_ms in UNITS_MS.items() if length_ms % unit_ms == 0)
    return f"{length_ms // UNITS_MS[unit]} {unit}"
