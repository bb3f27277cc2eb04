"""What a rule is, and how its times are shortened for a drill."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from msgspec import Struct

SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_TIME: Final = re.compile(r"(?<![\w.])(\d+)([smhd])(?!\w)")
_WINDOW: Final = re.compile(r"\[[^\]]+\]|\boffset \w+")


class Severity(StrEnum):
    """Who is told: somebody is woken, or somebody looks at it on a working day."""

    PAGE = "page"
    TICKET = "ticket"


class Recording(Struct, frozen=True):
    """A series that Prometheus keeps: `level:metric:operations`."""

    name: str
    expr: str


class Alert(Struct, frozen=True):
    """A cause that an operator can act upon. `hold` is how long `expr` must hold before anybody is told."""

    name: str
    expr: str
    hold: str
    severity: Severity
    summary: str


def shortened(time: str, times: int) -> str:
    """A time of Prometheus, divided, but never below a second."""

    def divided(found: re.Match[str]) -> str:
        return f"{max(1, int(found[1]) * SECONDS[found[2]] // times)}s"

    return time if times == 1 else _TIME.sub(divided, time)


def with_windows(expr: str, times: int) -> str:
    """An expression whose windows and offsets are divided; thresholds and all else stay as they are."""
    return _WINDOW.sub(lambda found: shortened(found[0], times), expr)
