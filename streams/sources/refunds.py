"""Which earlier order line a credit takes back.

The log does not say it: a credit names customer, product and quantity only. The rule: of the customer's
earlier order lines of that product, the latest that has enough left; when no single line has enough, several,
from the latest back; when all of them together have not enough (bought before the log begins, or never), the
credit line is left out whole and counted. Sums of quantities are so preserved: sold = refunded + kept, line
by line.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from streams.sources.order_log import Invoice, OrderLog


@dataclass(frozen=True, slots=True)
class Refund:
    """What one credit takes back of one order."""

    credit_id: str
    order_id: str
    at_ms: int
    totals: tuple[tuple[int, int], ...]
    """Line of the log, and the pieces of it that are refunded in all so far, by line."""


@dataclass(slots=True)
class _Open:
    """An order line that can be taken back."""

    invoice: Invoice
    line: int
    left: int


@dataclass(slots=True)
class Matched:
    """What the credits of a log take back."""

    refunds: dict[str, list[Refund]] = field(default_factory=lambda: defaultdict(list))
    """By order id, in order of time."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Lines and pieces of credits for which nothing was found."""


def match_refunds(log: OrderLog) -> Matched:
    """Find for every credit line of `log` what it takes back."""
    matched = Matched()
    open_lines: dict[tuple[str, int], list[_Open]] = {pair: [] for pair in _credited(log)}
    for invoice in log.invoices:
        if invoice.is_credit:
            _match(log, invoice, open_lines, matched)
            continue
        for line in range(invoice.first, invoice.end):
            lines = open_lines.get((invoice.customer_id, log.product[line]))
            if lines is not None:
                lines.append(_Open(invoice, line, log.quantity[line]))
    return matched


def _credited(log: OrderLog) -> Iterator[tuple[str, int]]:
    """Customer and product of every credit line: no other order line can be taken back."""
    for invoice in log.invoices:
        if invoice.is_credit:
            for line in range(invoice.first, invoice.end):
                yield invoice.customer_id, log.product[line]


def _match(
    log: OrderLog, credit: Invoice, open_lines: dict[tuple[str, int], list[_Open]], matched: Matched
) -> None:
    """Add to `matched` what `credit` takes back, order by order, and reduce what is left of their lines."""
    totals: dict[str, dict[int, int]] = defaultdict(dict)
    for line in range(credit.first, credit.end):
        lines = open_lines[credit.customer_id, log.product[line]]
        taken = _take(lines, log.quantity[line])
        if not taken:
            matched.left_out["refund_lines_unmatched"] += 1
            matched.left_out["refund_pieces_unmatched"] += log.quantity[line]
        for of in taken:
            totals[of.invoice.invoice_id][of.line] = log.quantity[of.line] - of.left
    for order_id, of_order in totals.items():
        refund = Refund(credit.invoice_id, order_id, credit.at_ms, tuple(sorted(of_order.items())))
        matched.refunds[order_id].append(refund)


def _take(lines: list[_Open], pieces: int) -> list[_Open]:
    """Take `pieces` from `lines` and return those touched; none are when all together have not enough."""
    for of in reversed(lines):
        if of.left >= pieces:
            of.left -= pieces
            return [of]
    if sum(of.left for of in lines) < pieces:
        return []
    touched = []
    for of in reversed(lines):
        taken = min(of.left, pieces)
        if taken:
            of.left -= taken
            pieces -= taken
            touched.append(of)
    return touched
