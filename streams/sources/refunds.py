"""Which earlier order line a credit takes back.

The log does not say it: a credit names customer, product and quantity only. The rule: of the customer's
earlier order lines of that product, the latest that has enough left; when no single line has enough, several,
from the latest back; when all of them together have not enough (bought before the log begins, or never), the
credit line is left out whole and counted. Sums of quantities are so preserved: sold = refunded + kept, line
by line.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

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


def match_refunds(log: OrderLog) -> dict[str, tuple[Refund, ...]]:
    """Refunds by order id, in order of time; counts what stays unmatched in `log.left_out`."""
    refunds: dict[str, list[Refund]] = defaultdict(list)
    open_lines: dict[tuple[str, int], list[_Open]] = {pair: [] for pair in _credited(log)}
    for invoice in log.invoices:
        if invoice.is_credit:
            for refund in _refunds(log, invoice, open_lines):
                refunds[refund.order_id].append(refund)
            continue
        for line in range(invoice.first, invoice.end):
            lines = open_lines.get((invoice.customer_id, log.product[line]))
            if lines is not None:
                lines.append(_Open(invoice, line, log.quantity[line]))
    return {order_id: tuple(of_order) for order_id, of_order in refunds.items()}


def _credited(log: OrderLog) -> Iterator[tuple[str, int]]:
    """Customer and product of every credit line: no other order line can be taken back."""
    for invoice in log.invoices:
        if invoice.is_credit:
            for line in range(invoice.first, invoice.end):
                yield invoice.customer_id, log.product[line]


def _refunds(
    log: OrderLog, credit: Invoice, open_lines: dict[tuple[str, int], list[_Open]]
) -> Iterator[Refund]:
    """What `credit` takes back, order by order; reduces what is left of their lines."""
    totals: dict[str, dict[int, int]] = defaultdict(dict)
    for line in range(credit.first, credit.end):
        lines = open_lines[credit.customer_id, log.product[line]]
        taken = _take(lines, log.quantity[line])
        if not taken:
            log.left_out["refund_lines_unmatched"] += 1
            log.left_out["refund_pieces_unmatched"] += log.quantity[line]
        for of in taken:
            totals[of.invoice.invoice_id][of.line] = log.quantity[of.line] - of.left
    for order_id, of_order in totals.items():
        yield Refund(credit.invoice_id, order_id, credit.at_ms, tuple(sorted(of_order.items())))


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
