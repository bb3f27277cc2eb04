"""The public order log as a source: real orders and refunds, and around them what the log does not know.

Real, with the source "online-retail": every order line of a known customer and a product, and every credit
that takes back an earlier line (see `order_log` and `refunds` for what is left out; it is counted).
Everything else is made up by seed and marked (see `surroundings`, `made_up_catalogue`, `responder`).

The history ends when the day of the last invoice ends (UTC): what would happen later has not happened yet, so
made-up events after that are counted and not handed out.

A replay over several processes gives each of them the same file and a filter of customers. The filter changes
neither the catalogue nor any event of the customers that are left. What was read and matched is kept for the
next filter of the same process, and who has the catalogue already need not have it made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from schemas.records import OrderLine, Product
from streams.errors import Fatal
from streams.sources.bought import Bought, Taken, purchases
from streams.sources.made_up_catalogue import CURRENCY, made_up_catalogue
from streams.sources.order_log import Invoice, OrderLog, read_order_log
from streams.sources.refunds import Matched, Refund, match_refunds
from streams.sources.responder import responder
from streams.sources.source import Counts, Event, Responder
from streams.sources.surroundings import Surroundings
from streams.sources.timeline import DAY_MS, Timeline

CustomerFilter = Callable[[str], bool]
"""Whether the events of a customer, by id, are wanted."""


def online_retail(
    path: Path | str,
    seed: int,
    customers: CustomerFilter | None = None,
    catalogue: tuple[Product, ...] | None = None,
) -> OnlineRetail:
    """Read the log at `path` (CSV or gzipped CSV); `Fatal` when it cannot be read or has no order.

    `catalogue` is what was made up for the same log and seed before, None to make it up.
    """
    path = Path(path)
    written_ns = path.stat().st_mtime_ns if path.exists() else 0
    return OnlineRetail(*_read(path, written_ns), seed, customers, catalogue)


@lru_cache(maxsize=1)
def _read(path: Path, written_ns: int) -> tuple[OrderLog, Matched]:  # noqa: ARG001 - a changed file is read anew
    log = read_order_log(path)
    return log, match_refunds(log)


class OnlineRetail:
    """A `Source` of one order log, one seed and one filter."""

    def __init__(
        self,
        log: OrderLog,
        matched: Matched,
        seed: int,
        customers: CustomerFilter | None = None,
        catalogue: tuple[Product, ...] | None = None,
    ) -> None:
        if not any(not invoice.is_credit for invoice in log.invoices):
            raise Fatal("the order log has no order of a known customer: there is nothing to replay")
        self._log = log
        self._refunds = matched.refunds
        self._wanted = customers
        self.catalogue: tuple[Product, ...] = catalogue or made_up_catalogue(log, seed)
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
