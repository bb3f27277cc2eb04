"""Made up: how the orders travel.

Each parcel has a plan (when it leaves, when it arrives, what goes wrong on the way), and its events follow
from the plan. The plan is what other modules look at: usage begins with an arrival, tickets with a problem.
Parcels are per order, not per line: a wholesaler's order of five hundred lines is one to three parcels.
Orders that travel in one parcel do not name their lines, as with carriers that do not know them.

The shares are a shop's on an ordinary day; sources of delay are rare but all of them occur.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from schemas.records import Delivery, DeliveryStatus, OrderLine
from streams.sources.bought import Bought
from streams.sources.chance import Chance, Draws

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

Problem = Literal["", "late", "exception", "attempt_fail", "pickup", "lost", "returned"]

PROBLEMS: tuple[tuple[Problem, float], ...] = (
    ("late", 0.04),
    ("exception", 0.05),
    ("attempt_fail", 0.04),
    ("pickup", 0.02),
    ("lost", 0.004),
    ("returned", 0.002),
)
"""What goes wrong with a parcel, and with what share; `pickup` is no trouble, only another way."""

TRANSIT_DAYS = {"United Kingdom": (1, 3), "Channel Islands": (1, 4), "EIRE": (2, 4)}
EUROPE = frozenset(
    [
        "Austria",
        "Belgium",
        "Cyprus",
        "Denmark",
        "Finland",
        "France",
        "Germany",
        "Greece",
        "Iceland",
        "Italy",
        "Lithuania",
        "Malta",
        "Netherlands",
        "Norway",
        "Poland",
        "Portugal",
        "Spain",
        "Sweden",
        "Switzerland",
    ]
)
LARGE_ORDER_LINES = 40
OPENS_UPDATES = 0.35
"""Share of parcels whose customer opens a shipping update."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """The plan of one parcel."""

    parcel_id: str
    bought: Bought
    lines: tuple[OrderLine, ...]
    parcels_total: int
    left_at: int
    """The carrier has it, epoch ms."""
    arrives_at: int | None
    """It is in the customer's hands, epoch ms; None when it never is."""
    promised_on: int
    """Estimate, days since 1970-01-01."""
    problem: Problem

    @property
    def is_in_trouble(self) -> bool:
        """Whether its customer has a reason to complain."""
        return self.problem not in ("", "pickup")


def parcels(bought: Bought, chance: Chance) -> tuple[Parcel, ...]:
    """The parcels of an order: of the lines that were not taken back before they left."""
    draws = chance.of("parcels", bought.order_id)
    packed_at = bought.at_ms + draws.between(3 * HOUR_MS, 30 * HOUR_MS)
    ended_at = bought.ended_at()
    lines = tuple(line for line in bought.lines if ended_at.get(line.line_id, packed_at + 1) > packed_at)
    if not lines:
        return ()
    total = min(_parcels_total(len(lines), draws), len(lines))
    size = -(-len(lines) // total)
    shares = [lines[first : first + size] for first in range(0, len(lines), size)]
    return tuple(
        _plan(f"{bought.order_id}-{ordinal}", bought, share, len(shares), packed_at, chance)
        for ordinal, share in enumerate(shares, 1)
    )


def events(parcel: Parcel, chance: Chance) -> Iterator[Delivery]:
    """What the carrier says of `parcel`, and whether the customer looked."""
    draws = chance.of("parcel-events", parcel.parcel_id)
    line_ids = tuple(line.line_id for line in parcel.lines) if parcel.parcels_total > 1 else ()
    for status, at_ms, raw_tag in _statuses(parcel, draws):
        yield Delivery(
            event_id=f"parcel:{parcel.parcel_id}:{status}",
            customer_id=parcel.bought.customer_id,
            occurred_at=at_ms,
            source=chance.source,
            order_id=parcel.bought.order_id,
            parcel_id=parcel.parcel_id,
            status=status,
            raw_tag=raw_tag,
            line_ids=line_ids,
            parcels_total=parcel.parcels_total,
            estimate_on=parcel.promised_on,
        )


def _parcels_total(lines: int, draws: Draws) -> int:
    share = draws.share()
    if lines > LARGE_ORDER_LINES:
        return 3 if share < 0.1 else 2 if share < 0.4 else 1
    return 2 if share < 0.04 else 1


def _plan(
    parcel_id: str, bought: Bought, lines: tuple[OrderLine, ...], total: int, packed_at: int, chance: Chance
) -> Parcel:
    draws = chance.of("parcel", parcel_id)
    left_at = packed_at + draws.between(1 * HOUR_MS, 20 * HOUR_MS)
    promised_on = _delivery_day(left_at // DAY_MS + draws.between(*_transit_days(bought.country)))
    problem = _problem(draws)
    arrives_on = _delivery_day(promised_on + _delay_days(problem, draws))
    arrives_at = arrives_on * DAY_MS + draws.between(9 * HOUR_MS, 18 * HOUR_MS)
    return Parcel(
        parcel_id=parcel_id,
        bought=bought,
        lines=lines,
        parcels_total=total,
        left_at=left_at,
        arrives_at=None if problem in ("lost", "returned") else arrives_at,
        promised_on=promised_on,
        problem=problem,
    )


def _transit_days(country: str) -> tuple[int, int]:
    return TRANSIT_DAYS.get(country, (3, 6) if country in EUROPE else (5, 14))


def _delivery_day(day: int) -> int:
    """`day`, or the Monday after when it is a Sunday (1970-01-04 was one)."""
    return day + 1 if day % 7 == 3 else day


def _problem(draws: Draws) -> Problem:
    share = draws.share()
    for problem, probability in PROBLEMS:
        share -= probability
        if share < 0:
            return problem
    return ""


def _delay_days(problem: Problem, draws: Draws) -> int:
    if problem in ("late", "exception"):
        return draws.between(2, 7)
    return draws.between(1, 4) if problem in ("attempt_fail", "pickup") else 0


def _statuses(parcel: Parcel, draws: Draws) -> Iterator[tuple[DeliveryStatus, int, str | None]]:
    """Status, time and the carrier's own tag, in order of time."""
    scanned_at = parcel.left_at + draws.between(1 * HOUR_MS, 7 * HOUR_MS)
    yield "info_received", parcel.left_at, None
    yield "in_transit", scanned_at, None
    promised_at = parcel.promised_on * DAY_MS + draws.between(10 * HOUR_MS, 16 * HOUR_MS)
    promised_at = max(promised_at, scanned_at + 6 * HOUR_MS)
    if draws.happens(OPENS_UPDATES):
        yield "update_opened", scanned_at + draws.between(5 * MINUTE_MS, 5 * HOUR_MS), None
    match parcel.problem:
        case "exception" | "lost" | "returned":
            yield "exception", promised_at, draws.pick(("Exception_004", "Exception_011", "Exception_013"))
        case "attempt_fail":
            yield "attempt_fail", promised_at, "AttemptFail_002"
        case "pickup":
            yield "available_for_pickup", promised_at, None
        case _:
            pass
    if parcel.problem == "lost":
        yield "lost", promised_at + draws.between(8 * DAY_MS, 14 * DAY_MS), None
    elif parcel.problem == "returned":
        yield "returned_to_sender", promised_at + draws.between(4 * DAY_MS, 9 * DAY_MS), None
    elif parcel.arrives_at is not None:
        if parcel.problem != "pickup":
            yield "out_for_delivery", parcel.arrives_at - draws.between(20 * MINUTE_MS, HOUR_MS), None
        yield "delivered", parcel.arrives_at, None
