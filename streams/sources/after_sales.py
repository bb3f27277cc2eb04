"""Made up: payments that fail, returns that are registered before the refund of the log, and replacements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.records import OrderLine, Purchase, PurchaseType
from streams.sources.bought import Bought, Taken
from streams.sources.chance import Chance
from streams.sources.parcels import DAY_MS, HOUR_MS, MINUTE_MS, Parcel

PAYMENT_FAILS = 0.02
RECOVERS = 0.9
REGISTERED = 0.75
"""Share of refunds after an arrival that were registered as a return before."""
CHANGED_MIND = 0.01
"""Share of orders with a return that is registered and closed without a refund."""
REPLACED = 0.75
"""Share of the parcels that never arrive that are sent again."""
REPLACEMENT = "-R"
"""Ends the order id of a replacement, which is never replaced itself."""


def payments(bought: Bought, chance: Chance) -> Iterator[Purchase]:
    """A payment that fails soon after the order, and most often recovers."""
    draws = chance.of("payment", bought.order_id)
    if draws.happens(PAYMENT_FAILS):
        failed_at = bought.at_ms + draws.between(MINUTE_MS, 30 * MINUTE_MS)
        yield _purchase(bought, "payment_failed", failed_at, chance)
        if draws.happens(RECOVERS):
            yield _purchase(bought, "payment_recovered", failed_at + draws.early(HOUR_MS, 3 * DAY_MS), chance)


def returns(bought: Bought, parcels: Sequence[Parcel], chance: Chance) -> Iterator[Purchase]:
    """Returns of what had arrived before it was refunded, and one now and then that comes to nothing."""
    arrivals = {
        line.line_id: parcel.arrives_at
        for parcel in parcels
        if parcel.arrives_at is not None
        for line in parcel.lines
    }
    for taken in bought.taken:
        yield from _registered(bought, taken, arrivals, chance)
    yield from _changed_mind(bought, arrivals, chance)


def replacement(parcel: Parcel, chance: Chance) -> Bought | None:
    """The order that sends a parcel again that never arrived; None when nobody does."""
    bought = parcel.bought
    draws = chance.of("replacement", parcel.parcel_id)
    never_arrives = parcel.arrives_at is None and not bought.order_id.endswith(REPLACEMENT)
    if not (never_arrives and draws.happens(REPLACED)):
        return None
    lines = tuple(
        OrderLine(
            line_id=line.line_id + REPLACEMENT,
            product_id=line.product_id,
            quantity=line.quantity,
            replacement=True,
        )
        for line in parcel.lines
    )
    return Bought(
        order_id=parcel.parcel_id + REPLACEMENT,
        customer_id=bought.customer_id,
        country=bought.country,
        at_ms=parcel.promised_on * DAY_MS + draws.between(15 * DAY_MS, 18 * DAY_MS),
        is_first=False,
        lines=lines,
        taken=(),
    )


def replaced(bought: Bought, chance: Chance) -> Purchase:
    """The record of an order made by `replacement`."""
    return _purchase(bought, "order_placed", bought.at_ms, chance, bought.lines)


def _registered(bought: Bought, taken: Taken, arrivals: dict[str, int], chance: Chance) -> Iterator[Purchase]:
    draws = chance.of("return", taken.credit_id, bought.order_id)
    arrived_at = max((arrivals.get(line.line_id, taken.at_ms) for line in taken.lines), default=taken.at_ms)
    earliest = arrived_at + 2 * HOUR_MS
    if earliest < taken.at_ms and draws.happens(REGISTERED):
        at_ms = max(earliest, taken.at_ms - draws.between(1 * DAY_MS, 10 * DAY_MS))
        yield _purchase(bought, "return_registered", at_ms, chance, taken.lines, taken.credit_id)


def _changed_mind(bought: Bought, arrivals: dict[str, int], chance: Chance) -> Iterator[Purchase]:
    draws = chance.of("changed-mind", bought.order_id)
    taken = {line.line_id for taken in bought.taken for line in taken.lines}
    kept = [line for line in bought.lines if line.line_id in arrivals and line.line_id not in taken]
    if kept and draws.happens(CHANGED_MIND):
        line = draws.pick(kept)
        at_ms = arrivals[line.line_id] + draws.between(DAY_MS, 12 * DAY_MS)
        yield _purchase(bought, "return_registered", at_ms, chance, (line,), "kept")
        closed_at = at_ms + draws.between(5 * DAY_MS, 20 * DAY_MS)
        yield _purchase(bought, "return_closed", closed_at, chance, (line,), "kept")


def _purchase(
    bought: Bought,
    kind: PurchaseType,
    at_ms: int,
    chance: Chance,
    lines: tuple[OrderLine, ...] = (),
    cause: str = "",
) -> Purchase:
    name = f"{kind}:{bought.order_id}"
    return Purchase(
        event_id=f"{name}:{cause}" if cause else name,
        customer_id=bought.customer_id,
        occurred_at=at_ms,
        source=chance.source,
        type=kind,
        order_id=bought.order_id,
        lines=lines,
    )
