"""The public order log as a source: real orders and refunds, and around them what the log does not know.

Real, with the source "online-retail": every order line of a known customer and a product, and every credit
that takes back an earlier line (see `order_log` and `refunds` for what is left out; it is counted).
Everything else is made up by seed and marked (see `surroundings`, `made_up_catalogue`, `responder`).

The history ends when the day of the last invoice ends (UTC): what would happen later has not happened yet, so
made-up events after that are counted and not handed out.

A replay over several processes gives each of them the same file and a filter of customers. The filter changes
neither the catalogue nor any event of the customers that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from schemas.records import OrderLine, Product
from streams.errors import Fatal
from streams.sources.bought import Bought, Taken, purchases
from streams.sources.made_up_catalogue import CURRENCY, made_up_catalogue
from streams.sources.order_log import Invoice, OrderLog, read_order_log
from streams.sources.refunds import Refund, match_refunds
from streams.sources.responder import responder
from streams.sources.source import Counts, Event, Responder
from streams.sources.surroundings import Surroundings
from streams.sources.timeline import DAY_MS, Timeline

CustomerFilter = Callable[[str], bool]
"""Whether the events of a customer, by id, are wanted."""


def online_retail(path: Path | str, seed: int, customers: CustomerFilter | None = None) -> OnlineRetail:
    """Read the log at `path` (CSV or gzipped CSV); `Fatal` when it cannot be read or has no order."""
    return OnlineRetail(read_order_log(Path(path)), seed, customers)


class OnlineRetail:
    """A `Source` of one order log, one seed and one filter."""

    def __init__(self, log: OrderLog, seed: int, customers: CustomerFilter | None = None) -> None:
        if not any(not invoice.is_credit for invoice in log.invoices):
            raise Fatal("the order log has no order of a known customer: there is nothing to replay")
        self._log = log
        matched = match_refunds(log)
        self._refunds = matched.refunds
        self._wanted = customers
        self.catalogue: tuple[Product, ...] = made_up_catalogue(log, seed)
        self.counts = Counts(read=dict(log.read), left_out=dict(log.left_out + matched.left_out))
        self.responder: Responder | None = responder(seed, self.catalogue)
        self.ends_at_ms = (log.invoices[-1].at_ms // DAY_MS + 1) * DAY_MS
        self._surroundings = Surroundings(seed, {product.product_id: product for product in self.catalogue})

    def events(self) -> Iterator[Event]:
        """All events in the order (occurred_at, rank of the topic, event_id); each call begins anew."""
        counts, timeline = self.counts, Timeline()
        counts.start()
        for bought in self._orders():
            for event in timeline.before(bought.at_ms):
                counts.add(event)
                yield event
            for event in (*purchases(bought), *self._surroundings.around(bought)):
                if event.occurred_at < self.ends_at_ms:
                    timeline.add(event)
                else:
                    counts.after_the_end += 1
        for event in timeline.rest():
            counts.add(event)
            yield event

    def _orders(self) -> Iterator[Bought]:
        """The orders that are wanted, in order of time."""
        seen: set[str] = set()
        for invoice in self._log.invoices:
            customer_id = invoice.customer_id
            if invoice.is_credit or (self._wanted is not None and not self._wanted(customer_id)):
                continue
            yield self._bought(invoice, is_first=customer_id not in seen)
            seen.add(customer_id)

    def _bought(self, invoice: Invoice, *, is_first: bool) -> Bought:
        refunds = self._refunds.get(invoice.invoice_id, ())
        return Bought(
            order_id=invoice.invoice_id,
            customer_id=invoice.customer_id,
            country=invoice.country,
            at_ms=invoice.at_ms,
            is_first=is_first,
            lines=tuple(self._line(invoice, line) for line in range(invoice.first, invoice.end)),
            taken=tuple(self._taken(invoice, refund) for refund in refunds),
        )

    def _line(self, invoice: Invoice, line: int) -> OrderLine:
        log = self._log
        return OrderLine(
            line_id=log.line_id(invoice, line),
            product_id=log.codes[log.product[line]],
            quantity=log.quantity[line],
            price_minor=log.price_minor[line],
            currency=CURRENCY,
        )

    def _taken(self, invoice: Invoice, refund: Refund) -> Taken:
        log = self._log
        lines = tuple(
            OrderLine(
                line_id=log.line_id(invoice, line), product_id=log.codes[log.product[line]], quantity=total
            )
            for line, total in refund.totals
        )
        return Taken(refund.credit_id, refund.at_ms, lines)
