"""Two promises to subscribers, and how fast they are being broken.

An objective is a share of events that must be good. What may be bad, the budget, lasts for thirty days when
it is spent at a rate of 1; at a rate of 14.4 a fiftieth of it is gone in an hour. An alert looks at a long
window, so that a short peak tells nobody, and at a short one, so that it ends soon after the cause did.

An objective hears only what came out. What stands still says nothing here: that is for the alerts on lag,
stuck partitions and overdue wake-ups.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from deploy.prometheus.rule import Alert, Recording, Severity

OF_EVENTS_MIN: Final = 100
"""Events in the long window before a share of bad ones wakes anybody."""


class Objective(Struct, frozen=True):
    """`good` of the events of a histogram take no longer than `within_s`, which is one of its buckets."""

    name: str
    histogram: str
    within_s: float
    good: float
    what: str

    @property
    def alert(self) -> str:
        """The name of its alerts, without how fast."""
        return "Kairos" + self.name.title().replace("_", "")

    def bad(self, window: str) -> str:
        """The recorded share of bad events over a window."""
        return f"job:{self.name}:bad_ratio_rate{window}"

    def count(self, window: str) -> str:
        """The recorded number of events in a window."""
        return f"job:{self.name}:increase{window}"


class Burn(Struct, frozen=True):
    """A rate at which the budget is spent that somebody must know of."""

    long: str
    short: str
    rate: float
    hold: str
    severity: Severity


OBJECTIVES: Final = (
    Objective(
        "wakeup_lateness", "kairos_wakeup_lateness_seconds", 1.0, 0.99, "wake-ups that came 1 s late or later"
    ),
    Objective(
        "event_to_output",
        "kairos_event_to_output_seconds",
        1.0,
        0.99,
        "events decided upon after more than 1 s",
    ),
)

BURNS: Final = (
    Burn("1h", "5m", 14.4, "2m", Severity.PAGE),
    Burn("6h", "30m", 6.0, "5m", Severity.PAGE),
    Burn("1d", "2h", 3.0, "15m", Severity.TICKET),
    Burn("3d", "6h", 1.0, "30m", Severity.TICKET),
)

SPEEDS: Final = {Severity.PAGE: "BurnsFast", Severity.TICKET: "BurnsSlowly"}


def recordings() -> Iterator[Recording]:
    """Bad shares and counts of every window that an alert looks at."""
    windows = sorted({window for burn in BURNS for window in (burn.long, burn.short)}, key=_order)
    for objective in OBJECTIVES:
        le = f"{objective.within_s:g}"
        for window in windows:
            good = f'sum by (job) (rate({objective.histogram}_bucket{{le=~"{le}(\\\\.0)?"}}[{window}]))'
            every = f"sum by (job) (rate({objective.histogram}_count[{window}]))"
            yield Recording(objective.bad(window), f"1 - {good} / {every}")
        for window in sorted({burn.long for burn in BURNS}, key=_order):
            yield Recording(
                objective.count(window), f"sum by (job) (increase({objective.histogram}_count[{window}]))"
            )


def alerts() -> Iterator[Alert]:
    """One alert per objective and severity: any of its pairs of windows is enough."""
    for objective in OBJECTIVES:
        for severity, speed in SPEEDS.items():
            burns = [burn for burn in BURNS if burn.severity is severity]
            yield Alert(
                objective.alert + speed,
                "\nor\n".join(_burning(objective, burn) for burn in burns),
                burns[0].hold,
                severity,
                f"{{{{ $value | humanizePercentage }}}} are {objective.what}, not {1 - objective.good:.0%}",
            )


def _burning(objective: Objective, burn: Burn) -> str:
    limit = f"{burn.rate:g} * {1 - objective.good:g}"
    return (
        f"({objective.bad(burn.long)} > {limit} and {objective.bad(burn.short)} > {limit}"
        f" and {objective.count(burn.long)} >= {OF_EVENTS_MIN})"
    )


def _order(window: str) -> tuple[int, int]:
    return "smhd".index(window[-1]), int(window[:-1])
