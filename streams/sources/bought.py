"""An order of the log with all that the log says about it: what surroundings are made up around."""

from dataclasses import dataclass

from schemas.records import OrderLine, Purchase

SOURCE = "online-retail"
"""`source` of every event that the log says."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one credit of the log took back of the order."""

    credit_id: str
    at_ms: int
    lines: tuple[OrderLine, ...]
    """Of the order, with the quantity refunded in all so far."""


@dataclass(frozen=True, slots=True)
class Bought:
    """One order."""

    order_id: str
    customer_id: str
    country: str
    at_ms: int
    is_first: bool
    """Whether it is the customer's first order in the log."""
    lines: tuple[OrderLine, ...]
    taken: tuple[Taken, ...]
    """In order of time."""

    def ended_at(self) -> dict[str, int]:
        """For each line that was refunded whole, by line id: when."""
        ordered = {line.line_id: line.quantity for line in self.lines}
        return {
            line.line_id: taken.at_ms
            for taken in reversed(self.taken)
            for line in taken.lines
            if line.quantity >= ordered[line.line_id]
        }


def purchases(bought: Bought) -> tuple[Purchase, ...]:
    """The order and its refunds, as the log says them."""
    return order(bought, SOURCE), *(_refund(bought, taken) for taken in bought.taken)


def order(bought: Bought, source: str, eligibility_id: str | None = None) -> Purchase:
    """The order alone, and the eligibility that led to it, if one did."""
    return Purchase(
        event_id=f"order:{bought.order_id}",
        customer_id=bought.customer_id,
        occurred_at=bought.at_ms,
        source=source,
        type="order_placed",
        order_id=bought.order_id,
        lines=bought.lines,
        eligibility_id=eligibility_id,
    )


def _refund(bought: Bought, taken: Taken) -> Purchase:
    return Purchase(
        event_id=f"refund:{taken.credit_id}:{bought.order_id}",
        customer_id=bought.customer_id,
        occurred_at=taken.at_ms,
        source=SOURCE,
        type="order_refunded",
        order_id=bought.order_id,
        lines=taken.lines,
    )
