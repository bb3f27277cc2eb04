"""Histories of purchases, read into one plain form: who bought or gave back how much of what, and when.

Two kinds: records of the topic `journey.purchases` in a file (JSON Lines or an Avro container), and the
public order log, as `streams.sources.order_log` reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple

from schemas.records import Purchase
from streams.errors import Fatal
from streams.loading.problems import LoadError, Problem
from streams.loading.record_files import read_records
from streams.sources.order_log import read_order_log


class Sale(NamedTuple):
    """`pieces` bought at `at_ms`; given back where negative.

    `line` names the order line; where a history cannot say which line is given back, it is empty.
    """

    at_ms: int
    customer_id: str
    product_id: str
    pieces: int
    line: str = ""


def read_purchases(path: Path) -> list[Sale]:
    """The sales of a file of `journey.purchases`, in order of time. Raises Fatal when it cannot be used."""
    problems: list[Problem] = []
    records = [record for _, record in read_records(path, Purchase, problems)]
    if problems:
        raise LoadError(problems)
    records.sort(key=attrgetter("occurred_at", "event_id"))
    return _some(list(_sales(records)), path)


def read_online_retail(path: Path) -> list[Sale]:
    """The sales of the public order log, in order of time. Raises Fatal when it cannot be used."""
    log = read_order_log(path)
    sales = [
        Sale(
            invoice.at_ms,
            invoice.customer_id,
            log.codes[log.product[line]],
            -log.quantity[line] if invoice.is_credit else log.quantity[line],
        )
        for invoice in log.invoices
        for line in range(invoice.first, invoice.end)
    ]
    return _some(sales, path)


SOURCES: Final[dict[str, Callable[[Path], list[Sale]]]] = {
    "online-retail": read_online_retail,
    "purchases": read_purchases,
}
"""Kind of history to its reader."""


def _some(sales: list[Sale], path: Path) -> list[Sale]:
    if not sales:
        raise Fatal(f"the history {path} holds no purchase of a known customer")
    return sales


class _Open:
    """One order line so far: what was ordered, and what was cancelled and refunded of it in total."""

    __slots__ = ("cancelled", "customer_id", "ordered", "product_id", "refunded", "told")

    def __init__(self, customer_id: str, product_id: str) -> None:
        self.customer_id, self.product_id = customer_id, product_id
        self.ordered = self.cancelled = self.refunded = self.told = 0

    def change(self) -> int:
        """How many more pieces are left than were told last."""
        left = max(self.ordered - self.cancelled - self.refunded, 0)
        change, self.told = left - self.told, left
        return change


def _sales(records: Iterable[Purchase]) -> Iterator[Sale]:
    """Order lines as sales: gifts and replacements use nothing up, totals become changes."""
    orders: dict[str, dict[str, _Open]] = {}
    for record in records:
        if record.order_id is None:
            continue
        order = orders.setdefault(record.order_id, {})
        for line_id in _apply(record, order):
            line = order[line_id]
            change = line.change()
            if change:
                name = f"{record.order_id}/{line_id}"
                yield Sale(record.occurred_at, line.customer_id, line.product_id, change, name)


def _apply(record: Purchase, order: dict[str, _Open]) -> list[str]:
    """Lay a record over the lines of its order and return the lines that it changes."""
    if record.type == "order_cancelled" and not record.lines:
        for open_line in order.values():
            open_line.cancelled = open_line.ordered
        return list(order)
    changed = []
    for line in record.lines:
        if record.type in ("order_placed", "order_updated"):
            if line.gift or line.replacement:
                continue
            open_line = order.setdefault(line.line_id, _Open(record.customer_id, line.product_id))
            open_line.ordered = line.quantity
        elif line.line_id in order and record.type == "order_cancelled":
            order[line.line_id].cancelled = line.quantity
        elif line.line_id in order and record.type == "order_refunded":
            order[line.line_id].refunded = line.quantity
        else:
            continue
        changed.append(line.line_id)
    return changed
